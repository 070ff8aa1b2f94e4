"""The viewer's own account: where it is signed in, its password, its language and time zone."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import devices, languages, passwords, regions
from accounts.access import sign_in_name
from accounts.forms import OwnPasswordForm, RegionForm
from portal.scope import own_account_view


@require_GET
@own_account_view
def device_list(request, viewer):
    """Every living session of the viewer's account; for a company login, everybody's who uses it."""
    found = devices.devices_of(_account(viewer), session_key=request.session.session_key, now=timezone.now())
    return render(request, "portal/devices.html", {"devices": found, "has_others": len(found) > 1})


@require_POST
@own_account_view
def end_device(request, viewer, handle):
    """End one of the viewer's sessions; another account's is not there at all."""
    if not devices.end(_account(viewer), handle, request=request, now=timezone.now()):
        raise Http404
    messages.success(request, _("That device is signed out."))
    return redirect("portal:devices")


@require_POST
@own_account_view
def end_other_devices(request, viewer):
    """End all the viewer's sessions but this one."""
    ended = devices.end_others(_account(viewer), request=request, now=timezone.now())
    told = ngettext("%(ended)s other device is signed out.", "%(ended)s other devices are signed out.", ended)
    messages.success(request, told % {"ended": ended})
    return redirect("portal:devices")


@sensitive_post_parameters("current", "password", "again")
@require_http_methods(["GET", "POST"])
@own_account_view
def password(request, viewer):
    """Change the viewer's own password, which signs all its other devices out."""
    account = _account(viewer)
    form = OwnPasswordForm(request.POST if request.method == "POST" else None, account=account, request=request)
    if request.method == "POST" and form.is_valid():
        passwords.change(request, account, form.cleaned_data["password"], now=timezone.now())
        messages.success(request, _("Your password is changed. All other devices are signed out."))
        return redirect("portal:devices")
    return render(request, "portal/password.html", {"form": form, "sign_in_name": sign_in_name(account)})


@require_http_methods(["GET", "POST"])
@own_account_view
def settings(request, viewer):
    """Choose the viewer's own language, formats and time zone; a company login has its client's."""
    if viewer.user is None:
        return render(request, "portal/settings.html")
    form = RegionForm(request.POST if request.method == "POST" else None, user=viewer.user)
    if request.method == "POST" and form.is_valid():
        regions.choose(viewer.user, **form.cleaned_data)
        with languages.spoken(request, *languages.locales_of(viewer.user)):
            messages.success(request, _("Saved."))
        return redirect("portal:settings")
    return render(request, "portal/settings.html", {"form": form})


def _account(viewer):
    return viewer.user or viewer.client

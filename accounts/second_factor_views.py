"""Pages of the second factor: asked for at sign-in, set up, given new recovery codes, switched off."""

from base64 import b32encode
from functools import wraps
from urllib.parse import quote, urlencode

import django_otp
import segno
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import devices, languages, limits, second_factor, signin
from accounts.access import why_not
from accounts.errors import Refused
from accounts.models import Agency, User
from accounts.second_factor_forms import CodeForm, ProofForm, RecoveryForm, SetUpForm
from accounts.views import local_next, public, sent_form

NEW_KEY = "second_factor_new_key"


def own_page(view):
    """Open a page to people that are signed in, of the portal or staff; company logins are told that they have none."""

    @never_cache
    @sensitive_post_parameters("password", "code")
    @require_http_methods(["GET", "POST"])
    @wraps(view)
    def guarded(request):
        account = signin.current_account(request)
        if account is None:
            return _to_sign_in(request.path)
        with languages.spoken(request, *languages.locales_of(account)):
            return _answer(request, view, account)

    guarded.opens_to = "people"
    return guarded


def _answer(request, view, account):
    reason = why_not(account)
    if reason is not None and not (isinstance(account, User) and account.is_staff):
        return render(request, "portal/no_access.html", {"account": account, "reason": reason}, status=403)
    if not isinstance(account, User):
        return _page(request, "company")
    return view(request)


# At sign-in


@public
@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def code(request):
    """Six digits after the password."""
    return _ask(request, CodeForm, recovery=False)


@public
@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def recovery_code(request):
    """A recovery code instead of the six digits."""
    return _ask(request, RecoveryForm, recovery=True)


def _ask(request, form_class, *, recovery):
    now = timezone.now()
    destination = second_factor.destination_of(request)
    user = second_factor.asked(request, now=now)
    if user is None:
        messages.info(request, _("Too much time has passed. Sign in again."))
        return _to_sign_in(destination)
    with languages.spoken(request, *languages.locales_of(user)):
        return _ask_person(request, user, form_class(sent_form(request)), now, destination, recovery=recovery)


def _ask_person(request, user, form, now, destination, *, recovery):
    device = _verified(request, user, form, now)
    if device is None:
        return _page(request, "ask", form=form, person=user, recovery=recovery)
    signin.sign_in(request, user)
    django_otp.login(request, device)
    if recovery:
        _tell_of_codes_left(request, user)
    return HttpResponseRedirect(destination)


def _tell_of_codes_left(request, user):
    told = _("Recovery codes left: {left}. If the phone is lost, <a href='{address}'>set a new one up</a>.")
    facts = {"left": second_factor.codes_left(user), "address": reverse("accounts:second_factor")}
    messages.warning(request, format_html(told, **facts))


# The person's own pages


@own_page
def overview(request):
    """Set the second factor up, or see that it is on."""
    if second_factor.is_on(request.user):
        return _page(request, "on", codes_left=second_factor.codes_left(request.user), next=_way_back(request))
    now = timezone.now()
    key = request.session.setdefault(NEW_KEY, second_factor.new_key())
    form = SetUpForm(sent_form(request))
    if form.is_valid() and _password_is_right(request, form):
        try:
            device, codes = second_factor.switch_on(
                request.user, key, form.cleaned_data["code"], request=request, now=now
            )
        except Refused as refusal:
            form.add_error("code", str(refusal))
        else:
            return _go_on(request, device, codes, now)
    return _set_up_page(request, form, key)


def _go_on(request, device, codes, now):
    """The session in which the second factor was set up goes on, as a whole one; all others of the person are over."""
    devices.end_others(request.user, request=request, now=now)
    del request.session[NEW_KEY]
    request.session.cycle_key()
    django_otp.login(request, device)
    return _codes_page(request, codes, first=True)


def _set_up_page(request, form, key):
    device = second_factor.device_for(request.user, key)
    secret = b32encode(device.bin_key).decode()
    facts = {
        "secret": [secret[start : start + 4] for start in range(0, len(secret), 4)],
        "qr": _qr(device.config_url),
        "required": second_factor.required_for(request.user),
    }
    return _page(request, "set_up", form=form, next=_way_back(request), **facts)


@own_page
def new_codes(request):
    """Ten new recovery codes for the password and a code."""
    if not second_factor.is_on(request.user):
        return redirect("accounts:second_factor")
    form = ProofForm(sent_form(request), deed=_("Make new recovery codes"))
    if _is_proved(request, form):
        codes = second_factor.renew_codes(request.user, request=request, now=timezone.now())
        return _codes_page(request, codes, first=False)
    return _page(request, "new_codes", form=form)


@own_page
def switch_off(request):
    """No second factor from now on, for the password and a code."""
    if not second_factor.is_on(request.user):
        return redirect("accounts:second_factor")
    form = ProofForm(sent_form(request), deed=_("Switch it off"))
    if _is_proved(request, form):
        second_factor.switch_off(request.user, request=request, now=timezone.now())
        update_session_auth_hash(request, request.user)
        messages.success(request, _("The second factor is switched off. Your password alone signs you in."))
        return redirect("accounts:second_factor")
    return _page(request, "off", form=form, required=second_factor.required_for(request.user))


def _codes_page(request, codes, *, first):
    text = "\n".join([_("Recovery codes for %(site)s") % {"site": request.get_host()}, "", *codes, ""])
    facts = {"codes": codes, "first": first, "file": f"data:text/plain;charset=utf-8,{quote(text)}"}
    return _page(request, "codes", next=_way_back(request), **facts)


# What they share


def _is_proved(request, form):
    if not form.is_valid() or not _password_is_right(request, form):
        return False
    return _verified(request, request.user, form, timezone.now()) is not None


def _verified(request, user, form, now):
    """The device that a sent form's code is right for, else None and the form has the error.

    Where the limits on failures allow no more tries, the answer becomes the page that says how long to wait.
    """
    if not form.is_valid() or not limits.allows(request, user.username):
        return None
    try:
        return second_factor.verify(user, form.cleaned_data["code"], request=request, now=now)
    except second_factor.WrongCode as refusal:
        form.add_error("code", str(refusal))
        return None


def _password_is_right(request, form):
    if not limits.allows(request, request.user.username):
        return False
    if request.user.check_password(form.cleaned_data["password"]):
        return True
    limits.failed(request, request.user.username)
    form.add_error("password", _("This is not your password."))
    return False


def _way_back(request):
    """Where the person came from, else the portal, or the admin for staff that the portal does not let in."""
    if request.GET.get("next") or request.POST.get("next") or why_not(request.user) is None:
        return local_next(request)
    return reverse("admin:index")


def _to_sign_in(destination):
    query = f"?{urlencode({'next': destination})}" if destination else ""
    return HttpResponseRedirect(f"{reverse('accounts:login')}{query}")


def _page(request, name, **facts):
    return render(request, f"accounts/second_factor/{name}.html", {"agency": Agency.current(), **facts})


def _qr(text):
    """A QR code as inline SVG, without styles; black on white in dark mode too, for the phone's camera."""
    drawing = segno.make(text, error="l", micro=False)
    return mark_safe(drawing.svg_inline(omitsize=True, svgclass="qr", lineclass=None, light="#fff"))  # noqa: S308

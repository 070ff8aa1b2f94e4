"""Signing in and out, and setting a password by link: the portal's pages that need no viewer."""

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import invitations, languages, limits, looking, second_factor, signin
from accounts.forms import ForgottenForm, SetPasswordForm, SignInForm
from accounts.models import Agency


def public(view):
    """Mark a page that anyone may open."""
    view.opens_to = "anyone"
    return view


@public
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def login(request):
    """The one form for people and companies; `next` is honoured for paths of this site only."""
    destination = local_next(request)
    if request.method == "GET" and signin.current_account(request) is not None:
        return HttpResponseRedirect(destination)
    form = SignInForm(sent_form(request), request=request)
    if request.method == "POST" and form.is_valid():
        if second_factor.is_on(form.account):
            second_factor.ask(request, form.account, destination=destination, now=timezone.now())
            return redirect("accounts:second_factor_code")
        signin.sign_in(request, form.account)
        return HttpResponseRedirect(destination)
    facts = {"form": form, "next": destination, "agency": Agency.current()}
    return render(request, "accounts/login.html", facts)


@public
@require_POST
def logout(request):
    """End the session on the server."""
    signin.sign_out(request)
    messages.success(request, _("You are signed out."))
    return redirect("accounts:login")


@public
@require_POST
def stop_looking(request):
    """Staff have seen enough of a client's portal: back to the client's page."""
    client_id = looking.end(request)
    if client_id is None:
        return redirect("portal:home")
    return redirect("admin:accounts_client_change", client_id)


@public
@never_cache
@require_http_methods(["GET", "POST"])
def forgotten(request):
    """Ask for a link by e-mail; the answer is the same whether or not the address is known."""
    form = ForgottenForm(sent_form(request))
    if request.method == "POST" and form.is_valid():
        invitations.send_forgotten(form.cleaned_data["email"], request=request, now=timezone.now())
        return render(request, "accounts/forgotten_sent.html", {"agency": Agency.current()})
    facts = {"form": form, "agency": Agency.current()}
    return render(request, "accounts/forgotten.html", facts)


@public
@never_cache
@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "POST"])
def set_password(request, token):
    """Set the password of a link's account. Looking at the page uses nothing up; mail scanners do that."""
    now = timezone.now()
    invitation = invitations.find(token, now=now)
    if invitation is None:
        return render(request, "accounts/link_dead.html", {"agency": Agency.current()}, status=404)
    with languages.spoken(request, *languages.locales_of(invitation.account)):
        return _set_password(request, invitation, now)


def _set_password(request, invitation, now):
    form = SetPasswordForm(sent_form(request), account=invitation.account)
    facts = {
        "form": form,
        "agency": Agency.current(),
        "sign_in_name": invitations.sign_in_name(invitation.account),
    }
    if request.method == "POST" and form.is_valid():
        try:
            invitations.set_password(invitation, form.cleaned_data["password"], request=request, now=now)
        except invitations.InvitationRefused:
            return render(request, "accounts/link_dead.html", facts, status=404)
        messages.success(request, _("Your password is set. Sign in with it now."))
        return redirect("accounts:login")
    return render(request, "accounts/set_password.html", facts)


def too_many(request, _response, credentials):
    """The answer to a sign-in that the limits refuse, on the portal's form and the admin's."""
    seconds = limits.seconds_to_wait(request, credentials)
    facts = {"minutes": (seconds + 59) // 60, "agency": Agency.current()}
    answer = render(request, "accounts/too_many.html", facts, status=429)
    answer["Retry-After"] = str(seconds)
    add_never_cache_headers(answer)
    return answer


def sent_form(request):
    """The form that was sent, be it empty, or None for a look at the page."""
    return request.POST if request.method == "POST" else None


def local_next(request):
    home = reverse("portal:home")
    wanted = request.POST.get("next") or request.GET.get("next") or home
    is_local = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if is_local else home

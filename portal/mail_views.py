"""What comes by e-mail: the viewer's choices, and stopping it from a link in an e-mail."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts import languages, mails
from accounts.views import public
from portal import mail_choices
from portal.choice_forms import MailChoicesForm
from portal.scope import portal_view


@require_http_methods(["GET", "POST"])
@portal_view
def settings(request, scope):
    """Choose, for each kind of notification, whether and when it comes by e-mail."""
    viewer = scope.viewer
    form = MailChoicesForm(
        request.POST if request.method == "POST" else None,
        subjects=mail_choices.SUBJECTS,
        choices=mail_choices.choices_of(viewer),
    )
    if request.method == "POST" and form.is_valid():
        mail_choices.choose(viewer, form.cleaned_data)
        messages.success(request, _("Saved. This is what comes by e-mail from now on."))
        return redirect("portal:mail_settings")
    facts = {"form": form, "address": mail_choices.address_of(viewer)}
    return render(request, "portal/mail_settings.html", facts)


@public
@never_cache
@csrf_exempt
@require_http_methods(["GET", "POST"])
def stop(request, token):
    """Stop e-mails from a link in one, without signing in; looking at the page changes nothing.

    Mail programs send the POST themselves (RFC 8058), without cookies: the link alone is the permission, and a form's
    token would add nothing to it.
    """
    asked = mail_choices.stop_of(token)
    if asked is None:
        return render(request, "portal/mails_link_dead.html", {"agency": mails.agency()}, status=404)
    with languages.spoken(request, asked.viewer.locale):
        everything = request.POST.get("what") == mail_choices.EVERYTHING or asked.what == mail_choices.EVERYTHING
        if request.method == "POST":
            mail_choices.stop(asked.viewer, mail_choices.EVERYTHING if everything else asked.what)
        facts = {
            "agency": mails.agency(),
            "address": mail_choices.address_of(asked.viewer),
            "words": None if everything else asked.words,
            "is_done": request.method == "POST",
        }
        return render(request, "portal/mails_stop.html", facts)

"""What the pages of people and clients say of getting into the portal: who does, and what is to be done next."""

from django.contrib import admin
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.timezone import localtime, now
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.access import access_in_words, why_not
from accounts.signin import has_password


class NextStepTold:
    """A page whose `portal_access` says whether the account gets in, what is missing, and has the button for it."""

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        if obj is not None:
            obj.may_be_invited_here = self.may_do(request, "invite")
        return super().render_change_form(request, context, add, change, form_url, obj)

    @admin.display(description=_("gets in"))
    def portal_access(self, account):
        words = [access_in_words(account), next_step(account, now=now())]
        said = format_html("{}", " ".join(word for word in words if word))
        if not (getattr(account, "may_be_invited_here", False) and _can_be_invited(account)):
            return said
        # The form of the button at the head of the page; a form cannot stand in this one.
        button = '{} <button type="submit" form="deed-invite" class="inline-deed">{}</button>'
        return format_html(button, said, _("Send portal invitation"))


def next_step(account, *, now):
    """What an account that may enter still waits for, as a sentence; empty where nothing is missing."""
    if account.pk is None or why_not(account) or has_password(account):
        return ""
    if not account.email:
        return gettext("There is no e-mail address for the invitation: fill it in above and save.")
    waiting = account.invitations.filter(used_at=None, expires_at__gt=now).order_by("-created_at").first()
    if waiting is None:
        return ""
    facts = {"address": waiting.email, "sent": _day(waiting.created_at), "until": _day(waiting.expires_at)}
    return gettext("Invited on %(sent)s at %(address)s; the link is good until %(until)s.") % facts


def who_may_enter(client, *, people, site):
    """How many people, and whether the company login, may enter a client's portal; the way to the first one."""
    if client.pk is None:
        return gettext("Save the client first; then add the people who may see its portal.")
    count = ngettext("%(n)s person", "%(n)s people", people) % {"n": people}
    if people and client.portal_enabled:
        return gettext("Switched on for %(people)s and the company login.") % {"people": count}
    if people:
        return gettext("Switched on for %(people)s.") % {"people": count}
    if client.portal_enabled:
        return gettext("Switched on for the company login.")
    address = f"{reverse(f'{site.name}:accounts_user_add')}?client={client.pk}&client_portal_enabled=1"
    return format_html(
        '{} <a href="{}">{}</a>, {}',
        gettext("Nobody yet:"),
        address,
        gettext("add a portal user"),
        gettext("or switch the company login on below."),
    )


def _can_be_invited(account):
    return account.pk is not None and account.email and not why_not(account) and not has_password(account)


def _day(instant):
    return date_format(localtime(instant))

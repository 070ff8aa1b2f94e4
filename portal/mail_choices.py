"""What a viewer wants to hear of by e-mail, and when; and the links that stop it without signing in."""

from typing import NamedTuple

from django.core import signing
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.access import why_not
from accounts.models import Client, EventKind, User
from portal.models import MailChoice, MailTime
from portal.scope import Viewer

# Every notified kind, in the order and the words of the viewer's choices.
SUBJECTS = {
    EventKind.INVOICE_SENT: _("New invoices"),
    EventKind.INVOICE_PARTIALLY_PAID: _("Invoices paid in part"),
    EventKind.INVOICE_PAID: _("Paid invoices"),
    EventKind.INVOICE_CANCELLED: _("Cancelled invoices"),
    EventKind.QUOTE_SENT: _("New quotes"),
    EventKind.APPROVAL_REQUESTED: _("Hours to approve"),
    EventKind.APPROVAL_APPROVED: _("Approved hours"),
    EventKind.APPROVAL_REJECTED: _("Rejected hours"),
}
AT_ONCE_BY_DEFAULT = frozenset({EventKind.INVOICE_SENT, EventKind.QUOTE_SENT, EventKind.APPROVAL_REQUESTED})
DEFAULTS = {kind: MailTime.AT_ONCE if kind in AT_ONCE_BY_DEFAULT else MailTime.NEVER for kind in SUBJECTS}

# What a link that stops e-mails is about, besides a kind: whatever comes in the daily one, or everything.
DAILY_ONES, EVERYTHING = "daily", "all"
SALT = "portal.mail_choices"


class Stop(NamedTuple):
    """What one link may stop: the e-mails to a viewer of one kind, of the daily ones, or all."""

    viewer: Viewer
    what: str

    @property
    def words(self):
        """What `what` is called; None where it is everything."""
        return _("the daily e-mail") if self.what == DAILY_ONES else SUBJECTS.get(self.what)


def choices_of(viewer):
    """`{kind: MailTime}` of every notified kind."""
    return DEFAULTS | dict(MailChoice.objects.filter(**_whose(viewer)).values_list("kind", "choice"))


def choices_of_all(client):
    """`{user id, or None for the company's address: {kind: MailTime}}` of those who chose anything."""
    found = {}
    for user_id, kind, choice in MailChoice.objects.filter(client=client).values_list("user_id", "kind", "choice"):
        found.setdefault(user_id, dict(DEFAULTS))[kind] = choice
    return found


@transaction.atomic
def choose(viewer, chosen):
    """Keep what a viewer chose, as `{kind: MailTime}`; other kinds stay as they are."""
    rows = [MailChoice(**_whose(viewer), kind=kind, choice=choice) for kind, choice in chosen.items()]
    MailChoice.objects.bulk_create(rows, ignore_conflicts=True)
    for time in MailTime:
        kinds = [kind for kind, choice in chosen.items() if choice == time]
        MailChoice.objects.filter(**_whose(viewer), kind__in=kinds).exclude(choice=time).update(choice=time)


def stop(viewer, what):
    """Mail a viewer no more of one kind, of DAILY_ONES, or of EVERYTHING; to have stopped it before is well."""
    present = choices_of(viewer)
    choose(
        viewer, {kind: MailTime.NEVER for kind in SUBJECTS if what in (EVERYTHING, kind) or _is(what, present[kind])}
    )


def _is(what, choice):
    return what == DAILY_ONES and choice == MailTime.DAILY


def address_of(viewer):
    """Where a viewer's e-mails go: the person's own address, or the company's; may be empty."""
    return (viewer.user or viewer.client).email


def reader_of(client_id, user_id):
    """The viewer that may be mailed now, None where its access ended, it moved to another client, or has no address."""
    if user_id is None:
        account = Client.objects.filter(pk=client_id).first()
    else:
        account = User.objects.select_related("client").filter(pk=user_id, client_id=client_id).first()
    return Viewer.of(account) if _may_be_mailed(account) else None


def readers_of(client):
    """Every viewer of a client that may be mailed now."""
    people = User.objects.filter(client=client).select_related("client").order_by("pk")
    return [Viewer.of(account) for account in [*people, client] if _may_be_mailed(account)]


def token_of(viewer, what):
    """The part of a link that stops e-mails; whoever has it can do that and nothing else."""
    return signing.dumps([viewer.client.pk, viewer.user and viewer.user.pk, what], salt=SALT)


def stop_of(token):
    """The Stop that a link stands for, whether or not its viewer still has access; None where it is none."""
    try:
        client_id, user_id, what = signing.loads(token, salt=SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    client = Client.objects.filter(pk=client_id).first()
    user = User.objects.filter(pk=user_id).first() if user_id is not None else None
    if client is None or (user is None and user_id is not None):
        return None
    return Stop(Viewer(client=client, user=user), what)


def _may_be_mailed(account):
    return account is not None and bool(account.email) and why_not(account) is None


def _whose(viewer):
    return {"client": viewer.client, "user": viewer.user}

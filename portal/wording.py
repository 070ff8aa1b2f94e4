"""States in words: what an invoice or a quote asks of its reader, with a tone that is never colour alone."""

from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing import formats
from billing.models import Quote
from billing.models.invoices import Standing


class State(NamedTuple):
    """A sentence, its tone (`good`, `attention`, `late` or `quiet`) and its icon's name."""

    text: str
    tone: str
    icon: str


def invoice_state(invoice, viewer, today):
    """The State of an invoice (with its balance) on the viewer's local date."""
    standing = invoice.standing(today)
    if standing == Standing.CANCELLED:
        return State(_("Cancelled"), "quiet", "ban")
    if standing == Standing.OVERPAID:
        surplus = formats.format_money(-invoice.outstanding, invoice.currency_code, viewer.locale)
        return State(_("Overpaid by %(amount)s") % {"amount": surplus}, "attention", "circle-alert")
    if standing == Standing.PAID:
        return State(_paid(invoice, viewer), "good", "circle-check")
    if standing == Standing.OVERDUE:
        return State(_late((today - invoice.due_date).days), "late", "circle-alert")
    due = _due((invoice.due_date - today).days)
    if standing == Standing.PARTIALLY_PAID:
        return State(_("Paid in part, %(due)s") % {"due": due[0].lower() + due[1:]}, "attention", "clock")
    return State(due, "attention", "clock")


def quote_state(quote, viewer, today):
    """The State of a quote on the viewer's local date."""
    if quote.status == Quote.Status.ACCEPTED:
        return State(_("Accepted"), "good", "circle-check")
    if quote.status == Quote.Status.DECLINED:
        return State(_("Declined"), "quiet", "ban")
    if quote.valid_until is None:
        return State(_("Waiting for your answer"), "attention", "clock")
    last_day = formats.format_day(quote.valid_until, viewer.locale)
    if quote.valid_until < today:
        return State(_("Lapsed on %(day)s") % {"day": last_day}, "quiet", "ban")
    return State(_("Waiting for your answer until %(day)s") % {"day": last_day}, "attention", "clock")


def person_name(user, viewer):
    """The name of one of the staff as this client may see it; never the user name, which signs in."""
    return (viewer.client.show_staff_names and user.get_full_name()) or _("Team")


def _paid(invoice, viewer):
    if invoice.settled_on is None:
        return _("Paid")
    return _("Paid on %(day)s") % {"day": formats.format_day(invoice.settled_on, viewer.locale)}


def _late(days):
    return ngettext("%(days)s day late", "%(days)s days late", days) % {"days": days}


def _due(days):
    if days == 0:
        return _("Due today")
    return ngettext("Due in %(days)s day", "Due in %(days)s days", days) % {"days": days}

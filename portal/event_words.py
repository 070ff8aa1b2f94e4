"""What each kind of event says to a client: made here from figures and states, never copied from the staff's text."""

from decimal import Decimal
from typing import NamedTuple

from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import EventKind
from billing import formats
from billing.addresses import portal_page
from billing.models import Project


class EventWords(NamedTuple):
    """What happened, the figures of it (may be empty), the page to look at, and an icon's name."""

    title: str
    message: str
    url: str
    icon: str


def event_words(event, locale):
    """The EventWords of anything with kind, subject_id, project_id and facts, in the language that is active."""
    say, address, icon = _KINDS[event.kind]
    title, message = say(event.facts, locale)
    return EventWords(title, message, address(event), icon)


def _row(page):
    return lambda event: portal_page(page, event.subject_id)


def _project(event):
    return portal_page("project", event.project_id)


def _projects(event):
    return reverse("portal:projects")


def _hours(event):
    page = reverse("portal:time_entries")
    return f"{page}?project_id={event.project_id}" if event.project_id else page


def _project_created(facts, locale):
    return _("New project"), ""


def _project_status_changed(facts, locale):
    status = dict(Project.Status.choices).get(facts.get("to"), "")
    return _("Project is now: %(status)s") % {"status": status}, ""


def _project_completed(facts, locale):
    return _("Project completed"), ""


def _time_logged(facts, locale):
    hours = formats.format_hours(facts["seconds"], locale)
    if facts.get("entries", 1) == 1:
        return _("%(hours)s hours logged") % {"hours": hours}, ""
    entries = formats.format_number(facts["entries"], locale)
    message = ngettext("In %(entries)s entry", "In %(entries)s entries", facts["entries"]) % {"entries": entries}
    return _("%(hours)s hours logged") % {"hours": hours}, message


def _comment_added(facts, locale):
    return _("New comment"), ""


def _invoice_sent(facts, locale):
    title = _("New invoice %(number)s") % facts
    due = parse_date(facts.get("due_date") or "")
    if due is None:
        return title, _amount(facts, locale)
    day = formats.format_day(due, locale)
    return title, _("%(amount)s, due on %(day)s") % {"amount": _amount(facts, locale), "day": day}


def _invoice_partially_paid(facts, locale):
    return _("Invoice %(number)s paid in part") % facts, _received(facts, locale)


def _invoice_paid(facts, locale):
    return _("Invoice %(number)s is paid") % facts, _received(facts, locale)


def _invoice_cancelled(facts, locale):
    return _("Invoice %(number)s was cancelled") % facts, _("Nothing is to be paid on it.")


def _quote_sent(facts, locale):
    return _("New quote %(number)s") % facts, _amount(facts, locale)


def _approval_requested(facts, locale):
    return _("Please approve hours"), _hours_of_period(facts, locale)


def _approval_approved(facts, locale):
    return _("Hours approved"), _hours_of_period(facts, locale)


def _approval_rejected(facts, locale):
    return _("Hours rejected"), _hours_of_period(facts, locale)


def _document_shared(facts, locale):
    return _("New document"), ""


def _amount(facts, locale):
    return formats.format_money(Decimal(facts["amount"]), facts["currency"], locale)


def _received(facts, locale):
    words = {"amount": _amount(facts, locale)}
    return _("%(amount)s credited") % words if facts.get("via") == "credit_note" else _("%(amount)s received") % words


def _hours_of_period(facts, locale):
    words = {"hours": formats.format_hours(facts.get("seconds", 0), locale)}
    first, last = (parse_date(facts.get(name) or "") for name in ("period_start", "period_end"))
    if first is None or last is None:
        return _("%(hours)s hours") % words
    if first == last:
        return _("%(hours)s hours on %(day)s") % (words | {"day": formats.format_day(first, locale)})
    return _("%(hours)s hours, %(first)s to %(last)s") % (
        words | {"first": formats.format_day(first, locale), "last": formats.format_day(last, locale)}
    )


_KINDS = {
    EventKind.PROJECT_CREATED: (_project_created, _project, "folder-plus"),
    EventKind.PROJECT_STATUS_CHANGED: (_project_status_changed, _project, "folder"),
    EventKind.PROJECT_COMPLETED: (_project_completed, _project, "folder-check"),
    EventKind.TIME_LOGGED: (_time_logged, _hours, "clock"),
    EventKind.COMMENT_ADDED: (_comment_added, _project, "message-square"),
    EventKind.INVOICE_SENT: (_invoice_sent, _row("invoice"), "receipt"),
    EventKind.INVOICE_PARTIALLY_PAID: (_invoice_partially_paid, _row("invoice"), "banknote"),
    EventKind.INVOICE_PAID: (_invoice_paid, _row("invoice"), "circle-check"),
    EventKind.INVOICE_CANCELLED: (_invoice_cancelled, _row("invoice"), "ban"),
    EventKind.QUOTE_SENT: (_quote_sent, _row("quote"), "file-text"),
    EventKind.APPROVAL_REQUESTED: (_approval_requested, _row("approval"), "clipboard-list"),
    EventKind.APPROVAL_APPROVED: (_approval_approved, _row("approval"), "clipboard-check"),
    EventKind.APPROVAL_REJECTED: (_approval_rejected, _row("approval"), "clipboard-x"),
    EventKind.DOCUMENT_SHARED: (_document_shared, _projects, "file"),
}

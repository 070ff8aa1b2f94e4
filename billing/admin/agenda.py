"""What waits for staff, as short blocks at the top of their first page; each for those who may see its rows."""

from functools import partial
from typing import NamedTuple

from django.contrib import admin
from django.db.models import F
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.timezone import get_default_timezone, localtime
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Client, QueuedTask
from accounts.queued_tasks import FAILED
from accounts.staff_pages import agency_today
from billing import chores
from billing.admin.columns import hours_text, money_text
from billing.formats import format_share
from billing.models import Invoice, Project, Quote, TimeApproval, TimeEntry

FEW = 5


class Row(NamedTuple):
    """One thing to do: its name, the way to it, and what there is to say of it; `late` where it is past bearing."""

    name: str
    url: str
    facts: str
    late: bool = False


class Block(NamedTuple):
    """Some of the things to do of one kind, how many there are, and the way to all of them.

    `empty` is said where there are none, `note` what the figures are, `sums` what they come to.
    """

    title: str
    empty: str
    count: int
    rows: list
    url: str
    note: str = ""
    sums: str = ""


def blocks(request):
    """The Blocks that this member of staff may see."""
    return [block() for model, block in AGENDA if admin.site._registry[model].has_view_permission(request)]


def _unbilled():
    zone = get_default_timezone()
    found = chores.unbilled(
        Project.objects.all(), entries=TimeEntry.objects.all(), invoices=Invoice.objects.all(), zone=zone
    )
    return Block(
        title=_("Not billed yet"),
        empty=_("All billable time is older than its client's last invoice."),
        count=len(found),
        rows=[_unbilled_row(row, zone) for row in found[:FEW]],
        url=_list_of(TimeEntry, billable__exact=1),
        note=_(
            "An estimate, because time entries do not know their invoices: billable time that began after the day of "
            "the client's last invoice."
        ),
    )


def _unbilled_row(row, zone):
    since = row.since(zone)
    chosen = {"client__id__exact": row.client_id, "billable__exact": 1} | ({"start_time__gte": since} if since else {})
    facts = {
        "hours": hours_text(row.seconds),
        "amount": money_text(row.amount, row.currency_code),
        "since": date_format(row.invoiced_on) if since else "",
    }
    said = gettext("%(hours)s h, %(amount)s, since %(since)s") if since else gettext("%(hours)s h, %(amount)s, in all")
    return Row(row.client, _list_of(TimeEntry, **chosen), said % facts)


def _drafts(model, title, empty):
    drafts = model.objects.filter(status=model.Status.DRAFT)
    rows = drafts.select_related("client").order_by("-created_at", "-pk")[:FEW]
    return Block(
        title=title,
        empty=empty,
        count=drafts.count(),
        rows=[Row(str(row.client), _page_of(row), money_text(row.total_amount, row.currency_code)) for row in rows],
        url=_list_of(model, status__exact="draft"),
    )


def _overdue():
    today = agency_today()
    late = Invoice.objects.overdue(today)
    sums = [money_text(amount, code) for code, amount in chores.overdue_sums(Invoice.objects.all(), today)]
    rows = late.select_related("client").most_urgent_first()[:FEW]
    return Block(
        title=_("Overdue invoices"),
        empty=_("Nothing is overdue."),
        count=late.count(),
        rows=[_overdue_row(row, today) for row in rows],
        url=_list_of(Invoice, standing="overdue"),
        sums=", ".join(sums),
    )


def _overdue_row(row, today):
    days = (today - row.due_date).days
    late = ngettext("%(n)s day late", "%(n)s days late", days) % {"n": days}
    owed = money_text(row.outstanding, row.currency_code)
    return Row(f"{row.invoice_number} · {row.client}", _page_of(row), f"{owed}, {late}", late=True)


def _approvals(found, *, title, empty, when, **chosen):
    rows = found.select_related("project", "client").order_by(when, "pk")[:FEW]
    return Block(
        title=title,
        empty=empty,
        count=found.count(),
        rows=[Row(f"{row.project} · {row.client}", _page_of(row), _day(getattr(row, when))) for row in rows],
        url=_list_of(TimeApproval, **chosen),
    )


def _waiting():
    return _approvals(
        TimeApproval.objects.waiting(),
        title=_("Hours that clients have yet to approve"),
        empty=_("No client is asked for anything."),
        when="requested_at",
        status__exact="requested",
    )


def _rejected():
    return _approvals(
        TimeApproval.objects.left_rejected(),
        title=_("Hours that clients rejected"),
        empty=_("Nothing that was rejected is left."),
        when="answered_at",
        left="yes",
    )


def _budgets():
    tight = Project.objects.running_out()
    rows = tight.select_related("client").order_by(F("used").desc(), "pk")[:FEW]
    return Block(
        title=_("Budgets running out"),
        empty=_("Every estimate and budget has more than a fifth left."),
        count=tight.count(),
        rows=[
            Row(
                f"{row.name} · {row.client}",
                _page_of(row),
                gettext("%(share)s used") % {"share": format_share(row.used, get_language() or "en")},
                late=row.used > 1,
            )
            for row in rows
        ],
        url=_list_of(Project, running_out="yes"),
    )


def _never_entered():
    unused = Client.objects.never_entered()
    return Block(
        title=_("Portals never used"),
        empty=_("Everybody whose portal is switched on has been in it."),
        count=unused.count(),
        rows=[Row(row.name, _page_of(row), "") for row in unused.order_by("name", "pk")[:FEW]],
        url=_list_of(Client, never_used="yes"),
    )


def _failed():
    failed = QueuedTask.objects.filter(status=FAILED)
    rows = failed.order_by("-finished_at", "-pk")[:FEW]
    return Block(
        title=_("Tasks that failed"),
        empty=_("Every mail and task went through."),
        count=failed.count(),
        rows=[Row(row.name, _page_of(row), _day(row.finished_at), late=True) for row in rows],
        url=_list_of(QueuedTask, status__exact=FAILED),
    )


def _day(instant):
    return date_format(localtime(instant))


def _page_of(row):
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def _list_of(model, **chosen):
    return f"{reverse(f'admin:{model._meta.app_label}_{model._meta.model_name}_changelist')}?{urlencode(chosen)}"


# Whose rows a block shows, and the block, in the order of the page.
AGENDA = (
    (Invoice, _overdue),
    (TimeEntry, _unbilled),
    (Project, _budgets),
    (TimeApproval, _rejected),
    (TimeApproval, _waiting),
    (Invoice, partial(_drafts, Invoice, _("Draft invoices"), _("No invoice waits to be sent."))),
    (Quote, partial(_drafts, Quote, _("Draft quotes"), _("No quote waits to be sent."))),
    (Client, _never_entered),
    (QueuedTask, _failed),
)

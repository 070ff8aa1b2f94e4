"""Parts of the dashboard, each declared once: its id, title, partial and data."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from billing import reports
from portal import periods, wording

FEW = 5
LATEST_ENTRIES = 8


@dataclass(frozen=True)
class Widget:
    """`data(scope, now)` gives the partial's context: one or a few queries, however much the client has."""

    id: str
    title: str
    template: str
    data: Callable


def stats(scope, now):
    viewer = scope.viewer
    today = viewer.today(now)
    return {
        "projects": scope.projects.active().count(),
        "time": reports.time_since(scope.entries, periods.month_start(today, viewer.zone)),
        "invoices": reports.invoice_sums(scope.invoices, today=today),
    }


def pending_actions(scope, now):
    today = scope.viewer.today(now)
    invoices = scope.invoices.with_balance().unpaid().most_urgent_first()[:FEW]
    quotes = scope.quotes.awaiting_answer(today).newest_first()[:FEW]
    return {
        "invoices": [(invoice, wording.invoice_state(invoice, scope.viewer, today)) for invoice in invoices],
        "quotes": [(quote, wording.quote_state(quote, scope.viewer, today)) for quote in quotes],
    }


def projects(scope, now):
    viewer = scope.viewer
    return {
        "rows": reports.project_progress(
            scope.projects.under_way().in_working_order()[:FEW],
            entries=scope.entries,
            tasks=scope.tasks,
            month_start=periods.month_start(viewer.today(now), viewer.zone),
        )
    }


def invoices(scope, now):
    today = scope.viewer.today(now)
    latest = scope.invoices.with_balance().with_settlement().newest_first()[:FEW]
    return {"rows": [(invoice, wording.invoice_state(invoice, scope.viewer, today)) for invoice in latest]}


def time_entries(scope, now):
    return {"entries": entry_rows(scope, scope.entries.newest_first()[:LATEST_ENTRIES])}


def entry_rows(scope, entries):
    """`[(entry, person's name)]` of a page of entries."""
    return [(entry, wording.person_name(entry.user, scope.viewer)) for entry in entries]


WIDGETS = {
    widget.id: widget
    for widget in (
        Widget("stats", _("At a glance"), "portal/widgets/_stats.html", stats),
        Widget("pending_actions", _("Waiting for you"), "portal/widgets/_pending_actions.html", pending_actions),
        Widget("projects", _("Projects"), "portal/widgets/_projects.html", projects),
        Widget("invoices", _("Latest invoices"), "portal/widgets/_invoices.html", invoices),
        Widget("time_entries", _("Latest work"), "portal/widgets/_time_entries.html", time_entries),
    )
}
DEFAULT_ORDER = tuple(WIDGETS)

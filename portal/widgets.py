"""Parts of the dashboard, each declared once: its id, title, partial and data."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from accounts.events import EventKind
from portal import parts, wording
from portal.pieces import weeks_chart
from portal.table_rows import entry_rows, invoice_rows, notice_rows

TIMERS_SHOWN = 5


@dataclass(frozen=True)
class Widget:
    """`data(overview)` gives the partial's context, from figures that the page's Overview works out once for all.

    `about` says what the widget shows, to those who choose; `stale_on` names the kinds of events after which an open
    page fetches it again.
    """

    id: str
    title: str
    about: str
    template: str
    data: Callable
    stale_on: set


def stats(overview):
    return {
        "projects": overview.active_projects,
        "month_seconds": overview.month_seconds,
        "seconds": overview.all_seconds,
        "invoices": overview.invoice_sums,
    }


def pending_actions(overview):
    viewer, today = overview.viewer, overview.today
    return {
        "approvals": [(item, wording.request_state(viewer)) for item in overview.requests],
        "invoices": [(row, wording.invoice_state(row, viewer, today)) for row in overview.urgent_invoices],
        "quotes": [(item, wording.offer_state(item.day, viewer)) for item in overview.offers],
    }


def projects(overview):
    return {"rows": overview.projects}


def invoices(overview):
    return {"rows": invoice_rows(overview.latest_invoices, overview.viewer, overview.today)}


def time_entries(overview):
    return {"entries": entry_rows(overview.latest_entries, overview.viewer)}


def budget_burn(overview):
    viewer, today = overview.viewer, overview.today
    return {
        "rows": [
            (row, wording.pace(row.burn, viewer), wording.outlook(row.burn, viewer, today)) for row in overview.burning
        ]
    }


def activity(overview):
    return {"notices": notice_rows(overview.latest_notices, overview.viewer)}


def upcoming(overview):
    return {"rows": overview.upcoming}


def hours_chart(overview):
    weeks = overview.weeks
    return {"weeks": weeks, "chart": weeks_chart(weeks, overview.viewer)}


def timer_rows(scope, now, project=None):
    """`[(running timer, person's name, seconds so far)]`, the longest first; none unless the client may see them."""
    if not scope.viewer.client.show_running_timers:
        return []
    timers = scope.timers if project is None else scope.timers.filter(project=project)
    return [
        (
            timer,
            wording.person_name(timer.user, scope.viewer),
            max(0, int((now - timer.start_time).total_seconds())),
        )
        for timer in timers.oldest_first()[:TIMERS_SHOWN]
    ]


def _widget(data, title, about, stale_on):
    return Widget(data.__name__, title, about, f"portal/widgets/_{data.__name__}.html", data, stale_on)


WIDGETS = {
    widget.id: widget
    for widget in (
        _widget(
            stats,
            _("At a glance"),
            _("Active projects, hours and what is outstanding"),
            parts.PROJECTS | parts.TIME | parts.INVOICES,
        ),
        _widget(
            pending_actions,
            _("Waiting for you"),
            _("Invoices to pay, offers and hours to answer"),
            parts.INVOICES | parts.QUOTES | parts.APPROVALS,
        ),
        _widget(
            projects,
            _("Projects"),
            _("Work under way, and what is left of its budget"),
            parts.PROJECTS | parts.TIME,
        ),
        _widget(invoices, _("Latest invoices"), _("The last few, and how they stand"), parts.INVOICES),
        _widget(time_entries, _("Latest work"), _("What was done last, by whom"), parts.PROJECTS | parts.TIME),
        _widget(
            budget_burn,
            _("How long budgets last"),
            _("What is left, how fast it goes, and until when it lasts"),
            parts.PROJECTS | parts.TIME,
        ),
        _widget(hours_chart, _("Hours by week"), _("The last eight weeks as a chart"), parts.PROJECTS | parts.TIME),
        _widget(
            upcoming,
            _("Coming up"),
            _("Invoices and tasks due, and offers about to lapse"),
            parts.INVOICES | parts.QUOTES | parts.PROJECTS,
        ),
        _widget(activity, _("Latest activity"), _("What happened last, in short"), set(EventKind)),
    )
}
# What a dashboard shows until its viewer says otherwise; all other widgets are there to be added.
DEFAULT_ORDER = ("stats", "pending_actions", "projects", "invoices", "time_entries")

"""Reports: where the hours went and what was billed, over a range of days."""

from urllib.parse import urlencode

from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from billing import breakdowns, reports
from portal import periods, pieces
from portal.filter_links import presets_of
from portal.forms import ReportFilter
from portal.lists import unused
from portal.pieces import MOST_ROWS
from portal.scope import portal_view
from portal.widgets import entry_rows

LATEST = 10


@require_GET
@portal_view
def report(request, scope):
    """Work and money of a range of days, a question a block; the address is the state."""
    today = scope.viewer.today(timezone.now())
    chosen = ReportFilter(request.GET, scope=scope, today=today)
    facts = {
        "filter": chosen,
        "address": {"complaints": [*unused(request.GET, chosen.names)]},
        "presets": presets_of(chosen, periods.presets(today)),
    }
    if chosen.is_valid():
        facts |= _blocks(scope, chosen, today)
    return render(request, "portal/reports.html", facts)


def _blocks(scope, chosen, today):
    zone, period, before = scope.viewer.zone, chosen.period, chosen.period.before()
    entries = chosen.narrow(scope.entries, zone, period)
    both = chosen.narrow(scope.entries, zone, periods.Period(before.first, period.last))
    projects = breakdowns.by_projects(entries, totals=scope.project_totals, most=MOST_ROWS + 1)
    largest = max((project.seconds for project in projects), default=0) or 1
    return {
        "period": period,
        "before": before,
        "work": breakdowns.work(both, start=period.bounds(zone)[0]),
        "projects": [(project, project.seconds / largest) for project in projects[:MOST_ROWS]],
        "more_projects": len(projects) > MOST_ROWS,
        "tasks": _with_shares(reports.tasks_by_status(chosen.of_project(scope.tasks))),
        "billed": chosen.billed(scope, today),
        "latest": entry_rows(scope, entries.newest_first()[:LATEST]),
        "query": chosen.query,
        "entries_query": urlencode(chosen.state_but("group")),
        **_grouped(entries, scope.viewer, chosen),
    }


def _grouped(entries, viewer, chosen):
    """The hours by what was asked for, and those of days by week too."""
    group, others = chosen.cleaned_data["group"], chosen.state_but("group", "date_from", "date_to")
    about = {"viewer": viewer, "period": chosen.period, "chosen": others}
    found = pieces.pieces_of(entries, group=group, zone=viewer.zone, most=MOST_ROWS + 1)
    facts = {"group": pieces.block(found, group=group, **about), "group_title": chosen.group_title}
    facts["group_heading"] = chosen.group_heading
    if group == "day":
        facts["weeks"] = pieces.block(pieces.weeks_of(found), group="week", **about)
    return facts


def _with_shares(counts):
    largest = max((count for _name, count in counts), default=1)
    return [(name, count, count / largest) for name, count in counts]

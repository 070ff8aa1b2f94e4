"""Reports: where the hours went and what was billed, over a range of days."""

from urllib.parse import urlencode

from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from billing.breakdowns import BY_DAYS
from portal import periods, pieces
from portal.filter_links import presets_of
from portal.forms import ReportFilter
from portal.lists import unused
from portal.pieces import MOST_ROWS
from portal.report_figures import ReportFigures
from portal.scope import portal_view
from portal.table_rows import entry_rows, project_rows

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
    figures = ReportFigures(scope, chosen, today)
    projects = figures.projects(MOST_ROWS + 1)
    return {
        "period": chosen.period,
        "before": chosen.period.before(),
        "work": figures.work(),
        "projects": project_rows(projects[:MOST_ROWS], scope.viewer),
        "more_projects": len(projects) > MOST_ROWS,
        "tasks": _with_shares(figures.tasks()),
        "billed": figures.billed(),
        "latest": entry_rows(figures.latest(LATEST), scope.viewer),
        "query": chosen.query,
        "entries_query": urlencode(chosen.state_but("group")),
        **_grouped(figures, scope.viewer, chosen),
    }


def _grouped(figures, viewer, chosen):
    """The hours by what was asked for, and those of days by week too."""
    group, others = chosen.cleaned_data["group"], chosen.state_but("group", "date_from", "date_to")
    about = {"viewer": viewer, "period": chosen.period, "chosen": others}
    found = figures.pieces(None if group in BY_DAYS else MOST_ROWS + 1)
    facts = {"group": pieces.block(found, group=group, **about), "group_title": chosen.group_title}
    facts["group_heading"] = chosen.group_heading
    if group == "day":
        facts["weeks"] = pieces.block(pieces.weeks_of(found), group="week", **about)
    return facts


def _with_shares(counts):
    largest = max((count for _name, count in counts), default=1)
    return [(name, count, count / largest) for name, count in counts]

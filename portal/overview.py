"""What the dashboard's parts are drawn from: each figure worked out once a page, however many parts show it."""

from datetime import date, timedelta
from functools import cached_property

from billing import agenda, reports
from portal import notices, periods
from portal.prepared import ask

FEW = 5
LATEST_ENTRIES = 8
UPCOMING = 8
WEEKS = 8


def progress_of(scope, projects, today):
    """A ProjectProgress for each of a page of the viewer's projects."""
    return [reports.progress_of(project) for project in _with_progress(scope, projects, *_starts(scope, today))]


def progress_of_one(scope, project_id, today):
    """The ProjectProgress of one of the viewer's projects."""
    (project,) = ask(_one_with_progress, scope, project_id, *_starts(scope, today))
    return reports.progress_of(project)


class Overview:
    """One viewer's figures at one moment; each property costs one query, the first time that it is asked for."""

    def __init__(self, scope, now):
        self.scope = scope
        self.viewer = scope.viewer
        self.today = scope.viewer.today(now)

    @cached_property
    def invoice_sums(self):
        """A MoneySum a currency."""
        return [reports.MoneySum(*row) for row in ask(_invoice_sums, self.scope, self.today)]

    @cached_property
    def _seconds_by_day(self):
        zone = self.viewer.zone
        start = periods.day_start(periods.mondays(self.today, WEEKS)[0], zone)
        return dict(ask(_hours_by_day, self.scope, start, zone))

    @property
    def month_seconds(self):
        """The time of this month so far; the weeks above go back further than any month."""
        return sum(seconds for day, seconds in self._seconds_by_day.items() if day >= self.today.replace(day=1))

    @property
    def weeks(self):
        """`[(Monday, seconds)]` of the last weeks, oldest first, empty ones as zero."""
        by_week = dict.fromkeys(periods.mondays(self.today, WEEKS), 0)
        for day, seconds in self._seconds_by_day.items():
            monday = day - timedelta(days=day.weekday())
            by_week[monday] = by_week.get(monday, 0) + seconds
        return list(by_week.items())

    @cached_property
    def _progress(self):
        found = ask(_some_with_progress, self.scope, *_starts(self.scope, self.today))
        return [reports.progress_of(project) for project in found]

    @property
    def projects(self):
        """Progress of the first projects under way."""
        return [row for row in self._progress if row.project.is_under_way][:FEW]

    @property
    def burning(self):
        """Progress of the projects with the largest used share of their budget, the soonest at its end first."""
        limited = [row for row in self._progress if row.project.is_under_way and row.burn]
        nearest = sorted(limited, key=lambda row: row.burn.budget.share, reverse=True)[:FEW]
        return sorted(nearest, key=lambda row: row.burn.urgency)

    @property
    def active_projects(self):
        """How many are active; the first project under way knows, and where there is none there is none."""
        return self._progress[0].project.active_of_all if self._progress else 0

    @property
    def all_seconds(self):
        return self._progress[0].project.seconds_of_all if self._progress else 0

    @cached_property
    def _invoices(self):
        return ask(_some_invoices, self.scope, self.today)

    @property
    def latest_invoices(self):
        return sorted(self._invoices, key=lambda row: (row.issue_date, row.pk), reverse=True)[:FEW]

    @property
    def urgent_invoices(self):
        """Those to pay, the first due first."""
        return self._open_invoices[:FEW]

    @property
    def _open_invoices(self):
        return sorted((row for row in self._invoices if row.is_open), key=lambda row: (row.due_date, row.pk))

    @cached_property
    def _agenda(self):
        items = [agenda.Item(*row) for row in ask(_waiting, self.scope, self.today)]
        return sorted(items, key=lambda item: (item.day or date.max, item.pk))

    @property
    def offers(self):
        """Offers that wait for an answer, the first to lapse first."""
        return [item for item in self._agenda if item.kind == "quote"][:FEW]

    @property
    def requests(self):
        """Requests to approve hours that wait for an answer."""
        return [item for item in self._agenda if item.kind == "approval"][:FEW]

    @property
    def upcoming(self):
        """`[(day, invoice or Item)]` of what is due from today on, in the order of days."""
        dated = [(row.due_date, row) for row in self._open_invoices if row.due_date >= self.today]
        dated += [(item.day, item) for item in self._agenda if item.day]
        return sorted(dated, key=lambda pair: pair[0])[:UPCOMING]

    @property
    def latest_entries(self):
        return ask(_latest_entries, self.scope)

    @property
    def latest_notices(self):
        return notices.told(self.scope, ask(_latest_events, self.scope))


def _invoice_sums(scope, today):
    return reports.whole_invoice_sums(scope.invoice_totals, invoices=scope.invoices, today=today)


def _hours_by_day(scope, start, zone):
    return reports.hours_by_day(scope.entries.starting_between(start, None), zone=zone)


def _some_with_progress(scope, month_start, pace_start):
    """The first projects under way and those nearest to their limit, with figures of all of them beside each."""
    nearest = reports.nearest_to_limit(scope.projects.under_way(), totals=scope.project_totals)
    rows = _firsts_of(scope.projects, scope.projects.in_working_order()[:FEW], nearest[:FEW]).in_working_order()
    rows = reports.beside_whole(rows, of=scope.projects, totals=scope.project_totals)
    return _with_progress(scope, rows, month_start, pace_start)


def _one_with_progress(scope, project_id, month_start, pace_start):
    return _with_progress(scope, scope.projects.filter(pk=project_id), month_start, pace_start)


def _with_progress(scope, projects, month_start, pace_start):
    return reports.with_progress(
        projects,
        totals=scope.project_totals,
        entries=scope.entries,
        tasks=scope.tasks,
        month_start=month_start,
        pace_start=pace_start,
    )


def _starts(scope, today):
    """When the month began for the viewer, and the weeks that the pace is told from."""
    zone = scope.viewer.zone
    return periods.month_start(today, zone), periods.day_start(today - timedelta(days=reports.PACE_DAYS - 1), zone)


def _some_invoices(scope, today):
    """The latest invoices, the most urgent ones and those due next."""
    rows = scope.invoices
    unpaid = rows.unpaid().most_urgent_first()
    due = unpaid.filter(due_date__gte=today)
    return _firsts_of(rows, rows.newest_first()[:FEW], unpaid[:FEW], due[:UPCOMING]).with_settlement()


def _waiting(scope, today):
    return agenda.agenda(quotes=scope.quotes, tasks=scope.tasks, approvals=scope.approvals, today=today, most=UPCOMING)


def _latest_entries(scope):
    return scope.entries.newest_first().cut(0, LATEST_ENTRIES)


def _latest_events(scope):
    return notices.named(scope, scope.events).newest_first()[:FEW]


def _firsts_of(rows, *firsts):
    """Those of `rows` that one of several cut QuerySets has, in one query by the index of each."""
    picked = [rows.order_by().filter(pk__in=first.values("pk")).values("pk") for first in firsts]
    return rows.order_by().filter(pk__in=picked[0].union(*picked[1:]))

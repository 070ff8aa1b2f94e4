"""What the dashboard's parts are drawn from: each figure worked out once a page, however many parts show it."""

from datetime import date, timedelta
from functools import cached_property

from billing import agenda, reports
from portal import notices, periods

FEW = 5
LATEST_ENTRIES = 8
UPCOMING = 8
WEEKS = 8


def progress_of(scope, projects, today):
    """A ProjectProgress for each of a page of the viewer's projects."""
    zone = scope.viewer.zone
    return reports.project_progress(
        projects,
        totals=scope.project_totals,
        entries=scope.entries,
        tasks=scope.tasks,
        month_start=periods.month_start(today, zone),
        pace_start=periods.day_start(today - timedelta(days=reports.PACE_DAYS - 1), zone),
    )


class Overview:
    """One viewer's figures at one moment; each property costs one query, the first time that it is asked for."""

    def __init__(self, scope, now):
        self.scope = scope
        self.viewer = scope.viewer
        self.today = scope.viewer.today(now)

    @cached_property
    def invoice_sums(self):
        """A MoneySum a currency."""
        scope = self.scope
        return list(reports.whole_invoice_sums(scope.invoice_totals, invoices=scope.invoices, today=self.today))

    @cached_property
    def _seconds_by_day(self):
        start = periods.day_start(periods.mondays(self.today, WEEKS)[0], self.viewer.zone)
        entries = self.scope.entries.starting_between(start, None)
        return dict(reports.hours_by_day(entries, zone=self.viewer.zone))

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
        scope = self.scope
        nearest = reports.nearest_to_limit(scope.projects.under_way(), totals=scope.project_totals)
        rows = _firsts_of(scope.projects, scope.projects.in_working_order()[:FEW], nearest[:FEW]).in_working_order()
        rows = reports.beside_whole(rows, of=scope.projects, totals=scope.project_totals)
        return progress_of(scope, rows, self.today)

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
        rows = self.scope.invoices
        unpaid = rows.unpaid().most_urgent_first()
        due = unpaid.filter(due_date__gte=self.today)
        return list(_firsts_of(rows, rows.newest_first()[:FEW], unpaid[:FEW], due[:UPCOMING]).with_settlement())

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
        scope = self.scope
        items = agenda.agenda(
            quotes=scope.quotes, tasks=scope.tasks, approvals=scope.approvals, today=self.today, most=UPCOMING
        )
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
        return self.scope.entries.newest_first()[:LATEST_ENTRIES]

    @property
    def latest_notices(self):
        events = notices.named(self.scope, self.scope.events)
        return notices.told(self.scope, events.newest_first()[:FEW])


def _firsts_of(rows, *firsts):
    """Those of `rows` that one of several cut QuerySets has, in one query by the index of each."""
    picked = [rows.order_by().filter(pk__in=first.values("pk")).values("pk") for first in firsts]
    return rows.order_by().filter(pk__in=picked[0].union(*picked[1:]))

"""What a report is made of, for its page and its files: each figure a question about the work that it is about."""

from billing import breakdowns, reports
from billing.breakdowns import Billed, ProjectPiece, Work
from portal import periods
from portal.narrowing import Narrowing
from portal.prepared import ask


class ReportFigures:
    """The figures of a valid ReportFilter as of `today`; `most` bounds the rows of a block, None leaves them all."""

    def __init__(self, scope, chosen, today):
        self._scope, self._chosen, self._today = scope, chosen, today
        self._zone, self._period = scope.viewer.zone, chosen.period
        self._project_id = chosen.chosen_project

    def work(self):
        """The Work of the days asked for and of those before."""
        before = self._period.before()
        both = periods.Period(before.first, self._period.last)
        start = self._period.bounds(self._zone)[0]
        return Work.of(ask(_work, self._scope, start, *self._chosen.narrowing(self._zone, both)))

    def projects(self, most=None):
        """A ProjectPiece for each project with time."""
        return [ProjectPiece(*row) for row in self._ask(_projects, (0, most))]

    def pieces(self, most=None):
        """Pieces by what the report groups hours by."""
        group = self._chosen.cleaned_data["group"]
        return [breakdowns.piece(group, row) for row in self._ask(_pieces, group, self._zone, (0, most))]

    def latest(self, most):
        """The latest entries."""
        return self._ask(_latest, (0, most))

    def tasks(self):
        """`[(Task.Status, count)]` as of today."""
        return reports.in_working_order(ask(_tasks, self._scope, self._project_id))

    def billed(self):
        """A Billed for each currency: what was invoiced and paid, whoever did the work."""
        about = (self._project_id, self._period.first, self._period.last, self._period.before().first)
        return Billed.of(ask(_issued, self._scope, self._today, *about), ask(_received, self._scope, *about))

    def _ask(self, question, *values):
        return ask(question, self._scope, *values, *self._chosen.narrowing(self._zone, self._period))


def _work(scope, start, *which):
    return breakdowns.work_sums(Narrowing(*which).of(scope.entries), start=start)


def _projects(scope, cut, *which):
    rows = breakdowns.project_pieces(Narrowing(*which).of(scope.entries), totals=scope.project_totals)
    return rows[slice(*cut)]


def _pieces(scope, group, zone, cut, *which):
    return breakdowns.pieces(Narrowing(*which).of(scope.entries), group=group, zone=zone)[slice(*cut)]


def _latest(scope, cut, *which):
    return Narrowing(*which).of(scope.entries).newest_first().cut(*cut)


def _tasks(scope, project_id):
    return reports.tasks_by_status(_of(project_id, scope.tasks))


def _issued(scope, today, project_id, *days):
    return breakdowns.issued(_of(project_id, scope.invoices), breakdowns.Days(*days), today=today)


def _received(scope, project_id, *days):
    return breakdowns.received(_of(project_id, scope.payments, "invoice__project_id"), breakdowns.Days(*days))


def _of(project_id, rows, key="project_id"):
    return rows.filter(**{key: project_id}) if project_id else rows

"""The list of time as its filter asks for it: what it adds up to, a page of it, and the days of that page."""

from billing import reports
from billing.reports import TimeSums
from portal.days import bounds_of, by_day
from portal.forms import EntryFilter, mentioning
from portal.narrowing import Narrowing
from portal.prepared import ask


class EntryList:
    """The entries that a valid EntryFilter asks for, in its order; a slice of it is a list of them."""

    def __init__(self, scope, chosen):
        self._scope, self._chosen = scope, chosen
        self._which = chosen.narrowing(scope.viewer.zone)

    def __getitem__(self, cut):
        return self._ask(_page, self._chosen.order, (cut.start, cut.stop)) if cut.start < cut.stop else []

    def sums(self):
        """The TimeSums of all of them; those of whole projects are kept beside the projects."""
        if self._chosen.asks_for_some:
            return TimeSums.of(self._ask(_sums))
        return whole_time(self._scope, self._which.project_id)

    def days(self, rows):
        """The Days of a page's rows (`portal.table_rows`), with the sums of all entries on each."""
        if not rows:
            return []
        zone = self._scope.viewer.zone
        return by_day(rows, self._ask(_days, zone, *bounds_of(rows, zone)))

    def _ask(self, question, *values):
        return ask(question, self._scope, *values, *self._which, typed=self._chosen.text)


def whole_time(scope, project_id=None):
    """The TimeSums of all time of one of the viewer's projects, or of all of them."""
    return TimeSums.of(ask(_whole_sums, scope, project_id))


def _page(scope, order, cut, *which, typed=""):
    return EntryFilter.ORDERS[order][1](_narrowed(scope, which, typed)).cut(*cut)


def _sums(scope, *which, typed=""):
    return reports.time_sums(_narrowed(scope, which, typed))


def _whole_sums(scope, project_id):
    totals = scope.project_totals
    return reports.whole_time_sums(totals.filter(project=project_id) if project_id else totals)


def _days(scope, zone, start, end, *which, typed=""):
    return reports.entries_by_day(_narrowed(scope, which, typed).starting_between(start, end), zone=zone)


def _narrowed(scope, which, typed):
    return mentioning(Narrowing(*which).of(scope.entries), typed)

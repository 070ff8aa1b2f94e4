"""Entries of a page by the local day on which they began, with what all of that day adds up to."""

from datetime import date
from itertools import groupby
from typing import NamedTuple

from billing import reports
from portal import periods


class Day(NamedTuple):
    """A local date, how many entries it has and their time; `rows` are those on the page, `[(entry, person)]`."""

    date: date
    count: int
    seconds: int
    rows: list

    @property
    def is_cut(self):
        """Whether some of the day stands on another page."""
        return len(self.rows) < self.count


def by_day(rows, entries, viewer):
    """The Days of a page's `[(entry, person's name)]`, in its order, with the sums of all `entries` on each.

    Only the first and the last of them can go on beyond the page, so that no more is added up than those hold.
    """
    if not rows:
        return []
    zone = viewer.zone
    dates = [_began_on(row, zone) for row in (rows[0], rows[-1])]
    within = entries.filter(
        start_time__gte=periods.day_start(min(dates), zone), start_time__lt=periods.day_end(max(dates), zone)
    )
    sums = {day: (count, seconds) for day, count, seconds in reports.entries_by_day(within, zone=zone)}
    # What was deleted between the two queries has no sum any more.
    nothing = (0, 0)
    days = groupby(rows, key=lambda row: _began_on(row, zone))
    return [Day(day, *sums.get(day, nothing), list(of)) for day, of in days]


def _began_on(row, zone):
    entry, _person = row
    return entry.start_time.astimezone(zone).date()

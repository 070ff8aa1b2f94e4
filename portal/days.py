"""Entries of a page by the local day on which they began, with what all of that day adds up to."""

from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from portal import periods


class Day(NamedTuple):
    """A local date, how many entries it has and their time; `rows` are those on the page."""

    date: date
    count: int
    seconds: int
    rows: list

    @property
    def is_cut(self):
        """Whether some of the day stands on another page."""
        return len(self.rows) < self.count


def bounds_of(rows, zone):
    """When the days of a page's rows (`portal.table_rows`) begin and end, as aware datetimes."""
    dates = [row["starts_on"] for row in (rows[0], rows[-1])]
    return periods.day_start(min(dates), zone), periods.day_end(max(dates), zone)


def by_day(rows, sums):
    """The Days of a page's rows, in its order, with the `(date, entries, seconds)` of all entries on them.

    Only the first and the last of them can go on beyond the page, so that no more is added up than those hold.
    """
    sums = {day: (count, seconds) for day, count, seconds in sums}
    # What was deleted between the two queries has no sum any more.
    nothing = (0, 0)
    days = groupby(rows, key=itemgetter("starts_on"))
    return [Day(day, *sums.get(day, nothing), list(of)) for day, of in days]

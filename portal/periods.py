"""Local days as ranges of instants, and ranges of days as people name them."""

from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from django.utils.translation import gettext as _

EARLIEST = date(1900, 1, 1)
LATEST = date(2999, 12, 31)


def day_start(day, zone):
    """The aware datetime at which a local date begins; days of 23 or 25 hours come out right."""
    return datetime.combine(day, time.min, tzinfo=zone)


def day_end(day, zone):
    """The aware datetime at which a local date ends and the next begins."""
    return day_start(day + timedelta(days=1), zone)


def month_start(day, zone):
    """The aware datetime at which the month of a local date began."""
    return day_start(day.replace(day=1), zone)


def year_start(day):
    """The first date of the year of a local date."""
    return day.replace(month=1, day=1)


def mondays(today, count):
    """The Mondays of the `count` weeks up to this one, oldest first."""
    this = today - timedelta(days=today.weekday())
    return [this - timedelta(weeks=ago) for ago in reversed(range(count))]


class Period(NamedTuple):
    """A range of local dates, both inclusive."""

    first: date
    last: date

    @property
    def days(self):
        return (self.last - self.first).days + 1

    def bounds(self, zone):
        """The aware datetimes at which it begins and at which it is over."""
        return day_start(self.first, zone), day_end(self.last, zone)

    def before(self):
        """The period right before it: as many months for whole months, else as many days."""
        months = self._whole_months()
        first = _months_later(self.first, -months) if months else self.first - timedelta(days=self.days)
        return Period(first, self.first - timedelta(days=1))

    def _whole_months(self):
        """How many calendar months it is, 0 where it begins or ends within one."""
        after = self.last + timedelta(days=1)
        if self.first.day != 1 or after.day != 1:
            return 0
        return (after.year - self.first.year) * 12 + after.month - self.first.month


def last_days(today, count):
    return Period(today - timedelta(days=count - 1), today)


def presets(today):
    """`[(name, Period)]` of the periods that people ask for most."""
    monday = today - timedelta(days=today.weekday())
    month = today.replace(day=1)
    quarter = month.replace(month=(today.month - 1) // 3 * 3 + 1)
    return [
        (_("Last 30 days"), last_days(today, 30)),
        (_("This week"), week(monday)),
        (_("Last week"), week(monday - timedelta(weeks=1))),
        (_("This month"), months(month, 1)),
        (_("Last month"), months(_months_later(month, -1), 1)),
        (_("This quarter"), months(quarter, 3)),
        (_("This year"), months(month.replace(month=1), 12)),
    ]


def accounting_presets(today):
    """`[(name, Period)]` of the periods that books are kept by; the first is what a statement shows by itself."""
    month = today.replace(day=1)
    quarter, year = month.replace(month=(today.month - 1) // 3 * 3 + 1), year_start(today)
    return [
        (_("This year so far"), Period(year, today)),
        (_("Last year"), months(_months_later(year, -12), 12)),
        (_("This quarter"), months(quarter, 3)),
        (_("Last quarter"), months(_months_later(quarter, -3), 3)),
        (_("This month"), months(month, 1)),
        (_("Last month"), months(_months_later(month, -1), 1)),
    ]


def week(monday):
    """The seven days from a Monday on."""
    return Period(monday, monday + timedelta(days=6))


def months(first, count):
    """The whole months from a first day of one on."""
    return Period(first, _months_later(first, count) - timedelta(days=1))


def _months_later(first, count):
    """The first day of the month that is `count` months after that of `first`, a first day too."""
    months = first.year * 12 + first.month - 1 + count
    return date(months // 12, months % 12 + 1, 1)

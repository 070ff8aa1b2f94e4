"""Local days as ranges of instants."""

from datetime import date, datetime, time, timedelta

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


def mondays(today, count):
    """The Mondays of the `count` weeks up to this one, oldest first."""
    this = today - timedelta(days=today.weekday())
    return [this - timedelta(weeks=ago) for ago in reversed(range(count))]

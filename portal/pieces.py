"""Where hours went, as rows that a page or an export shows: named for their reader, with the way to what is in them."""

from collections import defaultdict
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from billing import formats
from billing.breakdowns import BY_DAYS, Piece
from portal import charts, periods

# Rows of a block on the page; an export has them all.
MOST_ROWS = 100
MOST_DAYS = 400
# Days beyond this many are folded away below their chart.
LONG = 10


class Block(NamedTuple):
    """Rows of one way to group hours; `left_out` says that there are more, `chart` is None where none is drawn.

    A row is what its template shows: a piece by its name for readers, the address of its entries, hours, and its share
    of the largest.
    """

    rows: list[dict]
    left_out: bool
    is_by_days: bool
    chart: charts.Columns | None

    @property
    def is_long(self):
        return self.is_by_days and len(self.rows) > LONG


def block(pieces, *, group, viewer, period, chosen):
    """The Block of Pieces that were grouped by `group`, within a Period; `chosen` are the report's other filters."""
    most = MOST_DAYS if group in BY_DAYS else MOST_ROWS
    largest = max((piece.seconds for piece in pieces), default=0) or 1
    rows = [_row(piece, group, viewer, period, chosen) | {"share": piece.seconds / largest} for piece in pieces[:most]]
    chart = _chart(pieces, group, viewer, period) if group in BY_DAYS else None
    return Block(rows, len(pieces) > most, group in BY_DAYS, chart)


def _row(piece, group, viewer, period, chosen):
    billable = piece.billable_seconds
    return {
        "name": name_of(piece, group, viewer),
        "more": piece.project_name if group == "task" else "",
        "url": f"{reverse('portal:time_entries')}?{urlencode(_entries_of(piece, group, period) | chosen)}",
        "seconds": piece.seconds,
        "hours": formats.format_hours(piece.seconds, viewer.locale),
        "billable": formats.format_hours(billable, viewer.locale) if billable else "",
    }


def weeks_of(days):
    """The Pieces of weeks that Pieces of days make up, the newest first."""
    sums = defaultdict(lambda: [0, 0])
    for piece in days:
        week = sums[_week_of(piece.key)]
        week[0] += piece.seconds
        week[1] += piece.billable_seconds
    return [Piece(monday, "", *both) for monday, both in sorted(sums.items(), reverse=True)]


def name_of(piece, group, viewer):
    """What a Piece is called in front of a viewer."""
    if group == "day":
        return formats.format_weekday(piece.key, viewer.locale)
    if group == "week":
        return _("Week from %(day)s") % {"day": formats.format_day(piece.key, viewer.locale)}
    if group == "month":
        return formats.format_month(piece.key, viewer.locale)
    return piece.name or {"task": _("On no task"), "person": _("Team")}[group]


def _entries_of(piece, group, period):
    """The parameters of the list of a Piece's entries."""
    within = _days_of(piece.key, group) if group in BY_DAYS else period
    days = {
        "date_from": max(within.first, period.first).isoformat(),
        "date_to": min(within.last, period.last).isoformat(),
    }
    if group == "project" or (group == "task" and piece.key is None):
        return days | {"project_id": piece.project_id}
    if group == "task":
        return days | {"project_id": piece.project_id, "task_id": piece.key}
    return days | ({"person_id": piece.key} if group == "person" and piece.name else {})


def _days_of(first, group):
    """The Period of a day, week or month that begins with `first`."""
    if group == "day":
        return periods.Period(first, first)
    return periods.week(first) if group == "week" else periods.months(first, 1)


def _chart(pieces, group, viewer, period):
    """Columns of all days, weeks or months of a period, those without time too."""
    starts = _starts(period, group)
    if starts is None:
        return None
    seconds = {piece.key: piece.seconds for piece in pieces}
    return _columns([(start, seconds.get(start, 0)) for start in starts], group, viewer, period)


def weeks_chart(weeks, viewer):
    """Columns of `[(Monday, seconds)]`, each week of them; None where there is no time."""
    return _columns(weeks, "week", viewer, (weeks[0][0], weeks[-1][0]))


def _columns(figures, group, viewer, ends):
    """Columns of `[(first day, seconds)]`, in hours, between two dates."""
    columns = []
    for start, seconds in figures:
        hours = formats.hours_of(seconds)
        amount = formats.format_number(hours, viewer.locale)
        when = name_of(Piece(start, "", 0, 0), group, viewer)
        columns.append((_("%(when)s: %(hours)s h") % {"when": when, "hours": amount}, amount, hours))
    first, last = (formats.format_day(day, viewer.locale) for day in ends)
    return charts.columns(columns, first=first, last=last)


def _starts(period, group):
    """The first days of all days, weeks or months that touch a period; None where nobody could tell them apart."""
    first = {"day": period.first, "week": _week_of(period.first), "month": period.first.replace(day=1)}[group]
    if period.days > MOST_DAYS * {"day": 1, "week": 7, "month": 28}[group]:
        return None
    starts = []
    while first <= period.last:
        starts.append(first)
        first = _days_of(first, group).last + timedelta(days=1)
    return starts


def _week_of(day):
    return day - timedelta(days=day.weekday())

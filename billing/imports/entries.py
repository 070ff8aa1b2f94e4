"""From a row's cells to one entry of time: when it was, how long, whose, on what."""

from decimal import Decimal
from typing import NamedTuple

from django.utils.translation import gettext as _

from billing.imports import values
from billing.imports.refusals import RowRefused
from billing.imports.values import SECONDS_PER_DAY
from billing.money import SECONDS_PER_HOUR
from billing.tracking import MAX_SECONDS

NOON = 12 * SECONDS_PER_HOUR
MAX_TAGS = 500


class Entry(NamedTuple):
    """What one row says, checked by itself: instants in seconds since the epoch, the duration in seconds."""

    client: str
    project: str
    task: str
    person: str
    email: str
    start: int
    end: int
    seconds: int
    has_times: bool
    notes: str
    tags: str
    billable: bool | None
    rate: Decimal | None
    currency: str | None


def reader(wall_clock, *, order, sign, currency):
    """A function from Cells to Entry that raises RowRefused.

    `order` and `sign` are the file's way to write dates and numbers, `currency` what its header names.
    """

    def read(cell):
        start, end, seconds, has_times = _times(cell, wall_clock, order, sign)
        if seconds > MAX_SECONDS:
            raise RowRefused(_("The duration is longer than a year."))
        rate = cell.rate and values.number(cell.rate.strip(), sign)
        return Entry(
            cell.client,
            cell.project,
            cell.task,
            cell.person or f"{cell.first_name} {cell.last_name}",
            cell.email,
            start,
            end,
            seconds,
            has_times,
            _text(cell.notes),
            _tags(cell.tags),
            values.flag(cell.billable),
            rate if rate and rate > 0 else None,
            (_currency(cell.currency) if cell.currency else None) or currency,
        )

    return read


def _times(cell, wall_clock, order, sign):
    """`(start, end, seconds, has_times)` of a row."""
    stated = _stated(cell, sign)
    start_text, end_text = cell.start.strip(), cell.end.strip()
    if not start_text:
        return _day_of_hours(cell, wall_clock, order, stated)
    if not cell.date or values.holds_day(start_text):
        return _between_moments(cell, wall_clock, order, stated)
    day = values.day(cell.date.strip(), order)
    end_date = cell.end_date.strip()
    return _between(
        wall_clock,
        day,
        values.clock(start_text),
        end_day=values.day(end_date, order) if end_date else None,
        end=values.clock(end_text) if end_text else None,
        stated=stated,
    )


def _stated(cell, sign):
    text = cell.duration.strip() or cell.hours.strip()
    return values.duration(text, sign) if text else None


def _day_of_hours(cell, wall_clock, order, stated):
    """Hours of a day without start and end: kept as from noon on."""
    if cell.end.strip():
        raise RowRefused(_("The row has an end but no start."))
    date = cell.date.strip()
    if not date:
        raise RowRefused(_("The row has no date."))
    if stated is None:
        raise RowRefused(_("The row has neither times nor a duration."))
    start = _only(wall_clock, values.day(date, order), NOON)[0]
    return start, start + stated, stated, False


def _between(wall_clock, day, start, *, end_day, end, stated):
    """An entry between two wall clocks; which day and which of two readings is meant, the stated duration decides.

    Without an end's date the end is the first such time after the start; an end before its start is on the next day
    if a duration is there to say so. In the doubled hour of autumn, without a duration, the earliest readings count.
    """
    midnight = wall_clock.midnight(day)
    if midnight is not None and end is not None and start <= end and (end_day is None or end_day == day):
        return _checked(midnight + start, midnight + end, stated)
    starts = _only(wall_clock, day, start)
    if end is None:
        if stated is None:
            raise RowRefused(_("The row has neither an end nor a duration."))
        return starts[0], starts[0] + stated, stated, True
    ends = _only(wall_clock, day if end_day is None else end_day, end)
    if end < start and end_day in (None, day) and (end_day is None or stated is not None):
        ends = [*ends, *_only(wall_clock, day + 1, end)]
    return _nearest([(first, last) for first in starts for last in ends if last >= first], stated)


def _nearest(spans, stated):
    if not spans:
        raise RowRefused(_("The end lies before the start."))
    if stated is None:
        return _checked(*spans[0], None)
    return _checked(*min(spans, key=lambda span: abs(span[1] - span[0] - stated)), stated)


def _checked(start, end, stated):
    """The entry from `start` to `end`; a stated duration counts, unless it is more than an hour off."""
    if stated is None:
        return start, end, end - start, True
    if abs(end - start - stated) > SECONDS_PER_HOUR:
        raise RowRefused(
            _("The stated duration of %(stated)s is more than an hour off the %(elapsed)s between start and end.")
            % {"stated": _hours(stated), "elapsed": _hours(end - start)}
        )
    return start, end, stated, True


def _between_moments(cell, wall_clock, order, stated):
    """An entry whose start, and mostly end, hold the day too, or an offset from UTC."""
    start_day, start, start_offset = _moment(cell.start, cell.date, order)
    if start_day is None:
        raise RowRefused(_("The row has no date."))
    end_day, end, end_offset = _moment(cell.end, cell.end_date, order)
    if start_offset is None and end_offset is None:
        return _between(wall_clock, start_day, start, end_day=end_day, end=end, stated=stated)
    starts = _readings(wall_clock, start_day, start, start_offset)
    if end is None:
        if stated is None:
            raise RowRefused(_("The row has neither an end nor a duration."))
        return starts[0], starts[0] + stated, stated, True
    ends = _readings(wall_clock, start_day if end_day is None else end_day, end, end_offset)
    if end_day is None:
        ends = [*ends, *(last + SECONDS_PER_DAY for last in ends)]
    return _nearest([(first, last) for first in starts for last in ends if last >= first], stated)


def _moment(text, date_text, order):
    """`(day, seconds since midnight, offset)` of a cell with a time and maybe a day; None for what it lacks."""
    date, rest = values.split_moment(text.strip())
    date = date or date_text.strip()
    clock_text, offset = values.split_offset(rest)
    day = values.day(date, order) if date else None
    if not clock_text and day is not None and text.strip():
        raise RowRefused(_("“%(text)s” has no time of day.") % {"text": values.shortened(text)})
    return day, values.clock(clock_text.strip()) if clock_text else None, offset


def _readings(wall_clock, day, second, offset):
    return _only(wall_clock, day, second) if offset is None else [day * SECONDS_PER_DAY + second - offset]


def _only(wall_clock, day, second):
    """The instants of a wall clock; a time that a clock change skipped is refused: the time zone is likely wrong."""
    instants = wall_clock.readings(day, second)
    if not instants:
        raise RowRefused(
            _("%(time)s does not exist on this day in %(zone)s, where clocks were put forward; is the time zone right?")
            % {"time": f"{second // SECONDS_PER_HOUR}:{second % SECONDS_PER_HOUR // 60:02}", "zone": wall_clock.zone}
        )
    return instants


def _text(text):
    if "\0" in text:
        raise RowRefused(_("The text holds a character that is none (NUL)."))
    return text.replace("\r\n", "\n").strip() if "\r" in text else text.strip()


def _tags(text):
    tags = _text(text)
    if len(tags) > MAX_TAGS:
        raise RowRefused(_("The tags are longer than %(most)s characters.") % {"most": MAX_TAGS})
    return tags


def _currency(text):
    """The code in `EUR` or Harvest's `Euro - EUR`."""
    code = text.strip()[-3:].upper()
    return code if code.isalpha() else None


def _hours(seconds):
    return f"{seconds // SECONDS_PER_HOUR}:{seconds % SECONDS_PER_HOUR // 60:02}:{seconds % 60:02}"

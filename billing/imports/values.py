"""What one cell of an export says: days, times of day, durations, numbers, flags. Pure functions of text."""

import re
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from django.utils.translation import gettext as _

from billing.imports.refusals import RowRefused
from billing.money import SECONDS_PER_HOUR

FIRST_YEAR, LAST_YEAR = 1970, 2100
SECONDS_PER_DAY = 24 * SECONDS_PER_HOUR
EPOCH = date(1970, 1, 1).toordinal()

DATE_ORDERS = {"ymd": "2024-12-31", "dmy": "31/12/2024", "mdy": "12/31/2024"}
DECIMAL_SIGNS = {"point": ".", "comma": ","}

_DAY = re.compile(r"([0-9]{1,4})([-/.])([0-9]{1,2})\2([0-9]{1,4})")
_MOMENT = re.compile(r"([0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4})(?:[T ]\s*(.*))?")
_OFFSET = re.compile(r"(.*[0-9])\s*(Z|([+-])([0-9]{2}):?([0-9]{2}))", re.IGNORECASE)
_CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]+)?)?(am|pm)?")
_CLOCK_DURATION = re.compile(r"([0-9]{1,6}):([0-5][0-9])(?::([0-5][0-9]))?")
_NUMBER = {
    ".": re.compile(r"([0-9]{1,3}(?:,[0-9]{3})+|[0-9]*)(?:\.([0-9]*))?"),
    ",": re.compile(r"([0-9]{1,3}(?:\.[0-9]{3})+|[0-9]*)(?:,([0-9]*))?"),
}
_SPACES_IN_NUMBERS = str.maketrans("\N{MINUS SIGN}", "-", " '\N{RIGHT SINGLE QUOTATION MARK}\xa0\u202f\u2009")
_SPACES_IN_CLOCKS = str.maketrans("", "", " .\xa0\u202f")
_MAX_DIGITS = 30
# A century and more; beyond it even Decimals lose their seconds.
_MOST_HOURS = 10**6
LONGEST_CLOCK = len("10:59:59 PM")

YES = frozenset("yes y true t 1 x billable ja j oui si sí sim tak".split())
NO = frozenset("no n false f 0 nein non não nie".split()) | {"not billable", "non-billable"}


def date_evidence(text):
    """What a date tells of its file's order of day and month: `dmy`, `mdy`, or None when it fits both or is none."""
    match = _DAY.fullmatch(text)
    if match is None or len(match[1]) > 2 or len(match[4]) != 4:
        return None
    first, second = int(match[1]), int(match[3])
    if first > 12 >= second:
        return "dmy"
    return "mdy" if second > 12 >= first else None


def needs_date_order(text):
    """Whether a date means different days as `dmy` and as `mdy`."""
    match = _DAY.fullmatch(text)
    return match is not None and len(match[1]) <= 2 and len(match[4]) == 4 and match[1].zfill(2) != match[3].zfill(2)


@lru_cache(maxsize=20_000)
def day(text, order):
    """A date as days since 1970-01-01; a year that stands first is read as such whatever the order."""
    match = _DAY.fullmatch(text)
    if match is None:
        raise RowRefused(_("“%(text)s” is not a date.") % {"text": shortened(text)})
    first, _separator, second, last = match.groups()
    if len(first) == 4 and len(last) <= 2:
        year, month, day_of_month = int(first), int(second), int(last)
    elif len(last) == 4 and len(first) <= 2 and order != "ymd":
        month, day_of_month = (int(first), int(second)) if order == "mdy" else (int(second), int(first))
        year = int(last)
    else:
        raise RowRefused(
            _("“%(text)s” is not written like %(example)s.") % {"text": text, "example": DATE_ORDERS[order or "ymd"]}
        )
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise RowRefused(
            _("“%(text)s” lies outside the years %(first)s to %(last)s.")
            % {"text": text, "first": FIRST_YEAR, "last": LAST_YEAR}
        )
    try:
        return date(year, month, day_of_month).toordinal() - EPOCH
    except ValueError as error:
        raise RowRefused(_("“%(text)s” is no day of the calendar.") % {"text": text}) from error


def split_moment(text):
    """`(date, rest)` of a text that begins with a date, else `("", text)`."""
    match = _MOMENT.fullmatch(text)
    return (match[1], match[2] or "") if match else ("", text)


def holds_day(text):
    """Whether a cell for a time of day holds the day too."""
    return len(text) > LONGEST_CLOCK and _MOMENT.fullmatch(text) is not None


def split_offset(text):
    """`(time of day, seconds east of UTC)` of a time of day with an offset or Z, else `(text, None)`."""
    match = _OFFSET.fullmatch(text)
    if match is None:
        return text, None
    if match[3] is None:
        return match[1], 0
    seconds = int(match[4]) * SECONDS_PER_HOUR + int(match[5]) * 60
    if seconds > 14 * SECONDS_PER_HOUR:
        raise RowRefused(_("“%(text)s” has no offset that exists.") % {"text": shortened(text)})
    return match[1], -seconds if match[3] == "-" else seconds


@lru_cache(maxsize=100_000)
def clock(text):
    """A time of day, by 12 or 24 hours, as seconds since midnight; parts of a second are dropped."""
    match = _CLOCK.fullmatch(text.lower().translate(_SPACES_IN_CLOCKS) if not text[-1:].isdigit() else text)
    if match is None:
        raise RowRefused(_("“%(text)s” is not a time of day.") % {"text": shortened(text)})
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    if match[4]:
        if not 1 <= hour <= 12:
            raise RowRefused(_("“%(text)s” is not a time of day.") % {"text": shortened(text)})
        hour = hour % 12 + (12 if match[4] == "pm" else 0)
    if hour > 23 or minute > 59 or second > 59:
        raise RowRefused(_("“%(text)s” is not a time of day.") % {"text": shortened(text)})
    return hour * SECONDS_PER_HOUR + minute * 60 + second


def decimal_evidence(text):
    """What a number tells of its file's decimal sign: `.`, `,`, `?` when it fits both, None when it has neither."""
    text = text.translate(_SPACES_IN_NUMBERS).lstrip("+-")
    points, commas = text.count("."), text.count(",")
    if points and commas:
        return "." if text.rfind(".") > text.rfind(",") else ","
    if not points and not commas:
        return None
    sign, other = (".", ",") if points else (",", ".")
    if points + commas > 1:
        return other
    whole, part = text.split(sign)
    return "?" if len(part) == 3 and 1 <= len(whole) <= 3 and whole[0] != "0" else sign


@lru_cache(maxsize=50_000)
def number(text, sign):
    """A Decimal written with `sign` before its decimals, with or without signs between the thousands."""
    bare = text.translate(_SPACES_IN_NUMBERS)
    digits = bare.removeprefix("-")
    match = _NUMBER[sign].fullmatch(digits)
    if match is None or not (match[1] or match[2]):
        raise RowRefused(_("“%(text)s” is not a number.") % {"text": shortened(text)})
    if len(digits) > _MAX_DIGITS:
        raise RowRefused(_("“%(text)s” is too long for a number.") % {"text": shortened(text)})
    whole = (match[1] or "0").replace(",", "").replace(".", "")
    return Decimal(f"{'-' if digits != bare else ''}{whole}.{match[2] or '0'}")


@lru_cache(maxsize=50_000)
def duration(text, sign):
    """Whole seconds of `H:MM`, `H:MM:SS` or hours as a number, halves of a second rounded up."""
    match = _CLOCK_DURATION.fullmatch(text)
    if match:
        return int(match[1]) * SECONDS_PER_HOUR + int(match[2]) * 60 + int(match[3] or 0)
    if ":" in text:
        raise RowRefused(_("“%(text)s” is not a duration.") % {"text": shortened(text)})
    hours = number(text, sign)
    if hours < 0:
        raise RowRefused(_("“%(text)s” is less than no time.") % {"text": shortened(text)})
    if hours > _MOST_HOURS:
        raise RowRefused(_("“%(text)s” is too long for a number.") % {"text": shortened(text)})
    return int((hours * SECONDS_PER_HOUR).quantize(Decimal(1), rounding=ROUND_HALF_UP))


@lru_cache(maxsize=1_000)
def flag(text):
    """Yes or no, in the words that trackers write; None when nothing is said."""
    word = text.strip().lower()
    if not word:
        return None
    if word in YES:
        return True
    if word in NO:
        return False
    raise RowRefused(_("“%(text)s” is neither yes nor no.") % {"text": shortened(text)})


def shortened(text):
    """A cell as a message may quote it."""
    return text if len(text) <= 60 else text[:59] + "…"

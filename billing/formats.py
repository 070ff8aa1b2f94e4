"""Numbers, money, dates and hours as a locale writes them, by Unicode's CLDR through Babel."""

import re
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, lru_cache

from babel import Locale
from babel.dates import format_date as babel_date
from babel.dates import format_skeleton, format_time
from babel.numbers import format_currency, format_decimal
from babel.numbers import format_percent as babel_percent

from billing.money import SECONDS_PER_HOUR

HUNDREDTH = Decimal("0.01")
# A code of letters stands apart from its figures (CLDR's currencySpacing, which Babel leaves out): KWD 7.125.
TOUCHING = re.compile(r"(?<=[A-Za-z])(?=[\d-])|(?<=\d)(?=[A-Za-z])")


# The same figures and days stand on a page many times, and on the next page again.
_remembered = lru_cache(maxsize=5000)


@cache
def _locale(tag):
    return Locale.parse(tag, sep="-")


def _isolated(text, locale):
    """What is written from right to left, so that it stays whole among words from left to right (Unicode's bidi, X5a).

    Without it the date 10/3/2026 of an Arabic locale reads `102026/3/` in an English sentence.
    """
    if _locale(locale).text_direction == "ltr":
        return text
    return f"\N{RIGHT-TO-LEFT ISOLATE}{text}\N{POP DIRECTIONAL ISOLATE}"


def hours_of(seconds):
    """Seconds as hours with two decimals, rounded once, halves up: 120,000 s are 33.33 h."""
    return (Decimal(seconds) / SECONDS_PER_HOUR).quantize(HUNDREDTH, rounding=ROUND_HALF_UP)


@_remembered
def format_hours(seconds, locale):
    """`33.33` for 120,000 seconds, without the unit."""
    return format_decimal(hours_of(seconds), format="#,##0.00", locale=_locale(locale))


def format_clock_hours(seconds):
    """`1:05` for 3,900 seconds: hours and minutes, the minutes rounded down."""
    minutes = int(seconds) // 60
    return f"{minutes // 60}:{minutes % 60:02}"


def format_money(amount, currency_code, locale):
    """`€1,234.50` or `1.234,50 €`, with the currency's own decimals and a real minus, which no zero has."""
    return _money(amount + 0, currency_code, locale)


@_remembered
def _money(amount, currency_code, locale):
    text = format_currency(amount, currency_code, locale=_locale(locale))
    return _isolated(TOUCHING.sub("\N{NO-BREAK SPACE}", text).replace("-", "\N{MINUS SIGN}"), locale)


def format_number(number, locale):
    """A quantity or rate with as many decimals as it has, four at most."""
    return _number(number + 0, locale)


@_remembered
def _number(number, locale):
    return format_decimal(number, format="#,##0.####", locale=_locale(locale)).replace("-", "\N{MINUS SIGN}")


def format_share(share, locale):
    """`62%` for 0.62."""
    return babel_percent(share, locale=_locale(locale))


def format_figures(numbers, locale, *, places):
    """A column of numbers: each with as many decimals as the one that has most, at least `places`; grouped."""
    places = max([places, *map(decimals_of, numbers)])
    pattern = _locale(locale).decimal_formats[None].pattern.replace("0.###", "0." + "0" * places if places else "0")
    texts = [format_decimal(number, format=pattern, locale=_locale(locale)) for number in numbers]
    return [text.replace("-", "\N{MINUS SIGN}") for text in texts]


def decimals_of(number):
    """How many decimals a Decimal needs: 2 for 38.2500."""
    return max(0, -number.normalize().as_tuple().exponent)


@_remembered
def format_day(day, locale):
    """A date, medium: `22 Nov 2026`."""
    return _isolated(babel_date(day, format="medium", locale=_locale(locale)), locale)


@_remembered
def format_long_day(day, locale):
    """A date in full: `22 November 2026`."""
    return _isolated(babel_date(day, format="long", locale=_locale(locale)), locale)


@_remembered
def format_month(day, locale):
    """The month of a date: `November 2026`."""
    return _isolated(format_skeleton("yMMMM", day, locale=_locale(locale)), locale)


@_remembered
def format_day_of_year(day, locale):
    """A date of this year: `22 November`."""
    return _isolated(format_skeleton("MMMMd", day, locale=_locale(locale)), locale)


@_remembered
def format_weekday(day, locale):
    """A date with its weekday: `Sun, 22 Nov 2026`."""
    return _isolated(format_skeleton("yMMMEd", day, locale=_locale(locale)), locale)


@_remembered
def format_clock(moment, zone, locale):
    """The time of day of an aware datetime in a zone: `14:05` or `2:05 PM`."""
    return format_time(moment, format="short", tzinfo=zone, locale=_locale(locale))

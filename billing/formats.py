"""Numbers, money, dates and hours as a locale writes them, by Unicode's CLDR through Babel."""

import re
from decimal import ROUND_HALF_UP, Decimal
from functools import cache

from babel import Locale
from babel.dates import format_date as babel_date
from babel.dates import format_skeleton, format_time
from babel.numbers import format_currency, format_decimal
from babel.numbers import format_percent as babel_percent

from billing.money import SECONDS_PER_HOUR

HUNDREDTH = Decimal("0.01")
# A code of letters stands apart from its figures (CLDR's currencySpacing, which Babel leaves out): KWD 7.125.
TOUCHING = re.compile(r"(?<=[A-Za-z])(?=[\d-])|(?<=\d)(?=[A-Za-z])")


@cache
def _locale(tag):
    return Locale.parse(tag, sep="-")


def hours_of(seconds):
    """Seconds as hours with two decimals, rounded once, halves up: 120,000 s are 33.33 h."""
    return (Decimal(seconds) / SECONDS_PER_HOUR).quantize(HUNDREDTH, rounding=ROUND_HALF_UP)


def format_hours(seconds, locale):
    """`33.33` for 120,000 seconds, without the unit."""
    return format_decimal(hours_of(seconds), format="#,##0.00", locale=_locale(locale))


def format_clock_hours(seconds):
    """`1:05` for 3,900 seconds: hours and minutes, the minutes rounded down."""
    minutes = int(seconds) // 60
    return f"{minutes // 60}:{minutes % 60:02}"


def format_money(amount, currency_code, locale):
    """`€1,234.50` or `1.234,50 €`, with the currency's own decimals and a real minus."""
    text = format_currency(amount, currency_code, locale=_locale(locale))
    return TOUCHING.sub("\N{NO-BREAK SPACE}", text).replace("-", "\N{MINUS SIGN}")


def format_number(number, locale):
    """A quantity or rate with as many decimals as it has, four at most."""
    return format_decimal(number, format="#,##0.####", locale=_locale(locale)).replace("-", "\N{MINUS SIGN}")


def format_share(share, locale):
    """`62%` for 0.62."""
    return babel_percent(share, locale=_locale(locale))


def format_day(day, locale):
    """A date, medium: `22 Nov 2026`."""
    return babel_date(day, format="medium", locale=_locale(locale))


def format_weekday(day, locale):
    """A date with its weekday: `Sun, 22 Nov 2026`."""
    return format_skeleton("yMMMEd", day, locale=_locale(locale))


def format_clock(moment, zone, locale):
    """The time of day of an aware datetime in a zone: `14:05` or `2:05 PM`."""
    return format_time(moment, format="short", tzinfo=zone, locale=_locale(locale))

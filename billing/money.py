"""Rounding, tax and time priced in money: pure functions of Decimals."""

from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import NamedTuple

from babel.numbers import get_currency_precision

SECONDS_PER_HOUR = 3600


class TaxGroup(NamedTuple):
    """The lines of one tax rate: rate in per cent, net and tax in the document's currency."""

    rate: Decimal
    net: Decimal
    tax: Decimal


class Totals(NamedTuple):
    """A document's sums in its currency: `total` = `subtotal` + `tax`."""

    subtotal: Decimal
    tax: Decimal
    total: Decimal
    groups: tuple[TaxGroup, ...]


@cache
def smallest_unit(currency_code):
    """The smallest amount of a currency: 0.01 EUR, 1 JPY, 0.001 KWD (Unicode CLDR's currency fractions)."""
    return Decimal(1).scaleb(-get_currency_precision(currency_code))


def rounded(amount, currency_code):
    """`amount` to the currency's smallest unit, halves away from zero."""
    return amount.quantize(smallest_unit(currency_code), rounding=ROUND_HALF_UP)


def line_amount(quantity, unit_price, currency_code):
    """One line's net amount, rounded once."""
    return rounded(quantity * unit_price, currency_code)


def time_amount(seconds, hourly_rate, currency_code):
    """What `seconds` of work cost at a rate an hour, rounded once."""
    return rounded(seconds * hourly_rate / SECONDS_PER_HOUR, currency_code)


def totals(lines, currency_code):
    """Sum `(net amount, tax rate in per cent)` pairs, the tax rounded once a rate, highest rate first."""
    nets = defaultdict(Decimal)
    for amount, rate in lines:
        nets[Decimal(rate).normalize()] += amount
    groups = tuple(
        TaxGroup(rate, net, rounded(net * rate / 100, currency_code))
        for rate, net in sorted(nets.items(), reverse=True)
    )
    subtotal = sum((group.net for group in groups), Decimal(0))
    tax = sum((group.tax for group in groups), Decimal(0))
    return Totals(subtotal, tax, subtotal + tax, groups)

"""Columns that several lists show: money with its currency, and hours."""

from django.contrib import admin
from django.utils.translation import get_language

from billing.formats import format_clock_hours, format_money, format_number

NOTHING = "–"


def money_text(amount, currency_code):
    """An amount as the reader of the page writes it."""
    return NOTHING if amount is None else format_money(amount, currency_code, get_language() or "en")


def number_text(number):
    """A quantity or rate without idle zeros."""
    return NOTHING if number is None else format_number(number, get_language() or "en")


def money_column(name, label, currency="currency_code"):
    """A column of the amount `name`, in the currency that the dotted path `currency` leads to."""

    @admin.display(description=label, ordering=name)
    def column(row):
        code = row
        for step in currency.split("."):
            code = getattr(code, step)
        return money_text(getattr(row, name), code)

    # Django takes the column's class, and its place among read-only fields, from this name.
    column.__name__ = name
    return column


def hours_text(seconds):
    """`1:05` for 3,900 seconds."""
    return NOTHING if seconds is None else format_clock_hours(seconds)

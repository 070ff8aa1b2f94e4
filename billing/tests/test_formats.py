"""Formats of locales among words of another language, and columns of figures."""

from datetime import date
from decimal import Decimal

import pytest

from billing import formats

RIGHT_TO_LEFT, POP = "\N{RIGHT-TO-LEFT ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"


@pytest.mark.parametrize(("locale", "isolated"), [("ar-KW", True), ("he-IL", True), ("en-GB", False), ("ja-JP", False)])
def test_what_runs_from_right_to_left_stays_whole_among_other_words(locale, isolated):
    day = date(2026, 3, 10)
    texts = [formats.format_money(Decimal("1.5"), "KWD", locale)]
    texts += [form(day, locale) for form in (formats.format_day, formats.format_long_day, formats.format_weekday)]
    for text in texts:
        assert (text[0] == RIGHT_TO_LEFT and text[-1] == POP) == isolated


@pytest.mark.parametrize(
    ("numbers", "locale", "places", "shown"),
    [
        (["1", "38.5", "0.25"], "en-GB", 0, ["1.00", "38.50", "0.25"]),
        (["1.0000", "-2"], "de-DE", 0, ["1", "−2"]),
        (["1234567.5"], "hi-IN", 2, ["12,34,567.50"]),
        (["1234.5", "0.0125"], "de-CH", 2, ["1’234.5000", "0.0125"]),
        ([], "en-GB", 2, []),
    ],
)
def test_a_column_of_figures_has_as_many_decimals_as_its_longest(numbers, locale, places, shown):
    assert formats.format_figures([Decimal(number) for number in numbers], locale, places=places) == shown


def test_nothing_is_written_without_a_minus_whatever_was_written_before():
    for zero in (Decimal("-0.00"), Decimal(0), Decimal("-0.00")):
        assert formats.format_money(zero, "EUR", "en-GB") == "€0.00"
        assert formats.format_number(zero, "en-GB") == "0"

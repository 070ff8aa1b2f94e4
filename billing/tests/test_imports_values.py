"""What single cells of an export mean."""

from contextlib import suppress
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from billing.imports import values
from billing.imports.refusals import RowRefused


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("00:00:00", 0),
        ("01:00:01", 3601),
        ("1:05", 3900),
        ("25:00:00", 90_000),
        ("0.01", 36),
        ("1.5", 5400),
        (".5", 1800),
        ("20", 72_000),
        ("1,000.25", 3_600_900),
        ("0.000139", 1),
        ("0.0001388", 0),
    ],
)
def test_a_duration_is_clock_hours_or_decimal_hours(text, seconds):
    assert values.duration(text, ".") == seconds


@pytest.mark.parametrize(
    "text", ["1:60", "1:00:60", "-1", "-1:00", "1h", "1:2:3:4", ":30", "", ".", "١:00", "1e3", "NaN"]
)
def test_other_text_is_no_duration(text):
    with pytest.raises(RowRefused):
        values.duration(text, ".")


@given(st.integers(0, 999_999_999))
def test_every_clock_duration_reads_as_its_seconds(seconds):
    hours, rest = divmod(seconds, 3600)
    assert values.duration(f"{hours:02}:{rest // 60:02}:{rest % 60:02}", ".") == seconds


@given(st.decimals(min_value=0, max_value=10**9, places=3))
def test_a_number_reads_the_same_with_either_sign_and_with_thousands(number):
    english = f"{number:,}"
    european = english.translate(str.maketrans(",.", ".,"))
    assert values.number(english, ".") == values.number(european, ",") == values.number(str(number), ".") == number


@given(st.decimals(min_value=0, max_value=8000, places=4))
def test_decimal_hours_round_to_the_nearest_second(hours):
    assert values.duration(str(hours), ".") == int((hours * 3600).to_integral_value(rounding=ROUND_HALF_UP))


@given(st.text(max_size=40))
@example("3" + "0" * 24)
def test_any_text_is_a_value_or_is_refused_in_words(text):
    for read in (
        lambda: values.number(text, "."),
        lambda: values.number(text, ","),
        lambda: values.duration(text, ","),
        lambda: values.day(text, "dmy"),
        lambda: values.clock(text),
        lambda: values.flag(text),
        lambda: values.split_offset(text),
    ):
        with suppress(RowRefused):
            read()


def test_a_number_with_the_other_sign_is_refused():
    with pytest.raises(RowRefused):
        values.number("1,5", ".")
    with pytest.raises(RowRefused):
        values.number("1.5", ",")


@pytest.mark.parametrize("text", ["1" * 31, "9" * 400])
def test_an_absurdly_long_number_is_refused(text):
    with pytest.raises(RowRefused):
        values.number(text, ".")


@pytest.mark.parametrize(
    ("text", "number"),
    [("2.000,0", "2000.0"), ("1'234,5", "1234.5"), ("1\u202f234,5", "1234.5"), ("\N{MINUS SIGN}3", "-3.0")],
)
def test_thousands_are_parted_by_points_spaces_or_apostrophes(text, number):
    assert values.number(text, ",") == Decimal(number)


@pytest.mark.parametrize(
    ("text", "evidence"),
    [
        ("1,5", ","),
        ("1.50", "."),
        ("2.000,0", ","),
        ("2,000.0", "."),
        ("1.000.000", ","),
        ("0,125", ","),
        ("1234,567", ","),
        ("1,000", "?"),
        ("1000", None),
    ],
)
def test_a_number_tells_its_decimal_sign_where_it_can(text, evidence):
    assert values.decimal_evidence(text) == evidence


@pytest.mark.parametrize(
    ("text", "order", "iso"),
    [
        ("2024-03-04", "dmy", "2024-03-04"),
        ("2024/3/4", "mdy", "2024-03-04"),
        ("04.03.2024", "dmy", "2024-03-04"),
        ("3/4/2024", "mdy", "2024-03-04"),
        ("29.02.2024", "dmy", "2024-02-29"),
        ("01-01-1970", "dmy", "1970-01-01"),
        ("31.12.2100", "dmy", "2100-12-31"),
    ],
)
def test_dates_are_read_in_the_order_of_the_file(text, order, iso):
    assert values.day(text, order) == values.day(iso, "ymd")


@pytest.mark.parametrize(
    "text",
    (
        "30.02.2025 29.02.2025 00.01.2025 13/13/2025 4.3.24 24-03-04 0001-01-01 9999-12-31 31.12.1969 01.01.2101 "
        "2024-3.4 today 2024-03-04T10:00"
    ).split(),
)
def test_what_is_no_day_of_these_centuries_is_refused(text):
    with pytest.raises(RowRefused):
        values.day(text, "dmy")


def test_with_the_year_first_other_orders_are_refused():
    with pytest.raises(RowRefused):
        values.day("31.12.2024", "ymd")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("00:00", 0),
        ("9:05", 32_700),
        ("23:59:59", 86_399),
        ("12:00 AM", 0),
        ("12:30 PM", 45_000),
        ("1:00:01 pm", 46_801),
        ("11:00\u202fa.m.", 39_600),
        ("10:23:52.750", 37_432),
    ],
)
def test_clocks_of_12_and_24_hours(text, seconds):
    assert values.clock(text) == seconds


@pytest.mark.parametrize("text", ["24:00", "10:60", "10:00:60", "13:00 PM", "0:30 AM", "noon", "10", "10:5"])
def test_what_no_clock_shows_is_refused(text):
    with pytest.raises(RowRefused):
        values.clock(text)


@pytest.mark.parametrize(("text", "flag"), [("Yes", True), ("ja", True), ("0", False), ("NO", False), ("", None)])
def test_flags(text, flag):
    assert values.flag(text) is flag


def test_an_unknown_flag_is_refused():
    with pytest.raises(RowRefused, match="perhaps"):
        values.flag("perhaps")

"""Rounding, tax and totals: half-up, once a line and once a tax rate, in the currency's own decimals."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db.models import Sum
from hypothesis import given
from hypothesis import strategies as st

from accounts.tests.factories import ClientFactory
from billing import invoicing, money
from billing.models import TimeEntry
from billing.models.exact import exact_sum
from billing.money import TaxGroup
from billing.tests.factories import NOW, ProjectFactory, TimeEntryFactory

AMOUNTS = st.decimals(min_value=Decimal("-1e9"), max_value=Decimal("1e9"), places=6)


@pytest.mark.parametrize(
    ("currency", "unit"),
    [("EUR", "0.01"), ("USD", "0.01"), ("JPY", "1"), ("KWD", "0.001"), ("ISK", "1"), ("BHD", "0.001")],
)
def test_each_currency_has_its_own_smallest_unit(currency, unit):
    assert money.smallest_unit(currency) == Decimal(unit)


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("0.005", "EUR", "0.01"),
        ("0.004999", "EUR", "0.00"),
        ("2.675", "EUR", "2.68"),
        ("2.665", "EUR", "2.67"),
        ("-0.005", "EUR", "-0.01"),
        ("-0.004", "EUR", "0.00"),
        ("0.5", "JPY", "1"),
        ("1.5", "JPY", "2"),
        ("2.5", "JPY", "3"),
        ("0.499", "JPY", "0"),
        ("0.0005", "KWD", "0.001"),
        ("0.0004", "KWD", "0.000"),
    ],
)
def test_halves_are_rounded_away_from_zero(amount, currency, expected):
    assert money.rounded(Decimal(amount), currency) == Decimal(expected)


@given(amount=AMOUNTS, currency=st.sampled_from(["EUR", "JPY", "KWD"]))
def test_rounding_moves_an_amount_by_no_more_than_half_a_unit_and_only_once(amount, currency):
    once = money.rounded(amount, currency)
    assert abs(once - amount) <= money.smallest_unit(currency) / 2
    assert money.rounded(once, currency) == once


@pytest.mark.parametrize(
    ("quantity", "price", "currency", "expected"),
    [
        ("0.3333", "100", "EUR", "33.33"),
        ("1.5", "0.03", "EUR", "0.05"),
        ("2.5", "1", "JPY", "3"),
        ("2.4999", "1", "JPY", "2"),
        ("1.5", "0.001", "KWD", "0.002"),
        ("12345678.1234", "9999.9999", "EUR", "123456779999.43"),
    ],
)
def test_a_line_is_rounded_once(quantity, price, currency, expected):
    assert money.line_amount(Decimal(quantity), Decimal(price), currency) == Decimal(expected)


@pytest.mark.parametrize(
    ("seconds", "rate", "currency", "expected"),
    [
        (1200, "100", "EUR", "33.33"),
        (3600, "85.5", "EUR", "85.50"),
        (1, "18", "EUR", "0.01"),
        (1, "17.999", "EUR", "0.00"),
        (1800, "12001", "JPY", "6001"),
        (1800, "12000.5", "JPY", "6000"),
        (60, "0.030", "KWD", "0.001"),
        (0, "100", "EUR", "0"),
    ],
)
def test_time_costs_its_seconds_at_the_rate_an_hour(seconds, rate, currency, expected):
    assert money.time_amount(seconds, Decimal(rate), currency) == Decimal(expected)


def test_tax_is_rounded_once_a_rate_and_not_once_a_line():
    # 19 % of 0.13 is 0.0247: three lines rounded apart make 0.06, together 0.07.
    sums = money.totals([(Decimal("0.13"), Decimal(19))] * 3, "EUR")
    assert (sums.subtotal, sums.tax, sums.total) == (Decimal("0.39"), Decimal("0.07"), Decimal("0.46"))


def test_each_tax_rate_has_its_group_however_it_is_written():
    lines = [
        (Decimal("10.00"), Decimal("7.000")),
        (Decimal("100.00"), Decimal("19.0")),
        (Decimal("0.50"), Decimal(19)),
        (Decimal("5.00"), Decimal(0)),
    ]
    assert money.totals(lines, "EUR").groups == (
        TaxGroup(Decimal(19), Decimal("100.50"), Decimal("19.10")),
        TaxGroup(Decimal(7), Decimal("10.00"), Decimal("0.70")),
        TaxGroup(Decimal(0), Decimal("5.00"), Decimal("0.00")),
    )


@pytest.mark.parametrize(
    ("currency", "net", "tax"), [("JPY", "1005", "101"), ("JPY", "1004", "100"), ("KWD", "0.005", "0.001")]
)
def test_tax_has_the_currencys_decimals(currency, net, tax):
    sums = money.totals([(Decimal(net), Decimal(10))], currency)
    assert (sums.tax, sums.total) == (Decimal(tax), Decimal(net) + Decimal(tax))


def test_a_discount_lowers_the_tax_of_its_rate():
    sums = money.totals([(Decimal(100), Decimal(19)), (Decimal("-100.50"), Decimal(19))], "EUR")
    assert (sums.subtotal, sums.tax, sums.total) == (Decimal("-0.50"), Decimal("-0.10"), Decimal("-0.60"))


def test_no_lines_come_to_nothing():
    assert money.totals([], "EUR") == (0, 0, 0, ())


@given(
    lines=st.lists(
        st.tuples(st.decimals(-10_000, 10_000, places=2), st.sampled_from([Decimal(0), Decimal(7), Decimal("7.7")]))
    )
)
def test_groups_always_add_up_to_the_totals(lines):
    sums = money.totals(lines, "EUR")
    assert sums.subtotal == sum(amount for amount, _rate in lines)
    assert sums.tax == sum(group.tax for group in sums.groups)
    assert sums.total == sums.subtotal + sums.tax


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("currency", "price", "subtotal", "tax", "total"),
    [
        ("EUR", "33.335", "66.68", "12.67", "79.35"),
        ("JPY", "1000.5", "2002", "380", "2382"),
        ("KWD", "1.0005", "2.002", "0.380", "2.382"),
    ],
)
def test_a_stored_invoice_has_its_lines_rounded_before_they_are_summed(currency, price, subtotal, tax, total):
    line = invoicing.Line("Work", Decimal(1), Decimal(price))
    client = ClientFactory(currency_code=currency)
    invoice = invoicing.draft(client, lines=[line, line], tax_rate=Decimal(19), now=NOW)
    invoice.refresh_from_db()
    assert (invoice.subtotal, invoice.tax_amount, invoice.total_amount) == (
        Decimal(subtotal),
        Decimal(tax),
        Decimal(total),
    )


@pytest.mark.django_db
def test_seconds_are_summed_first_and_rounded_last():
    project = ProjectFactory()
    for minutes in range(100):
        start = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(minutes=20 * minutes)
        TimeEntryFactory(project=project, start_time=start, duration_seconds=1200)
    seconds = TimeEntry.objects.for_client(project.client).finished().aggregate(s=Sum("duration_seconds"))["s"]
    assert seconds == 120_000
    assert round(Decimal(seconds) / money.SECONDS_PER_HOUR, 2) == Decimal("33.33")


@pytest.mark.django_db
@pytest.mark.parametrize("amounts", [["0.1"] * 10 + ["0.2"] * 10, ["1000000000.001", "0.001", "0.998"], []])
def test_sums_of_stored_amounts_have_no_float_noise(amounts):
    project = ProjectFactory()
    for amount in amounts:
        TimeEntryFactory(project=project, amount=Decimal(amount))
    total = project.time_entries.aggregate(total=exact_sum("amount"))["total"]
    assert total == sum(map(Decimal, amounts))
    assert total.quantize(Decimal("0.001")).as_tuple().sign == 0

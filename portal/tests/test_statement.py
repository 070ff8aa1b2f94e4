"""The statement of account: every balance it tells, against a plain sum over the rows."""

import csv
import re
from collections import defaultdict
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html import unescape
from io import BytesIO, StringIO
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from accounts.models import TrailEntry
from accounts.tests.factories import ClientFactory, PortalUserFactory
from billing import formats, invoicing, money, payments
from billing.models import CreditNote, Invoice, Payment
from billing.tests.factories import NOW, TODAY, sent_invoice
from portal import lists, statement_views
from portal.tests.browsers import signed_in
from portal.tests.proof.nasty import STEADY
from portal.tests.test_pages import queries_of, text

pytestmark = pytest.mark.django_db
ADDRESS = "/client-portal/statement"
ALL = f"{ADDRESS}?date_from=1900-01-01&date_to=2999-12-31"


@pytest.fixture
def on_the_day():
    with time_machine.travel(NOW, tick=False):
        yield


class Row(NamedTuple):
    """A line of an account as the page and the files tell it; `amount` is None beside a balance."""

    code: str
    day: date
    what: str
    amount: Decimal | None
    balance: Decimal


# By hand: what a statement must say, added up row by row.


class Move(NamedTuple):
    code: str
    day: date
    kind: int
    pk: int
    what: str
    amount: Decimal
    invoice: Invoice


def moves_of(client, zone):
    for invoice in Invoice.objects.filter(client=client).exclude(status="draft"):
        code, total = invoice.currency_code, invoice.total_amount
        yield Move(code, invoice.issue_date, 1, invoice.pk, "Invoice", total, invoice)
        if invoice.status == "cancelled":
            day = max(invoice.issue_date, invoice.cancelled_at.astimezone(zone).date())
            yield Move(code, day, 2, invoice.pk, "Cancellation of", -total, invoice)
    for note in CreditNote.objects.filter(client=client).select_related("invoice"):
        yield Move(note.invoice.currency_code, note.issue_date, 3, note.pk, "Credit note", -note.amount, note.invoice)
    for payment in Payment.objects.filter(client=client, status="completed").select_related("invoice"):
        what = "Payment taken back for" if payment.amount < 0 else "Payment for"
        yield Move(
            payment.invoice.currency_code, payment.paid_on, 4, payment.pk, what, -payment.amount, payment.invoice
        )


def rows_by_hand(moves, first, last, ages):
    """The Rows of all accounts, opening and closing balances among them."""
    for code in sorted({move.code for move in moves}):
        own = sorted(move for move in moves if move.code == code)
        balance = sum((move.amount for move in own if move.day < first), Decimal(0))
        inside = [move for move in own if first <= move.day <= last]
        closing = balance + sum(move.amount for move in inside)
        if not inside and not balance and not closing and not any(ages[code]):
            continue
        yield Row(code, first, "Opening balance", None, balance)
        for move in inside:
            balance += move.amount
            yield Row(code, move.day, move.what, move.amount, balance)
        yield Row(code, last, "Closing balance", None, closing)


def ages_by_hand(moves, last, as_of):
    """`{currency: [amount of each age, overpaid]}` of each invoice's own balance on the last day."""
    balances = defaultdict(Decimal)
    for move in moves:
        if move.day <= last:
            balances[move.invoice] += move.amount
    ages = defaultdict(lambda: [Decimal(0)] * 6)
    for invoice, balance in balances.items():
        late = (as_of - invoice.due_date).days
        place = 5 if balance < 0 else 0 if late <= 0 else min((late - 1) // 30, 3) + 1
        ages[invoice.currency_code][place] += balance
    return ages


# What the page and the files say.


def shown_rows(html):
    """`[(currency, [Row cells as text])]` of a page's accounts."""
    for code, table in re.findall(r'<section aria-labelledby="account-(\w+)">(.*?)</section>', html, re.DOTALL):
        body = table.split("<tbody>")[1].split("</tbody>")[0]
        for row in re.findall(r"<tr.*?</tr>", body, re.DOTALL):
            day = re.search(r'datetime="([^"]*)"', row)
            cells = [
                " ".join(unescape(re.sub(r"<[^>]*>", "", cell)).split())
                for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)
            ]
            yield code, day and day[1], *cells[1:]


def as_shown(row):
    """A Row as the page writes it: currency, day, words, amount, balance."""

    def amount(value):
        return " ".join(formats.format_money(value, row.code, "en-GB").split())

    return (
        row.code,
        str(row.day),
        row.what,
        "" if row.amount is None else amount(row.amount),
        (amount(row.balance) if row.balance else "none"),
    )


def told(cells):
    """The cells of a page's row without the document's number and the details."""
    code, day, what, _details, amount, balance = cells
    return code, day, re.sub(r" (INV|CN)-\S+$", "", what), amount, balance


def body(viewer, address):
    response = viewer.get(address)
    assert response.status_code == 200, response.get("Location")
    return b"".join(response)


def csv_rows(data):
    for row in csv.DictReader(StringIO(data.decode("utf-8-sig"), newline="")):
        amount = Decimal(row["Amount"]) if row["Amount"] else None
        day = date.fromisoformat(row["Date"])
        yield Row(row["Currency"], day, row["Document"], amount, Decimal(row["Balance"]))


def xlsx_sheets(data):
    book = load_workbook(BytesIO(data))
    return {sheet.title: list(sheet.iter_rows(values_only=True))[1:] for sheet in book}


def as_number(value):
    return None if value is None else Decimal(str(value))


# What happens to an invoice: who pays how much of it when, and what is taken back.

DAY = date(2026, 1, 1)
AT = datetime(2026, 1, 1, 3, tzinfo=UTC)  # still the old year in Los Angeles, well in the new one in Auckland
days = st.one_of(st.sampled_from([-1, 0, 1, -364, -365, -366, 30, -30, -31, -60, -90, -91]), st.integers(-800, 60)).map(
    lambda n: DAY + timedelta(days=n)
)
fates = st.lists(
    st.tuples(st.sampled_from(["pay", "reverse", "credit", "pend"]), days, st.integers(1, 130)), max_size=3
)
bills = st.fixed_dictionaries(
    {
        "currency_code": st.sampled_from(["EUR", "JPY", "KWD"]),
        "units": st.integers(1, 10_000_000),
        "issue_date": days,
        "due_in": st.sampled_from([0, 1, 14, 29, 30, 31, 60, 61, 90, 91]),
        "fate": fates,
        "cancelled": st.sampled_from([None, None, 0, 1, 2, 20, 700, 9000]),
    }
)


def make(client, bill):
    unit = money.smallest_unit(bill["currency_code"])
    total = bill["units"] * unit
    invoice = sent_invoice(
        client,
        total,
        currency_code=bill["currency_code"],
        issue_date=bill["issue_date"],
        due_date=bill["issue_date"] + timedelta(days=bill["due_in"]),
    )
    for what, day, part in bill["fate"]:
        amount = max(unit, money.rounded(total * part / 100, bill["currency_code"]))
        happen(invoice, what, day, amount)
    if bill["cancelled"] is not None:
        # It stays as it is where something was paid or credited.
        with suppress(invoicing.InvoiceRefused):
            invoicing.cancel(invoice, by=None, now=AT - timedelta(hours=bill["cancelled"]))


def happen(invoice, what, day, amount):
    if what == "credit":
        left = invoice.total_amount - sum(note.amount for note in invoice.credit_notes.all())
        if left > 0:
            payments.credit(invoice, amount=min(amount, left), reason="r", by=None, now=AT, today=day)
        return
    payment = payments.record(invoice, amount=amount, paid_on=day, by=None, now=AT, pending=what == "pend")
    if what == "reverse":
        payments.reverse(payment, paid_on=day + timedelta(days=20), now=AT)


@pytest.fixture
def few_a_page(monkeypatch):
    monkeypatch.setattr(lists, "PER_PAGE", 4)


@settings(STEADY, max_examples=16)
@given(
    plan=st.lists(bills, min_size=1, max_size=6),
    zone=st.sampled_from(["Pacific/Auckland", "America/Los_Angeles", "Europe/Berlin"]),
    ends=st.tuples(days, days).map(sorted),
)
def test_every_balance_is_the_sum_of_the_rows(few_a_page, plan, zone, ends):
    client = ClientFactory(locale="en-GB", timezone=zone)
    viewer = signed_in(PortalUserFactory(client=client))
    for bill in plan:
        make(client, bill)
    moves, (first, last) = list(moves_of(client, ZoneInfo(zone))), ends
    query = f"date_from={first}&date_to={last}"
    with time_machine.travel(AT, tick=False):
        today = AT.astimezone(ZoneInfo(zone)).date()
        ages = ages_by_hand(moves, last, min(last, today))
        expected = list(rows_by_hand(moves, first, last, ages))
        assert_pages_show(viewer, query, expected)
        assert list(csv_rows(body(viewer, f"{ADDRESS}/export?{query}&separators=comma"))) == expected
        sheets = xlsx_sheets(body(viewer, f"{ADDRESS}/export?{query}&format=xlsx"))
        assert_workbook_has(sheets, expected, ages)
        assert_now_is_what_the_invoices_say(viewer, moves)


def assert_pages_show(viewer, query, expected):
    """All pages together show the rows, and each begins with the balance that the one before ended with."""
    shown, number = [], 1
    while True:
        page = viewer.get(f"{ADDRESS}?{query}&page={number}")
        rows = [told(cells) for cells in shown_rows(page.content.decode())]
        if rows and rows[0][2] == "Carried from the page before":
            assert (shown[-1][2], shown[-1][4]) == ("Carried to the next page", rows[0][4])
            del shown[-1], rows[0]
        shown += rows
        if "listing" not in page.context or not page.context["listing"].page.has_next():
            break
        number += 1
    assert shown == [as_shown(row) for row in expected]


def assert_workbook_has(sheets, expected, ages):
    lines = [Row(row[0], row[1].date(), row[2], as_number(row[7]), as_number(row[8])) for row in sheets["Statement"]]
    assert lines == expected
    closing = {row.code: row.balance for row in expected}
    told_ages = {code: [as_number(amount) for amount in amounts] for code, *amounts in sheets["Age of the balance"]}
    assert told_ages == {code: [*ages[code], balance] for code, balance in closing.items()}
    assert all(sum(amounts[:6]) == amounts[6] for amounts in told_ages.values())


def assert_now_is_what_the_invoices_say(viewer, moves):
    """Of all days, what is open is what the list of invoices and the dashboard call outstanding, and overdue."""
    accounts = viewer.get(ALL).context["statement"].accounts
    balances = defaultdict(Decimal)
    for move in moves:
        balances[move.code] += move.amount
    assert {one.currency_code: one.closing for one in accounts} == balances
    sums = viewer.get("/client-portal/invoices").context["sums"]
    assert {one.currency_code: (one.outstanding, one.overdue) for one in sums if one.outstanding} == {
        one.currency_code: (one.ageing.owed, one.ageing.late) for one in accounts if one.ageing.owed
    }


def test_the_year_so_far_is_shown_in_words(viewer, client_row, on_the_day):
    late = sent_invoice(client_row, "1200", issue_date=date(2026, 1, 5), due_date=date(2026, 1, 19))
    sent_invoice(client_row, "3030", issue_date=TODAY)
    old = sent_invoice(client_row, "10", issue_date=date(2025, 12, 31), due_date=date(2025, 12, 31))
    payments.record(old, amount=Decimal(25), paid_on=date(2026, 1, 1), by=None, now=NOW)
    page = text(viewer.get(ADDRESS))
    assert "€4,230.00 to pay on 10 March 2026, €1,200.00 of it late. €15.00 paid too much." in page
    assert "1 Jan 2026 – 10 Mar 2026: 3 lines" in page
    assert f'href="/client-portal/invoices/{late.pk}">{late.invoice_number}</a>' in page
    assert 'aria-current="page">This year so far</a>' in page
    assert 'data-label="31–60 days late"><span class="state state-late">€1,200.00</span>' in page
    assert 'data-label="Paid too much"><span class="state state-attention">−€15.00</span>' in page


def test_a_cancelled_invoice_counts_until_its_day_and_not_after(viewer, client_row, on_the_day):
    invoice = sent_invoice(client_row, "100", issue_date=date(2026, 2, 1), due_date=date(2026, 2, 15))
    invoicing.cancel(invoice, by=None, now=datetime(2026, 2, 27, 23, 30, tzinfo=UTC))  # the 28th in Berlin
    before = text(viewer.get(f"{ADDRESS}?date_from=2026-02-01&date_to=2026-02-27"))
    assert "€100.00 to pay on 27 February 2026, all of it late." in before
    assert "After 27 Feb 2026 came one more line over −€100.00; the balance is €0.00 now." in before
    after = text(viewer.get(f"{ADDRESS}?date_from=2026-02-01&date_to=2026-02-28"))
    assert "Nothing to pay on 28 February 2026." in after
    assert "Cancellation of" in after
    assert "now." not in after


def test_money_on_a_cancelled_invoice_is_the_clients_until_it_is_given_back(viewer, client_row, on_the_day):
    invoice = sent_invoice(client_row, "100", issue_date=date(2026, 1, 2), due_date=date(2026, 1, 2))
    payment = payments.record(invoice, amount=Decimal(100), paid_on=date(2026, 1, 5), by=None, now=NOW)
    payments.reverse(payment, paid_on=date(2026, 3, 1), now=NOW)
    invoicing.cancel(invoice, by=None, now=datetime(2026, 2, 1, 12, tzinfo=UTC))
    until = f"{ADDRESS}?date_from=2026-01-01&date_to="
    assert "Nothing to pay on 31 January 2026." in text(viewer.get(f"{until}2026-01-31"))
    assert "Nothing to pay on 15 February 2026. €100.00 paid too much." in text(viewer.get(f"{until}2026-02-15"))
    assert "paid too much" not in text(viewer.get(f"{until}2026-03-01"))


def test_an_invoice_cancelled_before_its_date_is_cancelled_on_it(viewer, client_row, on_the_day):
    ahead = TODAY + timedelta(days=5)
    invoicing.cancel(sent_invoice(client_row, issue_date=ahead, due_date=ahead), by=None, now=NOW)
    assert "Nothing to state" in text(viewer.get(ADDRESS))
    page = text(viewer.get(f"{ADDRESS}?date_to={ahead}"))
    assert page.count(f'<time datetime="{ahead}">') == 3
    assert "Nothing to pay on" in page


def test_days_late_are_counted_from_the_day_after_it_was_due(viewer, client_row, on_the_day):
    for place, late in enumerate([0, 1, 30, 31, 60, 61, 90, 91]):
        due = TODAY - timedelta(days=late)
        sent_invoice(client_row, str(2**place), issue_date=due, due_date=due)
    (account,) = viewer.get(ADDRESS).context["statement"].accounts
    assert account.ageing == (1, 2 + 4, 8 + 16, 32 + 64, 128, 0)


def test_what_is_open_and_what_is_overpaid_are_both_told_where_they_make_nothing_together(
    viewer, client_row, on_the_day
):
    open_one, overpaid = (sent_invoice(client_row, issue_date=date(2025, 6, n), due_date=TODAY) for n in (1, 2))
    payments.record(overpaid, amount=Decimal(200), paid_on=date(2025, 7, 1), by=None, now=NOW)
    page = text(viewer.get(ADDRESS))
    assert "€100.00 to pay on 10 March 2026. €100.00 paid too much." in page
    assert "0 lines" in page
    payments.record(open_one, amount=Decimal(100), paid_on=TODAY, by=None, now=NOW)
    assert "Nothing to pay on 10 March 2026. €100.00 paid too much." in text(viewer.get(ADDRESS))


def test_what_is_late_in_days_to_come_is_not_foreseen(viewer, client_row, on_the_day):
    sent_invoice(client_row, "100", issue_date=TODAY, due_date=TODAY + timedelta(days=3))
    page = text(viewer.get(f"{ADDRESS}?date_from=2026-01-01&date_to=2026-12-31"))
    assert "€100.00 to pay on 10 March 2026." in page


@pytest.mark.parametrize("address", [ADDRESS, f"{ADDRESS}?date_from=2020-01-01&date_to=2020-12-31"])
def test_an_empty_statement_says_so(viewer, client_row, on_the_day, address):
    assert "Nothing to state" in text(viewer.get(address))
    assert b"".join(viewer.get(f"{ADDRESS}/export")).decode("utf-8-sig").count("\r\n") == 1


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ("date_from=1.2.2026", "Write the date as year-month-day"),
        ("date_from=2026-03-02&date_to=2026-03-01", "The last day lies before the first."),
        ("date_to=3000-01-01", "Choose a date between the years 1900 and 2999."),
    ],
)
def test_days_that_cannot_be_used_show_nothing_and_say_so(viewer, client_row, on_the_day, query, complaint):
    sent_invoice(client_row, "77.77")
    page = text(viewer.get(f"{ADDRESS}?{query}"))
    assert complaint in page
    assert "Nothing is shown" in page
    assert "77.77" not in page
    assert complaint in text(viewer.get(f"{ADDRESS}/export?{query}&format=xlsx", follow=True))


@pytest.mark.parametrize(
    ("query", "complaint"),
    [("lines=some", "“some” is no number of lines"), ("status=paid", "This list has no filter “status”")],
)
def test_what_is_not_used_of_the_address_is_said_beside_the_statement(viewer, client_row, on_the_day, query, complaint):
    sent_invoice(client_row, "77.77")
    page = text(viewer.get(f"{ADDRESS}?{query}"))
    assert complaint in page
    assert "77.77" in page


def test_all_lines_stand_on_one_page_to_be_printed_and_no_more_than_it_bears(
    viewer, client_row, on_the_day, few_a_page, monkeypatch
):
    for n in range(6):
        sent_invoice(client_row, f"{n + 1}")
    page = text(viewer.get(ADDRESS))
    assert "Carried to the next page" in page
    link = "?date_from=2026-01-01&amp;date_to=2026-03-10&amp;lines=all"
    assert f'href="{link}">All on one page, to print</a>' in page
    whole = text(viewer.get(ADDRESS + unescape(link)))
    assert "Carried" not in whole
    assert whole.count("Invoice <a") == 6
    monkeypatch.setattr(statement_views, "MOST_LINES", 5)
    assert "Page 1 of 2" in text(viewer.get(ADDRESS + unescape(link)))


def test_a_printed_statement_names_both_parties(viewer, client_row, on_the_day):
    invoice = sent_invoice(client_row)
    head = text(viewer.get(ADDRESS)).split('class="letterhead"')[1].split('class="statement-head"')[0]
    assert f"<strong>{invoice.seller_name}</strong>" in head
    assert "<strong>Northwind</strong>" in head


def test_it_is_found_from_invoices_quotes_and_an_invoice(viewer, client_row):
    invoice = sent_invoice(client_row)
    for page in ("invoices", "quotes", f"invoices/{invoice.pk}"):
        assert f'href="{ADDRESS}"' in text(viewer.get(f"/client-portal/{page}"))


def test_its_file_is_named_for_its_days_and_noted_in_the_trail(viewer, client_row, on_the_day):
    response = viewer.get(f"{ADDRESS}/export?format=xlsx")
    assert response["Content-Disposition"] == 'attachment; filename="statement-2026-01-01-2026-03-10.xlsx"'
    assert b"".join(response)
    (line,) = TrailEntry.objects.filter(kind="exported")
    assert line.facts == {"what": "statement", "format": "xlsx"}


def test_a_year_of_many_lines_costs_as_many_queries_as_one_of_few(viewer, client_row, on_the_day, few_a_page):
    invoice = sent_invoice(client_row)
    payments.record(invoice, amount=Decimal(1), paid_on=date(2026, 2, 1), by=None, now=NOW)
    pages = (ADDRESS, f"{ADDRESS}?date_to=2026-02-28", f"{ADDRESS}?page=2")
    few = [queries_of(viewer, page) for page in pages]
    for day in range(1, 29):
        payments.record(invoice, amount=Decimal(1), paid_on=date(2026, 2, day), by=None, now=NOW)
        sent_invoice(client_row, "5", currency_code="JPY")
    many = [queries_of(viewer, page) for page in pages]
    assert many[:2] == few[:2]
    assert max(many) <= 12, many

"""The list of invoices searched: by number, by amount, by year, on each tab, and as a file."""

from datetime import date
from decimal import Decimal

import pytest

from accounts.tests.factories import ClientFactory
from billing import payments
from billing.tests.factories import NOW, sent_invoice
from portal.invoice_forms import amounts_meant
from portal.tests.test_exports import body, table
from portal.tests.test_pages import text

pytestmark = pytest.mark.django_db

LIST = "/client-portal/invoices"


@pytest.fixture
def bills(client_row):
    """Bills of two years, one of them paid, and somebody else's."""
    old = sent_invoice(client_row, "10424.40", issue_date=date(2024, 5, 2), due_date=date(2024, 5, 16))
    paid = sent_invoice(client_row, "1234", issue_date=date(2024, 7, 1), due_date=date(2024, 7, 15))
    new = sent_invoice(
        client_row, "1.234", currency_code="KWD", issue_date=date(2026, 3, 3), due_date=date(2026, 3, 17)
    )
    payments.record(paid, amount=Decimal(1234), paid_on=date(2024, 7, 9), by=None, now=NOW)
    sent_invoice(ClientFactory(), "10424.40", issue_date=date(2023, 1, 1), due_date=date(2023, 1, 15))
    return {"old": old, "paid": paid, "new": new}


def found(viewer, bills, **query):
    page = viewer.get(LIST, query).content.decode()
    return {name for name, bill in bills.items() if f">{bill.invoice_number}<" in page}


def test_an_invoice_is_found_by_a_part_of_its_number(viewer, bills):
    assert found(viewer, bills, q=bills["old"].invoice_number.lower()) == {"old"}
    assert found(viewer, bills, q=f" {bills['new'].invoice_number[4:]} ") == {"new"}
    assert found(viewer, bills, q="INV-2024") == {"old", "paid"}


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("10424.40", {"old"}),
        ("10,424.40", {"old"}),
        ("10.424,40 €", {"old"}),
        ("€10 424,4", {"old"}),
        ("10'424", {"old"}),
        ("10424.41", set()),
        ("1,234", {"paid", "new"}),
        ("1234.00", {"paid"}),
        ("1.234", {"paid", "new"}),
        ("KWD 1.23", {"new"}),
    ],
)
def test_an_invoice_is_found_by_its_amount_however_it_is_written(viewer, bills, typed, expected):
    assert found(viewer, bills, q=typed) == expected


def test_invoices_of_a_year_are_counted_and_added_up_on_every_tab(viewer, bills):
    assert found(viewer, bills, year="2024") == {"old", "paid"}
    assert found(viewer, bills, year="2024", status="paid") == {"paid"}
    page = text(viewer.get(f"{LIST}?year=2024&status=paid"))
    for address, title, count in (
        ("status=all", "All", 2),
        ("status=unpaid", "Unpaid", 1),
        ("status=overdue", "Overdue", 1),
    ):
        assert f'<a href="?{address}&amp;year=2024" >{title} <span class="count">{count}</span></a>' in page
    assert "1 invoice over €1,234.00" in page


def test_the_years_to_choose_from_are_the_clients_own(viewer, bills):
    page = text(viewer.get(LIST))
    assert [year for year in range(2020, 2030) if f'<option value="{year}">' in page] == [2024, 2025, 2026]
    page = text(viewer.get(f"{LIST}?year=2023"))
    assert "There are no invoices of this year." in page
    assert "Nothing is shown" in page
    assert found(viewer, bills, year="2023") == set()


def test_nothing_found_says_what_to_look_for(viewer, bills):
    page = text(viewer.get(f"{LIST}?q=nowhere&status=paid"))
    assert "No invoice matches" in page
    assert "Show all invoices" in page


def test_a_client_without_invoices_is_asked_for_nothing(viewer):
    page = text(viewer.get(LIST))
    assert "No invoices yet" in page
    assert "Number or amount" not in page


def test_the_file_holds_what_was_searched_for(viewer, bills):
    page = text(viewer.get(f"{LIST}?q=INV&year=2024&status=paid"))
    assert "/client-portal/invoices/export?q=INV&amp;year=2024&amp;status=paid&amp;format=csv" in page
    rows = table(body(viewer, f"{LIST}/export?q=INV&year=2024&status=paid"))
    assert [row["Number"] for row in rows] == [bills["paid"].invoice_number]


@pytest.mark.parametrize("words", ["", "INV-2024-1", "twelve", "1,2,3.4,5", "123456789012", "-5", "1.2345"])
def test_what_is_no_amount_is_looked_for_as_a_number_alone(words):
    assert amounts_meant(words) == []

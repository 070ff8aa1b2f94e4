"""Invoices and quotes to keep: whose they are, how they come, and what that costs."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.tests.factories import ClientFactory, PortalUserFactory
from billing import invoicing, pdf
from billing.invoicing import Line
from billing.models import Quote
from billing.tests.factories import NOW, TODAY, draft_invoice, sent_invoice, sent_quote
from billing.tests.pdfs import pdf_of, words_of
from portal.tests.browsers import signed_in
from portal.tests.proof.crawling import read

pytestmark = pytest.mark.django_db


def address(row):
    kind = "quotes" if isinstance(row, Quote) else "invoices"
    return f"/client-portal/{kind}/{row.pk}/pdf"


@pytest.mark.parametrize("make", [sent_invoice, sent_quote])
def test_a_client_downloads_its_own_from_the_page(viewer, client_row, make):
    row = make(client_row)
    number = row.quote_number if make is sent_quote else row.invoice_number
    assert address(row) in viewer.get(address(row).removesuffix("/pdf")).content.decode()

    response = viewer.get(address(row))
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == f'attachment; filename="{number}.pdf"'
    assert response["Cache-Control"] == "private, no-store"
    assert "Northwind" in words_of(response.content)
    assert number in words_of(response.content)


@pytest.mark.parametrize("make", [sent_invoice, sent_quote])
def test_another_clients_is_not_there(viewer, make):
    assert viewer.get(address(make(ClientFactory()))).status_code == 404


def test_a_draft_is_not_there(viewer, client_row):
    assert viewer.get(address(draft_invoice(client_row))).status_code == 404


def test_a_cancelled_one_is_there_and_bears_the_mark(viewer, client_row):
    invoice = invoicing.cancel(sent_invoice(client_row), by=None, now=NOW)
    assert "Cancelled" in words_of(viewer.get(address(invoice)).content)


def test_everybody_gets_the_same_bytes_in_the_clients_formats(client_row):
    invoice = sent_invoice(client_row, "1234.50")
    readers = [PortalUserFactory(client=client_row, locale=locale) for locale in ("de-DE", "ja-JP", "")]
    given = {signed_in(reader).get(address(invoice)).content for reader in readers}
    assert given == {pdf_of(invoice)}
    assert "€1,234.50" in words_of(given.pop())


def test_a_question_in_the_address_changes_nothing(viewer, client_row):
    invoice = sent_invoice(client_row)
    asked = viewer.get(address(invoice), {"locale": "de-DE", "filename": "../x", "page": "2"})
    assert asked.content == pdf_of(invoice)
    assert asked["Content-Disposition"] == 'attachment; filename="INV-2026-0001.pdf"'


def test_many_lines_cost_no_more_queries(viewer, client_row):
    def cost(count):
        lines = [Line(f"Piece {n}", Decimal(1), Decimal(1)) for n in range(count)]
        draft = invoicing.draft(client_row, lines=lines, now=NOW)
        invoice = invoicing.send(draft, by=None, now=NOW, today=TODAY)
        with CaptureQueriesContext(connection) as queries:
            assert viewer.get(address(invoice)).status_code == 200
        return sum(query["sql"].startswith("SELECT") for query in queries)

    assert cost(1) == cost(60) <= 12


def test_what_stands_on_a_download_is_met_by_the_proofs_crawl(viewer, client_row):
    word = "secret" * 12
    invoice = sent_invoice(client_row, notes=word)
    assert word in read(viewer, address(invoice)).text


@pytest.mark.django_db(transaction=True)
def test_composing_holds_no_transaction(viewer, client_row, monkeypatch):
    invoice = sent_invoice(client_row)
    held = []
    compose = pdf.compose
    monkeypatch.setattr(pdf, "compose", lambda paper: held.append(connection.in_atomic_block) or compose(paper))
    assert viewer.get(address(invoice)).status_code == 200
    assert held == [False]

"""The staff's downloads of invoices and quotes."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from accounts.models import Agency
from accounts.tests.factories import ClientFactory, StaffFactory
from billing import quoting
from billing.models import Invoice
from billing.quoting import Line
from billing.tests.factories import NOW, draft_invoice, sent_invoice, sent_quote
from billing.tests.pdfs import words_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client):
    person = StaffFactory()
    client.force_login(person)
    return person


def address(row, page="pdf"):
    return reverse(f"admin:billing_{row._meta.model_name}_{page}", args=[row.pk])


def test_staff_download_what_was_sent(client, staff):
    buyer = ClientFactory(name="Northwind")
    for row, number in [(sent_invoice(buyer), "INV-2026-0001"), (sent_quote(buyer), "Q-2026-0001")]:
        assert address(row) in client.get(address(row, "change")).content.decode()
        response = client.get(address(row))
        assert response["Content-Type"] == "application/pdf"
        assert response["Content-Disposition"] == f'attachment; filename="{number}.pdf"'
        assert number in words_of(response.content)


def test_staff_download_a_draft_marked_so_and_nothing_is_saved_of_it(client, staff):
    Agency.objects.create(pk=1, name="Studio North")
    buyer = ClientFactory(name="Northwind")
    quote = quoting.draft(buyer, title="A shop", lines=[Line("Work", Decimal(1), Decimal(1))], now=NOW)
    for row in (draft_invoice(buyer), quote):
        response = client.get(address(row))
        assert response["Content-Disposition"] == 'attachment; filename="draft.pdf"'
        words = words_of(response.content)
        assert "A draft, not sent yet" in words
        assert "Studio North" in words
        row.refresh_from_db()
        assert (row.seller_name, row.buyer_name, row.status) == ("", "", "draft")


def test_who_may_only_look_downloads_and_who_may_not_does_not(client):
    invoice = sent_invoice(ClientFactory())
    person = StaffFactory(is_superuser=False)
    client.force_login(person)
    assert client.get(address(invoice)).status_code == 403
    person.user_permissions.add(Permission.objects.get(codename="view_invoice"))
    assert client.get(address(invoice)).status_code == 200


def test_an_invoice_that_is_not_there_leads_back(client, staff):
    for number in ("0", "none"):
        assert client.get(reverse("admin:billing_invoice_pdf", args=[number])).status_code == 302


def test_a_download_takes_no_post(client, staff):
    assert client.post(address(sent_invoice(ClientFactory()))).status_code == 405


def test_a_page_to_add_one_has_no_download(client, staff):
    assert "Download PDF" not in client.get(reverse("admin:billing_invoice_add")).content.decode()
    assert Invoice.objects.count() == 0

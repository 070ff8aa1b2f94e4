"""Numbers of documents: consecutive, by year, each given once, whoever sends at the same moment."""

from datetime import date

import pytest
from django.db import transaction

from accounts.models import Event
from accounts.tests.at_once import at_once
from accounts.tests.factories import ClientFactory
from billing import invoicing, numbering
from billing.models import Invoice, NumberSequence
from billing.tests.factories import NOW, TODAY, draft_invoice, sent_invoice

TWENTY = [f"INV-2026-{number:04}" for number in range(1, 21)]


def send(invoice):
    return invoicing.send(invoice, by=None, now=NOW, today=TODAY).invoice_number


@pytest.mark.django_db(transaction=True)
def test_twenty_invoices_sent_at_once_get_twenty_consecutive_numbers():
    drafts = [draft_invoice(ClientFactory()) for _ in range(20)]
    numbers = at_once([lambda draft=draft: send(draft) for draft in drafts])
    assert sorted(map(str, numbers)) == TWENTY
    assert sorted(Invoice.objects.values_list("invoice_number", flat=True)) == TWENTY


@pytest.mark.django_db(transaction=True)
def test_twenty_invoices_of_one_client_are_told_in_the_order_of_their_numbers():
    client = ClientFactory()
    drafts = [draft_invoice(client) for _ in range(20)]
    numbers = at_once([lambda draft=draft: send(draft) for draft in drafts])
    assert sorted(map(str, numbers)) == TWENTY
    events = Event.objects.filter(client=client).order_by("number")
    assert [(event.number, event.facts["number"]) for event in events] == list(enumerate(TWENTY, start=1))


@pytest.mark.django_db(transaction=True)
def test_refused_sends_among_others_leave_no_gap():
    drafts = [draft_invoice(ClientFactory()) for _ in range(6)]
    for draft in drafts[::2]:
        invoicing.revise(draft, lines=[])
    results = at_once([lambda draft=draft: send(draft) for draft in drafts])
    assert [type(result).__name__ for result in results] == ["InvoiceRefused", "str"] * 3
    assert sorted(results[1::2]) == TWENTY[:3]
    assert send(draft_invoice(ClientFactory())) == TWENTY[3]


@pytest.mark.django_db
def test_numbers_start_again_each_year():
    client = ClientFactory()
    dates = [date(2025, 12, 31), date(2026, 1, 1), date(2025, 1, 1)]
    numbers = [sent_invoice(client, issue_date=day, due_date=date(2026, 2, 1)).invoice_number for day in dates]
    assert numbers == ["INV-2025-0001", "INV-2026-0001", "INV-2025-0002"]


@pytest.mark.django_db
def test_each_kind_of_document_counts_for_itself():
    kinds = NumberSequence.Kind
    numbers = [numbering.next_number(kind, 2026) for kind in [kinds.INVOICE, kinds.CREDIT_NOTE, kinds.QUOTE]]
    assert numbers == ["INV-2026-0001", "CN-2026-0001", "Q-2026-0001"]


@pytest.mark.django_db
def test_a_rollback_gives_its_number_back():
    numbering.next_number("INV", 2026)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        numbering.next_number("INV", 2026)
        1 / 0  # noqa: B018
    assert numbering.next_number("INV", 2026) == "INV-2026-0002"


@pytest.mark.django_db
def test_the_ten_thousandth_number_has_a_digit_more():
    NumberSequence.objects.create(kind="INV", year=2026, last=9999)
    assert numbering.next_number("INV", 2026) == "INV-2026-10000"

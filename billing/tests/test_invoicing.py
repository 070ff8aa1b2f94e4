"""Invoices: drafted, revised, discarded, sent, cancelled; and where they stand on a day."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Agency, Event
from accounts.tests.at_once import at_once
from accounts.tests.factories import ClientFactory, StaffFactory
from billing import invoicing, payments
from billing.drafting import DocumentRefused
from billing.invoicing import InvoiceRefused, Line
from billing.models import Invoice, InvoiceItem, NumberSequence, Payment
from billing.models.exact import exact_sum
from billing.models.invoices import InvoiceIsIssued, Standing
from billing.tests.factories import NOW, TODAY, ProjectFactory, draft_invoice, sent_invoice

DAY = timedelta(days=1)


def send(invoice, **details):
    return invoicing.send(invoice, by=None, now=NOW, today=TODAY, **details)


def pay(invoice, amount, **details):
    return payments.record(invoice, amount=Decimal(amount), paid_on=TODAY, by=None, now=NOW, **details)


def credit(invoice, amount):
    return payments.credit(invoice, amount=Decimal(amount), reason="Late", by=None, now=NOW, today=TODAY)


def standing(invoice, today=TODAY):
    return Invoice.objects.get(pk=invoice.pk).standing(today)


def kinds():
    return list(Event.objects.order_by("pk").values_list("kind", flat=True))


@pytest.mark.django_db
def test_a_draft_has_sums_but_no_number_and_is_told_to_nobody():
    draft = draft_invoice(ClientFactory(currency_code="USD"), "12.50", tax_rate=Decimal(10))
    assert (draft.status, draft.invoice_number, draft.sent_at) == ("draft", None, None)
    assert (draft.currency_code, draft.subtotal, draft.tax_amount, draft.total_amount) == (
        "USD",
        Decimal("12.50"),
        Decimal("1.25"),
        Decimal("13.75"),
    )
    assert not kinds()
    assert not NumberSequence.objects.exists()


@pytest.mark.django_db
def test_a_line_may_have_a_tax_rate_of_its_own():
    lines = [Line("Book", Decimal(2), Decimal(10), Decimal(7)), Line("Work", Decimal(1), Decimal(100))]
    draft = invoicing.draft(ClientFactory(), lines=lines, tax_rate=Decimal(19), now=NOW)
    assert (draft.subtotal, draft.tax_amount, draft.total_amount) == (120, Decimal("20.40"), Decimal("140.40"))
    untaxed = [Line("Postage", Decimal(1), Decimal(5), Decimal(0))]
    assert invoicing.draft(ClientFactory(), lines=untaxed, tax_rate=Decimal(19), now=NOW).total_amount == 5


@pytest.mark.django_db
def test_revising_a_draft_works_its_sums_out_anew():
    draft = draft_invoice(ClientFactory())
    invoicing.revise(draft, lines=[Line("Less", Decimal("0.5"), Decimal("10.01"))])
    assert (draft.total_amount, draft.items.get().description) == (Decimal("5.01"), "Less")
    invoicing.revise(draft, tax_rate=Decimal(20), currency_code="JPY")
    stored = Invoice.objects.get()
    assert (stored.subtotal, stored.tax_amount, stored.total_amount) == (5, 1, 6)
    assert stored.items.get().amount == 5


@pytest.mark.django_db
def test_revising_keeps_the_lines_in_their_order():
    lines = [Line(name, Decimal(1), Decimal(1)) for name in ["C", "A", "B"]]
    draft = invoicing.draft(ClientFactory(), lines=lines, now=NOW)
    invoicing.revise(draft, notes="Thank you")
    assert [(item.position, item.description) for item in draft.items.order_by("position")] == [
        (1, "C"),
        (2, "A"),
        (3, "B"),
    ]


@pytest.mark.django_db
def test_deductions_go_down_to_nothing_and_no_further():
    work, discount = Line("Work", Decimal(1), Decimal(100)), Line("Discount", Decimal(-1), Decimal(100))
    assert invoicing.draft(ClientFactory(), lines=[work, discount], now=NOW).total_amount == 0
    with pytest.raises(DocumentRefused, match="negative"):
        invoicing.draft(ClientFactory(), lines=[discount], now=NOW)
    assert Invoice.objects.count() == 1


@pytest.mark.django_db
def test_a_project_of_another_client_is_refused():
    project = ProjectFactory()
    assert draft_invoice(project.client, project=project).project == project
    with pytest.raises(InvoiceRefused, match="another client"):
        draft_invoice(ClientFactory(), project=project)
    draft = draft_invoice(ClientFactory())
    with pytest.raises(InvoiceRefused, match="another client"):
        invoicing.revise(draft, project=project)


@pytest.mark.django_db
def test_a_draft_can_be_discarded_and_nothing_else():
    invoicing.discard(draft_invoice(ClientFactory()))
    assert not InvoiceItem.objects.exists()
    with pytest.raises(InvoiceRefused):
        invoicing.discard(sent_invoice(ClientFactory()))
    assert Invoice.objects.count() == 1


@pytest.mark.django_db
def test_sending_numbers_dates_and_tells():
    client, staff = ClientFactory(payment_terms_days=30), StaffFactory()
    invoice = invoicing.send(draft_invoice(client, "0.30"), by=staff, now=NOW, today=TODAY)
    assert (invoice.status, invoice.invoice_number, invoice.sent_at) == ("sent", "INV-2026-0001", NOW)
    assert (invoice.issue_date, invoice.due_date) == (TODAY, TODAY + 30 * DAY)
    event = Event.objects.get()
    assert (event.kind, event.client, event.subject_id, event.actor) == ("invoice_sent", client, invoice.pk, staff)
    assert event.facts["number"] == "INV-2026-0001"
    assert Decimal(event.facts["amount"]) == Decimal("0.30")
    assert event.facts["currency"] == "EUR"


@pytest.mark.django_db
def test_dates_of_the_draft_are_kept():
    invoice = send(draft_invoice(ClientFactory(), issue_date=date(2025, 12, 31), due_date=date(2025, 12, 31)))
    assert (invoice.issue_date, invoice.due_date, invoice.invoice_number) == (
        date(2025, 12, 31),
        date(2025, 12, 31),
        "INV-2025-0001",
    )


@pytest.mark.django_db
def test_an_invoice_sent_from_an_old_copy_has_the_date_that_is_stored():
    draft = draft_invoice(ClientFactory(), issue_date=date(2025, 12, 31))
    stale = Invoice.objects.get(pk=draft.pk)
    invoicing.revise(draft, issue_date=date(2026, 1, 2))
    sent = send(stale)
    assert (sent.issue_date, sent.invoice_number) == (date(2026, 1, 2), "INV-2026-0001")


@pytest.mark.django_db
def test_sending_copies_the_parties_as_they_are_then():
    Agency.objects.create(pk=1, name="Studio", address="Kanal 1", tax_id="DE1", payment_instructions="IBAN DE00")
    client = ClientFactory(name="Baker", contact_name="Ms Rye", address="Mill Lane 2")
    invoice = sent_invoice(client)
    Agency.objects.update(name="Other")
    client.name = "Butcher"
    client.save()
    invoice.refresh_from_db()
    assert (invoice.seller_name, invoice.seller_details) == ("Studio", "Kanal 1\nDE1")
    assert invoice.payment_instructions == "IBAN DE00"
    assert (invoice.buyer_name, invoice.buyer_details) == ("Baker", "Ms Rye\nMill Lane 2")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "spoil",
    [
        lambda draft: invoicing.revise(draft, lines=[]),
        lambda draft: type(draft.client).objects.update(is_active=False),
        lambda draft: invoicing.revise(draft, due_date=TODAY - DAY),
    ],
)
def test_a_refused_send_takes_no_number_and_tells_nobody(spoil):
    draft = draft_invoice(ClientFactory())
    spoil(draft)
    with pytest.raises(InvoiceRefused):
        send(draft)
    assert not kinds()
    assert Invoice.objects.get().status == "draft"
    assert sent_invoice(ClientFactory()).invoice_number == "INV-2026-0001"


@pytest.mark.django_db
def test_an_invoice_is_sent_once():
    draft = draft_invoice(ClientFactory())
    stale = Invoice.objects.get(pk=draft.pk)
    send(draft)
    for copy in [draft, stale]:
        with pytest.raises(InvoiceRefused):
            send(copy)
    assert kinds() == ["invoice_sent"]
    assert NumberSequence.objects.get().last == 1


@pytest.mark.django_db(transaction=True)
def test_of_three_sends_at_once_one_wins():
    draft = draft_invoice(ClientFactory())
    results = at_once([lambda: send(Invoice.objects.get(pk=draft.pk))] * 3)
    assert sorted(type(result).__name__ for result in results) == ["Invoice", "InvoiceRefused", "InvoiceRefused"]
    assert (kinds(), NumberSequence.objects.get().last) == (["invoice_sent"], 1)


@pytest.mark.django_db
def test_an_invoice_is_cancelled_once_keeps_its_number_and_is_told():
    invoice = sent_invoice(ClientFactory())
    cancelled = invoicing.cancel(invoice, by=None, now=NOW)
    assert (cancelled.status, cancelled.cancelled_at, cancelled.invoice_number) == ("cancelled", NOW, "INV-2026-0001")
    with pytest.raises(InvoiceRefused):
        invoicing.cancel(invoice, by=None, now=NOW)
    assert kinds() == ["invoice_sent", "invoice_cancelled"]
    assert Event.objects.get(kind="invoice_cancelled").facts["number"] == "INV-2026-0001"
    assert sent_invoice(ClientFactory()).invoice_number == "INV-2026-0002"


@pytest.mark.django_db
def test_a_draft_cannot_be_cancelled():
    with pytest.raises(InvoiceRefused):
        invoicing.cancel(draft_invoice(ClientFactory()), by=None, now=NOW)


@pytest.mark.django_db
def test_an_invoice_with_money_on_it_cannot_be_cancelled():
    paid, awaited, credited = (sent_invoice(ClientFactory()) for _ in range(3))
    pay(paid, "1")
    pay(awaited, "1", pending=True)
    credit(credited, "1")
    for invoice in [paid, awaited, credited]:
        with pytest.raises(InvoiceRefused):
            invoicing.cancel(invoice, by=None, now=NOW)
    assert not Event.objects.filter(kind="invoice_cancelled").exists()


@pytest.mark.django_db
def test_an_invoice_whose_payments_failed_or_went_back_can_be_cancelled():
    invoice = sent_invoice(ClientFactory())
    payments.fail(pay(invoice, "10", pending=True))
    payments.reverse(pay(invoice, "10"), paid_on=TODAY, now=NOW)
    assert invoicing.cancel(invoice, by=None, now=NOW).status == "cancelled"


@pytest.mark.django_db
@pytest.mark.parametrize("field", Invoice.ISSUED_FIELDS)
def test_what_an_issued_invoice_shows_cannot_be_changed(field):
    invoice = sent_invoice(ClientFactory(), due_date=TODAY + DAY)
    other = {
        "client_id": ClientFactory().pk,
        "project_id": ProjectFactory(client=invoice.client).pk,
        "issue_date": TODAY - DAY,
        "due_date": TODAY + 2 * DAY,
        "sent_at": NOW + DAY,
        "currency_code": "USD",
    }.get(field, 7 if field in {"tax_rate", "subtotal", "tax_amount", "total_amount"} else "Other")
    setattr(invoice, field, other)
    with pytest.raises(InvoiceIsIssued):
        invoice.save()
    with pytest.raises(IntegrityError), transaction.atomic():
        Invoice.objects.filter(pk=invoice.pk).update(**{field: other})
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        value = str(other) if hasattr(other, "year") else other
        cursor.execute(f"UPDATE invoices SET {field} = %s WHERE id = %s", [value, invoice.pk])
    assert getattr(Invoice.objects.get(pk=invoice.pk), field) != other


@pytest.mark.django_db
def test_an_issued_invoice_is_no_draft_again_and_a_cancelled_one_stays_so():
    sent, cancelled = sent_invoice(ClientFactory()), sent_invoice(ClientFactory())
    invoicing.cancel(cancelled, by=None, now=NOW)
    for invoice, changes in [
        (sent, {"status": "draft", "invoice_number": None, "sent_at": None}),
        (cancelled, {"status": "sent", "cancelled_at": None}),
    ]:
        with pytest.raises(IntegrityError), transaction.atomic():
            Invoice.objects.filter(pk=invoice.pk).update(**changes)


@pytest.mark.django_db
def test_staff_may_still_note_something_on_an_issued_invoice():
    invoice = sent_invoice(ClientFactory())
    invoice.internal_notes = "Called"
    invoice.save()
    assert Invoice.objects.get().internal_notes == "Called"


@pytest.mark.django_db
def test_an_old_copy_of_a_draft_cannot_overwrite_the_sent_invoice():
    draft = draft_invoice(ClientFactory())
    stale = Invoice.objects.get(pk=draft.pk)
    send(draft)
    stale.notes = "Too late"
    with pytest.raises(IntegrityError), transaction.atomic():
        stale.save()
    with pytest.raises(InvoiceRefused):
        invoicing.revise(stale, notes="Too late")


@pytest.mark.django_db
def test_an_issued_invoice_cannot_be_deleted():
    invoice = sent_invoice(ClientFactory())
    with pytest.raises(InvoiceIsIssued):
        invoice.delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        Invoice.objects.filter(pk=invoice.pk).delete()
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM invoices WHERE id = %s", [invoice.pk])
    assert Invoice.objects.get().items.count() == 1


@pytest.mark.django_db
def test_lines_of_an_issued_invoice_cannot_be_added_changed_or_removed():
    invoice = sent_invoice(ClientFactory())
    item, spare = invoice.items.get(), draft_invoice(invoice.client).items.get()
    added = {"client": invoice.client, "description": "More", "unit_price": 1, "amount": 1}
    with pytest.raises(InvoiceIsIssued):
        InvoiceItem.objects.create(invoice=invoice, **added)
    with pytest.raises(InvoiceIsIssued):
        item.save()
    with pytest.raises(InvoiceIsIssued):
        item.delete()
    items = InvoiceItem.objects.filter(pk=item.pk)
    for change in [
        lambda: InvoiceItem.objects.bulk_create([InvoiceItem(invoice=invoice, **added)]),
        lambda: items.update(description="Other"),
        lambda: items.update(invoice=spare.invoice),
        lambda: InvoiceItem.objects.filter(pk=spare.pk).update(invoice=invoice),
        items.delete,
    ]:
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    assert [(line.pk, line.description) for line in invoice.items.all()] == [(item.pk, "Work")]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("due_date", "paid", "expected"),
    [
        (TODAY, None, Standing.UNPAID),
        (TODAY, "99.99", Standing.PARTIALLY_PAID),
        (TODAY, "100", Standing.PAID),
        (TODAY, "100.01", Standing.OVERPAID),
        (TODAY - DAY, None, Standing.OVERDUE),
        (TODAY - DAY, "99.99", Standing.OVERDUE),
        (TODAY - DAY, "100", Standing.PAID),
        (TODAY - DAY, "100.01", Standing.OVERPAID),
    ],
)
def test_where_an_invoice_stands(due_date, paid, expected):
    invoice = sent_invoice(ClientFactory(), issue_date=TODAY - 10 * DAY, due_date=due_date)
    if paid:
        pay(invoice, paid)
    assert standing(invoice) is expected


@pytest.mark.django_db
def test_drafts_and_cancelled_invoices_stand_apart():
    cancelled = sent_invoice(ClientFactory(), issue_date=TODAY - 10 * DAY, due_date=TODAY - DAY)
    invoicing.cancel(cancelled, by=None, now=NOW)
    assert standing(cancelled) is Standing.CANCELLED
    assert standing(draft_invoice(ClientFactory())) is Standing.DRAFT


@pytest.mark.django_db
def test_credits_settle_like_payments_and_pending_ones_do_not():
    invoice = sent_invoice(ClientFactory())
    pay(invoice, "100", pending=True)
    assert standing(invoice) is Standing.UNPAID
    credit(invoice, "40")
    assert standing(invoice) is Standing.PARTIALLY_PAID
    credit(invoice, "60")
    assert standing(invoice) is Standing.PAID


@pytest.mark.django_db
def test_an_invoice_over_nothing_is_paid():
    assert standing(sent_invoice(ClientFactory(), "0")) is Standing.PAID


@pytest.mark.django_db
@pytest.mark.parametrize("currency", ["EUR", "JPY", "KWD"])
def test_the_tabs_hold_each_invoice_once(currency):
    client = ClientFactory(currency_code=currency)
    past = {"issue_date": TODAY - 10 * DAY, "due_date": TODAY - DAY}
    invoices = {
        "unpaid": sent_invoice(client),
        "due today": sent_invoice(client, issue_date=TODAY, due_date=TODAY),
        "overdue": sent_invoice(client, **past),
        "part": sent_invoice(client),
        "part overdue": sent_invoice(client, **past),
        "paid": sent_invoice(client, **past),
        "overpaid": sent_invoice(client),
        "credited": sent_invoice(client),
        "nothing": sent_invoice(client, "0", **past),
        "cancelled": sent_invoice(client, **past),
        "draft": draft_invoice(client),
    }
    for name, amount in {"part": "99", "part overdue": "1", "paid": "100", "overpaid": "101"}.items():
        pay(invoices[name], amount)
    credit(invoices["credited"], "100")
    invoicing.cancel(invoices["cancelled"], by=None, now=NOW)
    names = {invoice.pk: name for name, invoice in invoices.items()}
    rows = Invoice.objects.for_client(client)
    tabs = {
        tab: {names[invoice.pk] for invoice in queryset}
        for tab, queryset in {
            "all": rows.visible(),
            "paid": rows.paid(),
            "unpaid": rows.unpaid(),
            "overdue": rows.overdue(TODAY),
        }.items()
    }
    assert tabs == {
        "all": set(invoices) - {"draft"},
        "paid": {"paid", "overpaid", "credited", "nothing"},
        "unpaid": {"unpaid", "due today", "overdue", "part", "part overdue"},
        "overdue": {"overdue", "part overdue"},
    }


AMOUNTS = st.decimals(Decimal("0.01"), Decimal(999), places=2)


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    total=st.decimals(0, 1000, places=2),
    paid=st.lists(AMOUNTS, max_size=4),
    credited=st.lists(AMOUNTS, max_size=2),
    settle=st.booleans(),
    due_in=st.integers(-2, 2),
)
def test_every_sent_invoice_is_either_paid_or_unpaid(total, paid, credited, settle, due_in):
    with transaction.atomic():
        dates = {"issue_date": TODAY - 5 * DAY, "due_date": TODAY + due_in * DAY}
        invoice = sent_invoice(ClientFactory(), str(total), **dates)
        left = total
        for amount in paid:
            pay(invoice, amount)
            left -= amount
        for amount in credited:
            if sum(credited) <= total:
                credit(invoice, amount)
                left -= amount
        if settle and left > 0:
            pay(invoice, left)
            left = Decimal(0)
        rows = Invoice.objects
        stored = rows.get(pk=invoice.pk)
        assert stored.outstanding == left
        assert (rows.paid().count(), rows.unpaid().count()) == ((1, 0) if left <= 0 else (0, 1))
        assert rows.overdue(TODAY).count() == (left > 0 and due_in < 0)
        assert (stored.standing(TODAY) is Standing.OVERDUE) == rows.overdue(TODAY).exists()
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_payments_of_one_invoice_count_on_no_other():
    client = ClientFactory()
    paid, unpaid = sent_invoice(client), sent_invoice(client)
    pay(paid, "60")
    pay(paid, "40")
    credit(unpaid, "30")
    credit(unpaid, "20")
    assert [(row.paid_amount, row.credited_amount, row.outstanding) for row in Invoice.objects.order_by("pk")] == [
        (100, 0, 0),
        (0, 50, 50),
    ]
    assert Payment.objects.completed().count() == 2


@pytest.mark.django_db
def test_what_is_outstanding_adds_up_exactly_in_each_currency():
    for currency, totals in {"EUR": ["0.10", "0.20", "0.30"], "JPY": ["5"]}.items():
        client = ClientFactory(currency_code=currency)
        for total in totals:
            sent_invoice(client, total)
    pay(Invoice.objects.get(total_amount=Decimal("0.30")), "0.30")
    rows = Invoice.objects.unpaid().order_by("currency_code").values("currency_code")
    assert list(rows.annotate(owed=exact_sum("outstanding")).values_list("currency_code", "owed")) == [
        ("EUR", Decimal("0.3")),
        ("JPY", Decimal(5)),
    ]
    assert Invoice.objects.order_by("-outstanding").first().currency_code == "JPY"

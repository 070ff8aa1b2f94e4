"""Money received, awaited, taken back and credited."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from accounts.models import Event
from accounts.tests.at_once import at_once
from accounts.tests.factories import ClientFactory, StaffFactory
from billing import invoicing, payments
from billing.models import CreditNote, Invoice, NumberSequence, Payment
from billing.payments import PaymentRefused
from billing.tests.factories import NOW, TODAY, draft_invoice, sent_invoice


def pay(invoice, amount="100", **details):
    return payments.record(invoice, amount=Decimal(amount), paid_on=TODAY, by=None, now=NOW, **details)


def credit(invoice, amount="100", **details):
    return payments.credit(
        invoice, amount=Decimal(amount), reason="Late", by=None, now=NOW, today=details.pop("today", TODAY)
    )


def balance(invoice):
    return Invoice.objects.get(pk=invoice.pk)


def told():
    events = Event.objects.exclude(kind="invoice_sent").order_by("number")
    return [(event.kind, Decimal(event.facts["amount"]), event.facts["via"]) for event in events]


@pytest.mark.django_db
def test_a_payment_is_recorded_in_the_invoices_currency_and_told():
    client, staff = ClientFactory(currency_code="KWD"), StaffFactory()
    invoice = sent_invoice(client, "10.005")
    payment = payments.record(
        invoice, amount=Decimal("0.005"), paid_on=TODAY, by=staff, now=NOW, method="card", reference="R1"
    )
    assert (payment.client, payment.status, payment.method, payment.reference) == (client, "completed", "card", "R1")
    event = Event.objects.get(kind="invoice_partially_paid")
    assert (event.subject_id, event.actor, event.recorded_at) == (invoice.pk, staff, NOW)
    assert event.facts == {"number": "INV-2026-0001", "amount": "0.005", "currency": "KWD", "via": "payment"}
    assert balance(invoice).outstanding == 10


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("currency", "total", "parts"),
    [
        ("EUR", "0.30", ["0.10", "0.20"]),
        ("EUR", "1.00", ["0.10"] * 10),
        ("EUR", "99999999999.99", ["0.10", "0.20", "99999999999.69"]),
        ("KWD", "0.006", ["0.001", "0.002", "0.003"]),
        ("JPY", "3", ["1", "2"]),
    ],
)
def test_payments_that_add_up_leave_exactly_nothing(currency, total, parts):
    invoice = sent_invoice(ClientFactory(currency_code=currency), total)
    for part in parts:
        pay(invoice, part)
    left = balance(invoice).outstanding
    assert left == 0
    assert not left.is_signed()
    assert [kind for kind, *_ in told()] == ["invoice_partially_paid"] * (len(parts) - 1) + ["invoice_paid"]
    assert Invoice.objects.paid().get() == invoice
    assert not Invoice.objects.unpaid().exists()


@pytest.mark.django_db
def test_a_credit_and_a_payment_that_add_up_leave_nothing_and_not_minus_nothing():
    invoice = sent_invoice(ClientFactory(), "0.30")
    pay(invoice, "0.10")
    credit(invoice, "0.20")
    assert str(balance(invoice).outstanding.quantize(Decimal("0.01"))) == "0.00"


@pytest.mark.django_db
def test_more_than_the_total_may_be_paid():
    invoice = sent_invoice(ClientFactory())
    pay(invoice, "100.01")
    assert balance(invoice).outstanding == Decimal("-0.01")
    assert told() == [("invoice_paid", Decimal("100.01"), "payment")]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("currency", "amount"), [("EUR", "0"), ("EUR", "-1"), ("EUR", "0.001"), ("JPY", "0.5"), ("KWD", "0.0001")]
)
def test_amounts_that_the_currency_does_not_have_are_refused(currency, amount):
    invoice = sent_invoice(ClientFactory(currency_code=currency))
    with pytest.raises(PaymentRefused):
        pay(invoice, amount)
    with pytest.raises(PaymentRefused):
        credit(invoice, amount)
    assert (told(), Payment.objects.count(), CreditNote.objects.count()) == ([], 0, 0)


@pytest.mark.django_db
@pytest.mark.parametrize(("currency", "amount"), [("EUR", "0.01"), ("JPY", "1"), ("KWD", "0.001")])
def test_the_smallest_unit_can_be_paid_and_credited(currency, amount):
    invoice = sent_invoice(ClientFactory(currency_code=currency))
    pay(invoice, amount)
    credit(invoice, amount)
    assert balance(invoice).outstanding == 100 - 2 * Decimal(amount)


@pytest.mark.django_db
def test_only_sent_invoices_are_paid_or_credited():
    draft, cancelled = draft_invoice(ClientFactory()), sent_invoice(ClientFactory())
    invoicing.cancel(cancelled, by=None, now=NOW)
    for invoice in [draft, cancelled]:
        with pytest.raises(PaymentRefused):
            pay(invoice)
        with pytest.raises(PaymentRefused):
            pay(invoice, pending=True)
        with pytest.raises(PaymentRefused):
            credit(invoice)
    assert (Payment.objects.count(), CreditNote.objects.count()) == (0, 0)


@pytest.mark.django_db
def test_what_was_sent_is_paid_and_not_an_old_copy_of_its_draft():
    draft = draft_invoice(ClientFactory(), "500")
    stale = Invoice.objects.get(pk=draft.pk)
    invoicing.revise(draft, lines=[invoicing.Line("Less", Decimal(1), Decimal(100))])
    invoicing.send(draft, by=None, now=NOW, today=TODAY)
    with pytest.raises(PaymentRefused, match=r"100\.00"):
        credit(stale, "100.01")
    pay(stale)
    assert Event.objects.get(kind="invoice_paid").facts["number"] == "INV-2026-0001"


@pytest.mark.django_db
def test_a_pending_payment_counts_and_is_told_when_it_arrives():
    invoice = sent_invoice(ClientFactory())
    payment = pay(invoice, pending=True)
    assert (balance(invoice).outstanding, told()) == (100, [])
    payments.complete(payment, by=None, now=NOW)
    assert (balance(invoice).outstanding, told()) == (0, [("invoice_paid", Decimal(100), "payment")])


@pytest.mark.django_db
def test_a_payment_that_fails_counts_for_nothing():
    invoice = sent_invoice(ClientFactory())
    payment = pay(invoice, pending=True)
    payments.fail(payment)
    assert (payment.status, balance(invoice).outstanding, told()) == ("failed", 100, [])


@pytest.mark.django_db
@pytest.mark.parametrize("first", [lambda payment: payments.complete(payment, by=None, now=NOW), payments.fail])
def test_a_payment_is_pending_once(first):
    payment = pay(sent_invoice(ClientFactory()), pending=True)
    first(payment)
    before = told()
    with pytest.raises(PaymentRefused, match="not pending"):
        payments.complete(payment, by=None, now=NOW)
    with pytest.raises(PaymentRefused, match="not pending"):
        payments.fail(payment)
    assert told() == before


@pytest.mark.django_db(transaction=True)
def test_a_payment_completed_twice_at_once_is_told_once():
    payment = pay(sent_invoice(ClientFactory()), pending=True)
    results = at_once([lambda: payments.complete(Payment.objects.get(pk=payment.pk), by=None, now=NOW)] * 3)
    assert [type(result).__name__ for result in results].count("PaymentRefused") == 2
    assert told() == [("invoice_paid", Decimal(100), "payment")]


@pytest.mark.django_db
def test_a_reversal_takes_a_payment_back_once():
    invoice = sent_invoice(ClientFactory())
    payment = pay(invoice, method="direct_debit")
    reversal = payments.reverse(payment, paid_on=TODAY + timedelta(days=2), now=NOW)
    assert (reversal.amount, reversal.method, reversal.reversal_of) == (-100, "direct_debit", payment)
    assert balance(invoice).outstanding == 100
    for refused in [payment, reversal]:
        with pytest.raises(PaymentRefused):
            payments.reverse(refused, paid_on=TODAY, now=NOW)
    assert Payment.objects.count() == 2


@pytest.mark.django_db
def test_only_completed_payments_are_reversed():
    invoice = sent_invoice(ClientFactory())
    pending, failed = pay(invoice, pending=True), pay(invoice, pending=True)
    payments.fail(failed)
    for payment in [pending, failed]:
        with pytest.raises(PaymentRefused, match="completed"):
            payments.reverse(payment, paid_on=TODAY, now=NOW)


@pytest.mark.django_db(transaction=True)
def test_of_two_reversals_at_once_one_counts():
    invoice = sent_invoice(ClientFactory())
    payment = pay(invoice)
    results = at_once([lambda: payments.reverse(payment, paid_on=TODAY, now=NOW)] * 3)
    assert sorted(type(result).__name__ for result in results) == ["Payment", "PaymentRefused", "PaymentRefused"]
    assert balance(invoice).outstanding == 100


@pytest.mark.django_db
def test_a_credit_note_is_numbered_and_told():
    invoice = sent_invoice(ClientFactory())
    note = credit(invoice, "40")
    assert (note.credit_number, note.client, note.issue_date, note.reason) == (
        "CN-2026-0001",
        invoice.client,
        TODAY,
        "Late",
    )
    assert told() == [("invoice_partially_paid", Decimal(40), "credit_note")]
    assert credit(invoice, "60", today=TODAY.replace(year=2027)).credit_number == "CN-2027-0001"
    assert told()[1] == ("invoice_paid", Decimal(60), "credit_note")


@pytest.mark.django_db
def test_no_more_than_the_total_can_be_credited():
    invoice = sent_invoice(ClientFactory())
    credit(invoice, "40")
    with pytest.raises(PaymentRefused, match=r"60\.00 EUR"):
        credit(invoice, "60.01")
    assert NumberSequence.objects.get(kind="CN").last == 1
    assert credit(invoice, "60").credit_number == "CN-2026-0002"
    with pytest.raises(PaymentRefused):
        credit(invoice, "0.01")


@pytest.mark.django_db
def test_a_paid_invoice_can_still_be_credited():
    invoice = sent_invoice(ClientFactory())
    pay(invoice)
    credit(invoice)
    assert balance(invoice).outstanding == -100


@pytest.mark.django_db(transaction=True)
def test_credits_at_once_do_not_exceed_the_total():
    invoice = sent_invoice(ClientFactory())
    results = at_once([lambda: credit(invoice, "60")] * 3)
    assert sorted(type(result).__name__ for result in results) == ["CreditNote", "PaymentRefused", "PaymentRefused"]
    assert (balance(invoice).outstanding, NumberSequence.objects.get(kind="CN").last) == (40, 1)


@pytest.mark.django_db(transaction=True)
def test_an_invoice_is_not_paid_and_cancelled_at_once():
    invoice = sent_invoice(ClientFactory())
    results = at_once([lambda: pay(invoice), lambda: invoicing.cancel(invoice, by=None, now=NOW)])
    assert sum(isinstance(result, PaymentRefused | invoicing.InvoiceRefused) for result in results) == 1
    stored = balance(invoice)
    assert (stored.status, stored.paid_amount) in {("sent", 100), ("cancelled", 0)}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "changes", [{"amount": 1}, {"paid_on": TODAY - timedelta(days=1)}, {"reference": "x"}, {"status": "failed"}]
)
def test_a_recorded_payment_cannot_be_edited(changes):
    payment = pay(sent_invoice(ClientFactory()))
    with pytest.raises(IntegrityError), transaction.atomic():
        Payment.objects.filter(pk=payment.pk).update(**changes)
    Payment.objects.filter(pk=payment.pk).update(internal_notes="Called the bank")
    payment.refresh_from_db()
    assert (payment.amount, payment.status, payment.internal_notes) == (100, "completed", "Called the bank")


@pytest.mark.django_db
@pytest.mark.parametrize("changes", [{"amount": 1}, {"reason": "x"}, {"credit_number": "CN-1"}])
def test_a_credit_note_cannot_be_edited(changes):
    note = credit(sent_invoice(ClientFactory()))
    with pytest.raises(IntegrityError), transaction.atomic():
        CreditNote.objects.filter(pk=note.pk).update(**changes)


@pytest.mark.django_db
def test_money_rows_are_never_deleted():
    invoice = sent_invoice(ClientFactory())
    pay(invoice, "1")
    pay(invoice, "1", pending=True)
    credit(invoice, "1")
    for rows in [Payment.objects.all(), CreditNote.objects.all()]:
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.delete()
    assert (Payment.objects.count(), CreditNote.objects.count()) == (2, 1)


@pytest.mark.django_db
def test_only_a_reversal_is_negative():
    invoice = sent_invoice(ClientFactory())
    payment = pay(invoice)
    row = {"client": invoice.client, "invoice": invoice, "paid_on": TODAY}
    for wrong in [{"amount": -1}, {"amount": 0}, {"amount": 1, "reversal_of": payment}]:
        with pytest.raises(IntegrityError), transaction.atomic():
            Payment.objects.create(**row, **wrong)

"""The staff's pages of payments and credit notes: added, never changed."""

from datetime import date
from decimal import Decimal

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.urls import reverse

from accounts.models import Event
from accounts.tests.factories import ClientFactory, StaffFactory
from accounts.tests.forms import add, errors, said, sent_by
from billing import payments
from billing.models import CreditNote, Payment
from billing.tests.factories import NOW, TODAY, draft_invoice, sent_invoice

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client):
    person = StaffFactory(username="sam")
    client.force_login(person)
    return person


def told():
    return list(Event.objects.order_by("pk").values_list("kind", "actor__username"))[1:]


def deed(client, row, name):
    return client.post(reverse(f"admin:billing_{row._meta.model_name}_{name}", args=[row.pk]), follow=True)


def payment_of(invoice, amount=100, **details):
    return payments.record(invoice, amount=Decimal(amount), paid_on=TODAY, by=None, now=NOW, **details)


@time_machine.travel(NOW, tick=False)
def test_a_payment_begins_with_what_is_outstanding_today_and_leads_back(client, staff):
    invoice = sent_invoice(ClientFactory(), "119.50")
    payment_of(invoice, "19.50")
    page = client.get(reverse("admin:billing_payment_add"), {"invoice": invoice.pk})
    sent = sent_by(page, "payment_form")
    assert (sent["invoice"], sent["amount"], sent["paid_on"]) == ([str(invoice.pk)], "100", "2026-03-10")

    response = client.post(reverse("admin:billing_payment_add"), sent)

    payment = Payment.objects.latest("pk")
    assert (payment.amount, payment.client, payment.status) == (100, invoice.client, "completed")
    assert told() == [("invoice_partially_paid", None), ("invoice_paid", "sam")]
    assert response.url == reverse("admin:billing_invoice_change", args=[invoice.pk])


def test_a_pending_payment_is_told_when_it_is_completed(client, staff):
    invoice = sent_invoice(ClientFactory())

    add(client, Payment, f"?invoice={invoice.pk}", status="pending", reference="Transfer 7")
    payment = Payment.objects.get()
    assert (payment.status, payment.reference) == ("pending", "Transfer 7")
    assert not told()

    deed(client, payment, "complete")
    payment.refresh_from_db()
    assert payment.status == "completed"
    assert told() == [("invoice_paid", "sam")]


def test_a_pending_payment_fails(client, staff):
    payment = payment_of(sent_invoice(ClientFactory()), pending=True)

    deed(client, payment, "fail")
    again = deed(client, payment, "complete")

    payment.refresh_from_db()
    assert payment.status == "failed"
    assert said(again)[-1].endswith("This payment is not pending any more.")


@time_machine.travel("2026-03-12 12:00 +0000", tick=False)
def test_a_payment_is_reversed_once_as_of_today(client, staff):
    payment = payment_of(sent_invoice(ClientFactory()))

    deed(client, payment, "reverse")
    again = deed(client, payment, "reverse")

    reversal = Payment.objects.latest("pk")
    assert (reversal.amount, reversal.reversal_of, reversal.paid_on) == (-100, payment, date(2026, 3, 12))
    assert Payment.objects.count() == 2
    assert said(again)[-1].endswith("This payment was reversed already.")


def test_selected_payments_are_completed_and_the_refused_named(client, staff):
    invoice = sent_invoice(ClientFactory())
    pending, done = payment_of(invoice, 60, pending=True), payment_of(invoice, 40)

    sent = {"action": "complete", "_selected_action": [pending.pk, done.pk]}
    response = client.post(reverse("admin:billing_payment_changelist"), sent, follow=True)

    pending.refresh_from_db()
    assert pending.status == "completed"
    assert len(said(response)) == 2


@pytest.mark.parametrize(
    ("amount", "reason"),
    [
        ("0", "The amount must be more than zero."),
        ("-5", "The amount must be more than zero."),
        ("1.005", "EUR has no smaller unit than 0.01."),
    ],
)
def test_an_amount_that_cannot_be_paid_is_refused_in_words(client, staff, amount, reason):
    invoice = sent_invoice(ClientFactory())

    response = add(client, Payment, f"?invoice={invoice.pk}", amount=amount, reference="Typed")

    assert errors(response)["__all__"] == [reason]
    assert 'value="Typed"' in response.content.decode()
    assert not Payment.objects.exists()


@pytest.mark.parametrize("model", [Payment, CreditNote])
def test_a_draft_is_neither_paid_nor_credited(client, staff, model):
    invoice = draft_invoice(ClientFactory())

    response = add(client, model, invoice=invoice.pk, amount="1", paid_on="2026-03-10", reason="Late")

    assert errors(response)["__all__"] == ["Only an invoice that was sent, and not cancelled, can be paid or credited."]
    assert not model.objects.exists()


def test_a_payment_cannot_begin_as_failed(client, staff):
    invoice = sent_invoice(ClientFactory())

    response = add(client, Payment, f"?invoice={invoice.pk}", status="failed")

    assert list(errors(response)) == ["status"]


@time_machine.travel(NOW, tick=False)
def test_a_credit_note_is_written_numbered_and_told(client, staff):
    invoice = sent_invoice(ClientFactory())

    add(client, CreditNote, f"?invoice={invoice.pk}", amount="30", reason="Late delivery")

    note = CreditNote.objects.get()
    assert (note.credit_number, note.amount, note.reason, note.issue_date) == (
        "CN-2026-0001",
        30,
        "Late delivery",
        date(2026, 3, 10),
    )
    assert told() == [("invoice_partially_paid", "sam")]


def test_no_more_than_the_invoice_is_credited(client, staff):
    invoice = sent_invoice(ClientFactory())

    response = add(client, CreditNote, f"?invoice={invoice.pk}", amount="100.01", reason="Late delivery")

    assert errors(response)["__all__"] == ["No more than 100.00 EUR can still be credited."]
    assert not CreditNote.objects.exists()
    add(client, CreditNote, f"?invoice={invoice.pk}", amount="100", reason="Late delivery")
    assert CreditNote.objects.get().credit_number.endswith("-0001")


@pytest.mark.parametrize("name", ["payment", "creditnote"])
def test_money_is_neither_changed_nor_deleted(client, staff, name):
    invoice = sent_invoice(ClientFactory())
    row = (
        payment_of(invoice)
        if name == "payment"
        else payments.credit(invoice, amount=Decimal(1), reason="Late", by=None, now=NOW, today=TODAY)
    )

    page = client.get(reverse(f"admin:billing_{name}_change", args=[row.pk]))
    assert 'name="_save"' not in page.content.decode()
    assert client.post(reverse(f"admin:billing_{name}_change", args=[row.pk]), {"amount": "9"}).status_code == 403
    assert client.post(reverse(f"admin:billing_{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    listed = client.get(reverse(f"admin:billing_{name}_changelist")).content.decode()
    assert "delete_selected" not in listed


def test_invoices_to_pay_are_the_sent_ones_with_client_and_amount(client, staff):
    brightwater = ClientFactory(name="Brightwater")
    draft_invoice(brightwater)
    invoice = sent_invoice(brightwater)
    query = {"app_label": "billing", "model_name": "payment", "field_name": "invoice", "term": "bright"}

    rows = client.get(reverse("admin:billing_invoice_choices"), query).json()["results"]

    assert [row["text"] for row in rows] == [f"{invoice.invoice_number} – Brightwater – €100.00"]


def test_who_may_change_payments_only_does_not_reverse(client):
    person = StaffFactory(is_superuser=False)
    person.user_permissions.set(Permission.objects.filter(codename__in=["view_payment", "change_payment"]))
    client.force_login(person)
    invoice = sent_invoice(ClientFactory())
    done, pending = payment_of(invoice, 50), payment_of(invoice, 50, pending=True)

    assert deed(client, done, "reverse").status_code == 403
    assert deed(client, pending, "complete").status_code == 200
    assert Payment.objects.filter(status="completed").count() == 2

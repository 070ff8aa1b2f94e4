"""Balances of invoices and their totals: equal to payments and credit notes added up by hand, whoever wrote them."""

from collections import defaultdict
from decimal import Decimal

import pytest
from django.core.management import CommandError
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.errors import Refused
from accounts.tests.at_once import at_once
from accounts.tests.factories import ClientFactory
from billing import invoicing, payments
from billing.models import CreditNote, Invoice, InvoiceTotal, Payment
from billing.tests.factories import NOW, TODAY, draft_invoice, sent_invoice
from billing.tests.test_totals import check, nth, sql


def balance_by_hand(invoice):
    """`(paid, credited, outstanding, state)`, added up row by row in Python."""
    paid = sum((row.amount for row in invoice.payments.all() if row.status == "completed"), Decimal(0))
    credited = sum((row.amount for row in invoice.credit_notes.all()), Decimal(0))
    outstanding = invoice.total_amount - paid - credited
    state = invoice.status if invoice.status != "sent" else "unpaid" if outstanding > 0 else "paid"
    return paid, credited, outstanding, state


def assert_all_is_right():
    sums = defaultdict(lambda: (0, Decimal(0), Decimal(0)))
    for invoice in Invoice.objects.prefetch_related("payments", "credit_notes"):
        kept = invoice.paid_amount, invoice.credited_amount, invoice.outstanding, invoice.state
        assert kept == balance_by_hand(invoice)
        if invoice.status != "draft":
            key = invoice.client_id, invoice.currency_code, invoice.state
            count, total, outstanding = sums[key]
            sums[key] = count + 1, total + invoice.total_amount, outstanding + invoice.outstanding
    rows = InvoiceTotal.objects.values_list(
        "client_id", "currency_code", "state", "invoices", "total_amount", "outstanding"
    )
    assert {tuple(row[:3]): tuple(row[3:]) for row in rows} == dict(sums)


def payment(invoice, amount, status="completed"):
    return Payment(client_id=invoice.client_id, invoice=invoice, amount=amount, paid_on=TODAY, status=status)


class World:
    """Two clients, and all that may happen to their invoices in three currencies."""

    def __init__(self):
        self.clients = [ClientFactory(), ClientFactory()]
        self.copies = []

    def draft(self, place, units):
        currency = ("EUR", "JPY", "KWD")[place % 3]
        draft_invoice(self.clients[place % 2], str(units), currency_code=currency)

    def send(self, place, _units):
        invoicing.send(nth(Invoice.objects.filter(status="draft"), place), by=None, now=NOW, today=TODAY)

    def draft_and_send(self, place, units):
        self.draft(place, units)
        self.send(place, units)

    def revise(self, place, units):
        lines = [invoicing.Line("Other work", Decimal(2), Decimal(units))]
        invoicing.revise(nth(Invoice.objects.filter(status="draft"), place), lines=lines)

    def discard(self, place, _units):
        invoicing.discard(nth(Invoice.objects.all(), place))

    def cancel(self, place, _units):
        invoicing.cancel(nth(Invoice.objects.all(), place), by=None, now=NOW)

    def pay(self, place, units):
        pending = units % 3 == 0
        payments.record(
            nth(Invoice.objects.all(), place), amount=Decimal(units), paid_on=TODAY, by=None, now=NOW, pending=pending
        )

    def pay_all(self, place, _units):
        invoice = nth(Invoice.objects.unpaid(), place)
        payments.record(invoice, amount=invoice.outstanding, paid_on=TODAY, by=None, now=NOW)

    def arrive(self, place, _units):
        payments.complete(nth(Payment.objects.all(), place), by=None, now=NOW)

    def fail(self, place, _units):
        payments.fail(nth(Payment.objects.all(), place))

    def reverse(self, place, _units):
        payments.reverse(nth(Payment.objects.all(), place), paid_on=TODAY, now=NOW)

    def credit(self, place, units):
        invoice = nth(Invoice.objects.all(), place)
        payments.credit(invoice, amount=Decimal(units), reason="Late", by=None, now=NOW, today=TODAY)

    def pay_in_bulk(self, place, units):
        invoices = list(Invoice.objects.filter(status="sent"))
        amounts = [Decimal("0.1"), Decimal("0.2"), Decimal(units)]
        status = ("completed", "pending")[place % 2]
        Payment.objects.bulk_create(payment(invoice, amount, status) for invoice in invoices for amount in amounts)

    def settle_in_bulk(self, place, _units):
        Payment.objects.filter(status="pending").update(status=("completed", "failed")[place % 2])

    def pay_by_hand(self, place, units):
        invoice = nth(Invoice.objects.all(), place)
        sql(
            "INSERT INTO payments (client_id, invoice_id, amount, paid_on, method, status, reference, internal_notes, "
            "created_at) VALUES (%s, %s, %s, %s, 'other', 'completed', '', '', %s)",
            *(invoice.client_id, invoice.pk, units, TODAY, NOW),
        )

    def take_a_copy(self, place, _units):
        self.copies.append(nth(Invoice.objects.all(), place))

    def save_a_stale_copy(self, place, _units):
        copy = self.copies[place % len(self.copies)]
        if Invoice.objects.filter(pk=copy.pk, status=copy.status).exists():
            copy.save()

    def meddle(self, place, units):
        invoice = nth(Invoice.objects.all(), place)
        sql("UPDATE invoices SET paid_amount = %s, credited_amount = 7 WHERE id = %s", units, invoice.pk)


DEEDS = [name for name in vars(World) if not name.startswith("_")]
STEPS = st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(0, 7), st.integers(1, 300)), max_size=16)


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_happens_to_money_balances_and_totals_are_its_rows_added_up(steps):
    with transaction.atomic():
        world = World()
        for place in range(3):
            world.draft_and_send(place, 100)
        for name, place, units in steps:
            try:
                with transaction.atomic():
                    getattr(world, name)(place, units)
            except (Refused, AttributeError, ZeroDivisionError):
                # The domain refuses it, or there is no row to which it could happen.
                pass
            assert_all_is_right()
        assert check() == "All totals are right\n"
        transaction.set_rollback(True)


@pytest.mark.django_db(transaction=True)
def test_payments_at_once_on_invoices_of_one_client_are_all_counted():
    client = ClientFactory()
    invoices = [sent_invoice(client, "100.00") for _ in range(4)]

    def pay(invoice):
        return payments.record(invoice, amount=Decimal(10), paid_on=TODAY, by=None, now=NOW)

    def insert(rows):
        return Payment.objects.bulk_create(payment(invoice, Decimal("0.1")) for invoice in rows)

    calls = [lambda i=invoice: pay(i) for invoice in invoices for _ in range(3)]
    calls += [lambda: insert(invoices), lambda: insert(invoices[::-1])] * 3
    results = at_once(calls)
    assert [result for result in results if isinstance(result, Exception)] == []
    assert_all_is_right()
    assert {invoice.paid_amount for invoice in Invoice.objects.all()} == {Decimal("30.6")}


@pytest.mark.django_db
def test_a_stale_copy_cannot_put_an_old_balance_back():
    stale = draft_invoice(ClientFactory())
    Payment.objects.bulk_create([payment(stale, Decimal(5))])
    assert stale.paid_amount == 0
    stale.save()
    assert Invoice.objects.get().paid_amount == 5


@pytest.mark.django_db
def test_the_smallest_unit_decides_between_paid_and_unpaid():
    invoice = sent_invoice(ClientFactory(currency_code="KWD"), "0.300")
    Payment.objects.bulk_create([payment(invoice, Decimal("0.1")), payment(invoice, Decimal("0.199"))])
    stored = Invoice.objects.get()
    assert (stored.state, stored.outstanding) == ("unpaid", Decimal("0.001"))
    Payment.objects.bulk_create([payment(invoice, Decimal("0.001"))])
    stored = Invoice.objects.get()
    assert (stored.state, stored.outstanding) == ("paid", 0)


@pytest.mark.django_db
@pytest.mark.postgresql
def test_truncated_payments_count_no_more():
    invoice = sent_invoice(ClientFactory())
    Payment.objects.bulk_create([payment(invoice, Decimal(5))])
    CreditNote.objects.create(
        client=invoice.client, invoice=invoice, credit_number="CN", amount=1, issue_date=TODAY, reason="x"
    )
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    sql("TRUNCATE payments")
    assert_all_is_right()
    assert Invoice.objects.get().outstanding == 99


@pytest.mark.django_db
def test_the_check_repairs_totals_of_invoices():
    invoice = sent_invoice(ClientFactory())
    InvoiceTotal.objects.update(outstanding=99)
    with pytest.raises(CommandError, match="1 wrong"):
        check()
    place = f"client_id {invoice.client_id}, currency_code {invoice.currency_code}, state unpaid"
    assert f"invoice_totals of {place}: outstanding is 99, should be 100\n" in check(repair=True)
    assert_all_is_right()


@pytest.mark.django_db(transaction=True)
def test_the_check_repairs_a_balance_that_was_written_past_the_triggers():
    invoice = sent_invoice(ClientFactory())
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET session_replication_role = replica")
            cursor.execute("UPDATE invoices SET paid_amount = 40")
            cursor.execute("SET session_replication_role = origin")
        else:
            cursor.execute("DROP TRIGGER invoices_paid_amount_summed_update")
            cursor.execute("UPDATE invoices SET paid_amount = 40")
    said = check(repair=True)
    assert f"invoices of id {invoice.pk}: paid_amount is 40, should be 0\n" in said
    assert_all_is_right()
    assert check() == "All totals are right\n"

"""What can happen to money: a payment recorded, completed, failed or reversed, and an invoice credited."""

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import Refused
from billing import invoicing, money, numbering
from billing.models import CreditNote, Invoice, NumberSequence, Payment


class PaymentRefused(Refused):
    """This may not happen to the invoice's money."""


@transaction.atomic
def record(invoice, *, amount, paid_on, by, now, pending=False, **details):
    """Record money received (or on its way, `pending`) for a sent invoice, in its currency. Returns the Payment.

    A completed payment is told to the client as paid or paid in part. More than is outstanding may be paid.
    """
    invoice = _lock_sent(invoice)
    _require_amount(amount, invoice.currency_code)
    status = Payment.Status.PENDING if pending else Payment.Status.COMPLETED
    payment = _add(invoice, amount=amount, paid_on=paid_on, now=now, status=status, **details)
    if not pending:
        _tell(invoice, amount, via="payment", by=by, now=now)
    return payment


@transaction.atomic
def complete(payment, *, by, now):
    """A pending payment has arrived."""
    _lock_sent(payment.invoice)
    _settle(payment, Payment.Status.COMPLETED)
    _tell(payment.invoice, payment.amount, via="payment", by=by, now=now)


@transaction.atomic
def fail(payment):
    """A pending payment will not arrive."""
    _settle(payment, Payment.Status.FAILED)


@transaction.atomic
def reverse(payment, *, paid_on, now, **details):
    """Take a completed payment back (a returned debit, a typing error) by a row of the negative amount; once."""
    _lock_sent(payment.invoice)
    if payment.status != Payment.Status.COMPLETED or payment.reversal_of_id is not None:
        raise PaymentRefused(_("Only a completed payment can be reversed."))
    if Payment.objects.filter(reversal_of=payment).exists():
        raise PaymentRefused(_("This payment was reversed already."))
    return _add(
        payment.invoice,
        amount=-payment.amount,
        paid_on=paid_on,
        now=now,
        status=Payment.Status.COMPLETED,
        method=payment.method,
        reversal_of=payment,
        **details,
    )


@transaction.atomic
def credit(invoice, *, amount, reason, by, now, today):
    """Write a credit note on a sent invoice, in its currency, over no more than its total less earlier credits.

    `today` is the agency's local date, the credit note's issue date. Returns the CreditNote.
    """
    number = numbering.next_number(NumberSequence.Kind.CREDIT_NOTE, today.year)
    invoice = _lock_sent(invoice)
    _require_amount(amount, invoice.currency_code)
    left = invoice.total_amount - _balance(invoice).credited_amount
    if amount > left:
        raise PaymentRefused(
            _("No more than %(left)s %(currency)s can still be credited.")
            % {"left": money.rounded(left, invoice.currency_code), "currency": invoice.currency_code}
        )
    note = CreditNote.objects.create(
        client_id=invoice.client_id,
        invoice=invoice,
        credit_number=number,
        amount=amount,
        issue_date=today,
        reason=reason,
        created_at=now,
    )
    _tell(invoice, amount, via="credit_note", by=by, now=now)
    return note


def _add(invoice, *, now, **fields):
    return Payment.objects.create(client_id=invoice.client_id, invoice=invoice, created_at=now, **fields)


def _lock_sent(invoice):
    """Lock the stored invoice and return it: what was sent counts, not the caller's copy."""
    stored = Invoice.objects.select_for_update().sent().filter(pk=invoice.pk).first()
    if stored is None:
        raise PaymentRefused(_("Only an invoice that was sent, and not cancelled, can be paid or credited."))
    return stored


def _require_amount(amount, currency_code):
    if amount <= 0:
        raise PaymentRefused(_("The amount must be more than zero."))
    if amount != money.rounded(amount, currency_code):
        raise PaymentRefused(
            _("%(currency)s has no smaller unit than %(unit)s.")
            % {"currency": currency_code, "unit": money.smallest_unit(currency_code)}
        )


def _settle(payment, status):
    moved = Payment.objects.filter(pk=payment.pk, status=Payment.Status.PENDING).update(status=status)
    if not moved:
        raise PaymentRefused(_("This payment is not pending any more."))
    payment.status = status


def _balance(invoice):
    return Invoice.objects.get(pk=invoice.pk)


def _tell(invoice, amount, *, via, by, now):
    kind = "invoice_paid" if _balance(invoice).outstanding <= 0 else "invoice_partially_paid"
    invoicing.tell(kind, invoice, by=by, now=now, amount=str(amount), via=via)

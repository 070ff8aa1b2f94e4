"""What can happen to invoices: drafted, revised, discarded, sent, cancelled."""

from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import events
from accounts.errors import Refused
from billing import drafting, numbering
from billing.drafting import Line
from billing.models import Invoice, NumberSequence

__all__ = ["InvoiceRefused", "Line", "cancel", "discard", "draft", "revise", "send", "tell"]


class InvoiceRefused(Refused):
    """This may not happen to the invoice as it stands."""


@transaction.atomic
def draft(client, *, lines, now, currency_code=None, **details):
    """Draft an invoice of `lines` (Lines); no currency means the client's. Clients do not see drafts."""
    invoice = Invoice(client=client, currency_code=currency_code or client.currency_code, created_at=now, **details)
    _require_own_project(invoice)
    invoice.save(force_insert=True)
    return drafting.write_lines(invoice, lines)


@transaction.atomic
def revise(invoice, *, lines=None, **details):
    """Change a draft's details and, where given, all of its lines; sums are worked out anew."""
    _require_draft(invoice)
    for field, value in details.items():
        setattr(invoice, field, value)
    _require_own_project(invoice)
    return drafting.write_lines(invoice, drafting.lines_of(invoice) if lines is None else lines)


@transaction.atomic
def discard(invoice):
    """Delete a draft."""
    _require_draft(invoice)
    invoice.delete()


@transaction.atomic
def send(invoice, *, by, now, today):
    """Issue a draft: it takes its number, copies the parties' details, cannot change from here on, and is told.

    `today` is the agency's local date, for an invoice without an issue date; one without a due date is due after the
    client's days to pay. Of two callers at once one sends, the other is refused.
    """
    issue_date = Invoice.objects.filter(pk=invoice.pk).values_list("issue_date", flat=True).first() or today
    number = numbering.next_number(NumberSequence.Kind.INVOICE, issue_date.year)
    _require_draft(invoice)
    invoice.refresh_from_db()
    _require_sendable(invoice)
    client = invoice.client
    invoice.issue_date = issue_date
    invoice.due_date = invoice.due_date or issue_date + timedelta(days=client.payment_terms_days)
    if invoice.due_date < issue_date:
        raise InvoiceRefused(_("The due date lies before the issue date."))
    invoice.invoice_number = number
    invoice.status = Invoice.Status.SENT
    invoice.sent_at = now
    for field, value in drafting.parties(client).items():
        setattr(invoice, field, value)
    invoice.save()
    tell("invoice_sent", invoice, by=by, now=now, due_date=invoice.due_date.isoformat())
    return Invoice.objects.get(pk=invoice.pk)


@transaction.atomic
def cancel(invoice, *, by, now):
    """Cancel a sent invoice that nothing was paid or credited on; it keeps its number and counts in no total."""
    stored = Invoice.objects.select_for_update().get(pk=invoice.pk)
    if stored.status != Invoice.Status.SENT:
        raise InvoiceRefused(_("Only an invoice that was sent can be cancelled."))
    if stored.payments.exclude(status="failed").filter(reversal=None, reversal_of=None).exists():
        raise InvoiceRefused(_("A payment is recorded on this invoice; reverse it first, or write a credit note."))
    if stored.credit_notes.exists():
        raise InvoiceRefused(_("A credit note is written on this invoice; it cannot be cancelled any more."))
    stored.status = Invoice.Status.CANCELLED
    stored.cancelled_at = now
    stored.save(update_fields=["status", "cancelled_at"])
    tell("invoice_cancelled", stored, by=by, now=now)
    return stored


def tell(kind, invoice, *, by, now, **facts):
    """Record an event about a sent invoice: its number, total and currency, and what `facts` say besides or instead."""
    events.record(
        kind,
        client=invoice.client,
        subject=invoice,
        project=invoice.project,
        by=by,
        now=now,
        facts={
            "number": invoice.invoice_number,
            "amount": str(invoice.total_amount),
            "currency": invoice.currency_code,
            **facts,
        },
    )


def _require_draft(invoice):
    """Lock the stored row and look at its status, not at the caller's copy."""
    stored = Invoice.objects.select_for_update().filter(pk=invoice.pk).values_list("status", flat=True).first()
    if stored != Invoice.Status.DRAFT:
        raise InvoiceRefused(_("This invoice is no draft any more; it was sent, cancelled or deleted."))


def _require_own_project(invoice):
    if invoice.project is not None and invoice.project.client_id != invoice.client_id:
        raise InvoiceRefused(_("This project belongs to another client."))


def _require_sendable(invoice):
    if not invoice.items.exists():
        raise InvoiceRefused(_("An invoice without lines cannot be sent."))
    if not invoice.client.is_active:
        raise InvoiceRefused(
            _("%(client)s is inactive; invoices go to active clients only.") % {"client": invoice.client}
        )

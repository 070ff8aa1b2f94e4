"""Payments and credit notes: rows of money, never edited and never deleted."""

from django.db import models
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from accounts.models import Client
from billing.models.exact import AMOUNT_DIGITS
from billing.models.invoices import Invoice


class PaymentQuerySet(models.QuerySet):
    def for_client(self, client):
        return self.filter(client=client)

    def completed(self):
        return self.filter(status=Payment.Status.COMPLETED)

    def oldest_first(self):
        return self.order_by("paid_on", "pk")


class Payment(models.Model):
    """Money received for an invoice, in its currency; a reversal takes back another payment with a negative amount."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Pending")
        COMPLETED = "completed", _("Completed")
        FAILED = "failed", _("Failed")

    class Method(models.TextChoices):
        TRANSFER = "transfer", _("Bank transfer")
        CARD = "card", _("Card")
        DIRECT_DEBIT = "direct_debit", _("Direct debit")
        CASH = "cash", _("Cash")
        OTHER = "other", _("Other")

    client = models.ForeignKey(
        Client, models.PROTECT, related_name="payments", verbose_name=_("client"), editable=False
    )
    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="payments", verbose_name=_("invoice"))
    amount = models.DecimalField(_("amount"), **AMOUNT_DIGITS)
    paid_on = models.DateField(_("received on"))
    method = models.CharField(_("method"), max_length=12, choices=Method, default=Method.TRANSFER)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.COMPLETED)
    reference = models.CharField(_("reference"), max_length=200, blank=True)
    internal_notes = models.TextField(_("internal notes"), blank=True, help_text=_("Never shown in the portal."))
    reversal_of = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="reversal", editable=False
    )
    created_at = models.DateTimeField(_("recorded"), default=now, editable=False)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        db_table = "payments"
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        constraints = [
            models.CheckConstraint(
                condition=Q(reversal_of=None, amount__gt=0) | Q(reversal_of__isnull=False, amount__lt=0),
                name="payments_amount_sign",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["pending", "completed", "failed"]), name="payments_status_known"
            ),
        ]
        indexes = [models.Index(fields=["client", "paid_on", "id"], name="payments_by_day")]

    def __str__(self):
        return f"{self.invoice}: {self.amount}"


class CreditNoteQuerySet(models.QuerySet):
    def for_client(self, client):
        return self.filter(client=client)

    def oldest_first(self):
        return self.order_by("issue_date", "pk")


class CreditNote(models.Model):
    """A correction of a sent invoice in the client's favour, in its currency."""

    client = models.ForeignKey(
        Client, models.PROTECT, related_name="credit_notes", verbose_name=_("client"), editable=False
    )
    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="credit_notes", verbose_name=_("invoice"))
    credit_number = models.CharField(_("number"), max_length=40, unique=True, editable=False)
    amount = models.DecimalField(_("amount"), **AMOUNT_DIGITS)
    issue_date = models.DateField(_("issued"))
    reason = models.TextField(_("reason"), help_text=_("Shown to the client."))
    created_at = models.DateTimeField(_("recorded"), default=now, editable=False)

    objects = CreditNoteQuerySet.as_manager()

    class Meta:
        db_table = "credit_notes"
        verbose_name = _("credit note")
        verbose_name_plural = _("credit notes")
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="credit_notes_amount_positive"),
        ]
        indexes = [models.Index(fields=["client", "issue_date", "id"], name="credit_notes_by_day")]

    def __str__(self):
        return self.credit_number

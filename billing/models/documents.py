"""What invoices and quotes share: priced lines, sums, and the parties' details and formats as they were when issued."""

from decimal import Decimal

from django.db import models
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from billing.models.exact import AMOUNT_DIGITS


class Document(models.Model):
    """Amounts in `currency_code`; `tax_rate` in per cent, for the lines that name none of their own.

    `locale`, a tag, is the language and formats of its PDF: the client's when it was sent.
    """

    issue_date = models.DateField(_("issued"), null=True, blank=True)
    currency_code = models.CharField(_("currency"), max_length=3)
    tax_rate = models.DecimalField(_("tax rate (%)"), max_digits=6, decimal_places=3, default=Decimal(0))
    subtotal = models.DecimalField(_("subtotal"), default=Decimal(0), editable=False, **AMOUNT_DIGITS)
    tax_amount = models.DecimalField(_("tax"), default=Decimal(0), editable=False, **AMOUNT_DIGITS)
    total_amount = models.DecimalField(_("total"), default=Decimal(0), editable=False, **AMOUNT_DIGITS)
    notes = models.TextField(_("notes"), blank=True)
    terms = models.TextField(_("terms"), blank=True)
    internal_notes = models.TextField(_("internal notes"), blank=True, help_text=_("Never shown in the portal."))
    seller_name = models.CharField(_("seller"), max_length=200, blank=True, editable=False)
    seller_details = models.TextField(_("seller's details"), blank=True, editable=False)
    payment_instructions = models.TextField(_("how to pay"), blank=True, editable=False)
    buyer_name = models.CharField(_("buyer"), max_length=200, blank=True, editable=False)
    buyer_details = models.TextField(_("buyer's details"), blank=True, editable=False)
    locale = models.CharField(max_length=16, blank=True, default="", db_default="", editable=False)
    created_at = models.DateTimeField(_("created"), default=now, editable=False)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True, editable=False)

    class Meta:
        abstract = True


class DocumentItemQuerySet(models.QuerySet):
    def for_client(self, client):
        return self.filter(client=client)

    def visible(self):
        """Those of documents that a client may see."""
        document = self.model.DOCUMENT
        return self.exclude(**{f"{document}__status": "draft"})

    def in_order(self):
        """Document by document, the newest first."""
        document = self.model.DOCUMENT
        return self.order_by(f"-{document}__issue_date", f"-{document}_id", "position", "pk")


class DocumentItem(models.Model):
    """One line: `amount` = quantity × unit price, rounded to the currency; no `tax_rate` means the document's."""

    position = models.PositiveIntegerField(_("position"), default=0)
    description = models.TextField(_("description"))
    quantity = models.DecimalField(_("quantity"), max_digits=12, decimal_places=4, default=Decimal(1))
    unit_price = models.DecimalField(_("unit price"), max_digits=15, decimal_places=4)
    tax_rate = models.DecimalField(_("tax rate (%)"), max_digits=6, decimal_places=3, null=True, blank=True)
    amount = models.DecimalField(_("amount"), editable=False, **AMOUNT_DIGITS)

    objects = DocumentItemQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self):
        return self.description[:60]

"""Invoices, their lines, and the counters that number documents."""

from decimal import Decimal
from enum import StrEnum

from django.db import models
from django.db.models import Case, F, Max, Min, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Greatest, Round
from django.db.models.lookups import GreaterThan
from django.utils.translation import gettext_lazy as _

from accounts.errors import Refused
from accounts.models import Client
from billing.addresses import portal_page
from billing.models.documents import Document, DocumentItem
from billing.models.exact import AMOUNT_DIGITS
from billing.models.work import Project


class InvoiceIsIssued(Refused):
    """An invoice that was sent cannot change."""

    def __init__(self):
        super().__init__(_("This invoice was sent and cannot change; credit or cancel it instead."))


class Standing(StrEnum):
    """Where an invoice stands on a day, worked out from its status, payments, credits and due date."""

    DRAFT = "draft"
    CANCELLED = "cancelled"
    PAID = "paid"
    OVERPAID = "overpaid"
    OVERDUE = "overdue"
    PARTIALLY_PAID = "partially_paid"
    UNPAID = "unpaid"


class InvoiceQuerySet(models.QuerySet):
    def for_client(self, client):
        return self.filter(client=client)

    def visible(self):
        """Those a client may see: sent or cancelled, never a draft."""
        return self.exclude(status=Invoice.Status.DRAFT)

    def sent(self):
        """Those that count in totals."""
        return self.filter(status=Invoice.Status.SENT)

    def with_settlement(self):
        """Annotate `settled_on`, the date of the latest completed payment or credit note, None without either."""
        return self.annotate(
            last_payment=_latest("payments", "paid_on", status="completed"),
            last_credit=_latest("credit_notes", "issue_date"),
        ).annotate(
            settled_on=Case(
                When(last_credit=None, then=F("last_payment")),
                When(last_payment=None, then=F("last_credit")),
                default=Greatest("last_payment", "last_credit"),
            )
        )

    def paid(self):
        """Sent and with nothing outstanding."""
        return self.filter(state=Invoice.State.PAID)

    def unpaid(self):
        """Sent and with something outstanding."""
        return self.filter(state=Invoice.State.UNPAID)

    def overdue(self, today):
        """Unpaid and due before `today` (the reader's local date)."""
        return self.unpaid().filter(due_date__lt=today)

    def matching(self, number, amounts):
        """Those whose number holds `number`, or whose total lies in one of the half-open ranges `amounts`."""
        found = Q(invoice_number__icontains=number)
        for low, high in amounts:
            found |= Q(total_amount__gte=low, total_amount__lt=high)
        return self.filter(found)

    def years(self):
        """The years from the newest to the oldest, empty ones between them too."""
        span = self.aggregate(first=Min("issue_date"), last=Max("issue_date"))
        return range(span["last"].year, span["first"].year - 1, -1) if span["last"] else range(0)

    def newest_first(self):
        return self.order_by("-issue_date", "-pk")

    def most_urgent_first(self):
        return self.order_by("due_date", "pk")


def _latest(relation, field, **conditions):
    rows = Invoice._meta.get_field(relation).related_model.objects.filter(invoice=OuterRef("pk"), **conditions)
    return Subquery(rows.order_by(f"-{field}").values(field)[:1])


_OUTSTANDING = Round(F("total_amount") - F("paid_amount") - F("credited_amount"), 3)


class Invoice(Document):
    """A bill. Drafts are the staff's own; from `sent` on, number, dates, lines and sums stay as they are.

    The database keeps `paid_amount` (completed payments) and `credited_amount` up to date (`billing.guards`), and works
    out `outstanding` and `state` from them; a loaded row has them as they were when it was loaded.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SENT = "sent", _("Sent")
        CANCELLED = "cancelled", _("Cancelled")

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        CANCELLED = "cancelled", _("Cancelled")
        UNPAID = "unpaid", _("Unpaid")
        PAID = "paid", _("Paid")

    # What an issued invoice shows; the database refuses a change of these too (see the migrations).
    ISSUED_FIELDS = (
        "client_id project_id invoice_number issue_date due_date currency_code tax_rate subtotal tax_amount "
        "total_amount notes terms seller_name seller_details payment_instructions buyer_name buyer_details "
        "locale sent_at"
    ).split()

    client = models.ForeignKey(Client, models.PROTECT, related_name="invoices", verbose_name=_("client"))
    project = models.ForeignKey(
        Project, models.PROTECT, null=True, blank=True, related_name="invoices", verbose_name=_("project")
    )
    invoice_number = models.CharField(_("number"), max_length=40, null=True, unique=True, editable=False)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.DRAFT, editable=False)
    due_date = models.DateField(_("due"), null=True, blank=True)
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, editable=False)
    paid_amount = models.DecimalField(_("paid"), default=Decimal(0), editable=False, **AMOUNT_DIGITS)
    credited_amount = models.DecimalField(_("credited"), default=Decimal(0), editable=False, **AMOUNT_DIGITS)
    outstanding = models.GeneratedField(
        expression=_OUTSTANDING, output_field=models.DecimalField(**AMOUNT_DIGITS), db_persist=True
    )
    state = models.GeneratedField(
        expression=Case(
            When(status="draft", then=Value("draft")),
            When(status="cancelled", then=Value("cancelled")),
            When(GreaterThan(_OUTSTANDING, 0), then=Value("unpaid")),
            default=Value("paid"),
        ),
        output_field=models.CharField(max_length=10, choices=State),
        db_persist=True,
    )

    objects = InvoiceQuerySet.as_manager()

    class Meta:
        db_table = "invoices"
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        constraints = [
            models.UniqueConstraint(fields=["id", "client"], name="invoices_id_client"),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "sent", "cancelled"]), name="invoices_status_known"
            ),
            models.CheckConstraint(
                condition=Q(status="draft", invoice_number=None, sent_at=None)
                | Q(
                    ~Q(status="draft"),
                    invoice_number__isnull=False,
                    sent_at__isnull=False,
                    issue_date__isnull=False,
                    due_date__isnull=False,
                ),
                name="invoices_numbered_when_sent",
            ),
            models.CheckConstraint(
                condition=Q(issue_date=None) | Q(due_date=None) | Q(due_date__gte=F("issue_date")),
                name="invoices_due_after_issue",
            ),
            models.CheckConstraint(condition=Q(total_amount__gte=0), name="invoices_total_not_negative"),
            models.CheckConstraint(condition=Q(tax_rate__gte=0), name="invoices_tax_rate_not_negative"),
            models.CheckConstraint(
                condition=Q(status="cancelled", cancelled_at__isnull=False)
                | Q(~Q(status="cancelled"), cancelled_at=None),
                name="invoices_cancelled_has_time",
            ),
        ]
        indexes = [
            models.Index(F("client"), F("issue_date").desc(), F("id").desc(), name="invoices_newest"),
            models.Index(
                F("client"), F("state"), F("issue_date").desc(), F("id").desc(), name="invoices_newest_of_state"
            ),
            # Holds all that overdue invoices add up.
            models.Index(fields="client state due_date id currency_code outstanding".split(), name="invoices_urgent"),
        ]

    def __str__(self):
        return self.invoice_number or f"{self.client} ({self.get_status_display()})"

    def get_absolute_url(self):
        return portal_page("invoice", self.pk)

    @classmethod
    def from_db(cls, db, field_names, values):
        invoice = super().from_db(db, field_names, values)
        loaded = invoice.__dict__
        if loaded.get("status", cls.Status.DRAFT) != cls.Status.DRAFT:
            invoice._issued = {name: loaded[name] for name in cls.ISSUED_FIELDS if name in loaded}
        return invoice

    def save(self, **options):
        """Refuse to change what an issued invoice shows (InvoiceIsIssued)."""
        issued = getattr(self, "_issued", {})
        if any(getattr(self, name) != value for name, value in issued.items()):
            raise InvoiceIsIssued
        super().save(**options)

    def delete(self, **options):
        """Refuse to delete what was sent (InvoiceIsIssued)."""
        if self.status != self.Status.DRAFT:
            raise InvoiceIsIssued
        return super().delete(**options)

    @property
    def counts(self):
        """Whether it counts in totals: sent, and not cancelled."""
        return self.status == self.Status.SENT

    @property
    def is_open(self):
        """Counts and has something outstanding."""
        return self.counts and self.outstanding > 0

    def standing(self, today):
        """The Standing on `today` (the reader's local date)."""
        if self.status != self.Status.SENT:
            return Standing(self.status)
        if self.outstanding <= 0:
            return Standing.OVERPAID if self.outstanding < 0 else Standing.PAID
        if self.due_date < today:
            return Standing.OVERDUE
        return Standing.PARTIALLY_PAID if self.outstanding < self.total_amount else Standing.UNPAID


class InvoiceItem(DocumentItem):
    """A line of an invoice."""

    # The foreign key of what it is a line of.
    DOCUMENT = "invoice"

    client = models.ForeignKey(Client, models.PROTECT, related_name="+", editable=False)
    invoice = models.ForeignKey(Invoice, models.CASCADE, related_name="items", verbose_name=_("invoice"))

    class Meta:
        db_table = "invoice_items"
        verbose_name = _("invoice line")
        verbose_name_plural = _("invoice lines")
        constraints = [
            models.CheckConstraint(
                condition=Q(tax_rate=None) | Q(tax_rate__gte=0), name="invoice_items_tax_rate_not_negative"
            )
        ]

    def save(self, **options):
        """Refuse to change a line of an issued invoice (InvoiceIsIssued)."""
        if self.invoice.status != Invoice.Status.DRAFT:
            raise InvoiceIsIssued
        super().save(**options)

    def delete(self, **options):
        """Refuse to remove a line of an issued invoice (InvoiceIsIssued)."""
        if self.invoice.status != Invoice.Status.DRAFT:
            raise InvoiceIsIssued
        return super().delete(**options)


class NumberSequence(models.Model):
    """The last number given to a kind of document in a year; its row is the lock that keeps numbers free of gaps."""

    class Kind(models.TextChoices):
        INVOICE = "INV", _("invoice")
        CREDIT_NOTE = "CN", _("credit note")
        QUOTE = "Q", _("quote")

    kind = models.CharField(max_length=3, choices=Kind)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "number_sequences"
        constraints = [models.UniqueConstraint(fields=["kind", "year"], name="number_sequences_unique")]

    def __str__(self):
        return f"{self.kind}-{self.year}-{self.last:04}"

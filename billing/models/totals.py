"""Totals of time and money that the database keeps beside the rows (`accounts.totals`); nothing else writes them."""

from django.db import models

from accounts.models import Client
from billing.models.exact import TOTAL_DIGITS
from billing.models.invoices import Invoice
from billing.models.work import Project


class ProjectTotalQuerySet(models.QuerySet):
    def for_client(self, client):
        return self.filter(client=client)

    def visible(self):
        """Those of projects that a client may see."""
        return self.exclude(project__status=Project.Status.ARCHIVED)


class ProjectTotal(models.Model):
    """All finished time of a project; a project without any has no row. `amount` is in the project's currency."""

    client = models.ForeignKey(Client, models.DO_NOTHING, related_name="+", editable=False, db_index=False)
    project = models.ForeignKey(Project, models.DO_NOTHING, related_name="totals", editable=False)
    entries = models.BigIntegerField(editable=False)
    seconds = models.BigIntegerField(editable=False)
    billable_seconds = models.BigIntegerField(editable=False)
    priced_entries = models.BigIntegerField(editable=False)
    amount = models.DecimalField(editable=False, **TOTAL_DIGITS)

    objects = ProjectTotalQuerySet.as_manager()

    class Meta:
        db_table = "project_totals"
        constraints = [models.UniqueConstraint(fields=["client", "project"], name="project_totals_unique")]

    def __str__(self):
        return f"{self.project}: {self.seconds} s"


class InvoiceTotalQuerySet(models.QuerySet):
    def for_client(self, client):
        return self.filter(client=client)

    def sent(self):
        """Those of invoices that count in totals."""
        return self.filter(state__in=[Invoice.State.PAID, Invoice.State.UNPAID])

    def paid(self):
        return self.filter(state=Invoice.State.PAID)

    def unpaid(self):
        return self.filter(state=Invoice.State.UNPAID)


class InvoiceTotal(models.Model):
    """All invoices of a client in one currency and state, drafts left out; none in it, no row."""

    client = models.ForeignKey(Client, models.DO_NOTHING, related_name="+", editable=False, db_index=False)
    currency_code = models.CharField(max_length=3, editable=False)
    state = models.CharField(max_length=10, choices=Invoice.State, editable=False)
    invoices = models.BigIntegerField(editable=False)
    total_amount = models.DecimalField(editable=False, **TOTAL_DIGITS)
    outstanding = models.DecimalField(editable=False, **TOTAL_DIGITS)

    objects = InvoiceTotalQuerySet.as_manager()

    class Meta:
        db_table = "invoice_totals"
        constraints = [
            models.UniqueConstraint(fields=["client", "currency_code", "state"], name="invoice_totals_unique")
        ]

    def __str__(self):
        return f"{self.invoices} {self.state}: {self.total_amount} {self.currency_code}"

"""The demo's invoices: one a client and month, and what became of each."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Sum

from billing import drafting, invoicing, money, payments
from billing.invoicing import Line
from billing.models import Invoice, TimeEntry
from portal.demo import quotes
from portal.demo.agency import CUSTOMERS, LEAD, Customer
from portal.demo.stage import last_workday, month_start, next_workday

MONTHS = 17


@dataclass
class Bill:
    """An invoice on the timeline: planned for `issued`, there once that day has come and there was work to bill."""

    customer: Customer
    month: date
    issued: date
    invoice: Invoice | None = None

    @property
    def due(self):
        return self.issued + timedelta(days=self.customer.fields["payment_terms_days"])


def plan(stage):
    """Put all invoices, payments, credit notes and quotes on the timeline."""
    for place, customer in enumerate(CUSTOMERS):
        for months_ago in range(MONTHS, 0, -1):
            month = month_start(stage.today, months_ago)
            issued = next_workday(month_start(stage.today, months_ago - 1) + timedelta(days=1))
            bill = Bill(customer, month, issued)
            stage.at(stage.moment(issued, 10, 10 * place), _send_month, stage=stage, bill=bill)
            FATES.get((customer.key, months_ago), _paid)(stage, bill)
        stage.at(stage.now - timedelta(hours=20 + place), _draft_month, stage=stage, customer=customer)
    _plan_extras(stage)
    quotes.plan(stage)


def _send_month(stage, bill, *, now):
    lines = _lines_of_month(stage, bill.customer, bill.month)
    if lines:
        bill.invoice = _send(stage, bill.customer, lines, now=now, notes=f"Work in {bill.month:%B %Y}")


def _draft_month(stage, customer, *, now):
    month = month_start(stage.today, 0)
    lines = _lines_of_month(stage, customer, month) or [Line("Support", Decimal(1), customer.fields["hourly_rate"])]
    _draft(stage, customer, lines, now=now, notes=f"Work in {month:%B %Y}")


def _lines_of_month(stage, customer, month):
    """A line for each project and rate of the month's billable hours."""
    end = month_start(month + timedelta(days=31), 0)
    entries = (
        TimeEntry.objects.for_client(stage.clients[customer.key])
        .finished()
        .starting_between(stage.moment(month, 0), stage.moment(end, 0))
        .filter(billable=True, amount__isnull=False)
    )
    rows = entries.values("project__name", "hourly_rate").annotate(seconds=Sum("duration_seconds"))
    return [
        Line(
            f"{row['project__name']}, {month:%B %Y}",
            Decimal(row["seconds"]) / money.SECONDS_PER_HOUR,
            row["hourly_rate"],
        )
        for row in rows.order_by("project__name", "hourly_rate")
    ]


def _draft(stage, customer, lines, *, now, **details):
    details = {"tax_rate": customer.tax_rate, "terms": customer.terms, **details}
    return invoicing.draft(stage.clients[customer.key], lines=lines, now=now, **details)


def _send(stage, customer, lines, *, now, **details):
    draft = _draft(stage, customer, lines, now=now - timedelta(minutes=25), **details)
    return invoicing.send(draft, by=stage.people[LEAD], now=now, today=now.date())


def _later(stage, bill, day, action, *, hour=9, minute=30, **details):
    """Let `action(stage, invoice, ...)` happen on a day, if there is an invoice by then."""
    stage.at(stage.moment(day, hour, minute), _if_sent, stage=stage, bill=bill, action=action, details=details)


def _if_sent(stage, bill, action, details, *, now):
    if bill.invoice is not None:
        action(stage, bill, now=now, **details)


def _pay(stage, bill, *, now, part=1, more=0, method="transfer", pending=False):
    """Pay that part of what is outstanding, and so many hours' worth more."""
    invoice = Invoice.objects.get(pk=bill.invoice.pk)
    extra = more * bill.customer.fields["hourly_rate"]
    return payments.record(
        invoice,
        amount=money.rounded(invoice.outstanding * Decimal(str(part)) + extra, invoice.currency_code),
        paid_on=now.date(),
        by=stage.people[LEAD],
        now=now,
        pending=pending,
        method=method,
        reference=invoice.invoice_number,
    )


def _paid(stage, bill, **details):
    day = last_workday(bill.due + timedelta(days=stage.chance.choice([-6, -3, -2, -1, -1, 0, 0, 1, 4])))
    _later(stage, bill, max(day, bill.issued + timedelta(days=1)), _pay, **details)


def _never_paid(stage, bill):
    """Nothing comes in."""


def _half_paid(stage, bill):
    _later(stage, bill, next_workday(bill.issued + timedelta(days=6)), _pay, part=0.5)


def _overpaid(stage, bill):
    _paid(stage, bill, more=1)


def _cancelled(stage, bill):
    day = next_workday(bill.issued + timedelta(days=1))
    _later(stage, bill, day, _cancel, hour=11)
    _later(stage, bill, day, _send_again, hour=11, minute=50)
    _paid(stage, bill)


def _cancel(stage, bill, *, now):
    invoicing.cancel(bill.invoice, by=stage.people[LEAD], now=now)


def _send_again(stage, bill, *, now):
    wrong = bill.invoice
    lines = drafting.lines_of(wrong)
    bill.invoice = _send(stage, bill.customer, lines, now=now, notes=f"Replaces {wrong.invoice_number}")


def _credited(stage, bill, part=0.15):
    _later(stage, bill, next_workday(bill.issued + timedelta(days=5)), _credit, part=part)
    if part < 1:
        _paid(stage, bill)


def _wholly_credited(stage, bill):
    _credited(stage, bill, part=1)


def _credit(stage, bill, *, now, part):
    payments.credit(
        bill.invoice,
        amount=money.rounded(bill.invoice.total_amount * Decimal(str(part)), bill.invoice.currency_code),
        reason="Allowance for the late delivery" if part < 1 else "Billed to the wrong period",
        by=stage.people[LEAD],
        now=now,
        today=now.date(),
    )


def _failed_at_first(stage, bill):
    _later(stage, bill, next_workday(bill.issued + timedelta(days=3)), _try_debit)
    _paid(stage, bill)


def _try_debit(stage, bill, *, now):
    payments.fail(_pay(stage, bill, now=now, method="direct_debit", pending=True))


def _returned_at_first(stage, bill):
    _later(stage, bill, next_workday(bill.issued + timedelta(days=3)), _debit_and_return)
    _paid(stage, bill)


def _debit_and_return(stage, bill, *, now):
    debit = _pay(stage, bill, now=now, method="direct_debit")
    payments.reverse(debit, paid_on=now.date(), now=now + timedelta(hours=5), reference="Returned by the bank")


# What is not simply paid, by client and months ago.
FATES = {
    ("kaffee", 13): _cancelled,
    ("kaffee", 11): _returned_at_first,
    ("kaffee", 8): _credited,
    ("kaffee", 6): _overpaid,
    ("kaffee", 4): _failed_at_first,
    ("harakeke", 14): _failed_at_first,
    ("harakeke", 10): _wholly_credited,
    ("harakeke", 7): _overpaid,
    ("harakeke", 4): _half_paid,
    ("harakeke", 3): _never_paid,
    ("harakeke", 2): _never_paid,
    ("mizuki", 12): _cancelled,
    ("mizuki", 9): _credited,
    ("mizuki", 5): _overpaid,
    ("mizuki", 3): _half_paid,
}


def _plan_extras(stage):
    """Invoices that are still to be paid, whatever day of the month it is."""
    kaffee, harakeke, mizuki = CUSTOMERS
    licence = Line("Map licences for twelve months", Decimal(1), Decimal(2480))
    deposit = Line("Deposit for the shop's last stage", Decimal(1), Decimal(3600))
    cards = Line("Tasting cards, 2,000 pieces, printed", Decimal(1), Decimal(640), Decimal(7))
    tablets = Line("Tablets for the counters", Decimal(3), Decimal(58000))
    _plan_extra(stage, harakeke, 6, [licence], project="trail")
    half = _plan_extra(stage, kaffee, 9, [deposit, cards], project="shop")
    _later(stage, half, stage.day(3), _pay, part=0.5)
    awaited = _plan_extra(stage, mizuki, 7, [tablets], project="gifts")
    _later(stage, awaited, stage.day(2), _pay, pending=True)


def _plan_extra(stage, customer, days_ago, lines, project):
    bill = Bill(customer, stage.today, stage.day(days_ago))
    stage.at(stage.moment(bill.issued, 15), _send_extra, stage=stage, bill=bill, lines=lines, project=project)
    return bill


def _send_extra(stage, bill, lines, project, *, now):
    bill.invoice = _send(stage, bill.customer, lines, now=now, project=stage.projects[project])

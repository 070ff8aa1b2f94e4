"""All pages and files tell the same figures: those of a plain sum over the rows, to the second and smallest unit."""

import csv
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import BytesIO, StringIO
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from accounts.errors import Refused
from accounts.tests.factories import ClientFactory, PortalUserFactory, StaffFactory
from billing import invoicing, payments
from billing.models import Invoice, TimeEntry
from billing.tests.factories import ProjectFactory, TaskFactory, draft_invoice
from portal import layouts
from portal.scope import Viewer
from portal.tests.browsers import signed_in
from portal.widgets import WIDGETS

# Clocks changed in each of these zones but the last two in the weeks before.
NOW = datetime(2026, 4, 8, 10, 30, tzinfo=UTC)
ZONES = "Europe/Berlin Pacific/Auckland America/New_York Australia/Lord_Howe Asia/Kolkata UTC".split()
CHANGES = [datetime(2026, month, day, hour, tzinfo=UTC) for month, day, hour in ((3, 8, 7), (3, 29, 1), (4, 4, 15))]
CHANGES.append(datetime(2026, 4, 4, 14, tzinfo=UTC))
CURRENCIES = ["EUR", "JPY", "KWD"]
ARCHIVED = 3
NONE = Decimal(0)
GROUPS = ["day", "week", "month", "project", "task", "person"]


class Work(NamedTuple):
    """An entry to be made, on one of four projects, the last of which is archived."""

    project: int
    start: datetime
    seconds: int
    person: int
    has_task: bool
    amount: Decimal | None
    billable: bool


class Bill(NamedTuple):
    """An invoice to be made: over so many of the currency's smallest units, and what then happens to it."""

    currency: str
    units: int
    issued: date
    days_to_pay: int
    deeds: list[tuple[str, int]]


class Sums(NamedTuple):
    """What a page says of one currency's invoices."""

    currency_code: str
    count: int
    total: Decimal
    outstanding: Decimal
    overdue: Decimal


starts = st.one_of(
    st.integers(0, 66 * 24 * 60).map(lambda minutes: datetime(2026, 2, 1, tzinfo=UTC) + timedelta(minutes=minutes)),
    st.builds(
        lambda change, minutes: change + timedelta(minutes=minutes), st.sampled_from(CHANGES), st.integers(-90, 90)
    ),
)
works = st.builds(
    Work,
    project=st.integers(0, ARCHIVED),
    start=starts,
    seconds=st.integers(0, 100_000),
    person=st.integers(0, 1),
    has_task=st.booleans(),
    amount=st.none() | st.decimals(0, 100_000, places=3),
    billable=st.booleans(),
)
deeds = st.tuples(st.sampled_from(["pay", "pay_all", "pend", "reverse", "credit", "cancel"]), st.integers(1, 2000))
bills = st.builds(
    Bill,
    currency=st.sampled_from(CURRENCIES),
    units=st.integers(1, 5000),
    issued=st.dates(date(2025, 12, 1), date(2026, 4, 8)),
    days_to_pay=st.integers(0, 60),
    deeds=st.lists(deeds, max_size=4),
)
days = st.dates(date(2026, 1, 20), date(2026, 4, 20))


def made(client, works, bills):
    """The rows of an example, written as the product writes them where it has rules for it."""
    people = [StaffFactory(first_name="Ana", last_name="One"), StaffFactory(first_name="Ben", last_name="Two")]
    projects = [ProjectFactory(client=client, currency_code=code) for code in CURRENCIES]
    projects.append(ProjectFactory(client=client, currency_code="EUR", status="archived"))
    tasks = [TaskFactory(project=project) for project in projects]
    TimeEntry.objects.bulk_create(
        TimeEntry(
            client=client,
            project=projects[work.project],
            task=tasks[work.project] if work.has_task else None,
            user=people[work.person],
            start_time=work.start,
            end_time=work.start + timedelta(seconds=work.seconds),
            duration_seconds=work.seconds,
            billable=work.billable,
            amount=work.amount if work.billable else None,
        )
        for work in works
    )
    for bill in bills:
        draft = draft_invoice(client, str(bill.units * unit_of(bill.currency)), currency_code=bill.currency)
        if not bill.deeds:
            continue
        draft.issue_date, draft.due_date = bill.issued, bill.issued + timedelta(days=bill.days_to_pay)
        draft.save()
        invoice = invoicing.send(draft, by=None, now=NOW, today=NOW.date())
        for deed, units in bill.deeds:
            try:
                with transaction.atomic():
                    happen(invoice, deed, units * unit_of(bill.currency), bill.issued + timedelta(days=units % 90))
            except Refused:
                # There is nothing left to credit, or what is paid cannot be cancelled.
                pass
    return projects


def happen(invoice, deed, amount, day):
    invoice = Invoice.objects.get(pk=invoice.pk)
    pay = {"by": None, "now": NOW, "paid_on": day}
    if deed == "pay":
        payments.record(invoice, amount=amount, **pay)
    elif deed == "pay_all" and invoice.outstanding > 0:
        payments.record(invoice, amount=invoice.outstanding, **pay)
    elif deed == "pend":
        payments.record(invoice, amount=amount, pending=True, **pay)
    elif deed == "reverse" and (last := invoice.payments.order_by("pk").last()):
        payments.reverse(last, paid_on=day, now=NOW)
    elif deed == "credit":
        payments.credit(invoice, amount=amount, reason="Late", by=None, now=NOW, today=day)
    elif deed == "cancel":
        invoicing.cancel(invoice, by=None, now=NOW)


def unit_of(currency):
    return {"EUR": Decimal("0.01"), "JPY": Decimal(1), "KWD": Decimal("0.001")}[currency]


class ByHand:
    """Figures added up row by row in Python, from what the database holds."""

    def __init__(self, client):
        self.zone = ZoneInfo(client.timezone)
        self.today = NOW.astimezone(self.zone).date()
        entries, invoices = client.time_entries.select_related("project"), client.invoices.all()
        self.entries = [row for row in entries if row.project.status != "archived"]
        self.invoices = [row for row in invoices if row.status != "draft"]
        self.paid, self.credited = defaultdict(Decimal), defaultdict(Decimal)
        self.payments = [row for row in client.payments.select_related("invoice") if row.status == "completed"]
        for row in self.payments:
            self.paid[row.invoice_id] += row.amount
        for row in client.credit_notes.all():
            self.credited[row.invoice_id] += row.amount

    def day(self, entry):
        return entry.start_time.astimezone(self.zone).date()

    def between(self, first, last):
        return [entry for entry in self.entries if first <= self.day(entry) <= last]

    def left(self, invoice):
        return invoice.total_amount - self.paid[invoice.pk] - self.credited[invoice.pk]

    def owed(self, invoice):
        """What is to pay of it: nothing of a cancelled one, or of one that is paid with too much."""
        return max(self.left(invoice), NONE) if invoice.status == "sent" else NONE

    def is_late(self, invoice):
        return self.owed(invoice) > 0 and invoice.due_date < self.today

    def sums(self):
        """The Sums of a list of all invoices, a currency each."""
        found = []
        for code in sorted({row.currency_code for row in self.invoices if row.status == "sent"}):
            rows = [row for row in self.invoices if row.currency_code == code and row.status == "sent"]
            total, owed = sum(row.total_amount for row in rows), sum(map(self.owed, rows))
            found.append(Sums(code, len(rows), total, owed, sum(self.owed(row) for row in rows if self.is_late(row))))
        return found

    def billed(self, first, last):
        """`{currency: (invoiced, paid, outstanding, overdue)}` of a range of days."""
        found = defaultdict(lambda: [NONE] * 4)
        for row in self.invoices:
            if row.status == "sent" and first <= row.issue_date <= last:
                figures = row.total_amount, NONE, self.owed(row), self.owed(row) if self.is_late(row) else NONE
                found[row.currency_code] = [a + b for a, b in zip(found[row.currency_code], figures, strict=True)]
        for row in self.payments:
            if first <= row.paid_on <= last:
                found[row.invoice.currency_code][1] += row.amount
        return {code: tuple(figures) for code, figures in found.items()}


def seconds_of(entries):
    return sum(entry.duration_seconds for entry in entries)


def amounts_of(entries):
    """`{currency: sum}` of those that have an amount."""
    sums = defaultdict(Decimal)
    for entry in entries:
        if entry.amount is not None:
            sums[entry.project.currency_code] += entry.amount
    return dict(sums)


def csv_rows(browser, address):
    response = browser.get(f"/client-portal/{address}")
    assert response.status_code == 200, response.get("Location")
    return list(csv.DictReader(StringIO(b"".join(response).decode("utf-8-sig"), newline="")))


def sheets(browser, address):
    """`{sheet: [dict of a row]}`."""
    response = browser.get(f"/client-portal/{address}")
    assert response.status_code == 200, response.get("Location")
    found = {}
    for sheet in load_workbook(BytesIO(b"".join(response))):
        head, *rows = sheet.iter_rows(values_only=True)
        found[sheet.title] = [dict(zip(head, row, strict=True)) for row in rows]
    return found


def column(rows, name):
    """The sum of a column, of the figures as they are written."""
    return sum((Decimal(str(row[name])) for row in rows if row[name] not in (None, "")), NONE)


def column_by_currency(rows, name):
    sums = defaultdict(Decimal)
    for row in rows:
        if row[name] not in (None, ""):
            sums[row["Currency"]] += Decimal(str(row[name]))
    return dict(sums)


def check_time(browser, hand):
    """Time of all history: dashboard, projects, list and its files."""
    everything, amounts = seconds_of(hand.entries), amounts_of(hand.entries)
    page = browser.get("/client-portal").context
    stats = {widget.id: data for widget, data in page["widgets"]}
    month = [entry for entry in hand.entries if hand.day(entry) >= hand.today.replace(day=1)]
    assert stats["stats"]["seconds"] == everything
    assert stats["stats"]["month_seconds"] == seconds_of(month)
    assert [Sums(*sums) for sums in stats["stats"]["invoices"]] == hand.sums()
    monday = hand.today - timedelta(days=hand.today.weekday())
    weeks = [entry for entry in hand.entries if hand.day(entry) >= monday - timedelta(weeks=7)]
    assert sum(seconds for _monday, seconds in stats["hours_chart"]["weeks"]) == seconds_of(weeks)

    page = browser.get("/client-portal/projects").context
    assert page["time"][:2] == (len(hand.entries), everything)
    for row in page["rows"]:
        own = [entry for entry in hand.entries if entry.project_id == row.project.pk]
        assert (row.seconds, row.amount) == (seconds_of(own), sum((entry.amount or NONE for entry in own), NONE))
        assert row.billable_seconds == seconds_of(entry for entry in own if entry.billable)

    page = browser.get("/client-portal/time-entries").context
    assert page["total"][:2] == (len(hand.entries), everything)
    assert dict(page["amounts"]) == amounts
    files = [
        csv_rows(browser, "time-entries/export"),
        sheets(browser, "time-entries/export?format=xlsx")["Time entries"],
    ]
    for rows in files:
        assert (len(rows), column(rows, "Seconds")) == (len(hand.entries), everything)
        assert column_by_currency(rows, "Amount") == amounts


def check_range(browser, hand, first, last, group):
    """Time and money of a range of days: list, report and its files."""
    entries = hand.between(first, last)
    days = f"date_from={first}&date_to={last}"
    page = browser.get(f"/client-portal/time-entries?{days}").context
    assert page["total"][:2] == (len(entries), seconds_of(entries))
    assert column(csv_rows(browser, f"time-entries/export?{days}"), "Seconds") == seconds_of(entries)

    view = f"{days}&group={'' if group == 'day' else group}"
    page = browser.get(f"/client-portal/reports?{view}").context
    work = page["work"]
    billable = seconds_of(entry for entry in entries if entry.billable)
    assert (work.count, work.seconds, work.billable_seconds) == (len(entries), seconds_of(entries), billable)
    assert {code: now for code, now, _before in work.amounts if now} == {
        code: amount for code, amount in amounts_of(entries).items() if amount
    }
    before = page["before"]
    assert work.seconds_before == seconds_of(hand.between(before.first, before.last))
    for rows in (page["group"].rows, page["projects"]):
        assert sum(row["seconds"] for row in rows) == seconds_of(entries)
    billed = hand.billed(first, last)
    assert {
        row.currency_code: (row.invoiced, row.paid, row.outstanding, row.overdue)
        for row in page["billed"]
        if row.currency_code in billed
    } == billed
    assert not any(any(row[1:5]) for row in page["billed"] if row.currency_code not in billed)

    book = sheets(browser, f"reports/export?{view}&format=xlsx")
    for rows in (book["Hours"], csv_rows(browser, f"reports/export?{view}&block=time")):
        assert (column(rows, "Seconds"), column(rows, "Billable seconds")) == (seconds_of(entries), billable)
    for rows in (book["Invoices and payments"], csv_rows(browser, f"reports/export?{view}&block=money")):
        for place, name in enumerate(["Invoiced", "Paid", "Outstanding", "Overdue"]):
            said = {code: amount for code, amount in column_by_currency(rows, name).items() if amount}
            assert said == {code: figures[place] for code, figures in billed.items() if figures[place]}
    if group == "day":
        by_day = defaultdict(int)
        for entry in entries:
            by_day[hand.day(entry)] += entry.duration_seconds
        assert {row["Day"].date(): row["Seconds"] for row in book["Hours"]} == by_day


def check_invoices(browser, hand):
    """Every tab of the invoices and its files."""
    tabs = {
        "all": hand.invoices,
        "paid": [row for row in hand.invoices if row.status == "sent" and not hand.owed(row)],
        "unpaid": [row for row in hand.invoices if hand.owed(row)],
        "overdue": [row for row in hand.invoices if hand.is_late(row)],
    }
    page = browser.get("/client-portal/invoices").context
    assert [Sums(*sums) for sums in page["sums"]] == hand.sums()
    assert {address.removeprefix("status="): count for address, _title, count, _here in page["tabs"]} == {
        name: len(rows) for name, rows in tabs.items()
    }
    for name, rows in tabs.items():
        owed = defaultdict(Decimal)
        for row in rows:
            owed[row.currency_code] += hand.owed(row)
        for written in (
            csv_rows(browser, f"invoices/export?status={name}"),
            sheets(browser, f"invoices/export?status={name}&format=xlsx")["Invoices"],
        ):
            assert {row["Number"] for row in written} == {row.invoice_number for row in rows}
            assert column_by_currency(written, "Outstanding") == owed
        shown = browser.get(f"/client-portal/invoices?status={name}").context["sums"]
        assert {sums.currency_code: sums.outstanding for sums in shown if sums.outstanding} == {
            code: amount for code, amount in owed.items() if amount
        }


def check_statement(browser, hand):
    """The statement over everything owes what the list of invoices does, and as late."""
    page = browser.get("/client-portal/statement?date_from=2025-01-01&date_to=2026-12-31").context
    said = {account.currency_code: account.ageing for account in page["statement"].accounts}
    for sums in hand.sums():
        ageing = said.get(sums.currency_code)
        assert (sums.outstanding, sums.overdue) == ((ageing.owed, ageing.late) if ageing else (NONE, NONE))


@pytest.mark.django_db
# An example is forty pages and files: those are small enough to read without being made smaller.
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(
    zone=st.sampled_from(ZONES),
    works=st.lists(works, max_size=10),
    bills=st.lists(bills, max_size=6),
    ends=st.tuples(days, days).map(sorted),
    group=st.sampled_from(GROUPS),
)
def test_dashboard_lists_reports_statements_and_files_agree_with_a_plain_sum(zone, works, bills, ends, group):
    with time_machine.travel(NOW, tick=False), transaction.atomic():
        client = ClientFactory(
            locale="en-GB", timezone=zone, currency_code="EUR", show_rates=True, show_staff_names=True
        )
        person = PortalUserFactory(client=client)
        layouts.save(Viewer.of(person), widget_ids=[*WIDGETS])
        made(client, works, bills)
        # What others have is in no sum.
        made(ClientFactory(currency_code="EUR"), works[:2], bills[:2])
        hand = ByHand(client)
        browser = signed_in(person)
        check_time(browser, hand)
        check_range(browser, hand, *ends, group)
        check_invoices(browser, hand)
        check_statement(browser, hand)
        transaction.set_rollback(True)

"""What the database itself refuses: rows filed under another client, and every way around the domain functions."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.tests.factories import ClientFactory
from billing import payments, projects, tracking
from billing.guards import GUARDS
from billing.models import Comment, Invoice, InvoiceItem, Payment, Project, Quote, Task, TimeEntry
from billing.tests.factories import (
    NOW,
    TODAY,
    CommentFactory,
    ProjectFactory,
    TaskFactory,
    TimeEntryFactory,
    draft_invoice,
    sent_invoice,
    sent_quote,
)


def refused(change):
    """Whether the database refuses `change`, at once or at the commit."""
    try:
        with transaction.atomic():
            change()
            connection.check_constraints()
    except DatabaseError:
        return True
    return False


def move(row, **changes):
    return lambda: type(row).objects.filter(pk=row.pk).update(**changes)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "make",
    [
        TaskFactory,
        TimeEntryFactory,
        CommentFactory,
        lambda: sent_invoice(ClientFactory()),
        lambda: draft_invoice(ClientFactory()),
    ],
)
def test_a_row_cannot_be_filed_under_another_client(make):
    row = make()
    assert refused(move(row, client=ClientFactory()))
    assert not refused(move(row, client=row.client))


@pytest.mark.django_db
@pytest.mark.parametrize("make", [TaskFactory, TimeEntryFactory, CommentFactory])
def test_a_row_cannot_be_moved_to_another_clients_project(make):
    row = make()
    assert refused(move(row, project=ProjectFactory()))
    assert not refused(move(row, project=ProjectFactory(client=row.client)))


@pytest.mark.django_db
@pytest.mark.parametrize(
    "row",
    [
        lambda project, client: Task(project=project, client=client, name="x"),
        lambda project, client: TimeEntry(
            project=project,
            client=client,
            user=TimeEntryFactory().user,
            start_time=NOW,
            end_time=NOW,
            duration_seconds=0,
        ),
        lambda project, client: Comment(
            project=project, client=client, author=CommentFactory().author, content="x", is_internal=False
        ),
        lambda project, client: Invoice(project=project, client=client, currency_code="EUR"),
        lambda project, client: Quote(project=project, client=client, currency_code="EUR", title="x"),
    ],
)
def test_rows_made_in_bulk_lie_under_their_projects_client(row):
    project = ProjectFactory()
    wrong, right = row(project, ClientFactory()), row(project, project.client)
    assert refused(lambda: type(wrong).objects.bulk_create([wrong]))
    assert not refused(lambda: type(right).objects.bulk_create([right]))


@pytest.mark.django_db
def test_a_line_cannot_be_filed_under_another_client():
    line = draft_invoice(ClientFactory()).items.get()
    assert refused(move(line, client=ClientFactory()))
    assert not refused(move(line, client=line.client))
    assert refused(move(sent_quote(ClientFactory()).items.get(), client=ClientFactory()))


@pytest.mark.django_db
def test_money_lies_under_its_invoices_client():
    invoice, other = sent_invoice(ClientFactory()), ClientFactory()
    row = {"invoice": invoice, "amount": 1}
    assert refused(lambda: Payment.objects.bulk_create([Payment(client=other, paid_on=TODAY, **row)]))
    assert refused(
        lambda: invoice.credit_notes.model.objects.create(
            client=other, issue_date=TODAY, credit_number="CN-1", reason="x", **row
        )
    )
    draft = draft_invoice(ClientFactory())
    assert refused(
        lambda: InvoiceItem.objects.bulk_create(
            [InvoiceItem(client=other, invoice=draft, description="x", unit_price=1, amount=1)]
        )
    )


@pytest.mark.django_db
def test_a_project_with_rows_cannot_change_its_client_and_an_empty_one_can():
    other = ClientFactory()
    for row in [TaskFactory(), TimeEntryFactory(), CommentFactory()]:
        assert refused(move(row.project, client=other))
    assert not refused(move(ProjectFactory(), client=other))


@pytest.mark.django_db
@pytest.mark.parametrize("make", [TimeEntryFactory, CommentFactory])
def test_a_row_lies_under_a_task_of_its_own_project(make):
    row = make()
    assert refused(move(row, task=TaskFactory(project=ProjectFactory(client=row.client))))
    task = TaskFactory(project=row.project)
    assert not refused(move(row, task=task))
    assert refused(move(task, project=ProjectFactory(client=row.client)))


@pytest.mark.django_db
def test_the_domain_functions_live_with_the_guards():
    client = ClientFactory()
    here, there = ProjectFactory(client=client), ProjectFactory()
    entry = TimeEntryFactory(project=here, task=TaskFactory(project=here))
    assert not refused(lambda: tracking.correct(entry, by=None, now=NOW, project=there, task=None))
    assert not refused(lambda: projects.change_status(here, "archived", by=None, now=NOW))
    invoice = sent_invoice(client, project=ProjectFactory(client=client))
    assert not refused(lambda: payments.record(invoice, amount=invoice.total_amount, paid_on=TODAY, by=None, now=NOW))


@pytest.mark.django_db
@pytest.mark.parametrize(
    "changes",
    [
        {"end_time": NOW - timedelta(seconds=1)},
        {"end_time": None},
        {"duration_seconds": None},
        {"billable": False, "amount": 1},
    ],
)
def test_an_impossible_time_entry_is_refused(changes):
    assert refused(move(TimeEntryFactory(), **changes))


@pytest.mark.django_db
@pytest.mark.parametrize(
    "changes",
    [
        {"status": "lost"},
        {"status": "sent"},
        {"invoice_number": "INV-1"},
        {"total_amount": -1},
        {"tax_rate": -1},
        {"issue_date": TODAY, "due_date": TODAY - timedelta(days=1)},
        {"cancelled_at": NOW},
    ],
)
def test_an_impossible_invoice_is_refused(changes):
    assert refused(move(draft_invoice(ClientFactory()), **changes))


@pytest.mark.django_db
@pytest.mark.parametrize(
    "changes",
    [{"status": "lost"}, {"estimated_hours": 0}, {"budget_amount": 0}, {"hourly_rate": -1}],
)
def test_an_impossible_project_is_refused(changes):
    project = ProjectFactory()
    assert refused(move(project, **changes))
    assert Project.objects.get() == project


def test_each_guard_has_a_name_of_its_own():
    names = [guard.name for guard in GUARDS]
    assert len(set(names)) == len(names)
    # PostgreSQL cuts longer names, and two cut names may be one.
    assert max(map(len, names)) < 63


@pytest.mark.django_db
def test_replacing_a_sent_invoice_on_sqlite_meets_the_guards():
    invoice = sent_invoice(ClientFactory())
    if connection.vendor == "sqlite":
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("INSERT OR REPLACE INTO invoices SELECT * FROM invoices WHERE id = %s", [invoice.pk])
    assert Invoice.objects.get().total_amount == 100

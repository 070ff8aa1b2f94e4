"""A page reads as many rows as it shows, whatever lies in the past and however much others have."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection

from accounts.tests.factories import ClientFactory, PortalUserFactory, StaffFactory
from billing.models import Invoice, Payment, Project, Task
from billing.tests.factories import NOW, TODAY
from portal import layouts
from portal.scope import Viewer
from portal.tests.browsers import signed_in
from portal.tests.rows_read import rows_read
from portal.widgets import WIDGETS

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql]

PAGES = [
    "",
    "/projects",
    "/projects/{project}",
    "/invoices",
    "/invoices?status=paid",
    "/invoices?status=unpaid",
    "/invoices?status=overdue",
    "/statement",
    "/statement?date_from=2026-02-01&date_to=2026-02-28",
    "/time-entries",
    "/time-entries?sort=oldest",
    "/time-entries?project_id={project}",
    "/time-entries?date_from=2026-02-20&date_to=2026-03-10",
]
# More than any page shows: 50 rows and what they point to, 20 projects' totals, a month's entries once, and those of
# the four weeks that the pace is told from twice.
PAGE_BOUND = 4000


@pytest.fixture(autouse=True)
def on_the_day():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture(autouse=True)
def new_tables(db):
    """Tables and indexes of no more pages than the test fills: dead rows of other tests weigh in the plans, too."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE clients, users CASCADE")


@pytest.fixture
def staff():
    return StaffFactory()


def work(client, staff, *, recent, past):
    """20 projects with `recent` entries of the last ten weeks and `past` ones of the ten years before."""
    projects = Project.objects.bulk_create(
        Project(client=client, name=f"Project {n:02}", currency_code="EUR", budget_amount=9000) for n in range(20)
    )
    Task.objects.bulk_create(Task(client=client, project=project, name="Design") for project in projects)
    first = projects[0].pk
    for count, newest, days in ((recent, NOW, 70), (past, NOW - timedelta(days=70), 3650)):
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO time_entries (client_id, project_id, user_id, start_time, end_time, duration_seconds, "
                "has_times, billable, hourly_rate, amount, notes, tags, created_at) "
                "SELECT %s, %s + n %% 20, %s, t, t + interval '1 hour', 3600, true, true, 90, 90, 'Work', '', t "
                "FROM (SELECT n, %s - interval '2 hours' - n * %s * interval '1 day' / %s AS t "
                "FROM generate_series(1, %s) AS n) AS starts",
                [client.pk, first, staff.pk, newest, days, count, count],
            )
    return first


def bills(client, *, unpaid, paid):
    """Open invoices, half of them overdue, and older ones that were paid when they were due."""
    due = [TODAY + timedelta(days=10 if n % 2 else -10) for n in range(unpaid)]
    days = [*due, *(TODAY - timedelta(days=30 + n) for n in range(paid))]
    invoices = Invoice.objects.bulk_create(
        Invoice(
            client=client,
            currency_code="EUR",
            subtotal=100,
            total_amount=100,
            issue_date=day - timedelta(days=20),
            due_date=day,
            status="sent",
            sent_at=NOW,
            invoice_number=f"{client.pk}-{n}",
        )
        for n, day in enumerate(days)
    )
    Payment.objects.bulk_create(
        Payment(client=client, invoice=invoice, amount=Decimal(100), paid_on=invoice.due_date)
        for invoice in invoices[unpaid:]
    )


def furnished(staff, *, past, paid):
    """A browser of a new client's person, whose dashboard shows every widget, and the id of a project."""
    client = ClientFactory(show_rates=True)
    project = work(client, staff, recent=700, past=past)
    bills(client, unpaid=120, paid=paid)
    person = PortalUserFactory(client=client)
    layouts.save(Viewer.of(person), widget_ids=[*WIDGETS])
    return signed_in(person), project


def cost(browser, project, page):
    with rows_read() as read:
        assert browser.get("/client-portal" + page.format(project=project)).status_code == 200
    return read


def analyse():
    """Plan as for tables of many pages: those of a test are so small that reading them whole seems cheapest."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        cursor.execute("SET LOCAL enable_seqscan = off")


@pytest.mark.timeout(300)
def test_history_is_not_read(staff):
    small, whale = furnished(staff, past=20, paid=60), furnished(staff, past=49_300, paid=880)
    analyse()
    for page in PAGES:
        few, many = cost(*small, page), cost(*whale, page)
        told = "\n".join(f"{rows:>7} {sql[-900:]}" for sql, rows in many.items() if rows > few.get(sql, 0))
        assert sum(many.values()) <= 1.5 * sum(few.values()), f"{page}\n{told}"
        assert sum(many.values()) <= PAGE_BOUND, f"{page}\n{told}"


def test_a_small_clients_page_reads_nothing_of_others(staff):
    """Statistics of a bigger table may choose another plan over the client's own rows, but none reads beyond them."""
    small = furnished(staff, past=20, paid=60)
    furnished(staff, past=30_000, paid=800)
    analyse()
    for page in PAGES:
        assert sum(cost(*small, page).values()) <= PAGE_BOUND, page

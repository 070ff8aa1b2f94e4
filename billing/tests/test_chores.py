"""What waits for staff on their first page: counted over everything, shown to who may see it, in a fixed cost."""

from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import trail
from accounts.models import Client, QueuedTask, User
from accounts.tests.factories import ClientFactory, CompanyLoginFactory, PortalUserFactory, StaffFactory, UserFactory
from billing import chores, invoicing
from billing.models import Invoice, Project, TimeApproval, TimeEntry
from billing.tests.factories import (
    NOW,
    TODAY,
    ProjectFactory,
    TimeEntryFactory,
    draft_invoice,
    requested_approval,
    sent_invoice,
)

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("Europe/Berlin")
INDEX = "/admin/"


@pytest.fixture
def staff(client):
    person = StaffFactory()
    client.force_login(person)
    return person


def unbilled():
    everything = {"entries": TimeEntry.objects.all(), "invoices": Invoice.objects.all()}
    return chores.unbilled(Project.objects.all(), zone=ZONE, **everything)


def blocks_of(client):
    """`{title: Block}` of the first page."""
    return {str(block.title): block for block in client.get(INDEX).context["blocks"]}


def queries_of(client):
    with CaptureQueriesContext(connection) as queries:
        assert client.get(INDEX).status_code == 200
    return len(queries)


def midnight_after(day):
    return chores._day_after(day, ZONE)


def test_time_from_the_day_after_the_last_invoice_on_is_unbilled():
    company = ClientFactory()
    project = ProjectFactory(client=company)
    sent_invoice(company)
    edge = midnight_after(TODAY)
    for start, seconds in ((edge - timedelta(seconds=1), 60), (edge, 7200)):
        TimeEntryFactory(project=project, start_time=start, duration_seconds=seconds, amount=Decimal(seconds) / 60)
    (row,) = unbilled()
    assert (row.client_id, row.currency_code, row.seconds, row.amount) == (company.pk, "EUR", 7200, 120)
    assert (row.invoiced_on, row.since(ZONE)) == (TODAY, edge)


def test_of_a_client_without_an_invoice_all_billable_time_is_unbilled():
    project = ProjectFactory()
    TimeEntryFactory(project=project, duration_seconds=3600)
    TimeEntryFactory(project=project, duration_seconds=60, billable=False, amount=None)
    draft_invoice(project.client)
    (row,) = unbilled()
    assert (row.seconds, row.invoiced_on) == (3600, None)


def test_a_cancelled_invoice_bills_nothing():
    project = ProjectFactory()
    TimeEntryFactory(project=project, start_time=NOW - timedelta(days=2), duration_seconds=3600)
    invoice = sent_invoice(project.client)
    assert unbilled() == []
    invoicing.cancel(invoice, by=None, now=NOW)
    assert [row.seconds for row in unbilled()] == [3600]


def test_unbilled_money_is_added_up_by_currency_and_most_time_comes_first():
    company = ClientFactory()
    for currency, seconds in (("EUR", 60), ("USD", 120), ("EUR", 30)):
        project = ProjectFactory(client=company, currency_code=currency)
        TimeEntryFactory(project=project, duration_seconds=seconds, amount=Decimal(seconds))
    assert [(row.currency_code, row.seconds, row.amount) for row in unbilled()] == [("USD", 120, 120), ("EUR", 90, 90)]


@pytest.mark.parametrize(("seconds", "tight"), [(2879, False), (2880, True), (3600, True)])
def test_an_estimate_runs_out_from_four_fifths_on(seconds, tight):
    project = ProjectFactory(estimated_hours=Decimal(1))
    TimeEntryFactory(project=project, duration_seconds=seconds)
    assert Project.objects.running_out().exists() is tight


@pytest.mark.parametrize(("amount", "tight"), [("79.99", False), ("80.00", True), ("120.00", True)])
def test_a_budget_runs_out_from_four_fifths_on(amount, tight):
    project = ProjectFactory(budget_amount=Decimal(100), estimated_hours=Decimal(500))
    TimeEntryFactory(project=project, amount=Decimal(amount))
    assert Project.objects.running_out().exists() is tight


def test_a_finished_project_or_one_without_a_limit_does_not_run_out():
    for project in (ProjectFactory(estimated_hours=Decimal(1), status="completed"), ProjectFactory()):
        TimeEntryFactory(project=project, duration_seconds=36000)
    assert not Project.objects.running_out().exists()


def test_a_rejection_is_left_until_the_client_is_asked_again():
    project = ProjectFactory()
    row = requested_approval(project)
    TimeApproval.objects.filter(pk=row.pk).update(status="rejected", reason="No", answered_at=NOW + timedelta(days=1))
    assert list(TimeApproval.objects.left_rejected()) == [row]
    asked = {"period_start": TODAY, "period_end": TODAY, "requested_by": row.requested_by, "project": project}
    TimeApproval.objects.create(client=project.client, requested_at=NOW + timedelta(days=2), **asked)
    assert not TimeApproval.objects.left_rejected().exists()


def test_a_portal_is_never_used_while_it_is_on_and_nobody_signed_in():
    company, person = CompanyLoginFactory(), PortalUserFactory()
    ClientFactory()
    PortalUserFactory(is_active=False)
    CompanyLoginFactory(is_active=False)
    assert set(Client.objects.never_entered()) == {company, person.client}
    trail.record(trail.TrailKind.SIGN_IN_FAILED, account=person, now=NOW)
    assert set(Client.objects.never_entered()) == {company, person.client}
    for account in (company, person):
        trail.record(trail.TrailKind.SIGNED_IN, account=account, now=NOW)
    assert not Client.objects.never_entered().exists()


def one_of_each():
    company = CompanyLoginFactory()
    project = ProjectFactory(client=company, estimated_hours=Decimal(1))
    TimeEntryFactory(project=project, duration_seconds=7200)
    requested_approval(project)
    row = requested_approval(ProjectFactory(client=company))
    TimeApproval.objects.filter(pk=row.pk).update(status="rejected", reason="No", answered_at=NOW)
    draft_invoice(company)
    sent_invoice(company)
    QueuedTask.objects.create(task="a.b", status="FAILED", enqueued_at=NOW, run_after=NOW, finished_at=NOW)


def test_the_list_that_a_block_leads_to_has_what_it_counted(client, staff):
    for _n in range(7):
        one_of_each()
    for title, block in blocks_of(client).items():
        found = client.get(block.url)
        assert (title, found.status_code) == (title, 200)
        if title != "Not billed yet":
            assert (title, found.context["cl"].result_count) == (title, block.count)
        assert (title, {client.get(row.url).status_code for row in block.rows} <= {200}) == (title, True)
        assert len(block.rows) <= 5


def test_the_first_page_costs_the_same_for_one_of_each_and_for_many(client, staff):
    one_of_each()
    few = queries_of(client)
    for _n in range(8):
        one_of_each()
    assert queries_of(client) == few


def test_where_nothing_waits_the_page_says_so(client, staff):
    page = client.get(INDEX).content.decode()
    assert "Nothing is overdue." in page
    assert "Every mail and task went through." in page
    assert {block.count for block in blocks_of(client).values()} == {0}


def test_staff_are_shown_the_blocks_of_what_they_may_see(client):
    person = UserFactory(is_staff=True)
    client.force_login(person)
    assert blocks_of(client) == {}
    person.user_permissions.add(Permission.objects.get(codename="view_invoice"))
    client.force_login(User.objects.get(pk=person.pk))
    assert set(blocks_of(client)) == {"Overdue invoices", "Draft invoices"}


def test_the_page_of_one_app_has_no_agenda(client, staff):
    response = client.get(reverse("admin:app_list", args=["billing"]))
    assert response.status_code == 200
    assert 'class="agenda"' not in response.content.decode()


def test_names_on_the_agenda_are_text(client, staff):
    draft_invoice(ClientFactory(name="<b>Bold</b>"))
    page = client.get(INDEX).content.decode()
    assert "&lt;b&gt;Bold&lt;/b&gt;" in page
    assert "<b>Bold" not in page

"""Every page of the staff's admin opens, and costs the same few queries however many rows there are."""

from decimal import Decimal

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import invitations, trail
from accounts.models import Agency, Client, Event, Invitation, QueuedTask, TrailEntry, User
from accounts.tests.factories import CompanyLoginFactory, PortalUserFactory, StaffFactory
from billing import approvals, invoicing, payments, projects, quoting, tracking
from billing.models import Comment, CreditNote, Invoice, Payment, Project, Quote, Task, TimeApproval, TimeEntry
from billing.tests.factories import NOW, TODAY, draft_invoice, sent_invoice, sent_quote
from portal.models import DashboardPreference, EventRead, MailChoice

pytestmark = pytest.mark.django_db

MODELS = [
    Agency,
    Client,
    Comment,
    CreditNote,
    DashboardPreference,
    Event,
    EventRead,
    Group,
    Invitation,
    Invoice,
    MailChoice,
    Payment,
    Project,
    QueuedTask,
    Quote,
    Task,
    TimeApproval,
    TimeEntry,
    TrailEntry,
    User,
]
ONLY_READ = [DashboardPreference, Event, EventRead, Invitation, MailChoice, QueuedTask, TimeApproval, TrailEntry]


def one_of_each(number):
    """A client with a row in every table that staff see."""
    staff = StaffFactory()
    client = CompanyLoginFactory(email=f"office{number}@example.com")
    person = PortalUserFactory(client=client)
    invitations.invite(client, by=staff, now=NOW)
    project = projects.open_project(client, name="Website", by=staff, now=NOW, estimated_hours=Decimal(1))
    task = projects.add_task(project, name="Design", now=NOW)
    projects.comment(project, content="Hello", by=staff, now=NOW, is_internal=False, task=task)
    for user in (staff, person):
        tracking.log(project, user=user, task=task, start_time=NOW, duration_seconds=5400, by=staff, now=NOW)
    tracking.start_timer(project, user=staff, now=NOW)
    draft_invoice(client, project=project)
    invoice = sent_invoice(client)
    payment = payments.record(invoice, amount=Decimal(10), paid_on=TODAY, by=staff, now=NOW)
    payments.reverse(payment, paid_on=TODAY, now=NOW)
    payments.credit(invoice, amount=Decimal(5), reason="Late", by=staff, now=NOW, today=TODAY)
    quoting.draft(client, title="Draft", lines=[quoting.Line("Work", Decimal(1), Decimal(1))], now=NOW)
    sent_quote(client)
    DashboardPreference.objects.create(client=client, user=person)
    EventRead.objects.create(client=client, user=person, event=client.events.first(), read_at=NOW)
    MailChoice.objects.create(client=client, user=person, kind="invoice_sent", choice="daily")
    trail.record(trail.TrailKind.SIGNED_IN, account=person, by=person, now=NOW)
    approvals.ask(project, by=staff, now=NOW, period_start=TODAY, period_end=TODAY)


def address(model, page, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@pytest.fixture
def rows():
    Agency.objects.create(pk=1, name="Studio North")
    Group.objects.create(name="Bookkeepers")
    one_of_each(0)


@pytest.fixture
def superuser(client):
    client.force_login(StaffFactory())


@pytest.fixture
def onlooker(client):
    """Staff who may look at everything and change nothing."""
    person = StaffFactory(is_superuser=False)
    person.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client.force_login(person)


def test_every_table_that_staff_see_is_in_this_list():
    assert set(MODELS) == set(admin.site._registry)


@pytest.mark.parametrize("model", MODELS)
def test_the_list_opens(client, superuser, rows, model):
    assert client.get(address(model, "changelist")).status_code == 200


@pytest.mark.parametrize("model", MODELS)
def test_the_list_is_searched_with_any_words(client, superuser, rows, model):
    for words in ("website", "12", "%'\"“ ", "2026-03-10"):
        assert client.get(address(model, "changelist"), {"q": words}).status_code == 200


@pytest.mark.parametrize("model", [model for model in MODELS if model not in (Agency, Group)])
def test_every_filter_of_a_list_works(client, superuser, rows, model):
    page = client.get(address(model, "changelist"))
    specs = page.context["cl"].filter_specs
    queries = [choice["query_string"] for spec in specs for choice in spec.choices(page.context["cl"])]
    typed = [f"?{spec.lookup_kwarg}=1" for spec in specs if hasattr(spec, "without")]

    assert specs
    assert client.get(address(model, "changelist"), {"_facets": "True"}).status_code == 200
    assert {client.get(address(model, "changelist") + query).status_code for query in queries + typed} == {200}


@pytest.mark.parametrize("model", MODELS)
def test_every_row_has_a_page(client, superuser, rows, model):
    assert model.objects.exists()
    for row in model.objects.all():
        assert client.get(address(model, "change", row.pk)).status_code == 200


@pytest.mark.parametrize("model", MODELS)
def test_every_row_has_a_page_for_who_may_only_look(client, onlooker, rows, model):
    assert client.get(address(model, "changelist")).status_code == 200
    for row in model.objects.all():
        page = client.get(address(model, "change", row.pk))
        assert page.status_code == 200
        assert 'name="_save"' not in page.content.decode()


@pytest.mark.parametrize("model", MODELS)
def test_every_row_has_a_history(client, superuser, rows, model):
    assert client.get(address(model, "history", model.objects.first().pk)).status_code == 200


def test_a_client_with_work_is_protected_and_the_page_says_by_what(client, superuser, rows):
    company = Client.objects.get()

    page = client.post(address(Client, "delete", company.pk), {"post": "yes"})

    assert page.status_code == 200
    assert "would require deleting the following protected related objects" in page.content.decode()
    assert Client.objects.filter(pk=company.pk).exists()


@pytest.mark.parametrize("model", [model for model in MODELS if model not in ONLY_READ])
def test_a_row_can_be_added(client, superuser, model):
    assert client.get(address(model, "add")).status_code == 200


@pytest.mark.parametrize("model", MODELS)
def test_who_may_only_look_adds_changes_and_deletes_nothing(client, onlooker, rows, model):
    row = model.objects.first()

    assert client.post(address(model, "add"), {}).status_code == 403
    assert client.post(address(model, "change", row.pk), {}).status_code == 403
    assert client.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("model", MODELS)
def test_a_page_offers_no_list_of_rows(client, superuser, rows, model):
    """What may become thousands is found by typing: no select has the clients, projects or people in it."""
    pages = [address(model, "changelist"), address(model, "change", model.objects.first().pk)]
    if model not in ONLY_READ and model is not Agency:
        pages.append(address(model, "add"))
    for page in pages:
        widest = client.get(page).content.decode().split("admin-autocomplete")
        assert all(part.split("</select>")[0].count("<option") <= 2 for part in widest[1:])


def queries_of(client, url):
    """How many queries a page costs, once the process knows its content types."""
    client.get(url)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


@pytest.mark.parametrize("model", [model for model in MODELS if model not in (Agency, Group)])
def test_a_list_of_thirty_costs_as_many_queries_as_one_of_three(client, superuser, model):
    for number in range(3):
        one_of_each(number)
    few = queries_of(client, address(model, "changelist"))
    for number in range(3, 30):
        one_of_each(number)

    assert queries_of(client, address(model, "changelist")) == few


def test_a_project_page_costs_as_many_queries_with_many_tasks(client, superuser, rows):
    project = Project.objects.get()
    few = queries_of(client, address(Project, "change", project.pk))

    for number in range(20):
        projects.add_task(project, name=f"Task {number}", now=NOW)

    assert queries_of(client, address(Project, "change", project.pk)) == few


def test_an_invoice_page_costs_as_many_queries_with_many_payments(client, superuser, rows):
    invoice = Invoice.objects.sent().get()
    few = queries_of(client, address(Invoice, "change", invoice.pk))

    for _number in range(20):
        payments.record(invoice, amount=Decimal(1), paid_on=TODAY, by=None, now=NOW)

    assert queries_of(client, address(Invoice, "change", invoice.pk)) == few


def test_an_invoice_page_costs_as_many_queries_with_many_lines(client, superuser):
    company = CompanyLoginFactory()
    short, long = (
        invoicing.draft(company, lines=[invoicing.Line("Work", Decimal(1), Decimal(1))] * count, now=NOW)
        for count in (2, 20)
    )

    few = queries_of(client, address(Invoice, "change", short.pk))

    assert queries_of(client, address(Invoice, "change", long.pk)) == few


def test_a_client_page_costs_as_many_queries_with_many_portal_users(client, superuser, rows):
    company = Client.objects.get()
    few = queries_of(client, address(Client, "change", company.pk))

    PortalUserFactory.create_batch(20, client=company)

    assert queries_of(client, address(Client, "change", company.pk)) == few

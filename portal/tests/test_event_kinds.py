"""Each kind of event, from the deed that records it to the words that its client reads and the frame that it hears."""

from decimal import Decimal

import pytest

from accounts.models import Event, EventKind
from accounts.tests.factories import PortalUserFactory, StaffFactory
from billing import approvals, invoicing, payments, projects, tracking
from billing.models import TimeEntry
from billing.tests.factories import NOW, TODAY, ProjectFactory, draft_invoice, sent_invoice, sent_quote
from portal.tests.browsers import signed_in
from portal.tests.sockets import hear, in_thread, listening, on_a_loop
from portal.tests.test_pages import text
from portal.tests.test_socket import commits, on_the_tests_connection  # noqa: F401 (fixtures)

pytestmark = pytest.mark.django_db

# Nothing in the product shares documents apart from invoices and quotes yet; the kind has its words and waits.
UNUSED = {"document_shared"}


class World:
    """A client with a project, staff, and a browser of one of its people."""

    def __init__(self, client):
        self.client = client
        self.staff = StaffFactory(first_name="Ada", last_name="Lovelace")
        self.project = ProjectFactory(client=client, name="Relaunch")
        self.person = PortalUserFactory(client=client, date_joined=NOW)
        self.browser = signed_in(self.person)
        self.acting = {"by": self.staff, "now": NOW}

    def invoice(self):
        return sent_invoice(self.client)

    def request(self):
        entry = tracking.log(self.project, user=self.staff, start_time=NOW, duration_seconds=3600, **self.acting)
        return approvals.ask_for_entries(TimeEntry.objects.filter(pk=entry.pk), **self.acting)[0].approval

    def answer(self, deed, **reason):
        request = self.request()
        deed(request, by=self.person, now=NOW, version=request.version, for_client=True, **reason)


def half(invoice):
    return (invoice.total_amount / 2).quantize(Decimal("0.01"))


# What is done, what the client reads of it, and the page it leads to.
DEEDS = {
    "project_created": (
        lambda world: projects.open_project(world.client, name="Shop", **world.acting),
        "New project",
        "/client-portal/projects/",
    ),
    "project_status_changed": (
        lambda world: projects.change_status(world.project, "on_hold", **world.acting),
        "Project is now: On hold",
        "/client-portal/projects/",
    ),
    "project_completed": (
        lambda world: projects.change_status(world.project, "completed", **world.acting),
        "Project completed",
        "/client-portal/projects/",
    ),
    "time_logged": (
        lambda world: tracking.log(
            world.project, user=world.staff, start_time=NOW, duration_seconds=5400, **world.acting
        ),
        "1.50 hours logged",
        "/client-portal/time-entries?project_id=",
    ),
    "comment_added": (
        lambda world: projects.comment(world.project, content="Hello", is_internal=False, **world.acting),
        "New comment",
        "/client-portal/projects/",
    ),
    "invoice_sent": (
        lambda world: invoicing.send(draft_invoice(world.client), today=TODAY, **world.acting),
        "New invoice",
        "/client-portal/invoices/",
    ),
    "invoice_partially_paid": (
        lambda world: payments.record(invoice := world.invoice(), amount=half(invoice), paid_on=TODAY, **world.acting),
        "paid in part",
        "/client-portal/invoices/",
    ),
    "invoice_paid": (
        lambda world: payments.record(
            invoice := world.invoice(), amount=invoice.total_amount, paid_on=TODAY, **world.acting
        ),
        "is paid",
        "/client-portal/invoices/",
    ),
    "invoice_cancelled": (
        lambda world: invoicing.cancel(world.invoice(), **world.acting),
        "was cancelled",
        "/client-portal/invoices/",
    ),
    "quote_sent": (
        lambda world: sent_quote(world.client),
        "New quote",
        "/client-portal/quotes/",
    ),
    "approval_requested": (lambda world: world.request(), "Please approve hours", "/client-portal/approvals/"),
    "approval_approved": (
        lambda world: world.answer(approvals.approve),
        "Hours approved",
        "/client-portal/approvals/",
    ),
    "approval_rejected": (
        lambda world: world.answer(approvals.reject, reason="No"),
        "Hours rejected",
        "/client-portal/approvals/",
    ),
}


@pytest.fixture
def world(client_row):
    return World(client_row)


def test_every_kind_is_recorded_by_a_deed():
    assert set(DEEDS) | UNUSED == set(EventKind.values)


@pytest.mark.parametrize("kind", DEEDS)
def test_a_deed_is_recorded_once_as_its_kind(world, kind):
    DEEDS[kind][0](world)
    kinds = list(Event.objects.for_client(world.client).oldest_first().values_list("kind", flat=True))
    assert kinds.count(kind) == 1
    assert kinds[-1] == kind


@pytest.mark.parametrize("kind", DEEDS)
def test_a_deed_stands_in_the_activity_in_words_with_its_page(world, kind):
    deed, words, url = DEEDS[kind]
    deed(world)
    page = text(world.browser.get("/client-portal/activity"))
    assert words in page
    event = Event.objects.get(client=world.client, kind=kind)
    lead_to = {row["number"]: row["url"] for row in world.browser.get("/client-portal/activity").context["notices"]}
    assert lead_to[event.number].startswith(url)
    assert world.browser.get(lead_to[event.number]).status_code == 200


@pytest.mark.parametrize("kind", DEEDS)
@on_a_loop
async def test_a_deed_is_heard_by_the_client_after_the_commit(world, commits, kind):  # noqa: F811
    async with listening(world.browser) as (socket, _hello):
        await commits(lambda: DEEDS[kind][0](world))
        latest = await in_thread(lambda: Event.objects.for_client(world.client).count())()
        heard = [await hear(socket) for _n in range(latest)]
    assert [frame["id"] for frame in heard] == list(range(1, latest + 1))
    assert heard[-1]["kind"] == kind

"""Staff looking at the portal as a client: all that it sees, nothing to be done, and a line in the trail."""

import pytest

from accounts.models import Client, SignedInSession, TrailEntry, User
from accounts.tests.factories import ClientFactory, StaffFactory
from accounts.tests.forms import said
from billing.tests.factories import ProjectFactory, sent_invoice
from portal.models import EventRead, EventReadMark
from portal.tests.browsers import signed_in
from portal.tests.sockets import hear, in_thread, listening, on_a_loop, socket_of
from portal.tests.test_pages import text
from portal.tests.test_socket import commits, on_the_tests_connection, tell  # noqa: F401 (fixtures)

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(db):
    return StaffFactory(is_superuser=True)


@pytest.fixture
def looking(staff, client_row):
    """A browser of staff that looks at the client's portal."""
    browser = signed_in(staff)
    answer = browser.post(f"/admin/accounts/client/{client_row.pk}/look/")
    assert (answer.status_code, answer["Location"]) == (302, "/client-portal")
    return browser


def test_staff_see_what_the_client_sees_under_a_banner(looking, client_row):
    ProjectFactory(client=client_row, name="Relaunch")
    ProjectFactory(client=ClientFactory(), name="Somebody else's")
    page = text(looking.get("/client-portal/projects"))
    assert "You see the portal as <strong>Northwind</strong> does." in page
    assert "Relaunch" in page
    assert "Somebody else" not in page


def test_a_look_is_noted_in_the_trail(looking, client_row, staff):
    line = TrailEntry.objects.get(kind="viewed_as_client")
    assert (line.client_id, line.by_id) == (client_row.pk, staff.pk)


@pytest.mark.parametrize("path", ["notifications/1/read", "notifications/read", "devices/end-others", "password"])
def test_nothing_can_be_done_while_looking(looking, client_row, path):
    sent_invoice(client_row)
    answer = looking.post(f"/client-portal/{path}", {"up_to": "1"})
    assert answer.status_code == 403
    assert "Nothing can be changed from here" in text(answer)
    assert not EventRead.objects.exists()
    assert not EventReadMark.objects.exists()


def test_scripts_hear_as_json_that_nothing_can_be_done_while_looking(looking):
    layout = {"widget_ids": ["stats"]}
    answer = looking.post("/client-portal/dashboard/preferences", layout, content_type="application/json")
    assert answer.status_code == 403
    assert answer.json() == {"error": "You only look at this portal; nothing can be changed from here."}


@pytest.mark.parametrize("path", ["devices", "password"])
def test_pages_of_somebodys_own_account_are_not_shown(looking, path):
    assert looking.get(f"/client-portal/{path}").status_code == 403


def test_looking_leaves_nothing_that_the_client_could_notice(looking, client_row):
    sent_invoice(client_row)
    before = Client.objects.values().get(pk=client_row.pk)
    for path in ("", "/notifications", "/invoices", "/events?after=0"):
        assert looking.get(f"/client-portal{path}").status_code == 200
    assert Client.objects.values().get(pk=client_row.pk) == before
    assert not SignedInSession.objects.filter(client=client_row).exists()


def test_to_stop_leads_back_to_the_clients_page(looking, client_row):
    answer = looking.post("/client-portal/stop-looking")
    assert answer["Location"] == f"/admin/accounts/client/{client_row.pk}/change/"
    assert looking.get("/client-portal").status_code == 403
    assert looking.post("/client-portal/stop-looking")["Location"] == "/client-portal"


def test_an_inactive_client_is_not_looked_at(staff):
    client = ClientFactory(is_active=False)
    browser = signed_in(staff)
    answer = browser.post(f"/admin/accounts/client/{client.pk}/look/", follow=True)
    assert "nobody sees its portal" in " ".join(said(answer))
    assert browser.get("/client-portal").status_code == 403


def test_a_look_ends_with_the_client_or_the_right_to_it(looking, client_row, staff):
    Client.objects.filter(pk=client_row.pk).update(is_active=False)
    assert looking.get("/client-portal").status_code == 403
    Client.objects.filter(pk=client_row.pk).update(is_active=True)
    assert looking.get("/client-portal").status_code == 200
    User.objects.filter(pk=staff.pk).update(is_staff=False, is_superuser=False)
    assert looking.get("/client-portal").status_code in {302, 403}


def test_staff_without_the_right_to_see_clients_cannot_look(client_row):
    browser = signed_in(StaffFactory(is_superuser=False))
    assert browser.post(f"/admin/accounts/client/{client_row.pk}/look/").status_code == 403
    session = browser.session
    session["looks_at_client"] = client_row.pk
    session.save()
    assert browser.get("/client-portal").status_code == 403


def test_a_clients_own_person_cannot_look_at_another(viewer):
    other = ClientFactory()
    session = viewer.session
    session["looks_at_client"] = other.pk
    session.save()
    assert other.name not in text(viewer.get("/client-portal"))
    assert viewer.post(f"/admin/accounts/client/{other.pk}/look/").status_code in {302, 403}


@on_a_loop
async def test_an_open_page_of_staff_hears_what_the_client_hears(looking, client_row, commits):  # noqa: F811
    async with listening(looking) as (socket, _hello):
        await commits(lambda: tell(client_row, seconds=1))
        assert (await hear(socket))["id"] == 1


@on_a_loop
async def test_staff_who_stopped_looking_have_no_socket(looking):
    await in_thread(looking.post)("/client-portal/stop-looking")
    connected, _code = await socket_of(looking).connect(timeout=5)
    assert not connected

"""Access that ends closes the sockets of both processes within a second, whichever way it ends."""

import asyncio
from types import SimpleNamespace

import pytest
from django.db import connection
from django.urls import reverse
from websockets.exceptions import InvalidStatus

from accounts.models import Client, User
from accounts.tests.factories import PortalUserFactory, StaffFactory
from accounts.tests.forms import sent_by
from portal.tests.browsers import signed_in
from portal.tests.delivery.pages import Page, cookie_of, opened, socket_of
from portal.tests.processes import wait_until


def by_the_admins_form(user, staff):
    address = reverse("admin:accounts_user_change", args=[user.pk])
    sent = sent_by(SimpleNamespace(content=staff.get(address)), "user_form")
    del sent["client_portal_enabled"]
    staff.post(address, sent)


def by_an_action(user, staff):
    staff.post(reverse("admin:accounts_user_changelist"), {"action": "sign_out", "_selected_action": [user.pk]})


def by_the_clients_form(user, staff):
    address = reverse("admin:accounts_client_change", args=[user.client_id])
    sent = sent_by(SimpleNamespace(content=staff.get(address)), "client_form")
    del sent["is_active"]
    staff.post(address, sent)


def by_update(user, staff):
    User.objects.filter(pk=user.pk).update(client_portal_enabled=False)


def by_raw_sql(user, staff):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE clients SET is_active = FALSE WHERE id = %s", [user.client_id])


WAYS = [by_the_admins_form, by_an_action, by_the_clients_form, by_update, by_raw_sql]


@pytest.fixture
def user():
    return PortalUserFactory()


@pytest.fixture
def staff(sites):
    return Page(sites[1], signed_in(StaffFactory()))


def pages_of(user, sites):
    return [Page(site, signed_in(user)) for site in sites]


@pytest.mark.parametrize("end", WAYS)
def test_access_that_ends_closes_sockets_on_both_processes(sites, user, staff, end):
    colleagues = pages_of(PortalUserFactory(), sites)
    pages = pages_of(user, sites)
    with opened(*pages, *colleagues):
        end(user, staff)
        wait_until(lambda: [page.closed_with for page in pages] == [4403, 4403], 1)
        assert [page.closed_with for page in colleagues] == [None, None]


def test_signing_out_closes_that_sessions_sockets_on_both_processes(sites, user):
    browser = signed_in(user)
    pages = [Page(site, browser) for site in sites]
    (elsewhere,) = pages_of(user, sites[:1])
    with opened(*pages, elsewhere):
        pages[0].post("/client-portal/logout", {})
        wait_until(lambda: [page.closed_with for page in pages] == [4401, 4401], 1)
        assert elsewhere.closed_with is None


def test_who_was_shut_out_is_refused_at_the_handshake(sites, user):
    browser = signed_in(user)
    Client.objects.filter(pk=user.client_id).update(is_active=False)
    assert refusal(sites[0], cookie_of(browser)) == 403


def refusal(site, cookie, **options):
    """The HTTP status that a handshake is refused with; None where it is not."""

    async def knock():
        async with socket_of(site, cookie, **options):
            pass

    try:
        asyncio.run(knock())
    except InvalidStatus as refused:
        return refused.response.status_code
    return None

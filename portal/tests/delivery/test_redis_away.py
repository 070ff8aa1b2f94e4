"""Redis idle, frozen, gone: what was sent is sent, pages load, and sockets hear again afterwards."""

from time import monotonic, sleep

import pytest
from django.urls import reverse

from accounts.models import User
from accounts.tests.factories import PortalUserFactory, StaffFactory
from billing.models import Invoice
from billing.tests.factories import ProjectFactory, draft_invoice
from portal.tests.browsers import signed_in
from portal.tests.delivery.pages import Page, opened
from portal.tests.delivery.writing import Writer
from portal.tests.processes import wait_until

IDLE_SECONDS = 20


@pytest.fixture
def user():
    return PortalUserFactory()


@pytest.fixture
def reader(sites, user):
    """A client's page on one process."""
    return Page(sites[0], signed_in(user))


@pytest.fixture
def staff(sites):
    """A member of staff at the other process."""
    return Page(sites[1], signed_in(StaffFactory()))


def send_invoices(staff, client, count=1):
    """Send invoices in the admin; returns the seconds until the answer."""
    drafts = [draft_invoice(client).pk for _n in range(count)]
    began = monotonic()
    staff.post(reverse("admin:billing_invoice_changelist"), {"action": "send", "_selected_action": drafts})
    assert set(Invoice.objects.filter(pk__in=drafts).values_list("status", flat=True)) == {"sent"}
    return monotonic() - began


def test_a_socket_that_was_idle_still_hears_through_redis(reader, staff, user):
    with opened(reader):
        send_invoices(staff, user.client)
        wait_until(lambda: reader.seen == 1, 2)
        sleep(IDLE_SECONDS)
        send_invoices(staff, user.client)
        wait_until(lambda: reader.seen == 2, 2)
    # The watch may have told of the first before Redis did.
    assert 2 in reader.heard_at


def test_with_redis_frozen_staff_send_and_pages_load_and_are_told(reader, staff, user, redis):
    with opened(reader):
        redis.freeze()
        assert send_invoices(staff, user.client) < 3.5
        assert b"New invoice" in reader.get("/client-portal/notifications")
        wait_until(lambda: reader.seen == 1, 4)
        redis.thaw()
        wait_until(lambda: hears_through_redis(reader, staff, user), 10)


def test_with_redis_frozen_a_long_list_of_invoices_waits_once(staff, user, redis):
    send_invoices(staff, user.client)
    redis.freeze()
    assert send_invoices(staff, user.client, count=5) < 5


def test_with_redis_frozen_access_still_ends_within_a_second_or_so(reader, sites, user, redis):
    newcomers = [Page(sites[0], signed_in(PortalUserFactory())) for _n in range(10)]
    with opened(reader):
        redis.freeze()
        with opened(*newcomers):
            User.objects.filter(pk=user.pk).update(client_portal_enabled=False)
            wait_until(lambda: reader.closed_with == 4403, 1.5)


def test_with_redis_gone_new_pages_open_and_are_told(reader, staff, user, redis):
    redis.kill()
    with opened(reader):
        send_invoices(staff, user.client)
        wait_until(lambda: reader.seen == 1, 4)
        redis.start()
        wait_until(lambda: hears_through_redis(reader, staff, user), 15)


def hears_through_redis(reader, staff, user):
    """Whether the next event comes as a frame of its own, not by the watch."""
    heard = len(reader.heard_at)
    send_invoices(staff, user.client)
    sleep(0.5)
    return len(reader.heard_at) > heard


def test_a_process_that_started_without_redis_tells_once_it_is_there(reader, sites, staff, user, redis):
    sites[0].stop()
    redis.kill()
    sites[0].start()
    with opened(reader):
        redis.start()
        wait_until(lambda: hears_through_redis(reader, staff, user), 15)


def test_a_writer_beside_the_site_is_heard(reader, user, redis):
    StaffFactory()
    with opened(reader):
        Writer(redis, [ProjectFactory(client=user.client).pk], count=1).finish()
        wait_until(lambda: reader.seen == 1, 2)
    assert set(reader.heard_at) == {1}

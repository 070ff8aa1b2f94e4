"""A process that is told to end: answers are finished, pages go to the other one, and it is gone in time."""

import http.client
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Event as Flag
from time import monotonic, sleep
from urllib.error import HTTPError, URLError

import pytest
from django.db import connection, transaction

from accounts.models import Event
from accounts.tests.factories import PortalUserFactory, StaffFactory
from billing.tests.factories import ProjectFactory
from portal.live import MOVING
from portal.models import DashboardPreference
from portal.tests.browsers import signed_in
from portal.tests.delivery.pages import Page, opened
from portal.tests.delivery.writing import Writer
from portal.tests.processes import Site, wait_until

PAGES, EVENTS = 40, 90


class MovingPage(Page):
    """A page behind a proxy: when it is sent away, it comes back at another process, as any request does."""

    def __init__(self, sites, browser):
        super().__init__(sites[0], browser)
        self.sites = sites
        self.codes = []

    async def _listen(self, socket):
        try:
            await super()._listen(socket)
        finally:
            if socket.close_code is not None:
                self.codes.append(socket.close_code)
                self.site = self.sites[1]


@pytest.fixture
def user():
    StaffFactory()
    return PortalUserFactory()


def ask_on(sites, browser, ended):
    """Ask for pages until `ended`, of the next process where one takes no connection; gives how many were answered."""
    answers = 0
    while not ended.is_set():
        for site in sites:
            try:
                Page(site, browser).get("/client-portal/projects")
            except URLError as error:
                if isinstance(error, HTTPError) or not isinstance(error.reason, ConnectionRefusedError):
                    raise
            else:
                answers += 1
                break
    return answers


def test_under_load_all_pages_are_complete_and_no_request_is_broken_off(sites, redis, user, record_property):
    browser = signed_in(user)
    pages = [MovingPage(sites, signed_in(user)) for _n in range(PAGES)]
    writer = Writer(redis, [ProjectFactory(client=user.client).pk], count=EVENTS, pause=0.02)
    ended = Flag()
    with opened(*pages), ThreadPoolExecutor(4) as threads:
        asked = [threads.submit(ask_on, sites, browser, ended) for _n in range(3)]
        wait_until(lambda: Event.objects.count() > EVENTS // 4, 30)
        took = stop(sites[0])
        writer.finish()
        wait_until(lambda: all(page.seen == EVENTS for page in pages), 20)
        ended.set()
        assert all(answer.result() for answer in asked)
    assert [page.codes[0] for page in pages] == [MOVING] * PAGES
    assert [[frame["id"] for frame in page.told] for page in pages] == [list(range(1, EVENTS + 1))] * PAGES
    record_property("ended under load", f"{took:.1f} s")
    assert took < 12


def stop(site):
    """The seconds that a process takes to end by itself."""
    began = monotonic()
    site.stop()
    took = monotonic() - began
    assert site.ended_with == 0
    return took


def test_a_process_with_nothing_to_do_ends_at_once(sites):
    assert stop(sites[0]) < 5


def test_an_answer_under_way_is_finished_whoever_tells_the_process_to_end_twice(sites, user):
    page = Page(sites[0], signed_in(user))
    with (
        closing(http.client.HTTPConnection("127.0.0.1", sites[0].port, timeout=20)) as kept,
        ThreadPoolExecutor(2) as threads,
    ):
        assert asked(kept, "/readyz").status == 200
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(f"LOCK TABLE {DashboardPreference._meta.db_table} IN ACCESS EXCLUSIVE MODE")
            answer = threads.submit(page.get, "/client-portal/dashboard")
            sleep(0.5)
            stopped = threads.submit(stop, sites[0])
            sleep(0.5)
            sites[0].signal(signal.SIGTERM)
            last = asked(kept, "/readyz")
            assert (last.status, last.getheader("Connection")) == (503, "close")
            with pytest.raises(URLError, match="refused"):
                page.get("/healthz")
            assert not answer.done()
        assert b"</html>" in answer.result(10)
        assert stopped.result(10) < 5


def asked(kept, path):
    kept.request("GET", path)
    answer = kept.getresponse()
    answer.read()
    return answer


class Impatient(Site):
    application = "timetracker.tests.impatient:application"


def test_an_answer_that_never_comes_keeps_no_process_for_long(user):
    site = Impatient()
    page = Page(site.start(), signed_in(user))
    with ThreadPoolExecutor(1) as threads, transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {DashboardPreference._meta.db_table} IN ACCESS EXCLUSIVE MODE")
        answer = threads.submit(page.get, "/client-portal/dashboard")
        sleep(0.5)
        site.stop()
        assert site.ended_with == 1
        assert answer.exception(10)
    site.leave()

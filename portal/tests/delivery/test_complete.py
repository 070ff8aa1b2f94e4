"""Every page ends with exactly its client's events, in order, whatever falls over meanwhile."""

from statistics import median
from time import monotonic, sleep

import pytest

from accounts.models import Event
from accounts.tests.factories import PortalUserFactory, StaffFactory
from billing.tests.factories import ProjectFactory
from portal.tests.browsers import signed_in
from portal.tests.delivery.pages import Page, opened
from portal.tests.delivery.writing import Writer
from portal.tests.processes import wait_until

# On a machine that is busy with other things these take minutes.
pytestmark = pytest.mark.timeout(400)

CLIENTS, PAGES_OF_EACH, EVENTS, WRITERS = 10, 20, 510, 3


@pytest.fixture
def projects():
    """A project of each of several clients."""
    StaffFactory()
    return [ProjectFactory() for _n in range(CLIENTS)]


@pytest.fixture
def pages(projects, sites):
    """Pages of all clients, on both processes."""
    browsers = [(project.client_id, signed_in(PortalUserFactory(client=project.client))) for project in projects]
    pages = []
    for client_id, browser in browsers:
        for number in range(PAGES_OF_EACH):
            page = Page(sites[number % 2], browser)
            page.client_id = client_id
            pages.append(page)
    return pages


@pytest.fixture
def writers(redis, projects):
    """Processes that write EVENTS between them, and have begun."""
    begun = []

    def begin(**options):
        numbers = [project.pk for project in projects]
        begun.extend(Writer(redis, numbers, count=EVENTS // WRITERS, seed=seed, **options) for seed in range(WRITERS))
        return begun

    yield begin
    for writer in begun:
        writer.end()


def journal(client_id):
    return list(Event.objects.filter(client_id=client_id).order_by("number").values_list("number", "kind"))


def assert_complete(pages, seconds=30):
    """Each page was told its client's journal, and of invoices by their own numbers; nothing twice, nothing else."""
    assert Event.objects.count() == EVENTS
    journals = {page.client_id: journal(page.client_id) for page in pages}
    wait_until(lambda: all(page.seen == len(journals[page.client_id]) for page in pages), seconds)
    for page in pages:
        assert [(frame["id"], frame["kind"]) for frame in page.told] == journals[page.client_id]
        titles = [frame["title"] for frame in page.told if frame["kind"] == "invoice_sent"]
        assert titles == titles_of(page.client_id)


def titles_of(client_id):
    sent = Event.objects.filter(client_id=client_id, kind="invoice_sent").order_by("number")
    return [f"New invoice {facts['number']}" for facts in sent.values_list("facts", flat=True)]


def test_two_hundred_pages_hear_what_three_writers_commit(pages, writers, record_property):
    with opened(*pages):
        committed = [line for writer in writers(pause=0.02) for line in writer.finish()]
        assert_complete(pages)
        numbers = {(e.client_id, e.kind, e.subject_id): e.number for e in Event.objects.all()}
        delays = sorted(
            page.heard_at[number] - line["committed"]
            for line in committed
            for number in [numbers[line["client"], line["kind"], line["subject"]]]
            for page in pages
            if page.client_id == line["client"] and number in page.heard_at
        )
    assert len(delays) > EVENTS * PAGES_OF_EACH * 0.9
    middle, slow = median(delays), delays[int(len(delays) * 0.99)]
    record_property("commit to frame", f"median {middle * 1000:.0f} ms, 99% {slow * 1000:.0f} ms of {len(delays)}")
    assert middle < 1


def test_nothing_is_lost_while_redis_is_away(pages, writers, redis):
    with opened(*pages):
        begun = writers(pause=0.04)
        wait_until(lambda: Event.objects.count() > EVENTS // 4, 30)
        redis.kill()
        sleep(2)
        assert Event.objects.count() < EVENTS
        redis.start()
        for writer in begun:
            writer.finish()
        assert_complete(pages)


def test_nothing_is_lost_while_a_process_is_killed_and_started_again(pages, writers, sites):
    with opened(*pages):
        begun = writers(pause=0.04)
        wait_until(lambda: Event.objects.count() > EVENTS // 4, 30)
        sites[0].kill()
        sleep(1)
        sites[0].start()
        for writer in begun:
            writer.finish()
        assert_complete(pages)


def test_what_was_committed_by_a_process_that_died_before_telling_is_told(redis, sites, projects):
    pages = [Page(site, signed_in(PortalUserFactory(client=projects[0].client))) for site in sites]
    with opened(*pages):
        Writer(redis, [projects[0].pk], count=1, dies=True).finish()
        committed = monotonic()
        assert Event.objects.count() == 1
        wait_until(lambda: all(page.seen == 1 for page in pages), 5)
        assert monotonic() - committed < 3
    assert [page.hellos for page in pages] == [2, 2]
    assert not any(page.heard_at for page in pages)

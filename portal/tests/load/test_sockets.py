"""What open pages cost real processes, compared within one run."""

import pytest
from django.conf import settings

from portal.tests.load import sockets

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not settings.REDIS_URL, reason="two processes tell each other through Redis"),
]


@pytest.fixture
def site():
    site = sockets.MeasuredSite()
    try:
        yield site.start()
    finally:
        site.leave()


def test_telling_many_pages_costs_a_quarter_of_the_plain_way_at_most(site, record_property):
    found = sockets.fan_out(site, sockets=250, times=30)
    record_property("milliseconds to tell 250 pages", found)
    assert found["plain"]["cpu_ms"] > 4 * found["ours"]["cpu_ms"]


def test_an_idle_page_takes_less_than_forty_kilobytes(site, record_property):
    found = sockets.idle(site, sockets=600, seconds=0)
    record_property("an idle page", found)
    assert found["kilobytes"] < 40


def test_pages_that_come_back_all_at_once_are_all_let_in(site, record_property):
    found = sockets.storm(site, sockets=100)
    record_property("coming back", found)
    assert found["refused"] == 0
    assert found["pages"]

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

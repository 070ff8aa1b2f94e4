"""All sockets come back at once, and none misses anything. How fast that is, is measured elsewhere."""

import pytest

from portal.tests.delivery.pages import opened
from portal.tests.processes import start_all, wait_until

# With fewer than a session may open: a socket that is just closing counts as well.
EACH = 38


@pytest.mark.parametrize("how", ["kill", pytest.param("stop", marks=pytest.mark.thorough)])
def test_three_hundred_sockets_come_back_at_once_and_complete(town, how):
    pages = town.pages(EACH)
    assert len(pages) >= 300
    with opened(*pages):
        writer = town.write(pause=0.2)
        greeted = [page.hellos for page in pages]
        for site in town.sites:
            getattr(site, how)()
        start_all(town.sites)
        wait_until(lambda: all(page.hellos > before for page, before in zip(pages, greeted, strict=True)), 60)
        writer.end()
        town.rest(pages, seconds=60)

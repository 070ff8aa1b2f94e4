"""What a page costs beside a bare one, counted in calls of functions: the same each time, on however busy a machine.

`manage.py benchmark` tells the same in CPU time, of which no page takes more than four times that of a bare one: Python
spends a third of that one waiting for the database, in few calls.
"""

import cProfile
import pstats

import pytest
from django.core.management import call_command

from portal import benchmark
from portal.demo import load

pytestmark = pytest.mark.django_db

MOST = 5.5
# A list of all time zones, each an option.
MOST_OF = {"settings": 7}


def calls(function):
    profile = cProfile.Profile()
    profile.runcall(function)
    return pstats.Stats(profile).total_calls


@pytest.fixture
def costs(monkeypatch, settings):
    """`(page, viewer, calls)` of every page, of a client of median size and of a large one."""
    monkeypatch.setattr(load, "WHALE", load.Size(projects=20, entries=800, invoices=120))
    call_command("load_demo", clients=1, entries=200, whale=True, until="2026-03-10T12:00:00Z", verbosity=0)
    with benchmark.measured_site():
        yield [
            (page, name, calls(lambda: benchmark.Visit(browser, address)))
            for name, browser, addresses in benchmark.visitors(benchmark.small_and_large())
            for page, address in addresses.items()
        ]


def test_no_page_makes_many_times_the_calls_of_a_bare_one(costs):
    bare = {name: made for page, name, made in costs if page == "bare page"}
    told = {f"{page}, {name}": round(made / bare[name], 1) for page, name, made in costs}
    dear = {page: ratio for page, ratio in told.items() if ratio > MOST_OF.get(page.partition(",")[0], MOST)}
    assert dear == {}

"""What a page costs beside a bare one, counted in calls of functions: the same each time, on however busy a machine."""

from cProfile import Profile
from pstats import Stats

import pytest
from django.core.management import call_command
from django.test import override_settings

from portal import benchmark
from portal.demo import load
from portal.tests.browsers import queries_of, signed_in

pytestmark = pytest.mark.django_db

# `manage.py benchmark` tells the same in CPU time, of which a page takes fewer times that of a bare one: that one waits
# for the database for a third of its own, in few calls.
MOST_CALLS = 5.5
# A list of all time zones, each an option; and on SQLite notes are searched by a function of Python's.
MOST_CALLS_OF = {"settings": 7, "time, searched": 8}
MOST_QUERIES = 12


@pytest.fixture
def people(monkeypatch):
    """One of a small client, and one of a client that fills each page."""
    monkeypatch.setattr(load, "WHALE", load.Size(projects=20, entries=400, invoices=120))
    call_command("load_demo", clients=1, entries=100, whale=True, until="2026-03-10T12:00:00Z", verbosity=0)
    return benchmark.small_and_large()


def calls(browser, address):
    """How many calls of functions a page costs, once what is worked out once is there."""
    browser.get(f"/client-portal{address}")
    profile = Profile()
    answer = profile.runcall(browser.get, f"/client-portal{address}")
    assert answer.status_code == 200, address
    return Stats(profile).total_calls


def test_no_page_makes_many_times_the_calls_of_a_bare_one(people):
    told = {}
    with override_settings(ROOT_URLCONF=benchmark.__name__):
        for name, person in people.items():
            browser, addresses = signed_in(person), benchmark.addresses_of(person)
            bare = calls(browser, benchmark.BARE)
            told |= {(page, name): calls(browser, address) / bare for page, address in addresses.items()}
    dear = {of: round(ratio, 1) for of, ratio in told.items() if ratio > MOST_CALLS_OF.get(of[0], MOST_CALLS)}
    assert dear == {}


def test_no_page_asks_more_than_a_dozen_questions(people):
    browser, addresses = signed_in(people["large"]), benchmark.addresses_of(people["large"])
    asked = {
        page: queries_of(browser, f"/client-portal{address}")
        for page, address in addresses.items()
        if address != benchmark.BARE
    }
    assert {page: queries for page, queries in asked.items() if not 0 < queries <= MOST_QUERIES} == {}

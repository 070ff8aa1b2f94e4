"""PostgreSQL restarted, frozen, full of others: pages say to come back, soon, and all of it recovers by itself."""

from contextlib import ExitStack, suppress
from time import sleep

import psycopg
import pytest

from portal.tests.drills.people import AWAY, ask, assert_civil
from portal.tests.processes import wait_until

# Of a machine that has other things to do; the product's own bounds are in accounts.patience.
SOON, LONGEST = 15, 40


def readiness(site):
    return ask(f"{site.address}/readyz", "").status


def assert_back_within(life, seconds):
    """Everybody at the sites gets pages again, writers write, and machines are told."""
    life.wait_for_answers(seconds)
    life.wait_for_writes(5, seconds)
    wait_until(lambda: all(readiness(site) == 200 for site in life.town.sites))


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_a_restart_under_load_loses_nothing(town, how):
    with town.life() as life:
        getattr(town.cluster, how)()
        sleep(2)
        town.cluster.start()
        assert_back_within(life, SOON)
    assert_civil(life.answers, LONGEST)


@pytest.mark.thorough
def test_after_a_long_absence_pages_are_back_at_once(town):
    with town.life() as life:
        town.cluster.stop()
        wait_until(lambda: all(readiness(site) == AWAY for site in town.sites), SOON)
        sleep(14)
        town.cluster.start()
        assert_back_within(life, 8)
    assert_civil(life.answers, LONGEST)


def test_while_it_is_frozen_pages_say_so_in_time(town):
    with town.life() as life:
        town.cluster.freeze()
        began = len(life.answers)
        wait_until(lambda: len(life.answers) >= began + 2 * len(life.people), 2 * LONGEST)
        late = ask(f"{town.sites[0].address}/readyz", "")
        assert (late.status, late.seconds < SOON) == (AWAY, True)
        assert AWAY in {answer.status for answer in life.answers}
        town.cluster.thaw()
        assert_back_within(life, SOON)
    assert_civil(life.answers, LONGEST)


def test_with_no_session_left_pages_say_so_in_time(town):
    with town.life() as life, ExitStack() as others:
        take_every_session(town.cluster, others)
        wait_until(lambda: all(readiness(site) == AWAY for site in town.sites), LONGEST)
        assert AWAY in {answer.status for answer in life.answers}
        others.close()
        assert_back_within(life, SOON)
    assert_civil(life.answers, LONGEST)


def take_every_session(cluster, others):
    """Have other programs hold every session that the server gives, those of the product's own too."""
    own = "FROM pg_stat_activity WHERE datname = 'drill'"
    killer = others.enter_context(cluster.connect("postgres"))
    quiet = 0
    # A session that ends is free for the next a moment after it is seen no more.
    while quiet < 5:
        ended = killer.execute(f"SELECT pg_terminate_backend(pid) {own}").fetchall()
        with suppress(psycopg.OperationalError):
            while True:
                others.enter_context(cluster.connect("postgres"))
        quiet = 0 if ended else quiet + 1
        sleep(0.2)

"""Processes are killed in the middle of what they write: what was acknowledged is there, and nothing half done."""

import random
from time import sleep

from portal.tests.drills.people import assert_civil

KILLS = 4


def test_a_site_killed_again_and_again_under_load_loses_and_halves_nothing(town):
    with town.life() as life:
        for number in range(KILLS):
            site = town.sites[number % 2]
            sleep(random.uniform(0.1, 0.8))  # noqa: S311 (at any moment)
            site.kill()
            site.start()
        life.wait_for_answers()
    # Who asked the one that was just killed had no answer at all.
    assert_civil(life.answers, longest=20, also={0})


def test_writers_killed_again_and_again_lose_and_halve_nothing(town):
    with town.life(writers=1) as life:
        for _n in range(KILLS):
            writer = town.write(pause=0)
            life.wait_for_writes(random.randint(1, 10))  # noqa: S311 (at any moment)
            writer.end()
    assert_civil(life.answers, longest=20)

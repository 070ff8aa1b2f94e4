"""A mail server that hangs, refuses and breaks off: pages do not wait, and each mail comes once it is back."""

import pytest

from portal.tests.drills.people import assert_civil
from portal.tests.drills.post import DROPS, HANGS, REFUSES, TAKES, PostOffice
from portal.tests.drills.towns import Town
from portal.tests.processes import wait_until

# A page that waited for a hanging mail server would take its time-out, ten seconds, and more.
LONGEST = 9


@pytest.fixture(scope="module")
def post():
    with PostOffice() as post:
        yield post


@pytest.fixture(scope="module")
def built(pattern, post):
    town = Town(pattern, WORKER="inside", EMAIL_URL=post.address)
    try:
        yield town.start()
    finally:
        town.leave()


def test_mails_wait_for_the_mail_server_and_pages_do_not(town, post):
    with town.life() as life:
        for mood in (REFUSES, DROPS, HANGS):
            post.mood, before = mood, post.tries
            life.wait_for_writes(10)
            wait_until(lambda before=before: post.tries > before + 1, 60)
        life.wait_for_writes(10)
        post.mood = TAKES
    assert_civil(life.answers, LONGEST)
    wait_until(lambda: all_came(town, post), 90)


def all_came(town, post):
    """Whether every mail has come, once; what waits for its next try is told that its time has come."""
    town.cluster.execute("UPDATE queued_tasks SET run_after = now() WHERE status = 'READY'")
    ((ahead,),) = town.cluster.execute("SELECT count(*) FROM client_event_counters WHERE last > mailed")
    mails = town.cluster.execute("SELECT key FROM queued_tasks WHERE dedupe_key LIKE 'event %'")
    came = sorted(name.strip("<>").partition("@")[0] for name in post.received.elements())
    return not ahead and sorted(key.hex for (key,) in mails) == came

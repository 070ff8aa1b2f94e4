"""`manage.py demo --live`: what the demo's people do while somebody looks on."""

from datetime import timedelta
from random import Random

import pytest
from django.db.models import Sum

from accounts.models import Event, EventCounter
from billing.models import TimeEntry
from portal.demo import live, story
from portal.tests.test_demo_story import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def agency(db):
    story.tell(now=NOW)


def told(deed, *, now=NOW, times=1):
    """The kinds of events that a deed recorded."""
    before = EventCounter.objects.aggregate(all=Sum("last"))["all"]
    numbers = set(Event.objects.values_list("pk", flat=True))
    for seed in range(times):
        deed(Random(seed), now=now)  # noqa: S311
    new = Event.objects.exclude(pk__in=numbers).values_list("kind", flat=True)
    assert EventCounter.objects.aggregate(all=Sum("last"))["all"] == before + len(new)
    return set(new)


def test_each_deed_is_told_to_its_client(agency):
    assert told(live.log_time) == {"time_logged"}
    assert told(live.write) == {"comment_added"}
    assert told(live.bill) == {"invoice_sent"}
    assert told(live.pay) == {"invoice_paid"}


def test_a_timer_that_ran_long_enough_is_stopped_and_told(agency):
    (running,) = TimeEntry.objects.running()
    assert told(live.start_or_stop_a_timer, now=running.start_time + live.LONGEST_TIMER) == set()
    late = running.start_time + live.LONGEST_TIMER + timedelta(seconds=1)
    assert told(live.start_or_stop_a_timer, now=late) == {"time_logged"}
    assert not TimeEntry.objects.running().filter(pk=running.pk).exists()


def test_whatever_the_dice_say_can_be_done_for_a_long_while(agency):
    chance = Random(7)  # noqa: S311
    deeds = {live.something(chance, now=NOW + timedelta(seconds=10 * n)) for n in range(60)}
    assert deeds == {deed.__name__ for deed in live.DEEDS_OF_A_DAY}

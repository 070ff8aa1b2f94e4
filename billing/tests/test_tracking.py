"""Time: logged, corrected, removed, timers started and stopped."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction

from accounts.models import Event
from accounts.tests.at_once import at_once
from accounts.tests.factories import ClientFactory, StaffFactory
from billing import tracking
from billing.models import TimeEntry
from billing.tests.factories import NOW, ProjectFactory, TaskFactory
from billing.tracking import TimeRefused

BERLIN = ZoneInfo("Europe/Berlin")
LATER = NOW + timedelta(hours=1)


def log(project=None, **details):
    user = details.pop("user", None) or StaffFactory()
    project = project or ProjectFactory()
    if not {"end_time", "duration_seconds"} & set(details):
        details["duration_seconds"] = 3600
    return tracking.log(project, user=user, start_time=NOW, by=user, now=LATER, **details)


def start(project=None, user=None, **details):
    return tracking.start_timer(project or ProjectFactory(), user=user or StaffFactory(), now=NOW, **details)


@pytest.mark.django_db
def test_the_end_gives_the_duration():
    assert log(end_time=NOW + timedelta(minutes=20)).duration_seconds == 1200


@pytest.mark.django_db
def test_the_duration_gives_the_end():
    assert log(duration_seconds=1200).end_time == NOW + timedelta(minutes=20)


@pytest.mark.django_db
def test_a_stated_duration_counts_where_the_end_says_otherwise():
    entry = log(end_time=NOW + timedelta(minutes=58), duration_seconds=3600)
    assert (entry.end_time, entry.duration_seconds) == (NOW + timedelta(minutes=58), 3600)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "details",
    [
        {"end_time": None},
        {"end_time": NOW - timedelta(seconds=1)},
        {"duration_seconds": -1},
        {"duration_seconds": tracking.MAX_SECONDS + 1},
    ],
)
def test_impossible_times_are_refused_and_leave_nothing(details):
    with pytest.raises(TimeRefused):
        log(**details)
    assert not TimeEntry.objects.exists()
    assert not Event.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("seconds", [0, 1, tracking.MAX_SECONDS])
def test_nothing_and_a_year_are_the_edges_of_a_duration(seconds):
    assert log(duration_seconds=seconds).duration_seconds == seconds


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("start", "end", "seconds"),
    [
        (datetime(2026, 3, 29, 1, 30, tzinfo=BERLIN), datetime(2026, 3, 29, 3, 30, tzinfo=BERLIN), 3600),
        (datetime(2026, 10, 25, 1, 30, tzinfo=BERLIN), datetime(2026, 10, 25, 3, 30, tzinfo=BERLIN), 3 * 3600),
        (datetime(2026, 10, 25, 2, 45, tzinfo=BERLIN), datetime(2026, 10, 25, 2, 15, tzinfo=BERLIN, fold=1), 1800),
        (datetime(2026, 3, 28, 12, 0, tzinfo=BERLIN), datetime(2026, 3, 29, 12, 0, tzinfo=BERLIN), 23 * 3600),
    ],
)
def test_time_over_a_clock_change_is_what_passed_and_not_what_the_clock_showed(start, end, seconds):
    project, user = ProjectFactory(), StaffFactory()
    by_end = tracking.log(project, user=user, start_time=start, end_time=end, by=user, now=LATER)
    assert by_end.duration_seconds == seconds
    by_duration = tracking.log(project, user=user, start_time=start, duration_seconds=seconds, by=user, now=LATER)
    by_duration.refresh_from_db()
    assert by_duration.end_time == end.astimezone(UTC)


@pytest.mark.django_db
def test_a_correction_over_a_clock_change_is_what_passed():
    start, end = (datetime(2026, 3, 29, hour, 30, tzinfo=BERLIN) for hour in (1, 3))
    entry = tracking.correct(log(), by=None, now=LATER, start_time=start, end_time=end)
    assert entry.duration_seconds == 3600


@pytest.mark.django_db
def test_a_time_without_a_zone_is_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="naive"):
        log(end_time=datetime(2026, 3, 10, 13, 0))  # noqa: DTZ001


@pytest.mark.django_db
def test_no_time_is_logged_on_an_archived_project():
    project = ProjectFactory(status="archived")
    with pytest.raises(TimeRefused, match="archived"):
        log(project)
    with pytest.raises(TimeRefused, match="archived"):
        start(project)


@pytest.mark.django_db
@pytest.mark.parametrize("status", ["active", "on_hold", "completed"])
def test_time_is_logged_on_every_other_project(status):
    assert log(ProjectFactory(status=status)).pk


@pytest.mark.django_db
def test_a_task_of_another_project_is_refused():
    project = ProjectFactory()
    other = TaskFactory(project=ProjectFactory(client=project.client))
    with pytest.raises(TimeRefused, match="another project"):
        log(project, task=other)
    assert log(project, task=TaskFactory(project=project)).task.project == project


@pytest.mark.django_db
def test_an_entry_takes_the_rate_of_its_project_then_of_its_client():
    client = ClientFactory(hourly_rate=Decimal(80))
    assert log(ProjectFactory(client=client, hourly_rate=Decimal(90))).amount == Decimal(90)
    assert log(ProjectFactory(client=client)).amount == Decimal(80)
    assert log(ProjectFactory(client=client), hourly_rate=Decimal(70)).amount == Decimal(70)
    assert log(ProjectFactory(client=client, hourly_rate=Decimal(0))).amount == Decimal(0)
    without = log(ProjectFactory())
    assert (without.hourly_rate, without.amount) == (None, None)


@pytest.mark.django_db
def test_an_entry_keeps_the_rate_it_was_logged_at():
    project = ProjectFactory(hourly_rate=Decimal(90))
    entry = log(project)
    project.hourly_rate = Decimal(120)
    project.save()
    tracking.correct(entry, by=None, now=LATER, notes="Reworded")
    assert (entry.hourly_rate, entry.amount) == (Decimal(90), Decimal(90))


@pytest.mark.django_db
def test_unbillable_work_has_no_amount():
    project = ProjectFactory(hourly_rate=Decimal(90), billable=False)
    assert (log(project).billable, log(project).amount) == (False, None)
    assert log(project, billable=True).amount == Decimal(90)


@pytest.mark.django_db
def test_logging_tells_the_client_once_with_the_seconds():
    entry = log(duration_seconds=1200)
    event = Event.objects.get()
    assert (event.kind, event.client, event.subject_type, event.subject_id) == (
        "time_logged",
        entry.client,
        "timeentry",
        entry.pk,
    )
    assert (event.project_id, event.actor, event.recorded_at) == (entry.project_id, entry.user, LATER)
    assert event.facts == {"entries": 1, "seconds": 1200}


@pytest.mark.django_db
def test_an_unknown_detail_is_a_mistake_of_the_caller():
    with pytest.raises(TypeError, match="import_key"):
        log(import_key="x")
    with pytest.raises(TypeError, match="client"):
        tracking.correct(log(), by=None, now=LATER, client=ClientFactory())


@pytest.mark.django_db
def test_a_new_end_alone_sets_the_duration():
    entry = tracking.correct(log(hourly_rate=Decimal(60)), by=None, now=LATER, end_time=NOW + timedelta(minutes=30))
    entry.refresh_from_db()
    assert (entry.duration_seconds, entry.amount) == (1800, Decimal(30))


@pytest.mark.django_db
def test_a_new_start_alone_sets_the_duration():
    entry = tracking.correct(log(hourly_rate=Decimal(60)), by=None, now=LATER, start_time=NOW - timedelta(minutes=30))
    entry.refresh_from_db()
    assert (entry.duration_seconds, entry.amount, entry.end_time) == (5400, Decimal(90), NOW + timedelta(hours=1))


@pytest.mark.django_db
def test_a_new_duration_alone_moves_the_end():
    entry = tracking.correct(log(), by=None, now=LATER, duration_seconds=60)
    entry.refresh_from_db()
    assert (entry.start_time, entry.end_time) == (NOW, NOW + timedelta(minutes=1))


@pytest.mark.django_db
def test_a_new_start_and_duration_move_the_end():
    entry = tracking.correct(log(), by=None, now=LATER, start_time=LATER, duration_seconds=60)
    assert (entry.duration_seconds, entry.end_time) == (60, LATER + timedelta(minutes=1))


@pytest.mark.django_db
def test_other_corrections_leave_a_rounded_duration_alone():
    entry = log(end_time=NOW + timedelta(minutes=58), duration_seconds=3600)
    tracking.correct(entry, by=None, now=LATER, notes="Reworded", tags="late")
    entry.refresh_from_db()
    assert (entry.end_time, entry.duration_seconds, entry.notes) == (NOW + timedelta(minutes=58), 3600, "Reworded")


@pytest.mark.django_db
def test_an_end_before_the_start_is_refused_and_nothing_changes():
    entry = log()
    with pytest.raises(TimeRefused):
        tracking.correct(entry, by=None, now=LATER, start_time=NOW + timedelta(days=1))
    entry.refresh_from_db()
    assert (entry.start_time, entry.duration_seconds) == (NOW, 3600)


@pytest.mark.django_db
def test_work_made_unbillable_loses_its_amount_and_gets_it_back():
    entry = log(ProjectFactory(hourly_rate=Decimal(60)))
    tracking.correct(entry, by=None, now=LATER, billable=False)
    assert entry.amount is None
    tracking.correct(entry, by=None, now=LATER, billable=True)
    assert (entry.hourly_rate, entry.amount) == (Decimal(60), Decimal(60))


@pytest.mark.django_db
def test_an_entry_moved_to_another_project_takes_its_client_and_its_rate():
    entry = log(ProjectFactory(hourly_rate=Decimal(60)))
    tokyo = ProjectFactory(client=ClientFactory(currency_code="JPY"), hourly_rate=Decimal(9001))
    tracking.correct(entry, by=None, now=LATER, project=tokyo, duration_seconds=1800)
    entry.refresh_from_db()
    assert (entry.client, entry.hourly_rate, entry.amount) == (tokyo.client, Decimal(9001), Decimal(4501))
    other = ProjectFactory(hourly_rate=Decimal(10))
    assert tracking.correct(entry, by=None, now=LATER, project=other, hourly_rate=Decimal(20)).amount == Decimal(10)


@pytest.mark.django_db
def test_an_entry_with_a_task_moves_only_together_with_it():
    task = TaskFactory()
    entry = log(task.project, task=task)
    other = TaskFactory()
    with pytest.raises(TimeRefused, match="another project"):
        tracking.correct(entry, by=None, now=LATER, project=other.project)
    assert tracking.correct(entry, by=None, now=LATER, project=other.project, task=other).client == other.client


@pytest.mark.django_db
def test_correcting_tells_nobody_again():
    tracking.correct(log(), by=None, now=LATER, notes="Reworded")
    assert Event.objects.count() == 1


@pytest.mark.django_db
def test_correcting_a_timer_that_was_stopped_meanwhile_leaves_it_stopped():
    timer = start()
    stale = TimeEntry.objects.get(pk=timer.pk)
    tracking.stop_timer(timer, by=timer.user, now=LATER)
    tracking.correct(stale, by=None, now=LATER, notes="What it was")
    stale.refresh_from_db()
    assert (stale.end_time, stale.duration_seconds, stale.notes) == (LATER, 3600, "What it was")


@pytest.mark.django_db
def test_a_running_timer_can_be_corrected_and_runs_on():
    timer = tracking.correct(start(), by=None, now=LATER, notes="Reworded", start_time=NOW - timedelta(hours=1))
    timer.refresh_from_db()
    assert (timer.end_time, timer.duration_seconds, timer.notes) == (None, None, "Reworded")


@pytest.mark.django_db
def test_removed_time_is_gone():
    tracking.remove(log(), by=None, now=LATER)
    assert not TimeEntry.objects.exists()


@pytest.mark.django_db
def test_a_running_timer_tells_nobody_until_it_is_stopped():
    timer = start(ProjectFactory(hourly_rate=Decimal(60)))
    assert (timer.end_time, timer.duration_seconds, timer.amount) == (None, None, None)
    assert not Event.objects.exists()
    stopped = tracking.stop_timer(timer, by=timer.user, now=NOW + timedelta(minutes=45))
    assert (stopped.duration_seconds, stopped.hourly_rate, stopped.amount) == (2700, Decimal(60), Decimal(45))
    assert Event.objects.get().facts == {"entries": 1, "seconds": 2700}


@pytest.mark.django_db
def test_a_timer_is_stopped_once():
    timer = start()
    tracking.stop_timer(timer, by=timer.user, now=LATER)
    with pytest.raises(TimeRefused, match="not running"):
        tracking.stop_timer(timer, by=timer.user, now=LATER + timedelta(hours=1))
    timer.refresh_from_db()
    assert (timer.end_time, Event.objects.count()) == (LATER, 1)


@pytest.mark.django_db
def test_a_timer_cannot_be_stopped_before_it_began():
    timer = start()
    with pytest.raises(TimeRefused):
        tracking.stop_timer(timer, by=timer.user, now=NOW - timedelta(seconds=1))
    assert TimeEntry.objects.running().get() == timer


@pytest.mark.django_db
def test_a_timer_can_be_stopped_as_of_an_earlier_time():
    timer = start()
    stopped = tracking.stop_timer(timer, by=None, now=LATER, end_time=NOW + timedelta(minutes=5))
    assert (stopped.end_time, stopped.duration_seconds) == (NOW + timedelta(minutes=5), 300)
    assert Event.objects.get().recorded_at == LATER


@pytest.mark.django_db
def test_a_person_has_one_timer_and_two_persons_have_two():
    timer = start()
    with pytest.raises(TimeRefused, match="running already"):
        start(user=timer.user)
    start()
    assert TimeEntry.objects.running().count() == 2
    tracking.stop_timer(timer, by=timer.user, now=LATER)
    assert start(user=timer.user).end_time is None


@pytest.mark.django_db
def test_the_database_refuses_a_second_timer():
    timer = start()
    with pytest.raises(IntegrityError), transaction.atomic():
        TimeEntry.objects.create(client=timer.client, project=timer.project, user=timer.user, start_time=LATER)


@pytest.mark.django_db(transaction=True)
def test_of_two_timers_started_at_once_one_runs():
    user, project = StaffFactory(), ProjectFactory()
    results = at_once([lambda: start(project, user)] * 3)
    assert sorted(type(result).__name__ for result in results) == ["TimeEntry", "TimeRefused", "TimeRefused"]
    assert TimeEntry.objects.running().filter(user=user).count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_stops_at_once_one_counts():
    timer = start()
    results = at_once([lambda: tracking.stop_timer(timer, by=None, now=LATER)] * 2)
    assert sorted(type(result).__name__ for result in results) == ["TimeEntry", "TimeRefused"]
    assert Event.objects.count() == 1

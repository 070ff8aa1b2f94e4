"""The staff's page of time entries: logged, corrected, removed, timers."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django.utils.timezone import now

from accounts.models import Event
from accounts.tests.factories import StaffFactory
from accounts.tests.forms import add, change, errors, said
from billing import tracking
from billing.models import TimeEntry
from billing.tests.factories import NOW, ProjectFactory, TaskFactory, TimeEntryFactory

pytestmark = pytest.mark.django_db

MORNING = {"start_time_0": "2026-03-10", "start_time_1": "09:00"}


@pytest.fixture
def staff(client):
    person = StaffFactory(username="sam")
    client.force_login(person)
    return person


def told():
    return list(Event.objects.order_by("pk").values_list("kind", "actor__username"))


def test_time_is_logged_by_start_and_end_in_the_sites_zone(client, staff):
    project = ProjectFactory(hourly_rate=90)
    task = TaskFactory(project=project)

    end = {"end_time_0": "2026-03-10", "end_time_1": "10:30"}
    add(client, TimeEntry, project=project.pk, task=task.pk, notes="Drafts", **MORNING, **end)

    entry = TimeEntry.objects.get()
    assert (entry.start_time, entry.end_time) == (
        datetime(2026, 3, 10, 8, 0, tzinfo=UTC),
        datetime(2026, 3, 10, 9, 30, tzinfo=UTC),
    )
    assert (entry.duration_seconds, entry.amount, entry.user) == (5400, Decimal(135), staff)
    assert (entry.client, entry.task, entry.notes, entry.billable) == (project.client, task, "Drafts", True)
    assert told() == [("time_logged", "sam")]
    assert LogEntry.objects.get().object_id == str(entry.pk)


@pytest.mark.parametrize(
    ("typed", "seconds"),
    [("1:30", 5400), ("1:30:15", 5415), ("1.5", 5400), ("1,5", 5400), ("0:05", 300), (".25", 900), ("2", 7200)],
)
def test_time_is_logged_by_start_and_duration(client, staff, typed, seconds):
    add(client, TimeEntry, project=ProjectFactory().pk, duration=typed, **MORNING)

    entry = TimeEntry.objects.get()
    assert (entry.duration_seconds, entry.end_time - entry.start_time) == (seconds, timedelta(seconds=seconds))


@pytest.mark.parametrize("typed", ["an hour", "1:75", "-1", "1:", "99999999", "1e3", "NaN"])
def test_a_duration_that_is_none_is_refused_at_its_field(client, staff, typed):
    response = add(client, TimeEntry, project=ProjectFactory().pk, duration=typed, **MORNING)

    assert errors(response)["duration"] == ["Write hours like 1:30 or 1.5."]
    assert not TimeEntry.objects.exists()


def test_a_duration_beside_the_end_leaves_a_break_out(client, staff):
    end = {"end_time_0": "2026-03-10", "end_time_1": "17:00"}
    add(client, TimeEntry, project=ProjectFactory().pk, duration="7:30", **MORNING, **end)

    entry = TimeEntry.objects.get()
    assert (entry.duration_seconds, entry.end_time) == (27000, datetime(2026, 3, 10, 16, 0, tzinfo=UTC))


def test_neither_end_nor_duration_is_refused(client, staff):
    response = add(client, TimeEntry, project=ProjectFactory().pk, **MORNING)

    assert errors(response) == {"end_time": ["Give the end or the duration."]}


def test_an_end_before_the_start_is_refused(client, staff):
    end = {"end_time_0": "2026-03-10", "end_time_1": "08:59"}
    response = add(client, TimeEntry, project=ProjectFactory().pk, **MORNING, **end)

    assert errors(response) == {"end_time": ["The end lies before the start."]}


def test_more_than_a_year_is_refused(client, staff):
    response = add(client, TimeEntry, project=ProjectFactory().pk, duration="8785", **MORNING)

    assert errors(response) == {"duration": ["The duration must lie between zero and a year."]}


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "1969-12-31"])
def test_a_start_in_another_age_is_refused(client, staff, day):
    day = {"start_time_0": day, "start_time_1": "09:00"}

    response = add(client, TimeEntry, project=ProjectFactory().pk, duration="1", **day)

    assert errors(response) == {"start_time": ["Give a date between 1970 and 2199."]}


def test_a_task_of_another_project_is_refused(client, staff):
    response = add(client, TimeEntry, project=ProjectFactory().pk, task=TaskFactory().pk, duration="1", **MORNING)

    assert errors(response) == {"task": ["This task belongs to another project."]}


def test_an_archived_project_is_refused(client, staff):
    response = add(client, TimeEntry, project=ProjectFactory(status="archived").pk, duration="1", **MORNING)

    assert errors(response) == {"project": ["This project is archived; no time can be logged on it."]}


def test_an_amount_that_cannot_be_kept_is_refused(client, staff):
    project = ProjectFactory()

    response = add(client, TimeEntry, project=project.pk, duration="8000", hourly_rate="999999999999", **MORNING)

    assert errors(response) == {"hourly_rate": ["This rate makes the amount larger than can be kept."]}


@pytest.mark.parametrize(
    ("of_project", "typed", "expected"),
    [(True, "", True), (False, "", False), (False, "yes", True), (True, "no", False)],
)
def test_time_is_billable_as_the_project_says_unless_chosen(client, staff, of_project, typed, expected):
    project = ProjectFactory(billable=of_project)

    add(client, TimeEntry, project=project.pk, duration="1", billable=typed, **MORNING)

    assert TimeEntry.objects.get().billable is expected


def test_a_start_that_the_clock_change_leaves_out_is_refused(client, staff):
    gap = {"start_time_0": "2026-03-29", "start_time_1": "02:30"}

    response = add(client, TimeEntry, project=ProjectFactory().pk, duration="1", **gap)

    assert "couldn’t be interpreted in time zone Europe/Berlin" in errors(response)["start_time"][0]


def test_an_entry_in_the_repeated_hour_can_be_saved(client, staff):
    second_half_past_two = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    entry = TimeEntryFactory(start_time=second_half_past_two)

    change(client, entry, notes="Noted")

    entry.refresh_from_db()
    assert (entry.notes, entry.start_time) == ("Noted", second_half_past_two)


def test_an_entry_saved_unchanged_stays_as_it_is(client, staff):
    entry = TimeEntryFactory(
        start_time=NOW.replace(microsecond=123456), duration_seconds=3671, hourly_rate=50, amount=1
    )
    before = TimeEntry.objects.filter(pk=entry.pk).values().get()

    change(client, entry)

    assert TimeEntry.objects.filter(pk=entry.pk).values().get() == before
    assert not told()


def test_a_new_duration_moves_the_end(client, staff):
    entry = TimeEntryFactory(project__hourly_rate=60)

    change(client, entry, duration="2:00")

    entry.refresh_from_db()
    assert (entry.duration_seconds, entry.end_time) == (7200, NOW + timedelta(hours=2))
    assert entry.amount == 120


def test_a_new_end_sets_the_duration(client, staff):
    entry = TimeEntryFactory()

    change(client, entry, end_time_1="13:45")

    entry.refresh_from_db()
    assert entry.duration_seconds == 2700


def test_an_entry_moved_to_another_project_takes_its_client_and_rate(client, staff):
    entry = TimeEntryFactory(hourly_rate=50)
    other = ProjectFactory(hourly_rate=80)

    change(client, entry, project=other.pk)

    entry.refresh_from_db()
    assert (entry.project, entry.client, entry.hourly_rate, entry.amount) == (other, other.client, 80, 80)


def test_an_imported_entry_is_not_moved_to_where_its_line_was_imported_already(client, staff):
    here, there = ProjectFactory(), ProjectFactory(client__name="Southwind")
    entry = TimeEntryFactory(project=here, import_key="line 1")
    TimeEntryFactory(project=there, import_key="line 1")

    answer = change(client, entry, project=there.pk)

    refusal = "This time was imported for Southwind as well; remove one of the two entries."
    assert errors(answer) == {"__all__": [refusal]}
    assert TimeEntry.objects.get(pk=entry.pk).project == here


def test_a_finished_entry_keeps_an_end(client, staff):
    entry = TimeEntryFactory()

    response = change(client, entry, end_time_0="", end_time_1="", duration="")

    assert errors(response) == {"end_time": ["Give the end or the duration."]}
    entry.refresh_from_db()
    assert entry.end_time is not None


def test_an_entry_without_known_times_moves_by_the_day(client, staff):
    entry = TimeEntryFactory(has_times=False, duration_seconds=7200)

    change(client, entry, start_time_0="2026-03-01")

    entry.refresh_from_db()
    assert (entry.duration_seconds, entry.start_time.date().isoformat()) == (7200, "2026-03-01")
    assert entry.end_time - entry.start_time == timedelta(hours=2)


def test_a_timer_is_started_now(client, staff):
    project = ProjectFactory()

    add(client, TimeEntry, project=project.pk, notes="Drafts", _start_timer="Start timer now")

    entry = TimeEntry.objects.get()
    assert (entry.end_time, entry.user, entry.notes) == (None, staff, "Drafts")
    assert now() - entry.start_time < timedelta(minutes=1)
    assert not told()


def test_a_second_timer_is_refused_in_words(client, staff):
    TimeEntryFactory(user=staff, duration_seconds=None)

    response = add(client, TimeEntry, project=ProjectFactory().pk, _start_timer="Start timer now")

    assert errors(response)["__all__"] == ["This person's timer is running already."]
    assert TimeEntry.objects.count() == 1


def test_a_finished_entry_is_logged_beside_a_running_timer(client, staff):
    TimeEntryFactory(user=staff, duration_seconds=None)

    add(client, TimeEntry, project=ProjectFactory().pk, duration="1", **MORNING)

    assert TimeEntry.objects.finished().count() == 1


def test_a_timer_is_stopped_by_the_button_and_told_once(client, staff):
    entry = TimeEntryFactory(duration_seconds=None, start_time=now() - timedelta(hours=1))
    stop = reverse("admin:billing_timeentry_stop_timer", args=[entry.pk])

    client.post(stop)
    again = client.post(stop, follow=True)

    entry.refresh_from_db()
    assert 3600 <= entry.duration_seconds < 3660
    assert told() == [("time_logged", "sam")]
    assert said(again)[-1].endswith("This timer is not running any more.")


def test_a_forgotten_timer_is_stopped_as_of_its_end(client, staff):
    entry = TimeEntryFactory(duration_seconds=None)

    change(client, entry, end_time_0="2026-03-10", end_time_1="15:00", notes="Forgotten")

    entry.refresh_from_db()
    assert (entry.duration_seconds, entry.notes) == (7200, "Forgotten")
    assert told() == [("time_logged", "sam")]
    assert Event.objects.get().facts["seconds"] == 7200


def test_a_forgotten_timer_is_stopped_with_a_break_left_out(client, staff):
    entry = TimeEntryFactory(duration_seconds=None)

    change(client, entry, end_time_0="2026-03-10", end_time_1="15:00", duration="1:30")

    entry.refresh_from_db()
    assert (entry.duration_seconds, entry.end_time) == (5400, NOW + timedelta(hours=2))
    assert told() == [("time_logged", "sam")]


def test_a_running_timer_is_changed_without_being_stopped(client, staff):
    entry = TimeEntryFactory(duration_seconds=None)

    change(client, entry, notes="Still at it")

    entry.refresh_from_db()
    assert (entry.notes, entry.end_time) == ("Still at it", None)
    assert not told()


def test_the_stop_button_stands_on_running_timers_alone(client, staff):
    running, finished = TimeEntryFactory(duration_seconds=None), TimeEntryFactory()

    def page(entry):
        return client.get(reverse("admin:billing_timeentry_change", args=[entry.pk])).content.decode()

    assert reverse("admin:billing_timeentry_stop_timer", args=[running.pk]) in page(running)
    assert reverse("admin:billing_timeentry_stop_timer", args=[finished.pk]) not in page(finished)


def test_an_entry_is_removed(client, staff):
    entry = TimeEntryFactory()

    client.post(reverse("admin:billing_timeentry_delete", args=[entry.pk]), {"post": "yes"})

    assert not TimeEntry.objects.exists()


def test_selected_entries_are_removed(client, staff):
    gone, kept = TimeEntryFactory(), TimeEntryFactory()

    sent = {"action": "delete_selected", "_selected_action": [gone.pk], "post": "yes"}
    client.post(reverse("admin:billing_timeentry_changelist"), sent)

    assert list(TimeEntry.objects.all()) == [kept]


def test_a_removal_that_the_domain_refuses_leaves_everything(client, staff, monkeypatch):
    first, second = TimeEntryFactory(), TimeEntryFactory()
    real = tracking.remove

    def refuse_the_second(*entries, **how):
        if min(first.pk, second.pk) in [entry.pk for entry in entries]:
            raise tracking.TimeRefused("This entry was billed.")
        real(*entries, **how)

    monkeypatch.setattr(tracking, "remove", refuse_the_second)
    sent = {"action": "delete_selected", "_selected_action": [first.pk, second.pk], "post": "yes"}
    many = client.post(reverse("admin:billing_timeentry_changelist"), sent, follow=True)
    one = client.post(
        reverse("admin:billing_timeentry_delete", args=[min(first.pk, second.pk)]), {"post": "yes"}, follow=True
    )

    assert said(many) == ["This entry was billed."]
    assert said(one) == ["This entry was billed."]
    assert TimeEntry.objects.count() == 2
    assert not LogEntry.objects.exists()


def test_the_list_shows_hours_and_minutes_and_money(client, staff):
    TimeEntryFactory(duration_seconds=3900, project__currency_code="JPY", amount=1200, hourly_rate=1200)

    page = client.get(reverse("admin:billing_timeentry_changelist")).content.decode()

    assert ">1:05</td>" in page
    assert ">¥1,200</td>" in page

"""Totals that the database keeps: equal to their rows added up by hand, whoever wrote those and however."""

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import guards
from accounts.tests.at_once import at_once
from accounts.tests.factories import ClientFactory, StaffFactory
from billing import projects, tracking
from billing.models import Project, ProjectTotal, TimeEntry
from billing.tests.factories import NOW, ProjectFactory, TimeEntryFactory

NOTHING = (0, 0, 0, 0, Decimal(0))


def time_by_hand():
    """`{(client, project): (entries, seconds, billable, priced, amount)}`, added up row by row in Python."""
    sums = defaultdict(lambda: NOTHING)
    for entry in TimeEntry.objects.all():
        if entry.end_time is not None:
            priced = entry.amount is not None
            own = (
                1,
                entry.duration_seconds,
                entry.duration_seconds if entry.billable else 0,
                int(priced),
                entry.amount if priced else Decimal(0),
            )
            key = entry.client_id, entry.project_id
            sums[key] = tuple(a + b for a, b in zip(sums[key], own, strict=True))
    return dict(sums)


def time_kept():
    columns = ("entries", "seconds", "billable_seconds", "priced_entries", "amount")
    rows = ProjectTotal.objects.values_list("client_id", "project_id", *columns)
    return {(client, project): tuple(sums) for client, project, *sums in rows}


def sql(statement, *params):
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


def entry(project, user, seconds=3600, amount=None, **fields):
    """An unsaved finished entry."""
    end = {"end_time": NOW + timedelta(seconds=seconds), "duration_seconds": seconds}
    own = {"client_id": project.client_id, "project": project, "user": user, "start_time": NOW, "amount": amount}
    return TimeEntry(**(own | end | fields))


def nth(rows, place):
    """One of the rows, or None where there is none; any number is a place."""
    count = rows.count()
    return rows.order_by("pk")[place % count] if count else None


class World:
    """Two clients with two projects each, one in yen, and all that may happen to time there."""

    def __init__(self):
        self.staff = StaffFactory()
        rates = [("EUR", "33.33"), ("JPY", "7777"), ("KWD", "10.005"), ("EUR", None)]
        clients = [ClientFactory(), ClientFactory()]
        self.projects = [
            ProjectFactory(client=clients[place % 2], currency_code=code, hourly_rate=rate and Decimal(rate))
            for place, (code, rate) in enumerate(rates)
        ]

    def project(self, place):
        return Project.objects.get(pk=self.projects[place % 4].pk)

    def log(self, place, seconds):
        if self.project(place).status != "archived":
            tracking.log(
                self.project(place),
                user=self.staff,
                start_time=NOW + timedelta(seconds=place),
                duration_seconds=seconds,
                billable=seconds % 3 != 0,
                by=None,
                now=NOW,
            )

    def run_timer(self, place, seconds):
        if self.project(place).status == "archived":
            return
        running = TimeEntry.objects.running().first() or tracking.start_timer(
            self.project(place), user=self.staff, now=NOW
        )
        if place % 3:
            tracking.stop_timer(running, by=None, now=NOW + timedelta(seconds=seconds))

    def correct(self, place, seconds):
        found = nth(TimeEntry.objects.finished().exclude(project__status="archived"), place)
        if found:
            tracking.correct(found, by=None, now=NOW, duration_seconds=seconds, billable=seconds % 2 == 0)

    def move(self, place, seconds):
        found, there = nth(TimeEntry.objects.filter(import_key=None), place), self.project(seconds)
        if found and there.status != "archived":
            tracking.correct(found, by=None, now=NOW, project=there, task=None)

    def remove(self, place, _seconds):
        found = nth(TimeEntry.objects.all(), place)
        if found:
            tracking.remove(found, by=None, now=NOW)

    def archive(self, place, seconds):
        status = "archived" if seconds % 2 else "active"
        projects.change_status(self.project(place), status, by=None, now=NOW)

    def write_in_bulk(self, place, seconds):
        rows = [entry(self.project(place + n), self.staff, seconds + n, Decimal(seconds + n) / 1000) for n in range(3)]
        TimeEntry.objects.bulk_create(rows, ignore_conflicts=place % 2 == 0)

    def write_over(self, place, seconds):
        project = self.projects[place % 4]
        sql(
            "INSERT INTO time_entries (client_id, project_id, user_id, start_time, end_time, duration_seconds, "
            "has_times, billable, notes, tags, created_at, import_key) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, '', '', %s, %s) ON CONFLICT (client_id, import_key) "
            "WHERE import_key IS NOT NULL DO UPDATE SET duration_seconds = 100, project_id = excluded.project_id",
            *(project.client_id, project.pk, self.staff.pk, NOW, NOW, seconds, True, True, NOW, f"key{seconds % 2}"),
        )

    def update_in_bulk(self, place, seconds):
        TimeEntry.objects.filter(project=self.project(place)).finished().update(
            duration_seconds=seconds, billable=True, amount=Decimal("0.1") * (seconds % 7)
        )

    def delete_in_bulk(self, place, _seconds):
        TimeEntry.objects.filter(project=self.project(place)).delete()

    def raw_change(self, _place, seconds):
        sql(
            "UPDATE time_entries SET amount = NULL, billable = %s, notes = 'x' WHERE duration_seconds > %s",
            False,
            seconds,
        )

    def raw_deletion(self, place, _seconds):
        sql("DELETE FROM time_entries WHERE project_id = %s", self.projects[place % 4].pk)

    def take_back(self, place, seconds):
        with transaction.atomic():
            self.write_in_bulk(place, seconds)
            transaction.set_rollback(True)


DEEDS = [name for name in vars(World) if not name.startswith("_") and name != "project"]
STEPS = st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(0, 7), st.integers(0, 90_000)), max_size=14)


@pytest.mark.django_db
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_happens_to_time_its_totals_are_its_rows_added_up(steps):
    with transaction.atomic():
        world = World()
        for name, place, seconds in steps:
            getattr(world, name)(place, seconds)
            assert time_kept() == time_by_hand()
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_many_small_amounts_leave_no_noise():
    project, staff = ProjectFactory(), StaffFactory()
    rows = [entry(project, staff, 1, Decimal("0.1")) for _ in range(1000)]
    TimeEntry.objects.bulk_create(rows)
    assert ProjectTotal.objects.get().amount == Decimal(100)
    TimeEntry.objects.filter(pk__in=[row.pk for row in rows[:999]]).delete()
    assert ProjectTotal.objects.get().amount == Decimal("0.1")


@pytest.mark.django_db
def test_a_project_without_finished_time_has_no_total():
    timer = TimeEntryFactory(duration_seconds=None)
    assert not ProjectTotal.objects.exists()
    tracking.stop_timer(timer, by=None, now=NOW + timedelta(hours=1))
    assert ProjectTotal.objects.get().seconds == 3600
    tracking.remove(timer, by=None, now=NOW)
    assert not ProjectTotal.objects.exists()


@pytest.mark.django_db
@pytest.mark.postgresql
def test_copy_and_truncate_keep_the_totals():
    project, staff = ProjectFactory(), StaffFactory()
    row = f"{project.client_id}\t{project.pk}\t{staff.pk}\t{NOW}\t{NOW}\t60\tt\tt\t0.125\t{NOW}\t\t\n"
    columns = (
        "client_id, project_id, user_id, start_time, end_time, duration_seconds, has_times, billable, amount, "
        "created_at, notes, tags"
    )
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY time_entries ({columns}) FROM STDIN") as to,
    ):
        to.write(row * 1000)
    assert time_kept() == {(project.client_id, project.pk): (1000, 60_000, 60_000, 1000, Decimal(125))}
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    sql("TRUNCATE time_entries")
    assert time_kept() == {}


@pytest.mark.django_db(transaction=True)
def test_people_who_log_and_move_time_at_once_lose_none():
    client = ClientFactory()
    here, there = ProjectFactory(client=client), ProjectFactory(client=client)
    staff = [StaffFactory() for _ in range(8)]
    entries = [TimeEntryFactory(project=project, user=staff[0]) for project in (here, there) for _ in range(4)]

    def log(user, project):
        return tracking.log(project, user=user, start_time=NOW, duration_seconds=60, by=None, now=NOW)

    calls = [lambda u=user, p=project: log(u, p) for user in staff for project in (here, there)]
    calls += [
        lambda e=e: tracking.correct(e, by=None, now=NOW, project=there if e.project == here else here) for e in entries
    ]
    results = at_once(calls)
    assert [result for result in results if not isinstance(result, TimeEntry)] == []
    assert time_kept() == time_by_hand()
    assert {seconds for _n, seconds, *_rest in time_kept().values()} == {4 * 3600 + 8 * 60}


def check(**options):
    out, err = StringIO(), StringIO()
    call_command("check_totals", stdout=out, stderr=err, **options)
    return out.getvalue() + err.getvalue()


@pytest.mark.django_db
def test_the_check_finds_what_is_wrong_says_it_and_repairs_it():
    wrong, _right = TimeEntryFactory(), TimeEntryFactory()
    assert check() == "All totals are right\n"
    ProjectTotal.objects.filter(project=wrong.project).update(seconds=3601)
    with pytest.raises(CommandError, match="1 wrong"):
        check()
    said = check(repair=True)
    place = f"client_id {wrong.client_id}, project_id {wrong.project_id}"
    assert f"project_totals of {place}: seconds is 3601, should be 3600\n" in said
    assert said.count("project_totals of") == 1
    assert time_kept() == time_by_hand()
    assert check() == "All totals are right\n"


@pytest.mark.django_db
def test_the_check_finds_totals_that_are_missing_and_that_have_no_rows():
    missing, bare = TimeEntryFactory(), ProjectFactory()
    ProjectTotal.objects.all().delete()
    ProjectTotal.objects.create(
        client=bare.client, project=bare, entries=1, seconds=2, billable_seconds=0, priced_entries=0, amount=0
    )
    with pytest.raises(CommandError, match="2 wrong"):
        check()
    check(repair=True)
    assert list(time_kept()) == [(missing.client_id, missing.project_id)]


@pytest.mark.django_db
def test_putting_the_guards_up_fills_totals_of_rows_that_were_there_before():
    TimeEntryFactory(amount=Decimal("0.3"))
    ProjectTotal.objects.all().delete()
    with connection.cursor() as cursor:
        for guard in apps.get_app_config("billing").guards:
            guards.put_up(guard, cursor, connection.vendor)
    assert time_kept() == time_by_hand() != {}

"""`manage.py tidy` deletes what is over and nothing else."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from axes.models import AccessAttempt
from django.core.management import call_command
from django.test import Client as Browser
from django.utils import timezone

from accounts import invitations
from accounts.models import Invitation, QueuedTask, SignedInSession, TrailEntry
from accounts.tests.factories import PASSWORD, PortalUserFactory, StaffFactory
from accounts.tests.workers import work_queue

pytestmark = pytest.mark.django_db

LOGIN = "/client-portal/login"


@pytest.fixture
def clock():
    with time_machine.travel(datetime(2026, 11, 22, 12, tzinfo=UTC), tick=False) as traveller:
        yield traveller


def leave_traces(name):
    """A session, a count of failures and an invitation."""
    user = PortalUserFactory(username=name)
    Browser().post(LOGIN, {"name": name, "password": PASSWORD})
    Browser().post(LOGIN, {"name": name, "password": "wrong"}, REMOTE_ADDR="203.0.113.9")
    invitations.invite(user, by=StaffFactory(), now=timezone.now())
    work_queue()


def test_what_is_over_goes_and_the_rest_stays(clock, capsys):
    leave_traces("ada")
    AccessAttempt.objects.update(username="old")
    clock.shift(timedelta(days=98))
    leave_traces("bob")
    lines = TrailEntry.objects.count()
    call_command("tidy")
    assert capsys.readouterr().out.splitlines() == [
        "1 sessions deleted",
        "0 counts of failures deleted",  # each failure deletes those that are over
        "1 links deleted",
        "1 tasks deleted",
        "0 failed tasks deleted",
    ]
    assert [row.user.username for row in SignedInSession.objects.all()] == ["bob"]
    assert [row.username for row in AccessAttempt.objects.all()] == ["bob"]
    assert [row.user.username for row in Invitation.objects.all()] == ["bob"]
    assert QueuedTask.objects.count() == 1
    assert TrailEntry.objects.count() == lines


@pytest.mark.parametrize(
    ("status", "days", "kept"),
    [
        ("SUCCESSFUL", 13, True),
        ("SUCCESSFUL", 15, False),
        ("FAILED", 89, True),
        ("FAILED", 91, False),
        ("READY", 365, True),
    ],
)
def test_finished_tasks_go_after_their_time(clock, status, days, kept):
    finished_at = None if status == "READY" else timezone.now()
    QueuedTask.objects.create(
        task="t", status=status, finished_at=finished_at, enqueued_at=timezone.now(), run_after=timezone.now()
    )
    clock.shift(timedelta(days=days))
    call_command("tidy", verbosity=0)
    assert QueuedTask.objects.exists() is kept


def test_counts_that_are_over_go(clock, capsys):
    Browser().post(LOGIN, {"name": "ada", "password": "wrong"})
    clock.shift(timedelta(minutes=16))
    call_command("tidy")
    assert "1 counts of failures deleted" in capsys.readouterr().out
    assert AccessAttempt.objects.count() == 0

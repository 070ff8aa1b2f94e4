"""The clock jumps by a day, forth or back: nothing is lost or done twice, and who is in stays in for their time."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from channels.db import database_sync_to_async
from channels.routing import get_default_application
from django.core import mail
from django.utils import timezone

from accounts import invitations, queue
from accounts.queued_tasks import QueuedTask
from accounts.tests.factories import PortalUserFactory, StaffFactory
from accounts.tests.workers import work_queue
from billing.tests.factories import ProjectFactory
from portal import live
from portal.tests.browsers import sign_in
from portal.tests.sockets import hear, in_thread, listening, on_a_loop

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
JUMPS = pytest.mark.parametrize("jump", [DAY, -DAY], ids=["forth", "back"])


@pytest.fixture
def clock():
    with time_machine.travel(datetime(2026, 11, 22, 12, tzinfo=UTC), tick=False) as traveller:
        yield traveller


@queue.task(whole=True)
def open_a_project(client_id):
    ProjectFactory(client_id=client_id)


@JUMPS
def test_what_was_queued_before_a_jump_is_done_once_and_what_comes_after_does_not_wait(client_row, clock, jump):
    open_a_project.enqueue(client_row.pk)
    clock.shift(jump)
    open_a_project.enqueue(client_row.pk)
    work_queue()
    assert client_row.projects.count() >= 1
    clock.shift(DAY)
    work_queue()
    work_queue()
    assert client_row.projects.count() == 2


@JUMPS
def test_a_lease_over_a_jump_lets_a_task_take_effect_once(client_row, clock, jump):
    open_a_project.enqueue(client_row.pk)
    row = queue.claim("first", now=timezone.now())
    clock.shift(jump)
    work_queue()
    queue.run(row, clock=timezone.now)
    clock.shift(2 * DAY)
    work_queue()
    assert client_row.projects.count() == 1
    assert QueuedTask.objects.get().status == "SUCCESSFUL"


@JUMPS
def test_a_session_outlives_a_jump_no_longer_than_its_time(clock, jump):
    browser, _answer = sign_in(PortalUserFactory().username)
    clock.shift(jump)
    assert browser.get("/client-portal").status_code == 200
    clock.shift(15 * DAY)
    assert browser.get("/client-portal").status_code == 302


@JUMPS
def test_a_link_outlives_a_jump_and_is_good_once(client, clock, jump):
    user = PortalUserFactory()
    invitations.invite(user, by=StaffFactory(), now=timezone.now())
    work_queue()
    link = next(word for word in mail.outbox[-1].body.split() if "/set-password/" in word)
    clock.shift(jump)
    path = link.partition("testserver")[2]
    assert client.get(path, follow=True).status_code == 200
    clock.shift(9 * DAY)
    assert client.get(path, follow=True).status_code == 404


@pytest.fixture
def on_the_tests_connection(monkeypatch):
    get_default_application()
    monkeypatch.setattr("channels.db.close_old_connections", lambda **_signal: None)
    monkeypatch.setattr(live, "in_database", database_sync_to_async)


@JUMPS
@on_a_loop
async def test_an_open_socket_hears_on_over_a_jump(
    client_row, viewer, on_the_tests_connection, django_capture_on_commit_callbacks, clock, jump
):
    from billing import projects

    def open_one():
        with django_capture_on_commit_callbacks(execute=True):
            projects.open_project(client_row, name="Relaunch", by=None, now=timezone.now())

    async with listening(viewer) as (socket, _hello):
        clock.shift(jump)
        await in_thread(open_one)()
        assert (await hear(socket))["kind"] == "project_created"

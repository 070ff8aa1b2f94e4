"""The queue: what is committed is done, once if it can be, again where it failed, and whoever dies."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from time import monotonic, sleep
from types import SimpleNamespace

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth.models import Group
from django.core import mail
from django.db import OperationalError, connection, transaction
from django.urls import reverse
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks.exceptions import InvalidTaskError, TaskResultDoesNotExist

from accounts import mails, queue, working
from accounts.models import Agency, QueuedTask
from accounts.queue import ATTEMPTS, LEASE
from accounts.tests.at_once import at_once, times
from accounts.tests.factories import StaffFactory
from accounts.tests.workers import work_queue
from accounts.working import Worker

pytestmark = pytest.mark.django_db

done = []
troubles = []


@queue.task
def note(what, *, loudly=False):
    done.append(what.upper() if loudly else what)


@queue.task(takes_context=True)
def fail_at_first(context):
    done.append(context.attempt)
    if troubles:
        raise troubles.pop()


@queue.task(whole=True)
def found(name):
    Group.objects.create(name=name)
    if troubles:
        raise troubles.pop()


@queue.task(takes_context=True)
def greet(context, address):
    mails.send("forgotten", {"agency": "Studio"}, to=address, task=context.task_result)


@pytest.fixture(autouse=True)
def nothing_left_over():
    done.clear()
    troubles.clear()


@pytest.fixture
def clock():
    with time_machine.travel(datetime(2026, 11, 22, 12, tzinfo=UTC), tick=False) as traveller:
        yield traveller


def state():
    return QueuedTask.objects.get().status


def test_a_queued_call_is_made_with_its_arguments_which_are_then_forgotten():
    result = note.enqueue("tea", loudly=True)
    assert (result.status, result.kwargs) == (TaskResultStatus.READY, {"loudly": True})
    assert done == []
    assert work_queue() == 1
    assert done == ["TEA"]
    result.refresh()
    assert result.status == TaskResultStatus.SUCCESSFUL
    assert QueuedTask.objects.get().arguments == {}


def test_a_done_task_is_not_done_again():
    note.enqueue("tea")
    assert [work_queue(), work_queue()] == [1, 0]
    assert done == ["tea"]


def test_nothing_is_queued_on_a_rollback():
    with pytest.raises(ValueError, match="no"), transaction.atomic():
        note.enqueue("tea")
        raise ValueError("no")
    assert work_queue() == 0


def test_what_is_queued_wakes_this_process_after_the_commit(django_capture_on_commit_callbacks):
    queue.news.clear()
    with django_capture_on_commit_callbacks(execute=True):
        note.enqueue("tea")
        assert not queue.news.is_set()
    assert queue.news.is_set()


def test_the_same_thing_is_queued_once():
    once = note.using(dedupe_key="tea at five")
    assert once.enqueue("first").id == once.enqueue("second").id
    work_queue()
    once.enqueue("third")
    work_queue()
    assert done == ["first"]


def test_things_without_a_dedupe_key_are_all_done():
    note.enqueue("tea")
    note.enqueue("tea")
    assert work_queue() == 2


def test_a_task_waits_for_its_time(clock):
    note.using(run_after=timezone.now() + timedelta(hours=1)).enqueue("tea")
    clock.shift(timedelta(minutes=59))
    assert work_queue() == 0
    clock.shift(timedelta(minutes=1))
    assert work_queue() == 1


def test_what_is_pressing_goes_first(clock):
    note.using(priority=-10).enqueue("digest")
    note.enqueue("mail")
    note.using(priority=10).enqueue("link")
    work_queue()
    assert done == ["link", "mail", "digest"]


def test_a_failed_task_is_tried_again_after_growing_pauses(clock):
    troubles[:] = [OSError("second"), OSError("first")]
    fail_at_first.enqueue()
    work_queue()
    assert (state(), QueuedTask.objects.get().error) == ("READY", "OSError: first")
    assert work_queue() == 0
    clock.shift(queue.FIRST_PAUSE * 1.3)
    work_queue()
    assert QueuedTask.objects.get().error == "OSError: second"
    clock.shift(queue.FIRST_PAUSE)
    assert work_queue() == 0
    clock.shift(queue.FIRST_PAUSE * 1.6)
    work_queue()
    assert (state(), done, QueuedTask.objects.get().error) == ("SUCCESSFUL", [1, 2, 3], "")


def test_pauses_double_up_to_the_longest_and_differ():
    assert 11 <= queue.pause_after(1).total_seconds() <= 19
    assert 22 <= queue.pause_after(2).total_seconds() <= 38
    assert 5400 <= queue.pause_after(ATTEMPTS).total_seconds() <= 9000
    assert len({queue.pause_after(1) for _time in range(20)}) > 1


def test_a_task_that_always_fails_ends_as_failed_and_is_loud(clock, caplog):
    troubles[:] = [OSError("no")] * ATTEMPTS
    fail_at_first.enqueue()
    for _attempt in range(ATTEMPTS):
        assert state() == "READY"
        work_queue()
        clock.shift(timedelta(hours=3))
    assert state() == "FAILED"
    assert work_queue() == 0
    assert len(done) == ATTEMPTS
    assert [line.message for line in caplog.records if line.levelname == "ERROR"] == [
        f"Task {QueuedTask.objects.get().key} (fail_at_first) FAILED for good; see the admin's queued tasks"
    ]


@pytest.mark.parametrize("trouble", [SystemExit(1), KeyboardInterrupt(), ValueError("\0 \ud800"), MemoryError()])
def test_whatever_a_task_raises_is_its_own_failure(trouble):
    troubles[:] = [trouble]
    fail_at_first.enqueue()
    note.enqueue("tea")
    assert work_queue() == 2
    assert done == [1, "tea"]


def test_a_task_that_is_no_more_fails_like_any_other():
    QueuedTask.objects.create(task="accounts.nowhere.gone", enqueued_at=timezone.now(), run_after=timezone.now())
    assert work_queue() == 1
    assert QueuedTask.objects.get().error_class == "builtins.ModuleNotFoundError"


def test_a_killed_workers_task_is_taken_over_once_its_lease_ran_out(clock):
    fail_at_first.enqueue()
    assert queue.claim("dead", now=timezone.now()) is not None
    clock.shift(LEASE - timedelta(seconds=1))
    assert work_queue() == 0
    clock.shift(timedelta(seconds=1))
    assert work_queue() == 1
    assert (state(), done) == ("SUCCESSFUL", [2])


def test_a_task_that_kills_its_worker_each_time_fails_in_the_end(clock):
    note.enqueue("tea")
    for _attempt in range(ATTEMPTS):
        assert queue.claim("dead", now=timezone.now()) is not None
        clock.shift(LEASE)
    work_queue()
    assert (state(), done) == ("FAILED", [])


def test_a_worker_slower_than_its_lease_changes_nothing_of_who_took_over(clock):
    found.enqueue("chess")
    slow = queue.claim("slow", now=timezone.now())
    clock.shift(LEASE)
    quick = queue.claim("quick", now=timezone.now())
    queue.run(slow, clock=timezone.now)
    assert not Group.objects.exists()
    assert (state(), QueuedTask.objects.get().leased_by) == ("RUNNING", "quick")
    queue.run(quick, clock=timezone.now)
    assert (state(), Group.objects.count()) == ("SUCCESSFUL", 1)


def test_a_whole_task_leaves_nothing_behind_when_it_fails(clock):
    troubles[:] = [OSError("no")]
    found.enqueue("chess")
    work_queue()
    assert not Group.objects.exists()
    clock.shift(timedelta(minutes=1))
    work_queue()
    assert Group.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_never_get_the_same_task():
    for number in range(6):
        note.enqueue(number)
    claimed = at_once(times(6, lambda: queue.claim("one of six", now=timezone.now())))
    assert not [one for one in claimed if isinstance(one, Exception)]
    keys = [one.key for one in claimed if one is not None]
    assert len(keys) == len(set(keys))
    while (more := queue.claim("the last", now=timezone.now())) is not None:
        keys.append(more.key)
    assert len(keys) == len(set(keys)) == 6


@pytest.mark.django_db(transaction=True)
def test_the_same_thing_queued_at_once_is_queued_once():
    results = at_once(times(4, lambda: note.using(dedupe_key="tea").enqueue("tea").id))
    assert len(set(results)) == QueuedTask.objects.count() == 1


def test_a_result_is_found_by_its_id_alone():
    result = note.enqueue("tea")
    assert note.get_result(result.id) == result
    for wrong in ("nonsense", "0" * 32):
        with pytest.raises(TaskResultDoesNotExist):
            note.get_result(wrong)


def test_a_failed_result_names_its_error():
    troubles[:] = [OSError("no")]
    result = fail_at_first.enqueue()
    work_queue()
    result.refresh()
    assert [error.exception_class for error in result.errors] == [OSError]
    assert result.attempts == 1


def test_an_argument_that_is_not_json_is_refused():
    with pytest.raises(TypeError, match="Unsupported type"):
        note.enqueue(timezone.now())
    with pytest.raises(InvalidTaskError, match="aware"):
        note.using(run_after=datetime(2026, 1, 1))  # noqa: DTZ001


# The loop


@pytest.fixture
def loop(monkeypatch):
    """A worker that runs in a thread of its own, looking often."""
    monkeypatch.setattr(working, "LOOK_SECONDS", 0.02)
    worker = Worker()
    thread = Thread(target=worker.run, daemon=True)
    yield worker, thread
    worker.stop()
    thread.join(10)
    assert not thread.is_alive()


def wait_until(true, seconds=10):
    deadline = monotonic() + seconds
    while not true():
        assert monotonic() < deadline, "It did not come to pass."
        sleep(0.01)


@pytest.mark.django_db(transaction=True)
def test_the_loop_does_what_is_committed_by_others(loop):
    _worker, thread = loop
    thread.start()
    note.enqueue("tea")
    wait_until(lambda: done == ["tea"])
    wait_until(lambda: state() == "SUCCESSFUL")


@pytest.mark.django_db(transaction=True)
def test_the_loop_outlives_a_database_that_is_away(loop, monkeypatch):
    _worker, thread = loop
    really, failures = queue.claim, []

    def claim(*args, **kwargs):
        if len(failures) < 3:
            failures.append(1)
            raise OperationalError("the database is away")
        return really(*args, **kwargs)

    monkeypatch.setattr(queue, "claim", claim)
    note.enqueue("tea")
    thread.start()
    wait_until(lambda: done == ["tea"])
    assert len(failures) == 3


@pytest.mark.django_db(transaction=True)
def test_the_loop_holds_no_connection_between_two_rounds(loop, monkeypatch):
    _worker, thread = loop
    held = []
    monkeypatch.setattr(queue.news, "wait", lambda _seconds: held.append(connection.connection) or sleep(0.02))
    thread.start()
    wait_until(lambda: len(held) > 2)
    assert set(held) == {None}


@pytest.mark.django_db(transaction=True)
def test_a_stopped_loop_finishes_the_task_in_hand_and_takes_no_other(loop, monkeypatch):
    worker, thread = loop
    begun, may_end = Event(), Event()

    def slowly(row, *, clock):
        begun.set()
        may_end.wait(10)
        really(row, clock=clock)

    really = queue.run
    monkeypatch.setattr(queue, "run", slowly)
    note.enqueue("first")
    note.enqueue("second")
    thread.start()
    begun.wait(10)
    worker.stop()
    may_end.set()
    thread.join(10)
    assert done == ["first"]
    assert sorted(QueuedTask.objects.values_list("status", flat=True)) == ["READY", "SUCCESSFUL"]


def test_a_duty_that_fails_keeps_no_task_waiting(monkeypatch, caplog):
    def forget(now):
        raise ValueError("forgotten")

    monkeypatch.setattr(working, "_duties", [working.Duty(forget, 60)])
    note.enqueue("tea")
    assert work_queue() == 1
    assert "A duty of the worker failed: forget" in caplog.text


def test_a_duty_is_done_no_more_often_than_it_wants(monkeypatch):
    monkeypatch.setattr(working, "_duties", [working.Duty(lambda **_now: done.append("looked"), 60)])
    worker = Worker()
    worker.round()
    worker.round()
    assert done == ["looked"]


@pytest.mark.parametrize(("place", "threads"), [("inside", 1), ("apart", 0)])
def test_a_web_process_works_the_queue_only_if_the_settings_say_so(settings, monkeypatch, place, threads):
    settings.WORKER = place
    started = []
    monkeypatch.setattr(working, "Thread", lambda **thread: SimpleNamespace(start=lambda: started.append(thread)))
    monkeypatch.setattr(working.atexit, "register", lambda *_: None)
    working.start_inside()
    assert len(started) == threads
    assert all(thread["daemon"] for thread in started)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_the_worker_command_works_the_queue_and_ends_when_it_is_told(ending):
    greet.enqueue("ada@example.com")
    name = connection.settings_dict["NAME"]
    address = (
        f"sqlite:///{name}"
        if connection.vendor == "sqlite"
        else os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{name}"
    )
    process = subprocess.Popen(
        [sys.executable, "manage.py", "worker"],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DATABASE_URL": address, "EMAIL_URL": "dummymail://"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_until(lambda: state() == "SUCCESSFUL", 30)
        process.send_signal(ending)
        output, complaints = process.communicate(timeout=10)
    finally:
        process.kill()
    assert output.startswith("Worker ")
    assert complaints == ""
    assert process.returncode == 0


# Mails


def test_a_mail_tried_twice_has_one_message_id(clock):
    for _time in range(2):
        greet.enqueue("ada@example.com")
    first = queue.claim("dies after sending", now=timezone.now())
    QueuedTask.objects.filter(pk=first.pk).update(leased_by="dead")
    queue.run(first, clock=timezone.now)
    clock.shift(LEASE)
    work_queue()
    ids = [message.extra_headers["Message-ID"] for message in mail.outbox]
    assert len(ids) == 3
    assert len(set(ids)) == 2
    assert f"<{first.key.hex}@testserver>" in ids


@pytest.mark.parametrize(
    ("name", "sender"),
    [
        ("Studio Nord", '"Studio Nord" <portal@testserver>'),
        ('The "Quick"\r\nBcc: x@example.com', '"The Quick Bcc: x@example.com" <portal@testserver>'),
        ("Back\\slash, and <angle>;", '"Backslash, and <angle>;" <portal@testserver>'),
        ("Ünï\x0b\u2028çødé\u202e", '"Ünï çødé" <portal@testserver>'),
        (" ", "portal@testserver"),
    ],
)
def test_the_senders_name_cannot_break_the_header(name, sender):
    Agency.objects.create(pk=1, name=name)
    greet.enqueue("ada@example.com")
    work_queue()
    (message,) = mail.outbox
    assert message.from_email == sender
    assert str(message.message()).count("\nFrom: ") + str(message.message()).startswith("From: ") == 1
    assert "\nBcc" not in str(message.message())


# For staff


def test_staff_try_a_failed_task_again(client):
    client.force_login(StaffFactory())
    note.enqueue("tea")
    QueuedTask.objects.update(status="FAILED", finished_at=timezone.now(), attempts=ATTEMPTS, error="OSError: no")
    row = QueuedTask.objects.get()
    page = client.get(reverse("admin:accounts_queuedtask_change", args=[row.pk])).content.decode()
    assert "OSError: no" in page
    client.post(reverse("admin:accounts_queuedtask_try_again", args=[row.pk]))
    assert work_queue() == 1
    assert done == ["tea"]


def test_only_a_failed_task_can_be_tried_again(client):
    client.force_login(StaffFactory())
    note.enqueue("tea")
    work_queue()
    row = QueuedTask.objects.get()
    address = reverse("admin:accounts_queuedtask_try_again", args=[row.pk])
    assert address not in client.get(reverse("admin:accounts_queuedtask_change", args=[row.pk])).content.decode()
    answer = client.post(address, follow=True).content.decode()
    assert "Only a task that failed can be tried again." in answer
    assert work_queue() == 0


def test_who_may_only_look_tries_nothing_again(client):
    client.force_login(StaffFactory(is_superuser=False))
    note.enqueue("tea")
    address = reverse("admin:accounts_queuedtask_try_again", args=[QueuedTask.objects.get().pk])
    assert client.post(address).status_code == 403

"""The queue of work for later, in the database, behind the API of django-tasks (Django 6's own).

    @task
    def remind(invoice_id): ...

    remind.using(dedupe_key=f"reminder of {invoice.pk}").enqueue(invoice.pk)

What holds: a row is written in the caller's own transaction, so nothing is queued on a rollback and nothing committed
is lost. A task is run at least once, by one worker at a time for as long as its lease lasts, and again after a failure
or a worker's death, with growing pauses, until it succeeds or has failed ATTEMPTS times. So it may run twice, and what
it does outside the database may happen twice: let that be recognisable as the same (`accounts.mails`). A task marked
`whole` touches nothing but the database; it runs in one transaction with its being done, and so takes effect once.

A task returns nothing. Its arguments are JSON, name rows rather than repeat what they hold, and are wiped when it is
done.
"""

import logging
import random
from dataclasses import dataclass, replace
from datetime import timedelta
from threading import Event

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, F, Min, Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django_tasks import TaskContext, TaskResult, task
from django_tasks.backends.base import BaseTaskBackend
from django_tasks.base import Task, TaskError
from django_tasks.exceptions import TaskResultDoesNotExist
from django_tasks.utils import get_module_path, normalize_json
from structlog.contextvars import bound_contextvars

from accounts.errors import Refused
from accounts.queued_tasks import FAILED, READY, RUNNING, SUCCESSFUL, QueuedTask

__all__ = ["Backend", "claim", "drop", "standing", "task", "try_again"]

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
ATTEMPTS = 12
FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(hours=2)

# Set when this process committed something to do.
news = Event()


class TaskRefused(Refused):
    """This task cannot be tried again."""


class LeaseLost(Exception):
    """A worker was slower than its lease, and another has the task by now."""


@dataclass(frozen=True, kw_only=True)
class QueueTask(Task):
    """A task of this queue: `dedupe_key` lets it be queued once, `whole` lets it take effect once."""

    dedupe_key: str | None = None
    whole: bool = False

    def using(self, *, dedupe_key=None, **changes):
        changed = super().using(**changes)
        return replace(changed, dedupe_key=dedupe_key) if dedupe_key else changed


class Backend(BaseTaskBackend):
    """The queue as the settings' TASKS name it."""

    task_class = QueueTask
    supports_defer = supports_get_result = supports_priority = True

    def enqueue(self, task, args, kwargs):
        """Queue a call in the present transaction; of a `dedupe_key` that is queued already, the first stands."""
        self.validate_task(task)
        now = timezone.now()
        row = QueuedTask(
            task=task.module_path,
            arguments={"args": normalize_json(args), "kwargs": normalize_json(kwargs)},
            dedupe_key=task.dedupe_key,
            priority=task.priority,
            enqueued_at=now,
            run_after=task.run_after or now,
        )
        # A clash must not break the caller's transaction.
        QueuedTask.objects.bulk_create([row], ignore_conflicts=True)
        transaction.on_commit(news.set)
        same = {"dedupe_key": task.dedupe_key} if task.dedupe_key else {"key": row.key}
        return result_of(QueuedTask.objects.get(**same), task)

    def get_result(self, result_id):
        try:
            row = QueuedTask.objects.get(key=result_id)
        except (QueuedTask.DoesNotExist, ValidationError) as error:
            raise TaskResultDoesNotExist(result_id) from error
        return result_of(row, import_string(row.task))


def result_of(row, task):
    """A row as django-tasks shows it. Of the workers only the last is known; each attempt stands for it."""
    error = TaskError(exception_class_path=row.error_class, traceback=row.error)
    return TaskResult(
        task=task,
        id=row.key.hex,
        status=row.status,
        enqueued_at=row.enqueued_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        last_attempted_at=row.last_attempted_at,
        args=row.arguments.get("args", []),
        kwargs=row.arguments.get("kwargs", {}),
        backend="default",
        errors=[error] if row.error_class else [],
        worker_ids=[row.leased_by] * row.attempts,
    )


def claim(worker, *, now):
    """Take the next task that is due for `worker`, with a lease; returns its row, None where nothing is due.

    Two workers never get the same row: PostgreSQL skips what another one is just taking, and on both databases the
    row is changed only if it is still due.
    """
    if not QueuedTask.objects.due(now).exists():
        return None  # without a transaction, which on SQLite would wait for every writer
    with transaction.atomic():
        row = QueuedTask.objects.due(now).next_first().select_for_update(skip_locked=True).first()
        taken = row and QueuedTask.objects.due(now).filter(pk=row.pk).update(
            status=RUNNING,
            leased_by=worker,
            leased_until=now + LEASE,
            attempts=F("attempts") + 1,
            started_at=Coalesce("started_at", now),
            last_attempted_at=now,
        )
        if not taken:
            return None
        row.refresh_from_db()
    return row


def run(row, *, clock):
    """Make the call of a claimed row and, at the time that `clock` then tells, say in the row what came of it.

    Whatever the task raises stays here.
    """
    with bound_contextvars(task=row.name, task_id=row.key, client_id=None, user_id=None):
        _run(row, clock)


def _run(row, clock):
    try:
        if row.attempts > ATTEMPTS:
            raise TimeoutError("The worker died, or was slower than its lease, at every attempt.")
        called = import_string(row.task)
        if called.whole:
            with transaction.atomic():
                _call(called, row)
                _finish(row, clock())
        else:
            _call(called, row)
            _finish(row, clock())
    except BaseException as error:  # noqa: BLE001 (a task must not end its worker)
        _failed(row, error, clock())


def standing(*, now):
    """`({status: tasks}, seconds)`: how many tasks wait, run and have failed, and how long the oldest has been due."""
    found = QueuedTask.objects.filter(status__in=[READY, RUNNING]).aggregate(
        ready=Count("pk", filter=Q(status=READY)), running=Count("pk", filter=Q(status=RUNNING))
    )
    found["failed"] = QueuedTask.objects.filter(status=FAILED).count()
    oldest = QueuedTask.objects.due(now).aggregate(oldest=Min("run_after"))["oldest"]
    return found, (now - oldest).total_seconds() if oldest else 0


def try_again(row, *, now):
    """Staff have a failed task tried anew, as if for the first time."""
    again = {"status": READY, "run_after": now, "attempts": 0, "finished_at": None}
    if not QueuedTask.objects.filter(pk=row.pk, status=FAILED).update(**again):
        raise TaskRefused(_("Only a task that failed can be tried again."))
    transaction.on_commit(news.set)


def drop(rows, why, *, now):
    """Let none of these tasks be done that still wait; returns how many. Staff can have each tried again."""
    ended = {"status": FAILED, "finished_at": now, "leased_until": None, "error_class": "", "error": why}
    return rows.open().update(**ended)


def pause_after(attempts):
    """How long a task waits that has failed so often: doubling, and never quite the same for two."""
    pause = min(FIRST_PAUSE * 2 ** (attempts - 1), LONGEST_PAUSE)
    return pause * random.uniform(0.75, 1.25)  # noqa: S311 (spreads load)


def _call(called, row):
    given = result_of(row, called)
    context = [TaskContext(task_result=given)] if called.takes_context else []
    called.call(*context, *given.args, **given.kwargs)


def _finish(row, now):
    done = {"status": SUCCESSFUL, "finished_at": now, "arguments": {}, "error_class": "", "error": ""}
    if not QueuedTask.objects.held(row).update(**done, leased_until=None):
        raise LeaseLost


def _failed(row, error, now):
    changes = {"error_class": get_module_path(type(error)), "error": _words_of(error), "leased_until": None}
    if row.attempts < ATTEMPTS:
        changes |= {"status": READY, "run_after": now + pause_after(row.attempts)}
        log.warning("Task %s (%s) failed, attempt %s", row.key, row, row.attempts, exc_info=error)
    else:
        changes |= {"status": FAILED, "finished_at": now}
        log.error("Task %s (%s) FAILED for good; see the admin's queued tasks", row.key, row, exc_info=error)
    QueuedTask.objects.held(row).update(**changes)


def _words_of(error):
    """An error as the row keeps it: no traceback, which the log has, and nothing that a database would refuse."""
    return f"{type(error).__name__}: {error}".encode("utf-8", "replace").decode().replace("\0", "")[:2000]

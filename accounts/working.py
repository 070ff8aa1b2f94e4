"""The worker: a loop that does what is queued, and what is to be looked after regularly.

By default it is a thread of every web process (`start_inside`); with WORKER=apart only `manage.py worker` runs it. Any
number may run at once.
"""

import atexit
import logging
import os
import secrets
import socket
from threading import Event, Thread
from time import monotonic
from typing import NamedTuple

from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts import queue
from accounts.measures import WORKER_PAUSE

log = logging.getLogger(__name__)

LOOK_SECONDS = 2
LONGEST_PAUSE_SECONDS = 60
GOODBYE_SECONDS = 15


class Duty(NamedTuple):
    """Something that a worker does now and then, as `call(now=...)`; other workers do it as well."""

    call: object
    seconds: int


_duties = []


def regularly(call, *, seconds):
    """Have every worker call this as often; it must bear being called by several at once."""
    _duties.append(Duty(call, seconds))


class Worker:
    """One loop, which nothing that a task or the database does can end."""

    def __init__(self):
        self.name = f"{socket.gethostname()[:60]} {os.getpid()} {secrets.token_hex(4)}"
        self.stopped = Event()
        self.due_at = {}

    def stop(self):
        """End the loop once the task in hand is finished."""
        self.stopped.set()
        queue.news.set()

    def run(self):
        """Work until stopped, woken by what this process commits and looking every LOOK_SECONDS for others'.

        Between two rounds the thread holds no database connection. While a round fails, the database away for one, the
        pauses grow.
        """
        failures = 0
        rounded_at = monotonic()
        WORKER_PAUSE.labels(settings.WORKER).set_function(lambda: monotonic() - rounded_at)
        while not self.stopped.is_set():
            queue.news.clear()
            try:
                self.round()
                failures, rounded_at = 0, monotonic()
            except Exception:
                failures += 1
                log.exception("A round of the worker failed")
            finally:
                _give_connection_back()
            if not self.stopped.is_set():
                queue.news.wait(min(LOOK_SECONDS * 2**failures, LONGEST_PAUSE_SECONDS))

    def round(self):
        """Do the duties whose time has come, then what is queued until nothing is due; returns how many tasks."""
        for duty in _duties:
            if monotonic() >= self.due_at.get(duty, 0):
                self.due_at[duty] = monotonic() + duty.seconds
                _do(duty)
        tasks = 0
        while not self.stopped.is_set():
            row = queue.claim(self.name, now=timezone.now())
            if row is None:
                break
            queue.run(row, clock=timezone.now)
            tasks += 1
        return tasks


def start_inside():
    """Start this web process's own worker, if the settings want one; at the process's end it finishes what it does."""
    if settings.WORKER != "inside":
        return
    worker = Worker()
    thread = Thread(target=worker.run, name="worker", daemon=True)
    thread.start()
    atexit.register(_end, worker, thread)


def _end(worker, thread):
    worker.stop()
    thread.join(GOODBYE_SECONDS)


def _do(duty):
    """What goes wrong with a duty keeps no task waiting."""
    try:
        duty.call(now=timezone.now())
    except Exception:
        log.exception("A duty of the worker failed: %s", duty.call.__name__)


def _give_connection_back():
    try:
        connection.close()
    except Exception:
        log.exception("The worker could not give its database connection back")

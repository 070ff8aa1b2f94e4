"""A process that writes as staff do, run beside the tests: `python -m portal.tests.delivery.writing '{...}'`.

It prints a line of JSON for each event: whose, of which kind, about which row, with which mark in its text, and when it
was committed. A writer that goes on in spite of the database says so of what failed.
"""

import json
import os
import random
import subprocess
import sys
from decimal import Decimal
from time import monotonic, sleep

from portal.tests.processes import on_the_test_database


class Writer:
    """Another process that writes `count` events of random kinds for the clients of `projects`.

    It `goes_on` after what the database refuses, says what it did `into` an open file, and takes further environment
    `variables`.
    """

    def __init__(self, redis, projects, *, count, pause=0.0, seed=0, dies=False, goes_on=False, into=None, **variables):
        asked = {"projects": projects, "count": count, "pause": pause, "seed": seed, "dies": dies, "goes_on": goes_on}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "portal.tests.delivery.writing", json.dumps(asked)],
            env=on_the_test_database() | {"REDIS_URL": redis.address} | variables,
            stdout=into or subprocess.PIPE,
            stderr=subprocess.DEVNULL if into else subprocess.PIPE,
            text=True,
        )

    def finish(self, seconds=60):
        """What it wrote; it must have ended well."""
        said, complaints = self._process.communicate(timeout=seconds)
        assert self._process.returncode == 0, complaints
        return [json.loads(line) for line in said.splitlines()]

    def end(self):
        """Kill it if it is still there."""
        self._process.kill()
        self._process.communicate(timeout=10)

    @property
    def is_running(self):
        return self._process.poll() is None

    @property
    def pid(self):
        return self._process.pid


def main(asked):
    import django

    django.setup()
    from django.db import DatabaseError, connection

    chance = random.Random(asked["seed"])  # noqa: S311 (it chooses what to write)
    for number in range(asked["count"]):
        mark = f"~{asked['seed']}.{number}~"
        try:
            _say(_write(chance, asked["projects"], mark, dies=asked["dies"]))
        except DatabaseError as error:
            if not asked["goes_on"]:
                raise
            _say({"mark": mark, "failed": repr(error)})
            connection.close()
        sleep(asked["pause"])


def _say(line):
    sys.stdout.write(json.dumps(line) + "\n")
    # What was said must be known when the writer is killed.
    sys.stdout.flush()


def _write(chance, projects, mark, *, dies):
    from django.db import transaction
    from django.utils import timezone

    from accounts.models import User
    from billing.models import Project

    staff = User.objects.get(is_staff=True)
    project = Project.objects.select_related("client").get(pk=chance.choice(projects))
    write = chance.choice([_comment, _comment, _time, _invoice])
    with transaction.atomic():
        # Before the event's own hook, and so between the commit and the announcement.
        transaction.on_commit(lambda: os._exit(0) if dies else committed.append(monotonic()))
        committed = []
        kind, row = write(project, f"{project.name} {mark}", staff, timezone.now())
    return {"client": project.client_id, "kind": kind, "subject": row.pk, "mark": mark, "committed": committed[0]}


def _comment(project, text, staff, now):
    from billing import projects

    return "comment_added", projects.comment(project, content=text, by=staff, now=now, is_internal=False)


def _time(project, text, staff, now):
    from billing import tracking

    entry = tracking.log(project, user=staff, start_time=now, duration_seconds=60, by=staff, now=now, notes=text)
    return "time_logged", entry


def _invoice(project, text, staff, now):
    from billing import invoicing

    lines = [invoicing.Line(text, Decimal(1), Decimal(100)), invoicing.Line("Travel", Decimal(2), Decimal(15))]
    draft = invoicing.draft(project.client, lines=lines, now=now)
    return "invoice_sent", invoicing.send(draft, by=staff, now=now, today=now.date())


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))

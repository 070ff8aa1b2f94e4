"""A process that writes as staff do, run beside the tests: `python -m portal.tests.delivery.writing '{...}'`.

It prints a line of JSON for each event: whose, of which kind, about which row, and when it was committed.
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
    """Another process that writes `count` events of random kinds for the clients of `projects`."""

    def __init__(self, redis, projects, *, count, pause=0.0, seed=0, dies=False):
        asked = {"projects": projects, "count": count, "pause": pause, "seed": seed, "dies": dies}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "portal.tests.delivery.writing", json.dumps(asked)],
            env=on_the_test_database() | {"REDIS_URL": redis.address},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
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


def main(asked):
    import django

    django.setup()
    chance = random.Random(asked["seed"])  # noqa: S311 (it chooses what to write)
    for _n in range(asked["count"]):
        _write(chance, asked["projects"], dies=asked["dies"])
        sleep(asked["pause"])


def _write(chance, projects, *, dies):
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
        kind, row = write(project, staff, timezone.now())
    sys.stdout.write(
        json.dumps({"client": project.client_id, "kind": kind, "subject": row.pk, "committed": committed[0]}) + "\n"
    )


def _comment(project, staff, now):
    from billing import projects

    return "comment_added", projects.comment(project, content="So far, so good", by=staff, now=now, is_internal=False)


def _time(project, staff, now):
    from billing import tracking

    entry = tracking.log(project, user=staff, start_time=now, duration_seconds=60, by=staff, now=now)
    return "time_logged", entry


def _invoice(project, staff, now):
    from billing import invoicing

    lines = [invoicing.Line("Work", Decimal(1), Decimal(100))]
    draft = invoicing.draft(project.client, lines=lines, now=now)
    return "invoice_sent", invoicing.send(draft, by=staff, now=now, today=now.date())


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))

"""What it costs to bring in a file of time for a large client, beside PostgreSQL's own COPY of the same rows."""

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.utils import timezone

from accounts.errors import Refused
from billing.imports import measuring
from portal.measuring import Work
from portal.scope import Scope, Viewer

ROWS = 10_000


@dataclass(frozen=True)
class ImportCost:
    """Of one way of a file's rows: reading it alone, importing it, importing it again, COPY of what came of it.

    `queries` are those of the ORM, without COPY; `ratio` is the time as times that of COPY, 0 where there is none.
    """

    way: str
    viewer: str
    rows: int
    seconds: float
    cpu_seconds: float
    queries: int
    rows_a_second: int
    ratio: float


def measure(name, person):
    """The ImportCosts of a file for a project of a person's client; nothing of it stays."""
    viewer = Viewer.of(person)
    project = Scope.of(viewer).projects.in_working_order().first()
    meter = _Meter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "time.csv"
        measuring.write_file(path, ROWS, client=viewer.client.name, projects=[project.name])
        report = measuring.measure(path, zone=viewer.zone, now=timezone.now(), meter=meter)
    if report.entries != ROWS:
        raise Refused(f"{report.entries} of {ROWS} rows were imported.")
    return [_cost(name, way, meter.taken) for way in meter.taken]


def _cost(name, way, taken):
    work, copied = taken[way], taken.get("COPY")
    return ImportCost(
        way=way,
        viewer=name,
        rows=ROWS,
        seconds=round(work.seconds, 2),
        cpu_seconds=round(work.cpu, 2),
        queries=work.queries,
        rows_a_second=round(ROWS / work.seconds),
        ratio=round(work.seconds / copied.seconds, 2) if copied else 0,
    )


class _Meter:
    """Remembers the Work of each way."""

    def __init__(self):
        self.taken = {}

    @contextmanager
    def __call__(self, way):
        with Work() as self.taken[way]:
            yield

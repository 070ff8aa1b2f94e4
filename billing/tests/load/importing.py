"""What an import of many rows takes, beside what PostgreSQL's own COPY of the same rows takes, in one run.

    DATABASE_URL=… python -m billing.tests.load.importing --rows 1000000

Reads a made-up file with the product's reader alone, imports it twice, and copies the very rows that came of it into
the same table with its indexes, triggers and ties. The rule: an import takes no longer than three such copies and the
reading. All of it is one transaction that is taken back.
"""

import argparse
import os
import resource
import tempfile
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter, process_time
from zoneinfo import ZoneInfo

PROJECTS = [f"Project {n}" for n in range(20)]


class Meter:
    """Prints seconds of the clock and of the processor, of this process and, where it can be seen, of the server's."""

    def __init__(self, server_pid, rows):
        self._pid, self._rows = server_pid, rows
        self.seconds = {}

    @contextmanager
    def __call__(self, name):
        before = self._now()
        yield
        wall, cpu, server = (now - then for now, then in zip(self._now(), before, strict=True))
        self.seconds[name] = wall
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(
            f"{name:8} {wall:7.1f} s  {self._rows / wall:9,.0f} rows/s  processor {cpu:6.1f} s, "
            f"server's {server:6.1f} s  peak {peak} MB"
        )

    def _now(self):
        return perf_counter(), process_time(), self._of_server()

    def _of_server(self):
        try:
            fields = Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main():
    import django

    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--rows", type=int, default=100_000)
    rows = asked.parse_args().rows
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "timetracker.settings")
    django.setup()
    return 0 if holds(rows) else 1


def holds(rows):
    """Measure, print, and say whether the rule holds."""
    from django.db import connection

    from billing.imports import measuring

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        meter = Meter(cursor.fetchone()[0], rows)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "time.csv"
        measuring.write_file(path, rows, client="Whale & Sons", projects=PROJECTS)
        zone, now = ZoneInfo("Europe/Berlin"), datetime(2026, 11, 22, 12, tzinfo=UTC)
        assert measuring.measure(path, zone=zone, now=now, meter=meter).entries == rows
    took = meter.seconds
    limit = 3 * took["COPY"] + took["read"]
    beyond = (took["import"] - took["read"]) / took["COPY"]
    print(f"Import beyond reading is {beyond:.2f} times COPY; at most {limit:.1f} s, took {took['import']:.1f} s")
    return took["import"] <= limit


if __name__ == "__main__":
    raise SystemExit(main())

"""What an import of many rows takes, beside what PostgreSQL's own COPY of the same rows takes, in one run.

    DATABASE_URL=… python -m billing.tests.load.importing --rows 1000000

Reads a made-up file with the product's reader alone, imports it, and copies the very rows that came of it into the
same table with its indexes, triggers and ties. The rule: an import takes no longer than three such copies and the
reading. All of it is one transaction that is taken back.
"""

import argparse
import os
import resource
import tempfile
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter, process_time
from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HEADER = "client,project,task,person,email,date,start,end,duration,notes,billable,rate (EUR)\n"
PROJECTS, TASKS, PEOPLE = 20, 80, 25
COLUMNS = (
    "client_id, project_id, task_id, user_id, start_time, end_time, duration_seconds, has_times, notes, tags, "
    "billable, hourly_rate, amount, import_key, created_at"
)


def write_file(path, rows):
    """An export of plain CSV, the same each time: a client's work of years, by several people in turn."""
    first = datetime(2016, 1, 4, tzinfo=UTC)
    with path.open("w") as file:
        file.write(HEADER)
        for n in range(rows):
            # By day, when no clock is put forward or back.
            start = first + timedelta(days=n * 3500 // rows, minutes=300 + n * 7 % 840)
            seconds = 900 + n * 7 % 40 * 300
            end = start + timedelta(seconds=seconds)
            task = n % TASKS
            file.write(
                f"Whale & Sons,Project {task % PROJECTS},Task {task},Person {n % PEOPLE},,{start:%Y-%m-%d},"
                f"{start:%H:%M:%S},{end:%H:%M:%S},{seconds // 3600}:{seconds // 60 % 60:02},"
                f"Note {n % 1000} on what was done,yes,90\n"
            )


class Meter:
    """Seconds of the clock and of the processor, of this process and, where it can be seen, of the server's."""

    def __init__(self, server_pid):
        self._pid = server_pid

    @contextmanager
    def measured(self, name, rows, found):
        before = self._now()
        yield
        wall, cpu, server = (now - then for now, then in zip(self._now(), before, strict=True))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        found[name] = wall
        print(
            f"{name:8} {wall:7.1f} s  {rows / wall:9,.0f} rows/s  processor {cpu:6.1f} s, server's {server:6.1f} s  "
            f"peak {peak} MB"
        )

    def _now(self):
        return perf_counter(), process_time(), self._of_server()

    def _of_server(self):
        try:
            fields = Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(path, rows):
    """Print a line for each way, and the verdict; returns whether the rule holds."""
    from django.db import connection, transaction

    from billing import imports

    def run(file):
        return imports.run(file, zone=BERLIN, by=None, now=NOW)

    with transaction.atomic(), connection.cursor() as cursor:
        # What the rows name is there before: all ways are to write the same rows and nothing else.
        names = path.with_suffix(".names")
        write_file(names, min(rows, PROJECTS * TASKS * PEOPLE))
        with names.open("rb") as file:
            run(file)
        cursor.execute("DELETE FROM time_entries WHERE import_key IS NOT NULL")
        cursor.execute("SELECT pg_backend_pid()")
        meter, took = Meter(cursor.fetchone()[0]), {}
        with path.open("rb") as file, meter.measured("read", rows, took):
            read_only(file)
        finished = path.with_suffix(".finished")
        with taken_back():
            with path.open("rb") as file, meter.measured("import", rows, took):
                assert run(file).entries == rows
            copy_out(cursor, finished)
        with taken_back(), meter.measured("COPY", rows, took):
            copy_in(cursor, finished)
        transaction.set_rollback(True)
    limit = 3 * took["COPY"] + took["read"]
    beyond = (took["import"] - took["read"]) / took["COPY"]
    print(f"Import beyond reading is {beyond:.2f} times COPY; at most {limit:.1f} s, took {took['import']:.1f} s")
    return took["import"] <= limit


@contextmanager
def taken_back():
    from django.db import transaction

    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def read_only(file):
    from billing.imports import source, writer

    opened = source.opened(file, "auto")
    read = writer._reader(opened, BERLIN, "auto", "auto")
    for _line, row, _error in opened.rows():
        read(row)
    opened.text.detach()


def copy_out(cursor, path):
    with (
        path.open("wb") as file,
        cursor.copy(
            f"COPY (SELECT {COLUMNS} FROM time_entries WHERE import_key IS NOT NULL ORDER BY id) TO STDOUT"
        ) as copy,
    ):
        for block in copy:
            file.write(block)


def copy_in(cursor, path):
    with path.open("rb") as file, cursor.copy(f"COPY time_entries ({COLUMNS}) FROM STDIN") as copy:
        while block := file.read(2**16):
            copy.write(block)
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def main():
    import django

    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--rows", type=int, default=100_000)
    rows = asked.parse_args().rows
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "timetracker.settings")
    django.setup()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "time.csv"
        write_file(path, rows)
        return 0 if measure(path, rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())

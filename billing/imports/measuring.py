"""What an import takes beside PostgreSQL's own COPY of the very rows that come of it; all of it is taken back."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import islice

from django.db import connection, transaction
from django.db.models import Max

from billing.imports import source, writer
from billing.models import TimeEntry

HEADER = "client,project,task,person,email,date,start,end,duration,notes,billable\n"
TASKS, PEOPLE, NOTES = 80, 25, 1000
FIRST_DAY, DAYS = datetime(2016, 1, 4, tzinfo=UTC), 3500
COLUMNS = (
    "client_id, project_id, task_id, user_id, start_time, end_time, duration_seconds, has_times, notes, tags, "
    "billable, hourly_rate, amount, import_key, created_at"
)
_BLOCK = 2**16


def write_file(path, rows, *, client, projects):
    """A plain CSV of made-up work of years on these projects of a client, by several people in turn."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(HEADER)
        for n in range(rows):
            # By day, when no clock is put forward or back.
            start = FIRST_DAY + timedelta(days=n * DAYS // rows, minutes=300 + n * 7 % 840)
            seconds = 900 + n * 7 % 40 * 300
            end = start + timedelta(seconds=seconds)
            task = n % TASKS
            file.write(
                f"{_quoted(client)},{_quoted(projects[task % len(projects)])},Task {task},Person {n % PEOPLE},,"
                f"{start:%Y-%m-%d},{start:%H:%M:%S},{end:%H:%M:%S},{seconds // 3600}:{seconds // 60 % 60:02},"
                f"Note {n % NOTES} on what was done,yes\n"
            )


def measure(path, *, zone, now, meter):
    """Read a file of `write_file`, import it, import it again and, on PostgreSQL, copy its rows into the same table.

    Each is done inside of `meter(name)`, a context: `read`, `import`, `again` and `COPY`. Returns the Report of the
    first import; the second finds all of its rows there.
    """
    with _taken_back(), connection.cursor() as cursor:
        _make_names(path, zone, now)
        with path.open("rb") as file, meter("read"):
            _read(file, zone)
        finished, last = path.with_suffix(".finished"), _last_id()
        with _taken_back():
            with path.open("rb") as file, meter("import"):
                report = writer.run(file, zone=zone, by=None, now=now)
            if connection.vendor == "postgresql":
                _copy_out(cursor, finished, after=last)
            with path.open("rb") as file, meter("again"):
                writer.run(file, zone=zone, by=None, now=now)
        if connection.vendor == "postgresql":
            with _taken_back(), meter("COPY"):
                _copy_in(cursor, finished)
    return report


def _make_names(path, zone, now):
    """Have all that the rows name there before: each way then writes the same rows and nothing else."""
    with path.open("rb") as file:
        first = BytesIO(b"".join(islice(file, TASKS + 1)))
    last = _last_id()
    writer.run(first, zone=zone, by=None, now=now)
    TimeEntry.objects.filter(pk__gt=last).delete()


def _read(file, zone):
    """What the importer does before it looks into the database."""
    opened = source.opened(file, "auto")
    read = writer.reader(opened, zone, "auto", "auto")
    for _line, row, _error in opened.rows():
        read(row)
    opened.text.detach()


def _copy_out(cursor, path, *, after):
    rows = f"SELECT {COLUMNS} FROM time_entries WHERE id > {int(after)} ORDER BY id"
    with path.open("wb") as file, cursor.copy(f"COPY ({rows}) TO STDOUT") as copy:
        for block in copy:
            file.write(block)


def _copy_in(cursor, path):
    """With all ties checked, as at a commit."""
    with path.open("rb") as file, cursor.copy(f"COPY time_entries ({COLUMNS}) FROM STDIN") as copy:
        while block := file.read(_BLOCK):
            copy.write(block)
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def _last_id():
    return TimeEntry.objects.aggregate(last=Max("pk"))["last"] or 0


@contextmanager
def _taken_back():
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _quoted(text):
    """A name as a cell of CSV."""
    return '"' + text.replace('"', '""') + '"'

"""The rows of one import on their way into the table of time: a temporary table, filled and emptied in bulk."""

import csv
import io
from contextlib import contextmanager

from django.db import connection

COLUMNS = (
    "line client_id project_id task_id user_id started ended seconds has_times notes tags billable rate amount digest"
).split()
_TYPES = (
    "bigint bigint bigint bigint bigint bigint bigint integer boolean text text boolean numeric numeric text"
).split()
_LOCK = 7_463_021
_STEP = 50_000


def begin():
    """An empty Staging in the transaction under way; a second import waits until this one is over."""
    kind = PostgresStaging if connection.vendor == "postgresql" else Staging
    return kind()


class Staging:
    """Rows in the order of COLUMNS: added in batches, told from those there already, moved over."""

    instant = "datetime({column}, 'unixepoch')"
    collation = key_collation = ""

    def __init__(self):
        self._prepare()
        self._drop()
        columns = ", ".join(f"{name} {kind}" for name, kind in zip(COLUMNS, _TYPES, strict=True))
        self._execute(f"CREATE TEMPORARY TABLE import_staged ({columns}{self.collation})")

    def add(self, rows):
        """Put tuples of COLUMNS in; numbers may be text."""
        places = ", ".join(["%s"] * len(COLUMNS))
        with connection.cursor() as cursor:
            cursor.executemany(f"INSERT INTO import_staged VALUES ({places})", rows)

    def settle(self):
        """Leave out what earlier imports brought; returns `[(client_id, project_id, entries, seconds)]` of the rest.

        A row's key is its digest and its number among rows of the same client and digest, so that equal rows of one
        file all count and the same file again brings none.
        """
        self._execute(
            "CREATE TEMPORARY TABLE import_fresh AS SELECT *, row_number() OVER (ORDER BY client_id, started) AS place "
            "FROM (SELECT *, (digest || '-' || row_number() OVER (PARTITION BY client_id, digest ORDER BY line)) "
            f"{self.key_collation} AS import_key FROM import_staged) AS numbered "
            "WHERE NOT EXISTS (SELECT 1 FROM time_entries AS known "
            "WHERE known.client_id = numbered.client_id AND known.import_key = numbered.import_key)"
        )
        self._execute("DROP TABLE import_staged")
        self._execute("CREATE INDEX import_fresh_place ON import_fresh (place)")
        return self._rows(
            "SELECT client_id, project_id, count(*), sum(seconds) FROM import_fresh "
            "GROUP BY client_id, project_id ORDER BY client_id, project_id"
        )

    def used(self, column):
        """The different ids in a column of what is left."""
        return {value for (value,) in self._rows(f"SELECT DISTINCT {column} FROM import_fresh")}

    def move(self, *, created_at, progress):
        """Insert what is left into the table of time, by client and start; `progress` hears shares from 0 to 1."""
        insert = (
            "INSERT INTO time_entries (client_id, project_id, task_id, user_id, start_time, end_time, "
            "duration_seconds, has_times, notes, tags, billable, hourly_rate, amount, import_key, created_at) "
            "SELECT client_id, project_id, task_id, user_id, "
            f"{self.instant.format(column='started')}, {self.instant.format(column='ended')}, seconds, has_times, "
            "notes, tags, billable, rate, amount, import_key, %s "
            "FROM import_fresh WHERE place > %s AND place <= %s ORDER BY place"
        )
        created_at = connection.ops.adapt_datetimefield_value(created_at)
        ((total,),) = self._rows("SELECT count(*) FROM import_fresh")
        with self._checked_at_once():
            for moved in range(0, total, _STEP):
                self._execute(insert, [created_at, moved, moved + _STEP])
                progress(min(1, (moved + _STEP) / total))

    @contextmanager
    def _checked_at_once(self):
        """Ties between rows are checked row by row anyway."""
        yield

    def end(self):
        """Leave nothing behind."""
        self._drop()

    def _prepare(self):
        """SQLite lets one transaction write at a time."""

    def _drop(self):
        for table in ("import_staged", "import_fresh"):
            self._execute(f"DROP TABLE IF EXISTS {table}")

    def _execute(self, sql, params=None):
        with connection.cursor() as cursor:
            cursor.execute(sql, params)

    def _rows(self, sql):
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()


class PostgresStaging(Staging):
    """The same by COPY."""

    instant = "to_timestamp({column})"
    collation = ' COLLATE "C"'
    # That of time_entries: by another its index of keys finds no key, and each row would be compared with all known.
    key_collation = 'COLLATE "default"'

    def add(self, rows):
        text = io.StringIO()
        csv.writer(text).writerows(rows)
        copy = "COPY import_staged FROM STDIN WITH (FORMAT csv, FORCE_NOT_NULL (notes, tags))"
        with connection.cursor() as cursor, cursor.copy(copy) as sink:
            sink.write(text.getvalue())

    def settle(self):
        # Nobody else counts the rows of a temporary table, and the plan for ten is none for a million.
        self._execute("ANALYZE import_staged")
        return super().settle()

    @contextmanager
    def _checked_at_once(self):
        """Check ties at each step, not all at the commit: the server would keep a note for each until then."""
        self._execute("SET CONSTRAINTS ALL IMMEDIATE")
        yield
        self._execute("SET CONSTRAINTS ALL DEFERRED")

    def _prepare(self):
        self._rows(f"SELECT pg_advisory_xact_lock({_LOCK})")
        self._execute("SET LOCAL work_mem = '64MB'")
        # A temporary table of an earlier run in the same transaction is dropped without a word.
        self._execute("SET LOCAL client_min_messages = 'warning'")

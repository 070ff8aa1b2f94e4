"""Operations for migrations of large tables while the site serves: nobody waits for them longer than for a page.

An index is made beside the traffic; a constraint holds for new rows first, and old rows are checked in a migration of
its own. Each stands alone in a migration that says `atomic = False`. SQLite, where one writes at a time anyway, gets
Django's plain operations.
"""

from contextlib import contextmanager

from django.contrib.postgres.operations import (
    AddConstraintNotValid,
    AddIndexConcurrently,
    RemoveIndexConcurrently,
    ValidateConstraint,
)
from django.db.migrations import AddConstraint, AddIndex, RemoveIndex

__all__ = ["AddCheckForNewRows", "AddIndexBeside", "CheckOldRows", "RemoveIndexBeside", "waiting_for_locks"]


class _PlainOnSqlite:
    """An operation that only PostgreSQL has; elsewhere its `plain` one takes its place, or nothing does."""

    plain = None

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor == "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        elif self.plain:
            self.plain.database_forwards(self, app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor == "postgresql":
            super().database_backwards(app_label, schema_editor, from_state, to_state)
        elif self.plain:
            self.plain.database_backwards(self, app_label, schema_editor, from_state, to_state)


class AddIndexBeside(_PlainOnSqlite, AddIndexConcurrently):
    """Make an index while rows are written; what an attempt that failed left of it is made anew."""

    plain = AddIndex

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor == "postgresql":
            self._ensure_not_in_transaction(schema_editor)
            name = schema_editor.quote_name(self.index.name)
            with waiting_for_locks(schema_editor.connection):
                schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
                super().database_forwards(app_label, schema_editor, from_state, to_state)
        else:
            super().database_forwards(app_label, schema_editor, from_state, to_state)


class RemoveIndexBeside(_PlainOnSqlite, RemoveIndexConcurrently):
    """Drop an index while rows are written."""

    plain = RemoveIndex


class AddCheckForNewRows(_PlainOnSqlite, AddConstraintNotValid):
    """Add a check that new and changed rows must meet; `CheckOldRows`, in the next migration, looks at the others."""

    plain = AddConstraint


class CheckOldRows(_PlainOnSqlite, ValidateConstraint):
    """Look whether all rows meet a check that was added for new ones; rows may be written meanwhile."""


@contextmanager
def waiting_for_locks(connection, milliseconds=0):
    """Wait so long for a lock, 0 is for ever, and then as before.

    For ever is right for what waits until others' transactions are over and holds nobody up meanwhile.
    """
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        (before,) = cursor.fetchone()
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [str(milliseconds)])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", [before])

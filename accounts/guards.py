"""Rules that the database itself keeps and that a model's Meta cannot say: ties between rows, and what never changes.

Each app lists its guards in its AppConfig; they are put up after every `migrate`. SQLite rebuilds a table to alter it,
which triggers on that table or its neighbours do not survive, so there they are taken down before.
"""

from dataclasses import dataclass

from django.db import connections, transaction
from django.db.models.signals import post_migrate, pre_migrate


@dataclass(frozen=True)
class Tie:
    """A child's (column, shared) must equal some parent's (id, shared): a task's client is its project's client."""

    child: str
    column: str
    parent: str
    shared: str = "client_id"

    @property
    def name(self):
        return f"{self.child}_{self.column}_{self.shared}_tie"

    @property
    def tables(self):
        return {self.child, self.parent}

    def on_postgresql(self):
        yield (
            f"DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = '{self.name}' "
            f"AND conrelid = '{self.child}'::regclass) THEN "
            f"ALTER TABLE {self.child} ADD CONSTRAINT {self.name} FOREIGN KEY ({self.column}, {self.shared}) "
            f"REFERENCES {self.parent} (id, {self.shared}) DEFERRABLE INITIALLY DEFERRED; END IF; END $$"
        )

    def on_sqlite(self):
        orphan = (
            f"NEW.{self.column} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {self.parent} "
            f"WHERE id = NEW.{self.column} AND {self.shared} = NEW.{self.shared})"
        )
        moved = (
            f"NEW.{self.shared} <> OLD.{self.shared} AND EXISTS "
            f"(SELECT 1 FROM {self.child} WHERE {self.column} = OLD.id)"
        )
        yield _sqlite_trigger(f"{self.name}_insert", f"INSERT ON {self.child}", orphan, self.name)
        yield _sqlite_trigger(
            f"{self.name}_update", f"UPDATE OF {self.column}, {self.shared} ON {self.child}", orphan, self.name
        )
        yield _sqlite_trigger(f"{self.name}_parent", f"UPDATE OF {self.shared} ON {self.parent}", moved, self.name)


@dataclass(frozen=True)
class Refusal:
    """A change (`INSERT`, `UPDATE` or `DELETE`) of a row of `table` is refused where `condition` on OLD and NEW holds.

    The condition is SQL for both databases; `IS DISTINCT FROM` is understood by both here.
    """

    name: str
    table: str
    change: str
    condition: str
    reads: tuple[str, ...] = ()

    @property
    def tables(self):
        return {self.table, *self.reads}

    def on_postgresql(self):
        yield (
            f"CREATE OR REPLACE FUNCTION {self.name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF {self.condition} THEN RAISE EXCEPTION '{self.name}' USING ERRCODE = 'check_violation'; END IF; "
            "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$"
        )
        yield (
            f"CREATE OR REPLACE TRIGGER {self.name} BEFORE {self.change} ON {self.table} "
            f"FOR EACH ROW EXECUTE FUNCTION {self.name}()"
        )

    def on_sqlite(self):
        condition = self.condition.replace("IS DISTINCT FROM", "IS NOT")
        yield _sqlite_trigger(self.name, f"{self.change} ON {self.table}", condition, self.name)


@dataclass(frozen=True)
class Counted:
    """A number column that the database raises by one when an update changes any of `watched`, and never lowers.

    Whoever writes the row, and however, cannot forget it: a stale save() cannot put an older number back.
    """

    table: str
    column: str
    watched: tuple[str, ...]

    @property
    def name(self):
        return f"{self.table}_{self.column}_counted"

    @property
    def tables(self):
        return {self.table}

    def on_postgresql(self):
        old, new = f"OLD.{self.column}", f"NEW.{self.column}"
        yield (
            f"CREATE OR REPLACE FUNCTION {self.name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"{new} := GREATEST({new}, {old} + CASE WHEN {frozen_columns(self.watched)} THEN 1 ELSE 0 END); "
            "RETURN NEW; END $$"
        )
        yield (
            f"CREATE OR REPLACE TRIGGER {self.name} BEFORE UPDATE ON {self.table} "
            f"FOR EACH ROW EXECUTE FUNCTION {self.name}()"
        )

    def on_sqlite(self):
        """Two triggers after the update; what they write themselves names no watched column and lowers nothing."""
        changed = frozen_columns(self.watched).replace("IS DISTINCT FROM", "IS NOT")
        raised = f"OLD.{self.column} + 1"
        yield self._after(self.name, ", ".join(self.watched), changed, raised)
        lowered = f"NEW.{self.column} < OLD.{self.column}"
        yield self._after(f"{self.name}_kept", self.column, lowered, f"OLD.{self.column}")

    def _after(self, name, columns, condition, least):
        return (
            f"CREATE TRIGGER IF NOT EXISTS {name} AFTER UPDATE OF {columns} ON {self.table} FOR EACH ROW "
            f"WHEN {condition} BEGIN UPDATE {self.table} SET {self.column} = {least} "
            f"WHERE rowid = NEW.rowid AND {self.column} < {least}; END"
        )


def frozen_columns(columns):
    """SQL that holds when an update changes any of `columns`."""
    return "(" + " OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in columns) + ")"


def keep(app_config):
    """Put up an app's `guards` after each migrate; called from its `ready()`."""
    pre_migrate.connect(_take_down, sender=app_config, dispatch_uid=f"{app_config.label}_guards_down")
    post_migrate.connect(_put_up, sender=app_config, dispatch_uid=f"{app_config.label}_guards_up")


def _sqlite_trigger(name, change, condition, message):
    return (
        f"CREATE TRIGGER IF NOT EXISTS {name} BEFORE {change} FOR EACH ROW WHEN {condition} "
        f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
    )


def put_up(guard, cursor, vendor):
    """Put one guard up, whether or not it stands already."""
    for statement in getattr(guard, f"on_{vendor}")():
        cursor.execute(statement)


def _put_up(sender, using, **_signal):
    connection = connections[using]
    with transaction.atomic(using), connection.cursor() as cursor:
        existing = set(connection.introspection.table_names(cursor))
        for guard in sender.guards:
            if guard.tables <= existing:
                put_up(guard, cursor, connection.vendor)


def _take_down(sender, using, **_signal):
    connection = connections[using]
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP TRIGGER {name}")

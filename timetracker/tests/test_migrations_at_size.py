"""A new migration that would rewrite a large table, or lock it for as long as it is large, is refused."""

import pytest
from django.apps import apps
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader

from accounts.at_size import AddCheckForNewRows, AddIndexBeside, CheckOldRows, RemoveIndexBeside

LARGE = set(
    "access_trail client_event_reads client_events client_time_approval_entries comments credit_notes invoice_items "
    "invoices payments queued_tasks signed_in_sessions time_entries".split()
)
# Those of before there was anything large: no line is added here.
FOUNDED = {"accounts": 9, "billing": 9, "portal": 5}
ALONE = (AddIndexBeside, RemoveIndexBeside, AddCheckForNewRows, CheckOldRows)
REFUSED = (
    migrations.AddIndex,
    migrations.RemoveIndex,
    migrations.AddConstraint,
    migrations.AlterField,
    migrations.AlterUniqueTogether,
    migrations.AlterIndexTogether,
)
ANYTHING = (migrations.RunPython, migrations.RunSQL)
WAY_OUT = "say in the migration's attribute `at_size` why it holds nobody up, where that is so"


def complaints(migration):
    """What of a migration would hold others up, a sentence each; none where it says why not in `at_size`."""
    if getattr(migration, "at_size", ""):
        return []
    made = {operation.name_lower for operation in migration.operations if isinstance(operation, migrations.CreateModel)}
    operations = list(_in_database(migration.operations))
    found = [_complaint(migration, operation, made) for operation in operations]
    if any(isinstance(operation, ALONE) for operation in operations) and (migration.atomic or len(operations) > 1):
        found.append("what is done beside the traffic stands alone in a migration with `atomic = False`")
    return [f"{migration}: {words}; or {WAY_OUT}" for words in found if words]


def _in_database(operations):
    for operation in operations:
        if isinstance(operation, migrations.SeparateDatabaseAndState):
            yield from _in_database(operation.database_operations)
        else:
            yield operation


def _complaint(migration, operation, made):
    if isinstance(operation, ANYTHING):
        return "code and SQL may touch every row: work in small batches with `atomic = False`"
    name = getattr(operation, "model_name", "") or getattr(operation, "name", "")
    if name.lower() in made or not _is_large(migration.app_label, name) or isinstance(operation, ALONE):
        return None
    if isinstance(operation, migrations.AddField):
        return _of_field(operation.field)
    if isinstance(operation, REFUSED):
        return f"{type(operation).__name__} locks a large table while it reads it: see accounts.at_size"
    return None


def _of_field(field):
    if isinstance(field, models.GeneratedField):
        return "a stored field that is worked out rewrites a large table"
    if field.unique or (field.db_index and not field.many_to_many):
        return "an index comes by AddIndexBeside, in a migration of its own"
    if not field.null and not field.has_db_default():
        return "the release before writes no such column: `null=True` or `db_default`"
    return None


def _is_large(app_label, name):
    try:
        return apps.get_model(app_label, name)._meta.db_table in LARGE
    except LookupError:
        return False


def test_all_of_the_large_tables_are_there():
    assert {model._meta.db_table for model in apps.get_models()} >= LARGE


def test_every_migration_holds_nobody_up():
    new = [
        migration
        for (app, name), migration in MigrationLoader(None).disk_migrations.items()
        if app in FOUNDED and int(name[:4]) > FOUNDED[app]
    ]
    assert [words for migration in new for words in complaints(migration)] == []


def migration(*operations, **attributes):
    made = type("Migration", (migrations.Migration,), {"operations": list(operations), **attributes})
    return made("0099_next", "billing")


INDEX = models.Index(fields=["notes"], name="time_entries_notes")
CHECK = models.CheckConstraint(condition=models.Q(duration_seconds__lt=10**9), name="time_entries_not_too_long")
ENTRY = "timeentry"
UNSAFE = {
    "an index": migrations.AddIndex(ENTRY, INDEX),
    "an index dropped": migrations.RemoveIndex(ENTRY, "time_entries_newest"),
    "a check": migrations.AddConstraint(ENTRY, CHECK),
    "another type": migrations.AlterField(ENTRY, "notes", models.CharField(max_length=10)),
    "a column that old code does not fill": migrations.AddField(ENTRY, "kind", models.TextField(default="")),
    "a column with an index": migrations.AddField(ENTRY, "kind", models.TextField(null=True, db_index=True)),
    "a key": migrations.AddField(ENTRY, "boss", models.ForeignKey("accounts.User", models.PROTECT, null=True)),
    "code": migrations.RunPython(migrations.RunPython.noop),
    "SQL": migrations.RunSQL("UPDATE time_entries SET notes = ''"),
    "hidden": migrations.SeparateDatabaseAndState([migrations.AddIndex(ENTRY, INDEX)]),
    "in a transaction": AddIndexBeside(ENTRY, INDEX),
}


@pytest.mark.parametrize("what", UNSAFE)
def test_what_would_hold_others_up_is_refused(what):
    assert len(complaints(migration(UNSAFE[what]))) == 1


SAFE = {
    "a column": migration(migrations.AddField(ENTRY, "kind", models.TextField(null=True))),
    "a column with a default": migration(
        migrations.AddField(ENTRY, "kind", models.TextField(default="", db_default=""))
    ),
    "an index of a small table": migration(migrations.AddIndex("project", INDEX)),
    "an index beside": migration(AddIndexBeside(ENTRY, INDEX), atomic=False),
    "a check for new rows": migration(AddCheckForNewRows(ENTRY, CHECK), atomic=False),
    "a check of old rows": migration(CheckOldRows(ENTRY, CHECK.name), atomic=False),
    "what says why": migration(UNSAFE["code"], atomic=False, at_size="It changes a row a client."),
}


@pytest.mark.parametrize("what", SAFE)
def test_what_holds_nobody_up_is_fine(what):
    assert complaints(SAFE[what]) == []

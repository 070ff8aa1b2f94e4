"""The operations for large tables do what they say, on both databases, and a migration gives way."""

from threading import Thread
from time import sleep

import pytest
from django.core.management import call_command
from django.db import connection, models, transaction
from django.db.migrations.state import ProjectState

from accounts.at_size import AddCheckForNewRows, AddIndexBeside, CheckOldRows, RemoveIndexBeside
from accounts.management.commands import migrate

pytestmark = pytest.mark.django_db(transaction=True)

INDEX = models.Index(fields=["name"], name="a_clients_name")
CHECK = models.CheckConstraint(condition=~models.Q(name="Nobody"), name="a_clients_name_check")


@pytest.fixture
def states():
    from django.apps import apps

    return ProjectState.from_apps(apps)


def run(operation, before):
    """Run an operation of a migration that is not atomic, and back again; what stood in between."""
    after = before.clone()
    operation.state_forwards("accounts", after)
    with connection.schema_editor(atomic=False) as editor:
        operation.database_forwards("accounts", editor, before, after)
    found = names()
    with connection.schema_editor(atomic=False) as editor:
        operation.database_backwards("accounts", editor, after, before)
    return found


def names():
    with connection.cursor() as cursor:
        return set(connection.introspection.get_constraints(cursor, "clients"))


def test_an_index_is_made_beside_and_dropped_again(states):
    assert INDEX.name in run(AddIndexBeside("client", INDEX), states)
    assert INDEX.name not in names()


def test_an_index_is_dropped_beside_and_made_again(states):
    add = AddIndexBeside("client", INDEX)
    after = states.clone()
    add.state_forwards("accounts", after)
    with connection.schema_editor(atomic=False) as editor:
        add.database_forwards("accounts", editor, states, after)
    assert INDEX.name not in run(RemoveIndexBeside("client", INDEX.name), after)
    assert INDEX.name in names()
    with connection.schema_editor(atomic=False) as editor:
        add.database_backwards("accounts", editor, after, states)


@pytest.mark.postgresql
def test_a_check_holds_for_new_rows_and_then_for_all(states):
    add = AddCheckForNewRows("client", CHECK)
    after = states.clone()
    add.state_forwards("accounts", after)
    with connection.schema_editor(atomic=False) as editor:
        add.database_forwards("accounts", editor, states, after)
    try:
        assert not is_validated()
        with connection.schema_editor(atomic=False) as editor:
            CheckOldRows("client", CHECK.name).database_forwards("accounts", editor, after, after)
        assert is_validated()
    finally:
        with connection.schema_editor(atomic=False) as editor:
            add.database_backwards("accounts", editor, after, states)


def is_validated():
    with connection.cursor() as cursor:
        cursor.execute("SELECT convalidated FROM pg_constraint WHERE conname = %s", [CHECK.name])
        return cursor.fetchone()[0]


@pytest.mark.postgresql
def test_a_migration_that_gets_no_lock_gives_way_and_tries_again(monkeypatch, capsys):
    monkeypatch.setattr(migrate, "LOCK_MILLISECONDS", 200)
    monkeypatch.setattr(migrate, "PAUSE_SECONDS", 0.3)
    holder = Thread(target=hold_entries, args=(1,))
    holder.start()
    sleep(0.3)
    call_command("migrate", verbosity=0)
    holder.join()
    assert "trying again" in capsys.readouterr().err
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("0",)


def hold_entries(seconds):
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE time_entries IN ROW EXCLUSIVE MODE")
            sleep(seconds)
    finally:
        connection.close()

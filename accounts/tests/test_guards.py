"""Guards are put up by `migrate`, once, and are there again after it."""

from types import SimpleNamespace

import pytest
from django.apps import apps
from django.core.management import call_command
from django.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal
from django.db import IntegrityError, connection, models, transaction

from accounts import guards
from accounts.guards import Counted, Refusal, Tie
from accounts.models import Client
from accounts.tests.factories import ClientFactory
from accounts.totals import ChildSum, Totals


def standing():
    """Names of the guards that the database has now."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        else:
            cursor.execute(
                "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal "
                "UNION ALL SELECT conname FROM pg_constraint WHERE conname LIKE '%%_tie'"
            )
        return sorted(name for (name,) in cursor.fetchall())


def expected():
    names = []
    for app in apps.get_app_configs():
        for guard in getattr(app, "guards", []):
            if isinstance(guard, Tie) and connection.vendor == "sqlite":
                names += [f"{guard.name}_{part}" for part in ["insert", "update", "parent"]]
            elif isinstance(guard, Counted) and connection.vendor == "sqlite":
                names += [guard.name, f"{guard.name}_kept"]
            elif isinstance(guard, Totals):
                changes = ["insert", "update", "delete", *(["truncate"] if connection.vendor == "postgresql" else [])]
                names += [f"{guard.totals}_{change}" for change in changes]
            elif isinstance(guard, ChildSum):
                parts = ["insert", "insert_new", "update", "update_new", "update_old", "delete_old"]
                after = ["insert", "update", "delete", "truncate"]
                on_postgresql = [guard.name, *(f"{guard.name}_{change}" for change in after)]
                on_sqlite = [f"{guard.name}_{part}" for part in parts]
                names += on_postgresql if connection.vendor == "postgresql" else on_sqlite
            else:
                names.append(guard.name)
    return sorted(names)


@pytest.mark.django_db
def test_every_guard_stands_after_migrating():
    assert len(expected()) > 20
    assert standing() == expected()


@pytest.mark.django_db(transaction=True)
def test_migrating_an_existing_database_again_changes_nothing(capsys):
    client = ClientFactory()
    call_command("migrate", verbosity=1)
    assert "No migrations to apply" in capsys.readouterr().out
    assert standing() == expected()
    assert Client.objects.get() == client


@pytest.mark.django_db(transaction=True)
def test_guards_stand_after_their_table_was_rebuilt():
    before = standing()
    invoice = apps.get_model("billing", "Invoice")
    field, wider = invoice._meta.get_field("seller_name"), models.CharField(max_length=300, blank=True)
    wider.set_attributes_from_name("seller_name")
    emit_pre_migrate_signal(0, False, "default")
    for old, new in [(field, wider), (wider, field)]:
        with connection.schema_editor() as editor:
            editor.alter_field(invoice, old, new)
    emit_post_migrate_signal(0, False, "default")
    assert standing() == before == expected()


@pytest.fixture
def box():
    """A table of its own, outside the migrations."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE guarded_box (id bigint PRIMARY KEY, weight int, sealed boolean)")
        cursor.execute("INSERT INTO guarded_box VALUES (1, 5, FALSE), (2, NULL, TRUE)")


def put_up(*some):
    guards._put_up(SimpleNamespace(guards=some), "default")


def execute(statement):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.rowcount


@pytest.mark.django_db
def test_a_refusal_holds_where_its_condition_does_and_nowhere_else(box):
    put_up(
        Refusal("guarded_box_sealed", "guarded_box", "UPDATE", "OLD.sealed AND NEW.weight IS DISTINCT FROM OLD.weight")
    )
    assert execute("UPDATE guarded_box SET weight = 6 WHERE id = 1") == 1
    assert execute("UPDATE guarded_box SET weight = NULL WHERE id = 2") == 1
    with pytest.raises(IntegrityError, match="guarded_box_sealed"):
        execute("UPDATE guarded_box SET weight = 6 WHERE id = 2")
    assert execute("DELETE FROM guarded_box") == 2


@pytest.mark.django_db
def test_a_refusal_can_be_put_up_twice(box):
    guard = Refusal("guarded_box_kept", "guarded_box", "DELETE", "OLD.sealed")
    put_up(guard)
    put_up(guard)
    with pytest.raises(IntegrityError, match="guarded_box_kept"):
        execute("DELETE FROM guarded_box")
    assert execute("DELETE FROM guarded_box WHERE NOT sealed") == 1


@pytest.mark.django_db
def test_a_guard_waits_for_the_tables_that_it_reads(box):
    put_up(Refusal("guarded_box_early", "guarded_box", "DELETE", "TRUE", reads=("guarded_lid",)))
    assert "guarded_box_early" not in standing()


@pytest.mark.django_db
def test_a_counted_column_rises_with_each_change_of_what_it_watches_and_never_falls(box):
    put_up(Counted("guarded_box", "weight", ("sealed",)))

    def weight_after(change, row=1):
        execute(f"UPDATE guarded_box SET {change} WHERE id = {row}")
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT weight FROM guarded_box WHERE id = {row}")
            return cursor.fetchone()[0]

    assert weight_after("sealed = TRUE") == 6
    assert weight_after("sealed = TRUE") == 6
    assert weight_after("sealed = FALSE, weight = 3") == 7
    assert weight_after("weight = 3") == 7
    assert weight_after("weight = 9") == 9
    assert weight_after("id = 1") == 9


def test_frozen_columns_hold_when_any_of_them_changes():
    assert guards.frozen_columns(["a", "b"]) == "(NEW.a IS DISTINCT FROM OLD.a OR NEW.b IS DISTINCT FROM OLD.b)"

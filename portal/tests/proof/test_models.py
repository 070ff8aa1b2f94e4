"""Whose each table is: every model stands in one of four lists, and client rows are filed so that walls can hold."""

import pytest
from django.apps import apps
from django.db import connection

from accounts import guards
from portal.tests.proof.registry import (
    CLIENT_DATA,
    IDENTITY,
    REFERENCE,
    STAFF_ONLY,
    UNINDEXED,
    UNTIED,
    all_models,
    client_models,
)


def ties():
    """`(child table, its column)` of every Tie of clients or, through a shared parent, of rows tied already."""
    kept = [guard for app in apps.get_app_configs() for guard in getattr(app, "guards", [])]
    return {(guard.child, guard.column): guard for guard in kept if isinstance(guard, guards.Tie)}


def pointers(model):
    """The foreign keys of a client's row to other rows of clients: where a row might be filed under the wrong one."""
    owned = set(client_models())
    return [field for field in model._meta.concrete_fields if field.is_relation and field.related_model in owned]


def test_every_model_is_named_in_one_list_and_every_name_is_a_model():
    lists = [CLIENT_DATA, STAFF_ONLY, IDENTITY, REFERENCE]
    named = [label for each in lists for label in each]
    assert sorted(named) == sorted(set(named))
    assert sorted(named) == sorted(model._meta.label for model in all_models())


@pytest.mark.parametrize("label", CLIENT_DATA)
def test_a_clients_row_names_its_client(label):
    client = apps.get_model(label)._meta.get_field("client")
    assert client.column == "client_id"
    assert client.related_model._meta.label == "accounts.Client"
    assert not client.null


@pytest.mark.django_db
@pytest.mark.parametrize("label", CLIENT_DATA)
def test_a_clients_rows_are_found_by_an_index_that_begins_with_the_client_or_it_is_said_why_not(label):
    with connection.cursor() as cursor:
        kept = connection.introspection.get_constraints(cursor, apps.get_model(label)._meta.db_table).values()
    begins = any(
        one["columns"][:1] == ["client_id"] for one in kept if one["index"] or one["unique"] or one["primary_key"]
    )
    assert begins is (label not in UNINDEXED)


@pytest.mark.parametrize("label", CLIENT_DATA)
def test_a_clients_row_is_tied_to_its_parents_client_or_it_is_said_why_not(label):
    model = apps.get_model(label)
    loose = {f"{label}.{field.name}" for field in pointers(model) if (model._meta.db_table, field.column) not in ties()}
    assert loose == {name for name in UNTIED if name.rpartition(".")[0] == label}


@pytest.mark.parametrize("tie", ties().values(), ids=lambda tie: tie.name)
def test_a_tie_that_is_not_of_clients_leads_to_one_that_is(tie):
    siblings = [other for (child, _column), other in ties().items() if child == tie.child and other != tie]
    assert tie.shared == "client_id" or any(
        other.column == tie.shared and other.shared == "client_id" for other in siblings
    )


@pytest.mark.django_db
def test_every_tie_stands_in_the_database():
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT conname FROM pg_constraint WHERE contype = 'f' AND convalidated")
        else:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        standing = {name for (name,) in cursor.fetchall()}
    endings = [""] if connection.vendor == "postgresql" else ["_insert", "_update", "_parent"]
    assert {tie.name + ending for tie in ties().values() for ending in endings} - standing == set()


@pytest.mark.django_db
def test_no_table_of_the_database_is_without_a_model():
    known = {model._meta.db_table for model in all_models()} | {"django_migrations"}
    assert set(connection.introspection.table_names()) - known == set()

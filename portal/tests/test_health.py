"""Whether a process lives and whether it is able: what it says to machines, and when it steps aside."""

import pytest
from django.db import OperationalError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from portal import health, leaving

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def just_started(monkeypatch):
    monkeypatch.setattr(health, "_seen", {"migrated": False})


def test_a_process_that_can_answer_says_so(client):
    assert client.get("/healthz").content == b"ok"
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"database": "ok", "live": "ok"})
    assert "no-store" in answer["Cache-Control"]


def test_without_a_database_it_is_alive_and_not_able(client, monkeypatch, caplog):
    def away():
        raise OperationalError("gone")

    monkeypatch.setattr(connection, "cursor", away)
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["database"]) == (503, "away")
    assert "The database does not answer" in caplog.text


def test_before_its_migrations_it_is_not_able_and_then_it_is(client):
    recorder = MigrationRecorder(connection)
    (newest,) = MigrationLoader(connection).graph.leaf_nodes("portal")
    recorder.record_unapplied(*newest)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["database"]) == (503, "not migrated")
    recorder.record_applied(*newest)
    assert client.get("/readyz").status_code == 200


def test_without_a_message_system_it_stays_in_service(client, monkeypatch):
    async def away(group, message):
        raise ConnectionError

    monkeypatch.setattr(health.get_channel_layer(), "group_send", away)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"database": "ok", "live": "away"})


def test_a_process_that_ends_is_alive_and_not_able(client, monkeypatch):
    monkeypatch.setattr(leaving, "has_begun", lambda: True)
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json(), answer["Connection"]) == (503, {"leaving": "now"}, "close")


def test_it_is_asked_in_plain_http_behind_the_proxy(client, settings):
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/readyz").status_code == 200
    assert client.get("/client-portal").status_code == 301

"""Nobody waits for PostgreSQL for ever."""

from time import monotonic

import pytest
from django.db import OperationalError, connection

from accounts import patience

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def bounded(monkeypatch):
    """A process that waits for a moment only."""
    monkeypatch.setattr(patience, "SECONDS", 0.3)
    monkeypatch.setitem(patience._process, "seconds", None)
    patience.bound()


def sleep(seconds):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(%s)", [seconds])


def still_asleep():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(%' AND state = 'active'"
            " AND datname = current_database()"
        )
        return cursor.fetchone()[0]


def test_a_statement_that_takes_too_long_is_given_up_and_ended(bounded):
    began = monotonic()
    with pytest.raises(OperationalError, match="No answer"):
        sleep(30)
    assert monotonic() - began < 5
    connection.close()
    assert still_asleep() == 0


def test_the_next_statement_has_a_new_connection(bounded):
    with pytest.raises(OperationalError):
        sleep(30)
    connection.close()
    sleep(0)


def test_long_work_is_waited_for(bounded):
    with patience.for_long():
        sleep(0.6)


def test_a_command_waits_as_long_as_it_takes(monkeypatch):
    monkeypatch.setitem(patience._process, "seconds", None)
    sleep(0.6)

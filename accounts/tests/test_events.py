"""The journal: numbers in order, in the transaction of the change."""

from datetime import UTC, datetime

import pytest
from django.db import transaction

from accounts import events
from accounts.models import Event
from accounts.tests.factories import ClientFactory

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


def record(client, **facts):
    return events.record("time_logged", client=client, subject=client, by=None, now=NOW, facts=facts)


@pytest.mark.django_db
def test_each_client_counts_its_own_events_from_one():
    first, second = ClientFactory(), ClientFactory()
    assert [record(first).number, record(second).number, record(first).number] == [1, 1, 2]


@pytest.mark.django_db
def test_a_rollback_gives_its_number_back():
    client = ClientFactory()
    record(client)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        record(client)
        1 / 0  # noqa: B018
    assert record(client).number == 2
    assert Event.objects.filter(client=client).count() == 2


@pytest.mark.django_db(transaction=True)
def test_an_event_outside_a_transaction_is_refused():
    client = ClientFactory()
    with pytest.raises(RuntimeError):
        record(client)


@pytest.mark.django_db
def test_a_kind_that_is_not_on_the_list_is_refused():
    with pytest.raises(ValueError, match="rate_changed"):
        events.record("rate_changed", client=ClientFactory(), subject=ClientFactory(), by=None, now=NOW)

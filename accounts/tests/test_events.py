"""The journal: numbers in order, in the transaction of the change."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from django.db import transaction

from accounts import events
from accounts.models import Event
from accounts.tests.at_once import at_once, times
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


@pytest.mark.django_db
def test_an_event_of_another_client_is_not_told_of_this_one():
    client = ClientFactory()
    record(client)
    assert events.told_of("time_logged", _subject(client, client.pk))
    assert not events.told_of("comment_added", _subject(client, client.pk))
    assert not events.told_of("time_logged", _subject(client, client.pk + 1))
    assert not events.told_of("time_logged", _subject(ClientFactory(), client.pk))


@pytest.mark.django_db(transaction=True)
def test_eight_writers_at_once_get_consecutive_numbers():
    client = ClientFactory()

    def write():
        with transaction.atomic():
            return record(client).number

    assert sorted(at_once(times(8, write))) == [1, 2, 3, 4, 5, 6, 7, 8]


@pytest.mark.django_db(transaction=True)
def test_a_writer_that_fails_among_others_leaves_no_gap():
    client = ClientFactory()

    def write(fails):
        with transaction.atomic():
            number = record(client).number
            if fails:
                raise ZeroDivisionError
            return number

    results = at_once([lambda fails=place % 2: write(fails) for place in range(8)])
    assert sorted(results[::2]) == [1, 2, 3, 4]
    assert all(isinstance(result, ZeroDivisionError) for result in results[1::2])


@pytest.mark.django_db(transaction=True)
def test_a_reader_never_sees_a_number_before_the_one_below_it():
    client = ClientFactory()

    def write():
        with transaction.atomic():
            record(client)
        return list(Event.objects.filter(client=client).order_by("number").values_list("number", flat=True))

    for seen in at_once(times(8, write)):
        assert seen == list(range(1, len(seen) + 1))


def _subject(client, pk):
    return SimpleNamespace(client_id=client.pk, pk=pk)

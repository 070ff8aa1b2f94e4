"""What clients hear of an import, dry runs, and what an import costs."""

import io
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Event
from accounts.tests.factories import StaffFactory
from billing import imports
from billing.models import TimeEntry
from billing.tests.factories import NOW
from billing.tests.import_files import BERLIN, EXPORTS, NOTHING, counts, entry_row, generic, run

pytestmark = pytest.mark.django_db


def test_each_client_is_told_once_of_all_its_new_time():
    staff = StaffFactory()

    run(generic(entry_row(client="One"), entry_row(client="Two"), entry_row(client="One", start="08:00")), by=staff)

    facts = {event.client.name: event for event in Event.objects.select_related("client")}
    assert {name: (event.kind, event.number, event.facts) for name, event in facts.items()} == {
        "One": ("time_logged", 1, {"entries": 2, "seconds": 10_800}),
        "Two": ("time_logged", 1, {"entries": 1, "seconds": 3600}),
    }
    event = facts["One"]
    assert (event.actor, event.recorded_at, event.subject_type, event.subject_id) == (
        staff,
        NOW,
        "client",
        event.client_id,
    )


def test_a_client_without_new_time_hears_nothing():
    run(generic(entry_row(client="One")))

    run(generic(entry_row(client="One"), entry_row(client="Two")))

    assert sorted(Event.objects.values_list("client__name", "number")) == [("One", 1), ("Two", 1)]


def test_a_dry_run_says_all_and_changes_nothing():
    content = (EXPORTS / "toggl.csv").read_bytes()

    dry = run(content, dry_run=True)
    assert counts() == NOTHING
    done = run(content)

    assert (dry.written, done.written) == (False, True)
    assert dry.fingerprint == done.fingerprint
    assert dry.new_clients == ["Harbour Lights", "Inner Works"]


def test_an_import_that_would_come_out_otherwise_than_expected_is_refused():
    expected = run(generic(entry_row()), dry_run=True).fingerprint
    run(generic(entry_row()))

    with pytest.raises(imports.Changed) as raised:
        run(generic(entry_row()), expect=expected)
    assert raised.value.report.known == 1


def test_the_callers_file_stays_open_and_progress_ends_at_the_whole():
    heard = []
    file = io.BytesIO(generic(entry_row()).encode())

    imports.run(file, zone=BERLIN, by=None, now=NOW, progress=heard.append)

    assert not file.closed
    assert heard == sorted(heard)
    assert heard[-1] == 1


def test_more_rows_cost_the_same_queries():
    def queries_of(rows, date):
        minutes = [entry_row(f"{n // 60:02}:{n % 60:02}", "23:59", date=date) for n in range(rows)]
        with CaptureQueriesContext(connection) as queries:
            run(generic(*minutes))
        return [query["sql"].split()[:3] for query in queries if "SAVEPOINT" not in query["sql"]]

    run(generic(entry_row()))

    assert len(queries_of(10, "2025-03-05")) == len(queries_of(1_000, "2025-03-06"))


def test_no_temporary_table_is_left():
    run(generic(entry_row()))

    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
    assert not {"import_staged", "import_fresh"} & set(tables)


def test_twice_the_rows_take_no_more_memory():
    def peak_of(rows):
        content = io.BytesIO(generic(*[entry_row(notes=f"Note {n % 50}") for n in range(rows)]).encode())
        tracemalloc.start()
        try:
            report = imports.run(content, zone=BERLIN, by=None, now=NOW, dry_run=True)
            return report.entries, tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    few, few_peak = peak_of(11_000)
    many, many_peak = peak_of(22_000)

    assert (few, many) == (11_000, 22_000)
    assert many_peak < few_peak * 1.2


@pytest.mark.django_db(transaction=True)
def test_the_same_file_from_two_sides_at_once_comes_in_once():
    content = generic(*[entry_row(start=f"{hour:02}:00", end="23:00") for hour in range(20)])
    together = Barrier(2)

    def one_side(_number):
        try:
            together.wait(timeout=10)
            return run(content).entries
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        new = sorted(threads.map(one_side, range(2)))

    assert new == [0, 20]
    assert TimeEntry.objects.count() == 20
    assert Event.objects.count() == 1

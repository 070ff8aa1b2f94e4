"""An import of many rows: in a few statements, with memory that does not grow, and looking up what is there already."""

import tracemalloc

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.imports import staging, writer
from billing.tests.import_files import entry_row, generic, run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    monkeypatch.setattr(writer, "_BATCH", 50)
    monkeypatch.setattr(staging, "_STEP", 200)


def many(rows):
    """Different hours on the same few names."""
    return generic(
        *(
            entry_row(date=f"2025-{n // 25 % 12 + 1:02}-{n % 25 + 1:02}", notes=f"Note {n}", task=f"Task {n % 4}")
            for n in range(rows)
        )
    )


def statements(rows):
    """How many statements of an import staged rows, how many moved them, and how many others there were."""
    with CaptureQueriesContext(connection) as ran:
        run(many(rows), dry_run=True)
    found = [query["sql"] for query in ran]
    staged = sum("COPY import_staged" in sql or "INTO import_staged" in sql for sql in found)
    moved = sum("INTO time_entries" in sql for sql in found)
    return staged, moved, len(found) - staged - moved


def test_more_rows_cost_no_statements_but_one_a_batch():
    (few_staged, few_moved, few), (staged, moved, others) = statements(100), statements(1000)
    assert (few_staged, few_moved) == (2, 1)
    assert (staged, moved) == (20, 5)
    assert others == few


def test_more_rows_take_no_more_memory():
    def peak(rows):
        content = many(rows).encode()
        tracemalloc.start()
        try:
            run(content, dry_run=True)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    # Once for what is worked out once.
    peak(400)
    few, most = peak(400), peak(4000)
    assert most < 1.2 * few


@pytest.mark.postgresql
def test_what_is_there_already_is_looked_up_by_the_index_of_its_keys(monkeypatch):
    """By another collation than the index's each row would be compared with all that were ever imported."""
    settle, collations = staging.PostgresStaging.settle, []

    def settled(stage):
        totals = settle(stage)
        collations.extend(
            stage._rows(
                "SELECT DISTINCT attcollation FROM pg_attribute WHERE attname = 'import_key' "
                "AND attrelid IN ('import_fresh'::regclass, 'time_entries'::regclass)"
            )
        )
        return totals

    monkeypatch.setattr(staging.PostgresStaging, "settle", settled)
    run(many(1))
    assert len(collations) == 1

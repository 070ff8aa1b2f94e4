"""Large tables are changed while people read and write: nobody waits long, and nothing is lost."""

from contextlib import ExitStack
from threading import Thread
from time import sleep

import psycopg
import pytest

from portal.tests.drills.people import assert_civil
from portal.tests.drills.towns import Town, manage
from portal.tests.processes import wait_until

ENTRIES = 200_000
# On a machine that is busy; what is at stake is minutes.
LONGEST = 12
FILL = """
    INSERT INTO time_entries (client_id, project_id, user_id, start_time, end_time, duration_seconds, has_times, notes,
        tags, billable, import_key, created_at)
    SELECT p.client_id, p.id, (SELECT id FROM users WHERE is_staff), day, day + interval '1 hour', 3600, TRUE, '',
        '', FALSE, n || '-' || p.id, day
    FROM projects p, generate_series(1, {each}) AS n, LATERAL (SELECT now() - n * interval '20 minutes') AS d (day)
"""
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'time_entries'::regclass"
# As Django and accounts.at_size write them.
STEPS = [
    "ALTER TABLE time_entries ADD COLUMN kind text NULL",
    "CREATE INDEX CONCURRENTLY time_entries_kind ON time_entries (client_id, kind)",
    "ALTER TABLE time_entries ADD CONSTRAINT time_entries_kind_known CHECK (kind <> 'x') NOT VALID",
    "ALTER TABLE time_entries VALIDATE CONSTRAINT time_entries_kind_known",
    "UPDATE time_entries SET kind = 'a' WHERE id IN (SELECT id FROM time_entries WHERE kind IS NULL LIMIT 2000)",
    "DROP INDEX CONCURRENTLY time_entries_kind",
]


@pytest.fixture(scope="module")
def built(pattern):
    """A town with ENTRIES time entries."""
    town = Town(pattern)
    try:
        town.cluster.start()
        town.cluster.execute(FILL.format(each=ENTRIES // len(town.clients)))
        town.cluster.execute("ANALYZE")
        town.cluster.stop()
        yield town.start()
    finally:
        town.leave()


def patiently(cluster, statement):
    """Run a statement as `migrate` does: one that gets no lock soon gives way, and tries again."""
    with cluster.connect() as session:
        session.execute("SET lock_timeout = '2s'")
        while True:
            try:
                return session.execute(statement)
            except psycopg.errors.LockNotAvailable:
                sleep(1)


@pytest.mark.thorough
def test_large_tables_are_changed_and_nobody_waits_long(town):
    with town.life() as life:
        for statement in STEPS:
            patiently(town.cluster, statement)
            life.wait_for_writes(5)
    assert_civil(life.answers, LONGEST)
    assert life.longest_pause < LONGEST


@pytest.mark.thorough
def test_behind_a_long_transaction_a_migration_gives_way(town):
    """An import that takes long holds the table; a migration that waits for it must not hold up all others."""
    with town.life() as life, ExitStack() as stack:
        holder = stack.enter_context(town.cluster.connect())
        holder.execute("BEGIN")
        holder.execute("LOCK TABLE time_entries IN ROW EXCLUSIVE MODE")
        done = Thread(target=lambda: manage("migrate", "--verbosity=0", **town.environment))
        done.start()
        wait_until(lambda: town.cluster.execute(WAITING) != [(0,)], 60)
        sleep(LONGEST + 5)
        assert done.is_alive()
        holder.execute("COMMIT")
        done.join(120)
        assert not done.is_alive()
        life.wait_for_writes(5)
    assert_civil(life.answers, LONGEST)
    assert life.longest_pause < LONGEST

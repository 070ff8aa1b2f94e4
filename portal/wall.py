"""The second wall between clients: the database itself, which knows nothing of the first (`portal.scope`).

PostgreSQL: a portal page runs in a transaction of a role that reads only the columns and rows of `portal.golden`, of
the one client that the transaction names, and writes only the viewer's own few tables; a look at a page is read-only.
SQLite has no roles: there the wall refuses writes alone.
"""

import re
from contextlib import contextmanager

from django.conf import settings
from django.db import DatabaseError, connection, transaction

from portal.golden import NARROWED, WRITE

WRITING = re.compile(r'\s*(INSERT|UPDATE|DELETE|REPLACE)(?: OR \w+)?(?: INTO| FROM)?\s+"?(\w+)"?', re.IGNORECASE)
SET = re.compile(r'"(\w+)" = ')
HARMLESS = ("SELECT", "SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT", "WITH", "EXPLAIN")


class WallRefused(DatabaseError):
    """A portal request tried to write what is not the viewer's own."""


def standing(viewer, *, writes, of_one_moment=False):
    """A context in which the database shows and takes only what is this viewer's.

    Without `writes` it takes nothing at all. Whatever is drawn from lazy QuerySets must be drawn inside of it. What is
    `of_one_moment` sees nothing that is committed after its first query.
    """
    if connection.vendor == "postgresql":
        return _as_portal_role(viewer, writes, of_one_moment)
    return _as_guarded(writes, of_one_moment)


@contextmanager
def _as_portal_role(viewer, writes, of_one_moment):
    inside_another = connection.in_atomic_block
    with transaction.atomic():
        if of_one_moment and not inside_another:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        _take_role(viewer, writes)
        yield
        if inside_another:
            # A transaction's own end forgets the role; the end of a part of one does not.
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL ROLE NONE; SET LOCAL app.client_id = ''; SET LOCAL app.user_id = ''")


def _take_role(viewer, writes):
    user = "" if viewer.user is None else int(viewer.user.pk)
    # One round trip; role and numbers are ours, not the request's.
    statements = [
        f"SET LOCAL ROLE {connection.ops.quote_name(settings.PORTAL_ROLE)}",
        f"SET LOCAL app.client_id = '{int(viewer.client.pk)}'",
        f"SET LOCAL app.user_id = '{user}'",
        # Beside a million rows PostgreSQL would compile a query for a tenth of a second, to answer it in a few ms.
        "SET LOCAL jit = off",
    ]
    if not writes:
        statements.append("SET LOCAL transaction_read_only = on")
    with connection.cursor() as cursor:
        cursor.execute("; ".join(statements))


@contextmanager
def _as_guarded(writes, of_one_moment):
    if writes:
        with connection.execute_wrapper(_only_own_tables):
            yield
        return
    connection.ensure_connection()
    connection.connection.execute("PRAGMA query_only = ON")
    # Django's own transactions begin with the lock for writing, which would keep everybody else from it.
    begins = of_one_moment and not connection.connection.in_transaction
    try:
        if begins:
            connection.connection.execute("BEGIN DEFERRED")
        yield
    finally:
        if begins:
            connection.connection.execute("ROLLBACK")
        connection.connection.execute("PRAGMA query_only = OFF")


def _only_own_tables(execute, sql, params, many, context):
    written = WRITING.match(sql)
    if written is None and not sql.lstrip().upper().startswith(HARMLESS):
        raise WallRefused(f"A portal request may not run {sql[:60]!r}.")
    if written and not _is_own(written[1].upper(), written[2], sql):
        raise WallRefused(f"A portal request may not {written[1]} {written[2]} so.")
    return execute(sql, params, many, context)


def _is_own(command, table, sql):
    """Whether the golden list has this write; of an update's rows SQLite is told nothing, of its columns it is."""
    if command not in WRITE.get(table, ()):
        return False
    narrowed = NARROWED.get((table, command))
    changed = SET.findall(sql.partition(" SET ")[2].partition(" WHERE ")[0])
    return command != "UPDATE" or narrowed is None or set(changed) <= set(narrowed.columns)

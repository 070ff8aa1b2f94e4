"""How many rows PostgreSQL reads for a page: what a page costs, counted instead of timed."""

import json
from contextlib import contextmanager

from django.db import connection

# What hands rows on that another node reads.
NO_ROWS = {"Subquery Scan", "CTE Scan", "Bitmap Index Scan"}


@contextmanager
def rows_read():
    """Fills a dictionary with `{SQL: rows read}` of each SELECT of the block, as its EXPLAIN ANALYZE tells them."""
    read = {}

    def explained(execute, sql, params, many, context):
        if sql.startswith(("SELECT", "(SELECT")):
            with context["connection"].cursor() as cursor:
                cursor.cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", params)
                plan = cursor.cursor.fetchone()[0]
            plan = json.loads(plan) if isinstance(plan, str) else plan
            read[sql] = read.get(sql, 0) + _rows(plan[0]["Plan"])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explained):
        yield read


def _rows(node):
    """Rows that the scans of a plan looked at, those that a filter then left out included."""
    looked_at = 0
    if "Scan" in node["Node Type"] and node["Node Type"] not in NO_ROWS:
        names = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")
        looked_at = sum(node.get(name, 0) for name in names) * node["Actual Loops"]
    return looked_at + sum(_rows(child) for child in node.get("Plans", []))

"""A query of every page, written once: Django takes longer to write such SQL than the database to answer it."""

from datetime import UTC, datetime

from django.db import connection

# Ids and an instant that no row has, by which the places of the real ones are found.
STAND_INS = (-7_100_000_000_001, -7_100_000_000_002, datetime(1901, 2, 3, 4, 5, 6, tzinfo=UTC))


class Prepared:
    """The SQL of `build(*stand_ins)`, a QuerySet, to be asked with values of the same kinds: ids, aware datetimes.

    `build` gets as many of STAND_INS as `takes` names and must bind each of them as it is, and by them alone decide
    what is asked for.
    """

    def __init__(self, build, *, takes):
        self.stand_ins = tuple(STAND_INS[place] for place in takes)
        self.build = build
        self._sql = None

    def first(self, *values):
        """The first row as a tuple, None where there is none."""
        sql, params = self.bound(*values)
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            return cursor.fetchone()

    def bound(self, *values):
        """`(SQL, parameters)` for these values."""
        if self._sql is None:
            self._sql = self._written()
        sql, params = self._sql
        given = dict(zip(map(_stored, self.stand_ins), map(_stored, values), strict=True))
        return sql, tuple(given.get(param, param) for param in params)

    def _written(self):
        sql, params = self.build(*self.stand_ins).query.get_compiler(connection=connection).as_sql()
        missing = set(map(_stored, self.stand_ins)) - set(params)
        if missing:
            raise ValueError(f"The query binds nothing in the place of {missing}.")
        return sql, params


def _stored(value):
    """A value as the database gets it."""
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value

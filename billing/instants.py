"""Instants as the database hands them over most cheaply: reading a timestamp costs ten times what a number does."""

from datetime import datetime

from django.db.models import BigIntegerField, Func


class WholeSeconds(Func):
    """The seconds from 1970 to an instant, less any fraction; NULL of none."""

    arity = 1
    output_field = BigIntegerField()
    template = "FLOOR(EXTRACT(EPOCH FROM %(expressions)s))::bigint"

    def as_sqlite(self, compiler, connection, **context):
        template = "CAST(strftime('%%%%s', %(expressions)s) AS INTEGER)"
        return super().as_sql(compiler, connection, template=template, **context)

    def get_db_converters(self, _connection):
        """None: both databases give an integer."""
        return []


def local_time(seconds, zone):
    """The local time, with its zone, of WholeSeconds; None of None."""
    return None if seconds is None else datetime.fromtimestamp(seconds, zone)

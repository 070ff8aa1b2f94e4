"""Sums of money that are exact on every database."""

from django.db.models import DecimalField, Func, Sum, Value
from django.db.models.functions import Coalesce

AMOUNT_DIGITS = {"max_digits": 15, "decimal_places": 3}
TOTAL_DIGITS = {"max_digits": 24, "decimal_places": 3}


class Exact(Func):
    """A sum or difference of stored amounts without float noise.

    PostgreSQL's numeric is exact already. SQLite adds amounts as floats, so 0.1 + 0.2 - 0.3 would count as something
    owed; rounded back to the three decimals that amounts are stored with, it is zero (and not minus zero). The cast is
    there for comparisons: SQLite takes any bare number for less than a parameter, which Django hands it as text.
    """

    template = "%(expressions)s"

    def __init__(self, expression):
        super().__init__(expression, output_field=DecimalField(**AMOUNT_DIGITS))

    def as_sqlite(self, compiler, connection, **context):
        return super().as_sql(
            compiler, connection, template="CAST(ROUND(%(expressions)s, 3) + 0.0 AS NUMERIC)", **context
        )


def exact_sum(field, **options):
    """The exact sum of an amount over the rows of an aggregate; zero over none. Takes Sum's options."""
    return Exact(Coalesce(Sum(field, **options), Value(0), output_field=DecimalField(**AMOUNT_DIGITS)))

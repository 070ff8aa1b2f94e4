"""What something costs: the queries it asks, and the time it takes of the database, the processor and the clock."""

from time import perf_counter, process_time

from django.db import connection


class Work:
    """Counts and times what is done within `with`; `bytes` are noted by who does it. Times are in seconds."""

    def __init__(self):
        self.queries, self.bytes = 0, 0
        self.database = self.seconds = self.cpu = 0.0

    def __enter__(self):
        self._counting = connection.execute_wrapper(self._counted)
        self._counting.__enter__()
        self._began, self._cpu_began = perf_counter(), process_time()
        return self

    def __exit__(self, *raised):
        self.seconds, self.cpu = perf_counter() - self._began, process_time() - self._cpu_began
        self._counting.__exit__(*raised)

    def _counted(self, execute, sql, params, many, context):
        began = perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.queries += 1
            self.database += perf_counter() - began

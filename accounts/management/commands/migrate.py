"""Django's `migrate`, which gives way to the site: who waits in line for a lock holds up all that come after.

A statement that gets no lock soon is given up, and the migration begun anew after a pause, in which the others go on.
"""

from time import sleep

from django.core.management.commands import migrate
from django.db import OperationalError, connections
from psycopg.errors import DeadlockDetected, LockNotAvailable

from accounts.at_size import waiting_for_locks

LOCK_MILLISECONDS = 2000
PAUSE_SECONDS = 5
TRIES = 60


class Command(migrate.Command):
    def handle(self, *args, database, **options):
        connection = connections[database]
        if connection.vendor != "postgresql" or connection.in_atomic_block:
            return super().handle(*args, database=database, **options)
        for tries_left in range(TRIES - 1, -1, -1):
            try:
                with waiting_for_locks(connection, LOCK_MILLISECONDS):
                    return super().handle(*args, database=database, **options)
            except OperationalError as error:
                if not isinstance(error.__cause__, LockNotAvailable | DeadlockDetected) or not tries_left:
                    raise
                self.stderr.write(f"Others are at work on a table; trying again in {PAUSE_SECONDS} s.")
                sleep(PAUSE_SECONDS)
        return None

"""Several calls at the same moment, each in a thread with a connection of its own."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.db import connection


def at_once(calls):
    """Start all `calls` together; returns what each returned, or the exception it raised, in their order."""
    barrier = Barrier(len(calls))

    def run(call):
        barrier.wait(10)
        try:
            return call()
        except Exception as error:  # noqa: BLE001 (it is the result)
            return error
        finally:
            connection.close()

    connection.close()
    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))


def times(number, call):
    """`number` times the same call, for `at_once`."""
    return [call] * number

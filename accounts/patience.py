"""How long a process waits for PostgreSQL, which may be frozen: its own time-outs do not run then, and nor does TCP's.

Processes that serve wait no longer than this for any statement, and then give it up with the connection; commands wait
as long as it takes.
"""

from contextlib import contextmanager, suppress
from threading import local

from psycopg import Connection, OperationalError
from psycopg.errors import _WaitTimeout

SECONDS = 20
LONG_SECONDS = 600
# A server that lives answers nothing at once.
CHECK_SECONDS = 3
CANCEL_SECONDS = 2

_process = {"seconds": None}
_thread = local()


class GivenUp(OperationalError):
    """The database took longer than anybody waits for it."""


class BoundedConnection(Connection):
    """A connection that is given up once a statement takes longer than the process has patience."""

    def wait(self, gen, interval=0.1, timeout=None):
        patience = _patience() if timeout is None else timeout
        try:
            return super().wait(gen, interval=interval, timeout=patience)
        except _WaitTimeout as error:
            if timeout is not None:
                raise
            # A server that lives must not go on with what nobody waits for.
            with suppress(Exception):
                self.cancel_safe(timeout=CANCEL_SECONDS)
            self.close()
            raise GivenUp(f"No answer from the database within {patience} s") from error

    def execute(self, query, params=None, **options):
        """What the pool asks before it hands the connection out; Django itself goes by cursors."""
        with _waiting(CHECK_SECONDS):
            return super().execute(query, params, **options)


def bound():
    """From now on this process waits SECONDS at most."""
    _process["seconds"] = SECONDS


@contextmanager
def for_long():
    """Be patient with the statements of a block that may well take longer, or wait for others of their kind."""
    with _waiting(LONG_SECONDS):
        yield


@contextmanager
def for_short():
    """Wait CHECK_SECONDS at most for the statements of a block without which the answer is still worth something."""
    with _waiting(CHECK_SECONDS):
        yield


@contextmanager
def _waiting(seconds):
    before = getattr(_thread, "seconds", None)
    _thread.seconds = seconds
    try:
        yield
    finally:
        _thread.seconds = before


def _patience():
    """The seconds that count just now; None is without end."""
    if _process["seconds"] is None:
        return None
    return getattr(_thread, "seconds", None) or _process["seconds"]

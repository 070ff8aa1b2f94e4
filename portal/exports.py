"""Files of what a viewer sees: made while they are sent, a few at once, each noted in the trail.

A view says what is to be in the file (an Export) and is over; the body runs later, in a thread of its own, with a
transaction behind the wall of its own. So it stands in no page's way, and no page's connection waits for it.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from threading import BoundedSemaphore, Lock

from django.db import connection
from django.http import StreamingHttpResponse
from django.utils import timezone, translation
from django.utils.http import content_disposition_header
from django.utils.translation import gettext_lazy
from structlog.contextvars import bound_contextvars, get_contextvars

from accounts import regions, trail
from portal import errors, wall

# How many files a process makes at once, of its few connections to the database, and how many of one viewer.
PER_PROCESS = 2
PER_VIEWER = 1
RETRY_SECONDS = 15
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
}
TOO_MANY = (
    gettext_lazy("Another file is being made"),
    gettext_lazy("Nothing is lost. Wait until your other download is done, then try again."),
)

log = logging.getLogger(__name__)
_lock = Lock()
_seats = BoundedSemaphore(PER_PROCESS)
_running = Counter()


@dataclass(frozen=True)
class Export:
    """A file: `body(scope)` gives its pieces, from a Scope of its own; `what` and `format` are told in the trail."""

    what: str
    name: str
    format: str
    body: Callable[..., Iterator[bytes]]


class Download(StreamingHttpResponse):
    """Pieces of a file, drawn in one thread from the first to the last: a connection and its cursor belong to one."""

    def __init__(self, pieces, **options):
        # Bare of `close`, which Django would call from its own thread.
        super().__init__(map(bytes, pieces), **options)
        self.pieces = pieces

    async def __aiter__(self):
        loop, worker = asyncio.get_running_loop(), ThreadPoolExecutor(1, "export")
        pieces = iter(self.streaming_content)
        try:
            while (piece := await loop.run_in_executor(worker, next, pieces, None)) is not None:
                yield piece
        finally:
            # Whoever went away in the middle waits for nothing; the thread ends what it began.
            worker.submit(self.pieces.close)
            worker.shutdown(wait=False)


def hand_out(export, request, viewer, *, scope_of):
    """The answer with an Export's file, or 429 while as many are being made as may be."""
    if not _is_free(viewer):
        answer = errors.page(request, 429, TOO_MANY)
        answer["Retry-After"] = str(RETRY_SECONDS)
        return answer
    account = viewer.user or viewer.client
    facts = {"what": export.what, "format": export.format}
    by = viewer.shown_to or account
    trail.record(trail.TrailKind.EXPORTED, account=account, by=by, request=request, now=timezone.now(), **facts)
    _give_back_connection()
    disposition = content_disposition_header(as_attachment=True, filename=f"{export.name}.{export.format}")
    return Download(
        _pieces(export, viewer, scope_of, get_contextvars()),
        content_type=TYPES[export.format],
        headers={"Content-Disposition": disposition},
    )


def _pieces(export, viewer, scope_of, bound):
    """The file's bytes, in the viewer's language and zone, behind the wall; `bound` tells the log whose it is."""
    language = regions.language_of(viewer.locale)
    with bound_contextvars(**bound), _seat(viewer), translation.override(language), timezone.override(viewer.zone):
        try:
            with wall.standing(viewer, writes=False, of_one_moment=True):
                yield from export.body(scope_of(viewer))
        except Exception:
            log.exception("A file broke off half-way")
            raise
        finally:
            _give_back_connection()


@contextmanager
def _seat(viewer):
    """Count as running; who comes past the first look all the same waits for a seat."""
    key = _key(viewer)
    with _lock:
        _running[key] += 1
    try:
        with _seats:
            yield
    finally:
        with _lock:
            _running[key] -= 1
            if not _running[key]:
                del _running[key]


def _is_free(viewer):
    with _lock:
        return _running.total() < PER_PROCESS and _running[_key(viewer)] < PER_VIEWER


def _key(viewer):
    who = viewer.shown_to or viewer.user
    return viewer.client.pk, who and who.pk


def _give_back_connection():
    if not connection.in_atomic_block:
        connection.close()

"""How a web process ends when it is told to: it takes nothing new and finishes what it has begun, within bounds.

What it could not finish is lost to nobody: committed things are in the database, and open pages ask its journal.
"""

import asyncio
import logging
import os
from threading import Timer
from time import monotonic

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.tcp import Port, Server

from portal import leaving, live

# Answers under way get so long, of which open pages are sent away in the first part.
ANSWER_SECONDS = 10
# A proxy that kept connections to here learns meanwhile, by asking on one or opening another, that nobody is here.
LINGER_SECONDS = 1
# Threads that the database or a mail server holds up keep no process for longer; systemd's patience is longer still.
LAST_SECONDS = 30
LOOK_SECONDS = 0.02

log = logging.getLogger(__name__)


def gracefully(server):
    """What a Daphne server does before its end, in place of breaking off whatever it is doing; returns a Deferred."""
    leaving.begin()
    last = Timer(LAST_SECONDS, _break_off)
    last.daemon = True
    last.start()
    return Deferred.fromFuture(asyncio.ensure_future(_leave(server)))


def unless_leaving(process):
    """What Daphne does with a request, but for one that wants a socket at the end: a proxy asks another process."""

    def begin(request):
        if leaving.has_begun() and request.requestHeaders.hasHeader(b"Upgrade"):
            # Unanswered: an answer would be the page's.
            request.loseConnection()
            return None
        return process(request)

    return begin


async def _leave(server):
    try:
        await _finish(server)
    except Exception:
        # The process ends all the same.
        log.exception("What was under way could not be finished")


async def _finish(server):
    began = monotonic()
    _take_nothing_new()
    log.info("Leaving with %s answers and sockets under way", len(_under_way(server)))
    moving = asyncio.ensure_future(live.watch().send_away())
    if _connections():
        await asyncio.sleep(LINGER_SECONDS)
    await _until(lambda: moving.done() and not _under_way(server), began + ANSWER_SECONDS)
    for work in [moving, *filter(None, map(_work, _under_way(server)))]:
        work.cancel()
    for connection in _connections():
        # What is still to be sent on it is sent.
        connection.loseConnection()
    await _until(lambda: not _connections(), monotonic() + LINGER_SECONDS)
    log.info("Left after %.1f s", monotonic() - began)


def _take_nothing_new():
    for port in reactor.getReaders():
        if isinstance(port, Port):
            # Who is connected already and waits to be taken in would be turned away.
            port.doRead()
            port.stopListening()


def _under_way(server):
    """What Daphne keeps of requests and sockets that are not over, those that are still being read among them."""
    return [
        details
        for details in server.connections.values()
        if "disconnected" not in details or not (_work(details) is None or _work(details).done())
    ]


def _work(details):
    return details.get("application_instance")


def _connections():
    """The open connections, but for those that wait for their answer."""
    return [one for one in {*reactor.getReaders(), *reactor.getWriters()} if isinstance(one, Server)]


async def _until(claim, deadline):
    while not claim() and monotonic() < deadline:
        await asyncio.sleep(LOOK_SECONDS)


def _break_off():
    log.error("Not over after %s s: broken off", LAST_SECONDS)
    os._exit(1)

"""What open pages cost, measured beside the pages: no server, no browser, and nobody's real page hears of it.

What is here is the portal's own work. What a server and its sockets add is measured by `portal.tests.load.sockets`.
"""

import asyncio
from contextlib import contextmanager
from dataclasses import replace

from channels.layers import get_channel_layer
from django.db import transaction
from django.test import override_settings
from django.utils import timezone

from accounts import events
from accounts.models import Event, SignedInSession
from portal import frames, live
from portal.consumers import PortalSocket
from portal.measuring import Work

MANY = 1000
LANGUAGE = "en"
IN_MEMORY = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}


def works(session_key):
    """`{what: Work}`, each done once, for the viewer of a session; nothing of it is written."""
    with override_settings(CHANNEL_LAYERS=IN_MEMORY), _sessions_like(session_key, MANY) as keys:
        (entrance,) = live.admit({(session_key, LANGUAGE)}).values()
        entrances = [replace(entrance, session_key=key) for key in keys]
        return {
            "opening a socket": _opening(session_key),
            "telling 1 socket": asyncio.run(_telling(entrances[:1])),
            f"telling {MANY:,} sockets": asyncio.run(_telling(entrances)),
            f"watching {MANY:,} sockets": _watching(entrances),
        }


@contextmanager
def _sessions_like(session_key, sockets):
    """A key for each of so many sockets, of as few sessions as may have them; the sessions are gone afterwards."""
    row = SignedInSession.objects.get(session_key=session_key)
    keys = [f"measured{number}" for number in range(sockets // live.MOST_OF_A_SESSION)]
    row.handle = None
    with transaction.atomic():
        for row.session_key in keys:
            row.save(force_insert=True)
        yield keys * live.MOST_OF_A_SESSION
        transaction.set_rollback(True)


def _opening(session_key):
    with Work() as work:
        (entrance,) = live.admit({(session_key, LANGUAGE)}).values()
        standing = live.standings({entrance})[entrance]
        work.bytes = len(frames.hello(standing.latest, standing.epoch))
    return work


async def _telling(entrances):
    said, message = [], events.message_of(_invoice_sent(entrances[0].client_id))
    sockets = [await _open(entrance, said) for entrance in entrances]
    await live.watch().hear(sockets[0])
    said.clear()
    with Work() as work:
        await get_channel_layer().group_send(events.group_of(message["client_id"]), message)
        while len(said) < len(sockets):
            await asyncio.sleep(0)
        work.bytes = sum(map(len, said))
    return work


def _invoice_sent(client_id):
    """An event that never happened, of the kind that has the most words."""
    facts = {"number": "2026-17", "amount": "1190.00", "currency": "EUR", "due_date": "2026-12-07"}
    now = timezone.now()
    return Event(client_id=client_id, number=1, kind="invoice_sent", subject_id=1, facts=facts, recorded_at=now)


async def _open(entrance, said):
    """A socket that is watched over and open, whose frames go to a list."""

    async def send(message):
        said.append(message["text"])

    socket = PortalSocket(send)
    socket.entrance = entrance
    live.watch().keep(socket)
    await socket.open(live.Standing(None, 0, ""))
    return socket


def _watching(entrances):
    said = []

    async def open_all():
        for entrance in entrances:
            await _open(entrance, said)
        return live.watch()

    with asyncio.Runner() as runner:
        watch = runner.run(open_all())
        said.clear()
        with Work() as work:
            found = live.standings(watch.entrances())
            runner.run(watch.settle(found))
            work.bytes = sum(map(len, said))
    return work

"""Who listens: the entrance of a socket, and the watch of a process over all of its open sockets.

Nothing here can be told by a browser: a socket is known by its session alone.
"""

import asyncio
import logging
import random
from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async
from django.utils import timezone
from structlog.contextvars import bound_contextvars

from accounts import access, events, looking, measures, signin
from accounts.models import Client, SignedInSession, User
from portal import leaving
from portal.hearing import Ear
from portal.scope import Viewer

# Access that ends without a message ends within this many seconds; a lost message is made good within twice as many.
WATCH_SECONDS = 0.75
# A page takes a socket from which nothing came for much longer to be dead.
GREET_SECONDS = 30
MOST_OF_A_SESSION = 20
MOST_OF_A_CLIENT = 5000

# A process that ends sends its pages elsewhere within this many seconds, a few of them quicker.
AWAY_SECONDS = 6
AWAY_PACE = 0.01

SIGNED_OUT = 4401
NO_ACCESS = 4403
MOVING = 4503

log = logging.getLogger(__name__)
_watches = WeakKeyDictionary()


@dataclass(frozen=True)
class Entrance:
    """Whom a socket was opened for: its viewer, by which session, and the access numbers that must not change."""

    viewer: Viewer
    session_key: str
    numbers: tuple

    @property
    def client_id(self):
        return self.viewer.client.pk

    @property
    def user_id(self):
        person = self.viewer.user or self.viewer.shown_to
        return person.pk if person else None

    @property
    def reader(self):
        """Whose it is, for the lines of the log."""
        return {"client_id": self.client_id, "user_id": self.user_id}


@dataclass(frozen=True)
class Standing:
    """How it is with an entrance now: the code to close its socket with, or None, and its client's last event.

    The event's number is one of `epoch`.
    """

    closed_with: int | None
    latest: int
    epoch: str


def in_database(function):
    """An async function that runs `function` in a thread of its own, with a connection of its own."""
    return database_sync_to_async(function, thread_sensitive=False)


def admit(session_key, browser):
    """The Entrance that a session gives, or None where it lets nobody into a portal; `browser` asks for a language."""
    request = signin.request_of_session(session_key)
    looked_at = looking.looked_at(request.user, request.session)
    if looked_at is not None:
        viewer = Viewer(client=looked_at, user=None, shown_to=request.user, browser=browser)
    else:
        account = signin.current_account(request)
        if account is None or access.why_not(account) is not None:
            return None
        viewer = Viewer.of(account, browser)
    person = viewer.user or viewer.shown_to
    return Entrance(viewer, session_key, (person.access_number if person else None, viewer.client.access_number))


def standings(entrances):
    """`{Entrance: Standing}`, in three queries however many there are."""
    users = dict(
        User.objects.filter(pk__in={entrance.user_id for entrance in entrances} - {None}).values_list(
            "pk", "access_number"
        )
    )
    clients = {
        pk: (number, latest or 0, epoch)
        for pk, number, latest, epoch in Client.objects.filter(
            pk__in={entrance.client_id for entrance in entrances}
        ).values_list("pk", "access_number", "event_counter__last", events.epoch())
    }
    keys = {entrance.session_key for entrance in entrances}
    living = SignedInSession.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    sessions = set(living.values_list("session_key", flat=True))
    return {entrance: _standing(entrance, users, clients, sessions) for entrance in entrances}


def _standing(entrance, users, clients, sessions):
    number, *told = clients.get(entrance.client_id, (None, 0, ""))
    user_number = users.get(entrance.user_id, -1) if entrance.user_id else None
    if (user_number, number) != entrance.numbers:
        return Standing(NO_ACCESS, *told)
    return Standing(None if entrance.session_key in sessions else SIGNED_OUT, *told)


def watch():
    """The Watch of this process (of this event loop)."""
    return _watches.setdefault(asyncio.get_running_loop(), Watch())


class Watch:
    """Hands out what this process hears to its open sockets, and looks again and again how it is with them.

    A socket has `entrance`, `latest` (the last event number it was told of), `told_at` (when, monotonic, anything was
    said to it) and the coroutines `hear(message)`,
    `end(code)` and `say_hello(latest, epoch)`.
    """

    def __init__(self):
        self._of_client, self._of_session = defaultdict(set), Counter()
        self._behind = {}
        self._hurry = asyncio.Event()
        self._ear = Ear(self._hand_out, self._of_client)
        self._rounds = self._hearing = None

    def keep(self, socket):
        """Watch over a socket from now on; False where there are too many of its session or client, or at the end."""
        client_id, session = socket.entrance.client_id, socket.entrance.session_key
        if (
            leaving.has_begun()
            or self._of_session[session] >= MOST_OF_A_SESSION
            or len(self._of_client.get(client_id, ())) >= MOST_OF_A_CLIENT
        ):
            return False
        self._of_client[client_id].add(socket)
        self._of_session[session] += 1
        measures.SOCKETS.inc()
        if self._rounds is None or self._rounds.done():
            self._rounds = asyncio.create_task(self._go_round())
        return True

    def drop(self, socket):
        """A socket has closed."""
        client_id, session = socket.entrance.client_id, socket.entrance.session_key
        if socket not in self._of_client.get(client_id, ()):
            return
        measures.SOCKETS.dec()
        self._behind.pop(socket, None)
        self._of_client[client_id].remove(socket)
        if not self._of_client[client_id]:
            del self._of_client[client_id]
        self._of_session[session] -= 1
        if not self._of_session[session]:
            del self._of_session[session]

    async def hear(self, socket):
        """Have a socket's client heard, as far as the channel layer is there."""
        await self._ear.join(socket.entrance.client_id)

    async def send_away(self):
        """Close all sockets so that their pages come back at once, to another process, and not all at one moment."""
        sockets = self._sockets()
        random.shuffle(sockets)
        for socket in sockets:
            self.drop(socket)
            await socket.end(MOVING)
            await asyncio.sleep(min(AWAY_SECONDS / len(sockets), AWAY_PACE))

    def look_now(self):
        """Do not wait for the next round."""
        self._hurry.set()

    async def _hand_out(self, message):
        sockets = list(self._of_client.get(message.get("client_id"), ()))
        for socket in sockets:
            try:
                await socket.hear(message)
            except Exception:
                with bound_contextvars(**socket.entrance.reader):
                    log.exception("A socket could not be told")
        measures.told(message, len(sockets))

    async def _go_round(self):
        while self._of_client:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), WATCH_SECONDS)
            self._hurry.clear()
            if self._hearing is None or self._hearing.done():
                # Beside the round: a channel layer that does not answer must not keep access from ending.
                self._hearing = asyncio.create_task(self._ear.keep_up())
            try:
                await self._look()
            except Exception:
                # The watch outlives a database that is away for a while.
                log.exception("The open sockets could not be looked after")
                await asyncio.sleep(WATCH_SECONDS)

    async def _look(self):
        sockets = self._sockets()
        found = await in_database(standings)({socket.entrance for socket in sockets})
        for socket in sockets:
            standing = found[socket.entrance]
            if standing.closed_with is not None:
                self.drop(socket)
                await socket.end(standing.closed_with)
            else:
                await self._keep_up(socket, standing)

    def _sockets(self):
        return [socket for sockets in self._of_client.values() for socket in sockets]

    async def _keep_up(self, socket, standing):
        """Greet a socket that missed an event (was behind a round ago, and still is) or was told nothing for long."""
        missed = self._behind.pop(socket, None)
        has_missed = missed is not None and socket.latest < missed
        if has_missed or monotonic() - socket.told_at > GREET_SECONDS:
            measures.GREETED.inc(has_missed)
            await socket.say_hello(standing.latest, standing.epoch)
        elif socket.latest < standing.latest:
            self._behind[socket] = standing.latest

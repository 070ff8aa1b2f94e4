"""Who listens: the entrance of a socket, and the watch of a process over all of its open sockets.

Nothing here can be told by a browser: a socket is known by its session alone.
"""

import asyncio
import logging
import random
from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async
from django.db.models import Q
from django.utils import timezone
from structlog.contextvars import bound_contextvars

from accounts import access, events, looking, measures, signin
from accounts.models import Client, SignedInSession, User
from portal import frames, leaving
from portal.audience import Audience
from portal.desk import Desk
from portal.frames import Wording
from portal.hearing import Ear
from portal.scope import Viewer

# Access that ends without a message ends within this many seconds; a lost message is made good within twice as many.
WATCH_SECONDS = 0.75
MOST_OF_A_SESSION = 20
MOST_OF_A_CLIENT = 5000
# So many sockets are told at a stretch; then the rest of the process has its turn.
TOLD_AT_A_STRETCH = 50

# A process that ends sends its pages elsewhere within this many seconds, a few of them quicker.
AWAY_SECONDS = 6
AWAY_PACE = 0.01

SIGNED_OUT = 4401
NO_ACCESS = 4403
MOVING = 4503

log = logging.getLogger(__name__)
_watches = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Entrance:
    """Whom sockets were opened for: client and person, by which session, and in which Wording they are told.

    `numbers` are the access numbers that must not change. It keeps no rows: there may be thousands.
    """

    client_id: int
    user_id: int | None
    session_key: str
    numbers: tuple
    wording: Wording

    @property
    def reader(self):
        """Whose it is, for the lines of the log."""
        return {"client_id": self.client_id, "user_id": self.user_id}


@dataclass(frozen=True)
class Standing:
    """How it is with an entrance now: the code to close its sockets with, or None, and its client's last event.

    The event's number is one of `epoch`.
    """

    closed_with: int | None
    latest: int
    epoch: str


def in_database(function):
    """An async function that runs `function` in a thread of its own, with a connection of its own."""
    return database_sync_to_async(function, thread_sensitive=False)


def admit(asked):
    """`{(session key, language): Entrance}` for such pairs, None for a session that lets nobody into a portal.

    The language is the one that the browser asks for. However many there are, they are looked up in a few queries.
    """
    with signin.requests_of_sessions({key for key, _browser in asked}) as requests:
        return {(key, browser): _entrance(requests[key], key, browser) for key, browser in asked}


def _entrance(request, session_key, browser):
    viewer = _viewer(request, browser)
    if viewer is None:
        return None
    person, client = viewer.user or viewer.shown_to, viewer.client
    return Entrance(
        client_id=client.pk,
        user_id=person.pk if person else None,
        session_key=session_key,
        numbers=(person.access_number if person else None, client.access_number),
        wording=Wording(viewer.locale, client.show_running_timers),
    )


def _viewer(request, browser):
    looked_at = looking.looked_at(request.user, request.session)
    if looked_at is not None:
        return Viewer(client=looked_at, user=None, shown_to=request.user, browser=browser)
    account = signin.current_account(request)
    if account is None or access.why_not(account) is not None:
        return None
    return Viewer.of(account, browser)


def standings(entrances):
    """`{Entrance: Standing}`, in two queries however many there are; in four where one of them has ended."""
    clients = {
        pk: (number, latest or 0, epoch)
        for pk, number, latest, epoch in Client.objects.filter(
            pk__in={entrance.client_id for entrance in entrances}
        ).values_list("pk", "access_number", "event_counter__last", events.epoch())
    }
    if _all_stand(entrances, clients):
        standing = {pk: Standing(None, *told) for pk, (_number, *told) in clients.items()}
        return {entrance: standing[entrance.client_id] for entrance in entrances}
    people = {entrance.user_id for entrance in entrances} - {None}
    users = dict(User.objects.filter(pk__in=people).values_list("pk", "access_number"))
    keys = {entrance.session_key for entrance in entrances}
    sessions = set(_living().filter(session_key__in=keys).values_list("session_key", flat=True))
    return {entrance: _standing(entrance, users, clients, sessions) for entrance in entrances}


def _all_stand(entrances, clients):
    """Whether all sessions live and no access number is another: nearly always so, and counted in the database."""
    keys = defaultdict(set)
    for entrance in entrances:
        user_number, number = entrance.numbers
        if entrance.client_id not in clients or clients[entrance.client_id][0] != number:
            return False
        keys[user_number].add(entrance.session_key)
    as_ever = Q(pk__in=())
    for user_number, of_number in keys.items():
        bound = {} if user_number is None else {"user__access_number": user_number}
        as_ever |= Q(session_key__among=of_number, **bound)
    # A session that was let in under two numbers counts once, and so is looked at closer.
    return _living().filter(as_ever).count() == sum(map(len, keys.values()))


def _living():
    return SignedInSession.objects.filter(expire_date__gt=timezone.now())


def _standing(entrance, users, clients, sessions):
    number, *told = clients.get(entrance.client_id, (None, 0, ""))
    user_number = users.get(entrance.user_id, -1) if entrance.user_id else None
    if (user_number, number) != entrance.numbers:
        return Standing(NO_ACCESS, *told)
    return Standing(None if entrance.session_key in sessions else SIGNED_OUT, *told)


def watch():
    """The Watch of this process (of this event loop)."""
    loop = asyncio.get_running_loop()
    if loop not in _watches:
        _watches[loop] = Watch()
    return _watches[loop]


class Watch:
    """Hands out what this process hears to its open sockets, and looks again and again how it is with them.

    A socket has `entrance`, and the coroutines `tell(text, latest)`, which are a frame and the event number that it
    knows of by that, and `end(code)`.
    """

    def __init__(self):
        self._of_client, self._of_session = {}, Counter()
        self._hurry = asyncio.Event()
        self._ear = Ear(self._hand_out, self._of_client)
        self._rounds = self._hearing = None
        turn = asyncio.Lock()
        self._admissions = Desk(in_database(admit), turn)
        self._standings = Desk(in_database(standings), turn)

    async def admit(self, session_key, browser):
        """The Entrance that a session gives a browser of some language, or None."""
        return await self._admissions.ask((session_key, browser))

    async def standing(self, entrance):
        return await self._standings.ask(entrance)

    def keep(self, socket):
        """Watch over a socket from now on; False where there are too many of its session or client, or at the end."""
        client_id, session = socket.entrance.client_id, socket.entrance.session_key
        audience = self._of_client.get(client_id) or Audience()
        if leaving.has_begun() or self._of_session[session] >= MOST_OF_A_SESSION or audience.size >= MOST_OF_A_CLIENT:
            return False
        self._of_client[client_id] = audience
        audience.add(socket)
        self._of_session[session] += 1
        measures.SOCKETS.inc()
        if self._rounds is None or self._rounds.done():
            self._rounds = asyncio.create_task(self._go_round())
        return True

    def drop(self, socket):
        """A socket has closed."""
        client_id, session = socket.entrance.client_id, socket.entrance.session_key
        audience = self._of_client.get(client_id)
        if audience is None or not audience.remove(socket):
            return
        measures.SOCKETS.dec()
        if not audience.size:
            del self._of_client[client_id]
        self._of_session[session] -= 1
        if not self._of_session[session]:
            del self._of_session[session]

    async def hear(self, socket):
        """Have a socket's client heard, as far as the channel layer is there."""
        await self._ear.join(socket.entrance.client_id)

    async def greet(self, socket, latest, epoch):
        """Tell a socket that has just opened where its client's journal stands."""
        audience = self._of_client.get(socket.entrance.client_id)
        if audience is not None:
            audience.has_greeted(latest)
            await socket.tell(frames.hello(latest, epoch), latest)

    async def send_away(self):
        """Close all sockets so that their pages come back at once, to another process, and not all at one moment."""
        sockets = [socket for audience in self._of_client.values() for socket in audience]
        random.shuffle(sockets)
        for socket in sockets:
            self.drop(socket)
            await socket.end(MOVING)
            await asyncio.sleep(min(AWAY_SECONDS / len(sockets), AWAY_PACE))

    def look_now(self):
        """Do not wait for the next round."""
        self._hurry.set()

    async def _hand_out(self, message):
        try:
            await self._spread(message)
        except Exception:
            # What cannot be said is missed, and found by the next round.
            log.exception("Open pages could not be told")

    async def _spread(self, message):
        if message["type"] == "access.changed":
            self.look_now()
            return
        audience = self._of_client.get(message["client_id"])
        if audience is None:
            return
        texts = {wording: frames.drawn(message, wording) for wording in audience.wordings}
        number = frames.number_of(message)
        if number:
            audience.has_told(number)
        await self._tell(audience, texts, number)
        measures.told(message, audience.size)

    async def _tell(self, audience, texts, latest):
        """Say to each socket what is drawn in its wording; `latest` is the event that it knows of by that."""
        for number, socket in enumerate(list(audience), start=1):
            try:
                if text := texts[socket.entrance.wording]:
                    await socket.tell(text, latest)
            except Exception:
                with bound_contextvars(**socket.entrance.reader):
                    log.exception("A socket could not be told")
            if number % TOLD_AT_A_STRETCH == 0:
                await asyncio.sleep(0)

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
        await self.settle(await in_database(standings)(self.entrances()))

    def entrances(self):
        """All that sockets are open for: what a round asks about."""
        return [entrance for audience in self._of_client.values() for entrance in audience.by_entrance]

    async def settle(self, found):
        """Close and greet whom there is reason to, by `{Entrance: Standing}`; other sockets are not even looked at."""
        journals = {}
        for entrance, standing in found.items():
            journals[entrance.client_id] = standing
            if standing.closed_with is not None:
                await self._end(entrance, standing.closed_with)
        for client_id, audience in list(self._of_client.items()):
            if client_id in journals:
                await self._keep_up(audience, journals[client_id])

    async def _end(self, entrance, code):
        audience = self._of_client.get(entrance.client_id)
        for socket in list(audience.by_entrance.get(entrance, ())) if audience else ():
            self.drop(socket)
            await socket.end(code)

    async def _keep_up(self, audience, journal):
        """Greet the sockets of a client that missed an event, or were told nothing for long."""
        has_missed = audience.has_missed(journal.latest)
        if not has_missed and not audience.is_neglected:
            return
        measures.GREETED.inc(has_missed and audience.size)
        audience.has_told(journal.latest)
        text = frames.hello(journal.latest, journal.epoch)
        await self._tell(audience, dict.fromkeys(audience.wordings, text), journal.latest)

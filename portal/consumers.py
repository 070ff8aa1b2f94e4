"""The open page's socket: it tells of what the journal tells, and never listens."""

import json
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from time import monotonic

from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.http import HttpRequest
from django.utils import translation
from structlog.contextvars import bind_contextvars

from accounts import regions
from portal import live, notices, request_ids

# What a page may say although nobody listens; our own says nothing at all.
MOST_MESSAGES = 20
MOST_BYTES = 16 * 1024
# Of the codes below 3000 Daphne lets an application use none but 1000.
TOO_MUCH = 4429


@dataclass(frozen=True)
class Told:
    """An event as the channel layer carries it: all that its words need."""

    number: int
    kind: str
    subject_id: int
    project_id: int | None
    facts: dict


class PortalConsumer(AsyncWebsocketConsumer):
    """One open page of a viewer: opened by a session's cookie from the site's own origin, refused otherwise.

    Frames are JSON objects, as `notices.frame` makes them, besides `{"type": "timers"}` (a timer was started or
    stopped) and `{"type": "hello", "latest": n, "epoch": text}` (where the journal stands, in which epoch).
    """

    # What the process hears the watch hands out; a socket of its own in the channel layer would open and close with it.
    channel_layer_alias = None

    entrance = None
    latest = 0
    is_open = False
    is_over = False
    told_at = 0.0
    heard_messages = 0
    heard_bytes = 0

    async def connect(self):
        bind_contextvars(request_id=request_ids.new())
        standing = await self._enter()
        if self.is_over:
            return
        if standing is None:
            await self.end()
            return
        await self.accept()
        self.is_open = True
        await self.say_hello(max(standing.latest, self.latest), standing.epoch)

    async def disconnect(self, code):
        if self.entrance is not None:
            live.watch().drop(self)

    async def receive(self, text_data=None, bytes_data=None):
        """Whatever it is, nobody listens; too much of it closes the socket."""
        self.heard_messages += 1
        self.heard_bytes += len(text_data or bytes_data or "")
        if self.heard_messages > MOST_MESSAGES or self.heard_bytes > MOST_BYTES:
            await self.close(code=TOO_MUCH)

    # Orders of the watch

    async def hear(self, message):
        """A message of the client's group."""
        await self._MESSAGES[message["type"]](self, message)

    async def say_hello(self, latest, epoch):
        self.latest = max(self.latest, latest)
        await self._say({"type": "hello", "latest": latest, "epoch": epoch})

    async def end(self, code=None):
        self.is_over = True
        await self.close(code=code)

    async def _event_recorded(self, message):
        event = Told(**message["event"])
        self.latest = max(self.latest, event.number)
        viewer = self.entrance.viewer
        with translation.override(regions.language_of(viewer.locale)):
            frame = notices.frame(event, viewer)
        await self._say(frame)

    async def _timers_changed(self, message):
        if self.entrance.viewer.client.show_running_timers:
            await self._say({"type": "timers"})

    async def _access_changed(self, message):
        live.watch().look_now()

    _MESSAGES = {
        "event.recorded": _event_recorded,
        "timers.changed": _timers_changed,
        "access.changed": _access_changed,
    }

    async def _enter(self):
        """The Standing of who may come in; None for anyone else."""
        if _header(self.scope, b"origin") != settings.SITE_URL:
            return None
        self.entrance = await live.in_database(live.admit)(_session_key(self.scope), _language(self.scope))
        if self.entrance is None or not live.watch().keep(self):
            return None
        bind_contextvars(**self.entrance.reader)
        await live.watch().hear(self)
        # Kept and heard first: an event of just now is in this number, or has been heard.
        standing = (await live.in_database(live.standings)({self.entrance}))[self.entrance]
        if standing.closed_with is None:
            return standing
        live.watch().drop(self)
        return None

    async def _say(self, frame):
        if self.is_open:
            self.told_at = monotonic()
            await self.send(text_data=json.dumps(frame))


def _session_key(scope):
    cookies = SimpleCookie()
    try:
        cookies.load(_header(scope, b"cookie"))
    except CookieError:
        return None
    kept = cookies.get(settings.SESSION_COOKIE_NAME)
    return kept.value if kept else None


def _language(scope):
    """The language that the browser asks for, as for a page."""
    request = HttpRequest()
    request.META["HTTP_ACCEPT_LANGUAGE"] = _header(scope, b"accept-language")
    return translation.get_language_from_request(request)


def _header(scope, name):
    """A header's one value; nothing where it is missing or given twice."""
    values = [value for key, value in scope["headers"] if key == name]
    return values[0].decode("latin-1") if len(values) == 1 else ""

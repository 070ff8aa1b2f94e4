"""The open page's socket: it tells of what the journal tells, and never listens."""

from http.cookies import CookieError, SimpleCookie

from django.conf import settings
from django.http import HttpRequest
from django.utils import translation
from structlog.contextvars import bind_contextvars

from portal import live, proxies, request_ids

# What a page may say although nobody listens; our own says nothing at all.
MOST_MESSAGES = 20
MOST_BYTES = 16 * 1024
# Of the codes below 3000 Daphne lets an application use none but 1000.
TOO_MUCH = 4429


async def portal_socket(scope, receive, send):
    """One open page of a viewer: opened by a session's cookie from the site's own origin, refused otherwise.

    Frames are JSON objects, as `notices.frame` makes them, besides `{"type": "timers"}` (a timer was started or
    stopped) and `{"type": "hello", "latest": n, "epoch": text}` (where the journal stands, in which epoch).

    An ASGI application of its own: with Channels' consumers each socket had a second task, a channel of its own that
    nothing came through, and a thread for each message.
    """
    socket = PortalSocket(send)
    try:
        while (message := await receive())["type"] != "websocket.disconnect":
            if message["type"] == "websocket.connect":
                await socket.connect(scope)
                # Daphne keeps them as long as the socket is there, and nobody asks for them again.
                scope["headers"].clear()
            else:
                await socket.receive(message.get("text") or message.get("bytes") or "")
    finally:
        socket.disconnect()


class PortalSocket:
    """What the watch keeps of an open page."""

    __slots__ = (
        "__weakref__",
        "_heard_bytes",
        "_heard_messages",
        "_is_open",
        "_is_over",
        "_latest",
        "_send",
        "entrance",
    )

    def __init__(self, send):
        self._send = send
        self.entrance = None
        self._latest = self._heard_messages = self._heard_bytes = 0
        self._is_open = self._is_over = False

    async def connect(self, scope):
        bind_contextvars(request_id=_number(scope))
        standing = await self._enter(scope)
        if self._is_over:
            return
        if standing is None:
            await self.end()
            return
        await self._send({"type": "websocket.accept"})
        await self.open(standing)

    async def open(self, standing):
        """Greet the page, and tell it from now on what there is to tell."""
        self._is_open = True
        await live.watch().greet(self, max(standing.latest, self._latest), standing.epoch)

    def disconnect(self):
        if self.entrance is not None:
            live.watch().drop(self)

    async def receive(self, said):
        """Whatever it is, nobody listens; too much of it closes the socket."""
        self._heard_messages += 1
        self._heard_bytes += len(said)
        if self._heard_messages > MOST_MESSAGES or self._heard_bytes > MOST_BYTES:
            await self._close(TOO_MUCH)

    # Orders of the watch

    async def tell(self, text, latest):
        """Say a frame, by which the page knows of events up to `latest`; before it is open, remember that alone."""
        self._latest = max(self._latest, latest)
        if self._is_open:
            await self._send({"type": "websocket.send", "text": text})

    async def end(self, code=None):
        self._is_over = True
        await self._close(code)

    async def _close(self, code):
        await self._send({"type": "websocket.close"} | ({"code": code} if code else {}))

    async def _enter(self, scope):
        """The Standing of who may come in; None for anyone else."""
        if _header(scope, b"origin") != settings.SITE_URL:
            return None
        watch = live.watch()
        self.entrance = await watch.admit(_session_key(scope), _language(scope))
        if self.entrance is None or not watch.keep(self):
            return None
        bind_contextvars(**self.entrance.reader)
        await watch.hear(self)
        # Kept and heard first: an event of just now is in this number, or has been heard.
        standing = await watch.standing(self.entrance)
        if standing.closed_with is None:
            return standing
        watch.drop(self)
        return None


def _number(scope):
    peer, _port = scope.get("client") or ("", 0)
    return request_ids.number_of(_header(scope, b"x-request-id"), is_believed=proxies.is_named(peer))


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

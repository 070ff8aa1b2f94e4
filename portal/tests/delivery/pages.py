"""Open pages without a browser: they do with frames and with /client-portal/events what live.js does."""

import asyncio
import json
import random
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from time import monotonic
from urllib.error import URLError
from urllib.parse import urlencode

from django.conf import settings
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from portal.tests.processes import wait_until

PATIENCE = 10
CSRF = "a" * 32


class Page:
    """One page of a signed-in browser, drawn when its client's journal stood at `drawn_at`."""

    def __init__(self, site, browser, drawn_at=0):
        self.site, self.cookie = site, cookie_of(browser)
        self.seen = drawn_at
        self.told = []
        self.heard_at = {}
        self.frames = []
        self.hellos = 0
        self.closed_with = None

    async def live(self):
        """Open the socket again and again until it is closed for good."""
        while self.closed_with not in {4401, 4403}:
            try:
                async with socket_of(self.site, self.cookie) as socket:
                    try:
                        await self._listen(socket)
                    finally:
                        self.closed_with = socket.close_code
            except (OSError, WebSocketException, TimeoutError):
                pass
            await asyncio.sleep(_pause())

    async def _listen(self, socket):
        async for text in socket:
            self.frames.append(frame := json.loads(text))
            if frame["type"] == "hello":
                self.hellos += 1
                if frame["latest"] > self.seen:
                    await self._catch_up()
            elif frame["id"] == self.seen + 1:
                self._accept(frame)
                self.heard_at[frame["id"]] = monotonic()
            elif frame["id"] > self.seen:
                await self._catch_up()

    async def _catch_up(self):
        answer = {"more": True}
        while answer.get("more"):
            try:
                answer = json.loads(await asyncio.to_thread(self.get, f"/client-portal/events?after={self.seen}"))
            except (URLError, OSError):
                await asyncio.sleep(_pause())
                continue
            for frame in answer["events"]:
                self._accept(frame)

    def _accept(self, frame):
        assert frame["id"] > self.seen, f"{frame} was told after {self.seen}"
        self.seen = frame["id"]
        self.told.append(frame)

    def get(self, path):
        """The body of a page, fetched as this browser."""
        return _ask(f"{self.site.address}{path}", None, self.cookie)

    def post(self, path, fields):
        """The body of the page that a form's answer leads to."""
        cookie = f"{self.cookie}; {settings.CSRF_COOKIE_NAME}={CSRF}"
        body = urlencode({**fields, "csrfmiddlewaretoken": CSRF}, doseq=True).encode()
        return _ask(f"{self.site.address}{path}", body, cookie)


def _ask(address, body, cookie):
    request = urllib.request.Request(address, body, {"Cookie": cookie})  # noqa: S310 (our own server)
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310
        return answer.read()


def _pause():
    return random.uniform(0.2, 0.6)  # noqa: S311 (not to come back all at once)


def cookie_of(browser):
    """The header by which a test browser's session is known."""
    return f"{settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME].value}"


def socket_of(site, cookie, **options):
    """A connection to a site's socket, as a browser opens it from the site's own page."""
    options.setdefault("origin", site.address)
    return connect(
        f"ws://127.0.0.1:{site.port}/ws/client-portal",
        additional_headers={"Cookie": cookie} if cookie else {},
        open_timeout=PATIENCE,
        close_timeout=1,
        ping_interval=None,
        proxy=None,
        **options,
    )


@contextmanager
def opened(*pages):
    """Keep pages open, in a thread of their own, once each has been greeted; what failed in one of them fails here."""
    ended = Event()
    with ThreadPoolExecutor(1) as thread:
        lives = thread.submit(asyncio.run, _living(pages, ended))
        try:
            wait_until(lambda: lives.done() or all(page.hellos for page in pages), 20)
            yield
        finally:
            ended.set()
            lives.result(PATIENCE)


async def _living(pages, ended):
    lives = [asyncio.create_task(page.live()) for page in pages]
    while not ended.is_set():
        await asyncio.sleep(0.05)
    for life in lives:
        life.cancel()
    for outcome in await asyncio.gather(*lives, return_exceptions=True):
        if isinstance(outcome, Exception):
            raise outcome

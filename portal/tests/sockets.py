"""Sockets of the portal as a browser opens them, on the real ASGI application."""

import json
from contextlib import asynccontextmanager
from functools import wraps

from asgiref.sync import async_to_sync, sync_to_async
from channels.routing import get_default_application
from channels.testing import WebsocketCommunicator
from django.conf import settings

ADDRESS = "/ws/client-portal"


def on_a_loop(test):
    """Run a test's coroutine; its database work stays in the test's own thread."""

    @wraps(test)
    def run(**fixtures):
        return async_to_sync(test)(**fixtures)

    return run


def socket_of(browser, *, origin="http://testserver", address=ADDRESS, cookie=None):
    """A communicator that is not connected yet, with a test browser's cookies and an origin."""
    kept = browser.cookies.get(settings.SESSION_COOKIE_NAME) if browser else None
    said = cookie if cookie is not None else f"{settings.SESSION_COOKIE_NAME}={kept.value if kept else ''}"
    headers = [(b"cookie", said.encode())]
    if origin is not None:
        headers.append((b"origin", origin.encode()))
    return WebsocketCommunicator(get_default_application(), address, headers)


@asynccontextmanager
async def listening(browser, **options):
    """A connected socket that has said hello; gives it and the hello."""
    socket = socket_of(browser, **options)
    connected, code = await socket.connect(timeout=5)
    assert connected, code
    try:
        yield socket, await hear(socket)
    finally:
        await socket.disconnect()


async def hear(socket):
    """The next frame."""
    return json.loads(await socket.receive_from(timeout=5))


async def closed(socket):
    """The code that the socket is closed with, past any frames before it."""
    while True:
        output = await socket.receive_output(timeout=5)
        if output["type"] == "websocket.close":
            return output["code"]


def in_thread(function):
    """Run what uses the database from a test's coroutine, on the test's own connection."""
    return sync_to_async(function, thread_sensitive=True)

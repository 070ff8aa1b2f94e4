"""Many sockets of browsers in one thread, each as cheap as can be: so that what is measured is the server."""

import asyncio
import struct
from contextlib import contextmanager
from threading import Thread
from time import monotonic

from portal.tests.processes import wait_until

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
HANDSHAKE = (
    "GET {address} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\nCookie: {cookie}\r\n"
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n"
    "Accept: */*\r\nAccept-Language: en-GB,en;q=0.7,de;q=0.3\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n"
    "Sec-WebSocket-Extensions: permessage-deflate\r\nSec-Fetch-Dest: empty\r\nSec-Fetch-Mode: websocket\r\n"
    "Sec-Fetch-Site: same-origin\r\nPragma: no-cache\r\nCache-Control: no-cache\r\n\r\n"
)


class Socket(asyncio.Protocol):
    """One socket: when it was greeted, how many frames came, and what it was closed with."""

    def __init__(self, handshake, heard):
        self._handshake, self._heard = handshake, heard
        self._rest = b""
        self.is_open = self.is_refused = False
        self.frames, self.greeted_at, self.closed_with = 0, None, None

    def connection_made(self, transport):
        self._transport = transport
        transport.write(self._handshake)

    def data_received(self, data):
        self._rest += data
        if not self.is_open and not self._shake_hands():
            return
        while (frame := self._next_frame()) is not None:
            self._take(*frame)

    def connection_lost(self, _error):
        self.is_refused = not self.is_open
        self.is_open = False

    def drop(self):
        """Go away without a word, as a machine does that loses its network."""
        self._transport.abort()

    def _shake_hands(self):
        head, end, rest = self._rest.partition(b"\r\n\r\n")
        if end and head.startswith(b"HTTP/1.1 101"):
            self.is_open, self._rest = True, rest
        return self.is_open

    def _next_frame(self):
        """The code and content of the next frame, once all of it is there; servers send no longer ones than 64 KB."""
        rest = self._rest
        if len(rest) < 2:
            return None
        begin, size = 2, rest[1]
        if size == 126:
            begin, size = 4, struct.unpack(">H", rest[2:4])[0] if len(rest) >= 4 else 0
        if len(rest) < begin + size:
            return None
        self._rest = rest[begin + size :]
        return rest[0] & 15, rest[begin : begin + size]

    def _take(self, code, content):
        if code == TEXT:
            self.frames += 1
            if self.greeted_at is None:
                self.greeted_at = monotonic()
            self._heard(content)
        elif code == PING:
            self._transport.write(bytes([128 | PONG, 128 | len(content)]) + bytes(4) + content)
        elif code == CLOSE:
            self.closed_with = struct.unpack(">H", content[:2])[0]
            self._transport.close()


class Crowd:
    """Sockets in a thread of their own."""

    def __init__(self, loop):
        self._loop = loop
        self.sockets = []
        self.told, self.told_at = 0, 0.0

    def open(self, site, address, cookies, at_once=200):
        """Open a socket for each of these cookies; gives how many the server refused, once it has decided of all."""
        handshakes = [HANDSHAKE.format(address=address, port=site.port, cookie=cookie).encode() for cookie in cookies]
        held = len(self.sockets)
        for begin in range(0, len(handshakes), at_once):
            opened = self._run(self._open(site.port, handshakes[begin : begin + at_once]))
            wait_until(lambda opened=opened: all(socket.is_open or socket.is_refused for socket in opened), 60)
            self.sockets += [socket for socket in opened if socket.is_open]
        return len(cookies) - (len(self.sockets) - held)

    def wait_greeted(self, seconds=60):
        wait_until(lambda: all(socket.greeted_at for socket in self.sockets), seconds)

    def drop(self):
        """Lose all of them at once."""
        for socket in self.sockets:
            self._loop.call_soon_threadsafe(socket.drop)
        wait_until(lambda: not any(socket.is_open for socket in self.sockets))
        self.sockets = []

    async def _open(self, port, handshakes):
        def new(handshake):
            return self._loop.create_connection(lambda: Socket(handshake, self._heard), "127.0.0.1", port)

        return [socket for _transport, socket in await asyncio.gather(*map(new, handshakes))]

    def _heard(self, content):
        if not content.startswith(b'{"type": "hello"'):
            self.told += 1
            self.told_at = monotonic()

    def _run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)


@contextmanager
def gathered():
    """A Crowd without sockets, which loses those that it has in the end."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever)
    thread.start()
    crowd = Crowd(loop)
    try:
        yield crowd
        crowd.drop()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

"""What a process hears: one place in the channel layer for all of its open sockets, whatever becomes of Redis."""

import asyncio
import logging

from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from accounts import events, measures

# A message system that does not answer holds no socket up for longer.
JOIN_SECONDS = 2

log = logging.getLogger(__name__)


class Ear:
    """Hears the groups of the clients in `wanted`, which may change, and gives each message to `hand_out(message)`.

    Nothing here fails: while the channel layer is away nothing is heard, which the watch over the sockets makes good.
    """

    def __init__(self, hand_out, wanted):
        self._hand_out, self._wanted = hand_out, wanted
        self._channel = None
        self._joined = set()
        self._listening = None
        self._is_deaf = False
        self._turn = asyncio.Lock()

    async def join(self, client_id):
        """Hear a client's group from now on, if the layer answers in time and was not away just now."""
        if not self._is_deaf:
            await self._in_time(self._join, client_id)

    async def keep_up(self):
        """Hear the groups of all wanted clients and no others."""
        self._is_deaf = False
        for client_id in self._wanted.keys() ^ self._joined:
            if not self._is_deaf:
                await self._in_time(self._join if client_id in self._wanted else self._leave, client_id)

    async def _in_time(self, change, client_id):
        try:
            await asyncio.wait_for(self._by_turns(change, client_id), JOIN_SECONDS)
        except (OSError, TimeoutError, RedisError) as error:
            self._is_deaf = True
            measures.LAYER_FAILURES.labels("hearing").inc()
            log.warning("The channel layer is away, and open pages are told by the watch alone: %r", error)

    async def _by_turns(self, change, client_id):
        async with self._turn:
            await change(client_id)

    async def _join(self, client_id):
        if client_id in self._joined:
            return
        layer = get_channel_layer()
        if self._channel is None:
            self._channel = await layer.new_channel()
            self._listening = asyncio.create_task(self._listen(layer))
        await layer.group_add(events.group_of(client_id), self._channel)
        self._joined.add(client_id)

    async def _leave(self, client_id):
        if client_id in self._joined and client_id not in self._wanted:
            await get_channel_layer().group_discard(events.group_of(client_id), self._channel)
            self._joined.discard(client_id)

    async def _listen(self, layer):
        try:
            while True:
                await self._hand_out(await layer.receive(self._channel))
        finally:
            # Whatever ended it, the next round joins anew.
            self._channel = None
            self._joined.clear()

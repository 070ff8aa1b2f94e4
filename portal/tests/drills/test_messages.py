"""Redis says things twice, in another order, and nonsense: pages end complete, told once, and the processes live."""

import random
import threading

import pytest
import redis as redis_client

from portal.tests.drills.people import assert_civil

GARBAGE = [
    b"",
    b"\xff\xfe\x00",
    b"\xc1",
    b"{}",
    b"\x80",
    b"\xc0",
    b"\x93\x01\x02\x03",
    b"\x81\xa4type\xa7nothing",
    b"\x81\xa4type\xaeevent.recorded",
    b"\x82\xa4type\xaeevent.recorded\xa9client_id\x01",
    b"\xdf\xff\xff\xff\xff",
    b"\x91" * 3000,
    bytes(range(256)) * 40,
]


class Tap(threading.Thread):
    """Hears all that is published, and says it again by `again(connection, channel, data)`."""

    def __init__(self, redis, again):
        super().__init__(daemon=True)
        self.connection, self.again, self.said = redis_client.Redis(port=redis.port), again, set()
        self.heard = 0
        self._over = threading.Event()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_failure):
        self._over.set()
        self.join(10)

    def run(self):
        with self.connection.pubsub() as taps:
            taps.psubscribe("*")
            while not self._over.is_set():
                message = taps.get_message(ignore_subscribe_messages=True, timeout=0.1)
                if message and message["data"] not in self.said:
                    self.heard += 1
                    self.again(self, message["channel"], message["data"])

    def publish(self, channel, data):
        self.said.add(data)
        self.connection.publish(channel, data)


def twice(tap, channel, data):
    tap.publish(channel, data)


def late_and_disordered(tap, channel, data, kept=[]):  # noqa: B006 (what was heard before)
    kept.append((channel, data))
    if len(kept) >= 8:
        random.shuffle(kept)
        for old in kept:
            tap.publish(*old)
        kept.clear()


def among_nonsense(tap, channel, data):
    for nonsense in [*random.sample(GARBAGE, 3), data[: len(data) // 2], data[::-1]]:
        tap.publish(channel, nonsense)


@pytest.mark.parametrize("again", [twice, late_and_disordered, among_nonsense])
def test_pages_are_told_all_and_once(town, again):
    with town.life() as life, Tap(town.redis, again) as tap:
        life.wait_for_writes(40)
    assert tap.heard > 10
    assert all(site.is_running for site in town.sites)
    assert_civil(life.answers, longest=20)

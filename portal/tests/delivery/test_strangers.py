"""What a real Daphne does with foreign origins and cookies, with forged messages, floods and giants."""

import asyncio
import json

import pytest
from websockets.exceptions import ConnectionClosed

from accounts import events
from accounts.tests.factories import ClientFactory, PortalUserFactory, StaffFactory
from billing.tests.factories import NOW
from portal import consumers, live
from portal.tests.browsers import signed_in
from portal.tests.delivery.pages import Page, cookie_of, opened, socket_of
from portal.tests.delivery.test_ends import refusal
from portal.tests.processes import wait_until

MEGABYTE = 1024 * 1024


@pytest.fixture
def visitor():
    return signed_in(PortalUserFactory())


@pytest.mark.parametrize(
    "origin",
    [None, "null", "http://evil.example", "https://127.0.0.1:{port}", "http://127.0.0.1", "http://localhost:{port}"],
)
def test_another_origin_is_refused(sites, visitor, origin):
    origin = origin and origin.format(port=sites[0].port)
    assert refusal(sites[0], cookie_of(visitor), origin=origin) == 403


def test_the_other_process_own_origin_is_another_origin(sites, visitor):
    assert refusal(sites[0], cookie_of(visitor), origin=sites[1].address) == 403


@pytest.mark.parametrize("cookie", ["", "sessionid=", "sessionid=" + "a" * 32, "sessionid=../../etc", "=;=" * 500])
def test_a_foreign_cookie_is_refused(sites, cookie):
    assert refusal(sites[0], cookie) == 403


def test_staff_without_a_portal_are_refused(sites):
    assert refusal(sites[0], cookie_of(signed_in(StaffFactory()))) == 403


def test_a_session_opens_so_many_sockets_and_no_more(sites, visitor):
    pages = [Page(sites[0], visitor) for _n in range(live.MOST_OF_A_SESSION)]
    with opened(*pages):
        assert refusal(sites[0], cookie_of(visitor)) == 403
    assert wait_until(lambda: refusal(sites[0], cookie_of(visitor)) is None) < 5


def test_forged_messages_choose_nothing(sites, visitor):
    other = ClientFactory()
    said = ["{", "null", json.dumps({"client_id": other.pk}), json.dumps({"group": f"client_portal_{other.pk}"})]

    async def scenario():
        async with socket_of(sites[0], cookie_of(visitor)) as socket:
            heard = [json.loads(await socket.recv())]
            for text in [*said, b"\xff\x00"]:
                await socket.send(text)
            await asyncio.to_thread(events_of, other)
            await asyncio.sleep(1.5)
            await socket.close()
            return heard + [json.loads(text) async for text in socket]

    assert asyncio.run(scenario()) == [{"type": "hello", "latest": 0, "epoch": ""}]


def events_of(client):
    from django.db import connection, transaction

    with transaction.atomic():
        events.record("time_logged", client=client, subject=client, by=None, now=NOW, facts={"seconds": 1})
    connection.close()


async def say(site, cookie, messages):
    """The code that a socket is closed with for saying these."""
    async with socket_of(site, cookie, compression="deflate") as socket:
        await socket.recv()
        try:
            for message in messages:
                await socket.send(message)
            await asyncio.wait_for(socket.wait_closed(), 10)
        except ConnectionClosed:
            pass
        return socket.close_code


FLOODS = {
    "many messages": ["x"] * (consumers.MOST_MESSAGES + 1),
    "much text": ["x" * (consumers.MOST_BYTES // 2 + 1)] * 2,
}


@pytest.mark.parametrize("flood", FLOODS)
def test_a_flood_closes_the_socket(sites, visitor, flood):
    assert asyncio.run(say(sites[0], cookie_of(visitor), FLOODS[flood])) == consumers.TOO_MUCH


def parts(size):
    for _n in range(size // 1024):
        yield "x" * 1024


GIANTS = {
    "1 MB": lambda: ["x" * MEGABYTE],
    "100 MB": lambda: ["x" * 100 * MEGABYTE],
    "1 MB in small parts": lambda: [parts(MEGABYTE)],
}


@pytest.mark.parametrize("giant", GIANTS)
def test_a_giant_message_closes_the_socket_and_costs_no_memory(sites, visitor, giant):
    asyncio.run(say(sites[0], cookie_of(visitor), ["x" * 17 * 1024]))
    before = sites[0].peak_megabytes
    code = asyncio.run(say(sites[0], cookie_of(visitor), GIANTS[giant]()))
    assert code in {1006, 1009}
    assert sites[0].peak_megabytes < before + 5
    assert refusal(sites[0], cookie_of(visitor)) is None

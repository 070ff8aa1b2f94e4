"""Handshakes of many sockets at one moment, without a server."""

from types import SimpleNamespace

import pytest

from timetracker import handshakes


@pytest.fixture
def turns(monkeypatch):
    """What is to be done in later turns of the reactor."""
    turns = []
    monkeypatch.setattr(handshakes, "reactor", SimpleNamespace(callLater=lambda _seconds, do: turns.append(do)))
    return turns


def request(name, *, upgrade, channel="open"):
    headers = SimpleNamespace(hasHeader=lambda header: upgrade and header == b"Upgrade")
    return SimpleNamespace(name=name, requestHeaders=headers, channel=channel)


def test_sockets_shake_hands_a_few_at_a_time_and_pages_go_ahead(turns):
    done = []
    take = handshakes.by_and_by(lambda request: done.append(request.name))
    sockets = list(range(2 * handshakes.AT_A_TIME + 1))
    for number in sockets:
        take(request(number, upgrade=True))
    take(request("page", upgrade=False))
    assert done == ["page"]
    rounds = 0
    while turns:
        turns.pop()()
        assert len(turns) <= 1
        rounds += 1
    assert (done, rounds) == (["page", *sockets], 3)
    take(request("later", upgrade=True))
    turns.pop()()
    assert done[-1] == "later"


def test_a_connection_that_is_gone_shakes_no_hands(turns):
    done = []
    take = handshakes.by_and_by(lambda request: done.append(request.name))
    take(request("gone", upgrade=True, channel=None))
    turns.pop()()
    assert not done
    assert not turns

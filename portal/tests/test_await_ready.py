"""Waiting for a web process: until it is able, and no longer than asked."""

import pytest
from django.core.management import CommandError, call_command

from portal.tests.processes import free_port, wait_until


@pytest.mark.django_db(transaction=True)
def test_it_returns_once_the_process_is_able(live_server):
    port = live_server.thread.port
    assert wait_until(lambda: call_command("await_ready", str(port)) is None) < 10


def test_it_gives_up_in_time():
    with pytest.raises(CommandError, match=r"was not ready within 0\.3 seconds"):
        call_command("await_ready", str(free_port()), "--seconds", "0.3")

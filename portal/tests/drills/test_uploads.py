"""Uploads that end in the middle, lie about their length or drip: no error of ours, nothing saved, others served."""

import os
import socket
from contextlib import ExitStack
from pathlib import Path
from time import sleep

import pytest
from django.conf import settings

from portal.tests.delivery.pages import CSRF
from portal.tests.drills.people import assert_civil
from portal.tests.drills.towns import Town
from portal.tests.processes import wait_until

UPLOAD = "/admin/billing/timeentry/import/"
MEGABYTE = 1024 * 1024
ROWS = b"project,client,person,date,hours\nTorn,Torn,Ada,2025-03-04,1\n"
FIELDS = {"csrfmiddlewaretoken": CSRF, "timezone": "UTC", "format_name": "auto", "dates": "auto", "decimal": "auto"}


def multipart(content):
    parts = [
        f'--part\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in FIELDS.items()
    ]
    head = '--part\r\nContent-Disposition: form-data; name="file"; filename="time.csv"\r\n\r\n'
    return "".join([*parts, head]).encode() + content + b"\r\n--part--\r\n"


SMALL, LARGE = multipart(ROWS), multipart(ROWS + b"#" * 8 * MEGABYTE)
LENGTH, CHUNKS = "Content-Length: {}", "Transfer-Encoding: chunked"
TORN = {
    "small, ends in the middle": (LENGTH.format(len(SMALL)), SMALL[: len(SMALL) // 2]),
    "large, ends in the middle": (LENGTH.format(len(LARGE)), LARGE[: len(LARGE) // 2]),
    "shorter than it says": (LENGTH.format(len(SMALL) + 100), SMALL),
    "without its end": (LENGTH.format(len(SMALL) - 20), SMALL[:-20]),
    "half a chunk": (CHUNKS, b"%x\r\n" % len(SMALL) + SMALL[: len(SMALL) // 2]),
    "no last chunk": (CHUNKS, b"%x\r\n%s\r\n" % (len(SMALL), SMALL)),
    "a chunk of no length": (CHUNKS, b"no\r\n" + SMALL),
    "a chunk longer than anything": (CHUNKS, b"f" * 40 + b"\r\n" + SMALL),
    "both at once": (f"{LENGTH.format(5)}\r\n{CHUNKS}", b"%x\r\n%s\r\n0\r\n\r\n" % (len(SMALL), SMALL)),
}


@pytest.fixture(scope="module")
def built(pattern, tmp_path_factory):
    """A town whose sites have a directory for temporary files of their own."""
    spool = tmp_path_factory.mktemp("spool")
    town = Town(pattern, TMPDIR=str(spool))
    town.spool = spool
    try:
        yield town.start()
    finally:
        town.leave()


def send(town, site, length, body):
    """An upload by staff, as bytes on a socket that stays open."""
    head = [
        f"POST {UPLOAD} HTTP/1.1",
        f"Host: 127.0.0.1:{site.port}",
        f"Cookie: {town.staff}; {settings.CSRF_COOKIE_NAME}={CSRF}",
        "Content-Type: multipart/form-data; boundary=part",
        length,
    ]
    connection = socket.create_connection(("127.0.0.1", site.port), 20)
    connection.sendall("\r\n".join([*head, "", ""]).encode() + body)
    return connection


def answer_to(connection):
    """The status line of what comes; nothing where the other side waits for more."""
    connection.settimeout(1)
    try:
        return connection.recv(100).split(b"\r\n")[0].decode()
    except OSError:
        return ""


def held(town, site):
    """Temporary files that lie about, and those that a site still holds though they have no name any more."""
    named = [path for path in town.spool.rglob("*") if path.is_file()]
    links = [os.readlink(link) for link in Path(f"/proc/{site.pid}/fd").iterdir() if link.is_symlink()]
    return [*named, *(link for link in links if str(town.spool) in link)]


@pytest.mark.parametrize("kind", TORN)
def test_a_torn_upload_saves_nothing_and_leaves_nothing(town, kind):
    site = town.sites[0]
    with town.reader(town.clients[0], site) as others:
        with send(town, site, *TORN[kind]) as connection:
            said = answer_to(connection)
        wait_until(lambda: len(others.answers) > 5)
    assert not said.startswith("HTTP/1.1 5")
    assert town.cluster.execute("SELECT count(*) FROM time_entries WHERE import_key IS NOT NULL") == [(0,)]
    wait_until(lambda: not held(town, site))
    assert_civil(others.answers, longest=10)
    assert others.statuses.keys() == {200}


def test_two_hundred_that_drip_keep_nobody_from_pages(town):
    site = town.sites[0]
    with ExitStack() as stack, town.reader(town.clients[0], site) as others:
        slow = [stack.enter_context(send(town, site, LENGTH.format(len(LARGE)), SMALL[:50])) for _n in range(200)]
        for _n in range(5):
            for connection in slow:
                connection.sendall(b"x")
            sleep(0.5)
        wait_until(lambda: len(others.answers) > 10, 30)
    assert_civil(others.answers, longest=10)
    assert others.statuses.keys() == {200}
    wait_until(lambda: not held(town, site))

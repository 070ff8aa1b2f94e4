"""The site as it is deployed: the real nginx with our configuration before two processes, over https."""

import asyncio
import http.client
import json
import re
import ssl
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from io import BytesIO
from socket import create_connection
from threading import Event as Flag
from time import sleep
from zipfile import ZipFile

import pytest
from django.contrib.auth.hashers import make_password
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from accounts.models import EventKind
from accounts.tests.factories import PASSWORD, PortalUserFactory
from portal.live import MOVING
from portal.tests.browsers import signed_in
from portal.tests.delivery.proxied import NAME, BehindNginx, Nginx, Visitor
from portal.tests.delivery.test_strangers import events_of
from portal.tests.processes import wait_until

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def processes(running, django_db_blocker, tmp_path_factory):
    nginx = Nginx(tmp_path_factory.mktemp("nginx"))
    sites = [BehindNginx(nginx, REDIS_URL=running[0].address) for _n in range(2)]
    try:
        nginx.configure(sites)
        with django_db_blocker.unblock():
            sites[0].collect_static()
        yield [process.start() for process in (*sites, nginx)]
    finally:
        nginx.stop()
        with django_db_blocker.unblock():
            for site in sites:
                site.leave()


@pytest.fixture
def sites(processes):
    sites = processes[:2]
    yield sites
    for site in sites:
        site.restart_if_down()


@pytest.fixture
def nginx(processes, sites):
    return processes[2]


@pytest.fixture
def stranger(nginx):
    return Visitor(nginx)


@pytest.fixture
def user(db):
    return PortalUserFactory(username="ada", password=make_password(PASSWORD, hasher="argon2"))


@pytest.fixture
def visitor(nginx, user):
    """A browser in which one of a client's people is signed in."""
    visitor = Visitor(nginx)
    visitor.cookies["__Host-sessionid"] = signed_in(user).cookies["sessionid"].value
    return visitor


def test_a_person_signs_in_and_the_cookies_are_for_https_alone(stranger, user):
    answer = stranger.sign_in("ada", PASSWORD)
    assert (answer.status, answer.headers["Location"]) == (302, "/client-portal")
    page = stranger.ask("/client-portal")
    assert (page.status, page.headers["Strict-Transport-Security"]) == (200, "max-age=31536000; includeSubDomains")
    cookies = {name: (kept["secure"], kept["httponly"], kept["path"]) for name, kept in stranger.cookies.items()}
    assert cookies["__Host-sessionid"] == cookies["__Host-csrftoken"] == (True, True, "/")


def test_plain_http_is_sent_to_https(nginx):
    with closing(http.client.HTTPConnection(NAME, nginx.plain_port, timeout=20)) as line:
        line.request("GET", "/client-portal/login?next=/client-portal/invoices")
        answer = line.getresponse()
        answer.read()
    assert answer.status == 301
    assert answer.headers["Location"] == f"{nginx.address}/client-portal/login?next=/client-portal/invoices"


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_2])
def test_browsers_speak_http2(nginx, newest):
    trusted = nginx.trusted()
    trusted.maximum_version = newest
    trusted.set_alpn_protocols(["h2", "http/1.1"])
    with trusted.wrap_socket(create_connection((NAME, nginx.port), timeout=10), server_hostname=NAME) as line:
        assert (line.version(), line.selected_alpn_protocol()) == (newest.name.replace("_", "."), "h2")


def socket_of(visitor):
    where = f"wss://{NAME}:{visitor.nginx.port}/ws/client-portal"
    cookie = {"Cookie": visitor.cookie}
    return connect(where, ssl=visitor.nginx.trusted(), origin=visitor.nginx.address, additional_headers=cookie)


def test_a_socket_is_told_through_it(visitor, user):
    async def scenario():
        async with socket_of(visitor) as socket:
            assert json.loads(await asyncio.wait_for(socket.recv(), 10))["type"] == "hello"
            await asyncio.to_thread(events_of, user.client)
            return json.loads(await asyncio.wait_for(socket.recv(), 10))

    frame = asyncio.run(scenario())
    assert frame.get("kind", frame["type"]) in {EventKind.TIME_LOGGED, "hello"}


def test_static_files_are_kept_for_ever_and_come_compressed(stranger):
    (address,) = set(
        re.findall(r'href="(/static/portal/portal\.[^"]+)"', stranger.ask("/client-portal/login").body.decode())
    )
    assert re.fullmatch(r"/static/portal/portal\.[0-9a-f]{12}\.css", address)
    answer = stranger.ask(address, **{"Accept-Encoding": "gzip"})
    kept = {name: answer.headers[name] for name in ("Content-Encoding", "Content-Type", "Cache-Control", "Vary")}
    assert kept == {
        "Content-Encoding": "gzip",
        "Content-Type": "text/css; charset=utf-8",
        "Cache-Control": "public, max-age=31536000, immutable",
        "Vary": "Accept-Encoding",
    }
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    plain = stranger.ask(address)
    assert plain.headers["Content-Encoding"] is None
    assert len(plain.body) > len(answer.body)
    assert "max-age=60" in stranger.ask("/static/portal/portal.css").headers["Cache-Control"]


@pytest.mark.parametrize(
    "path", ["/static/", "/static/nothing.css", "/static/staticfiles.json", "/static/../manage.py"]
)
def test_nothing_else_is_a_static_file(stranger, path):
    assert stranger.ask(path).status in {403, 404}


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/readyz"])
def test_what_machines_ask_is_hidden_from_outside(stranger, sites, path):
    for spelt in (path, f"{path}/", f"/{path}", f"/%{ord(path[1]):x}{path[2:]}"):
        assert stranger.ask(spelt).status == 404
    with closing(http.client.HTTPConnection("127.0.0.1", sites[0].port, timeout=20)) as line:
        line.request("GET", path)
        assert line.getresponse().status == 200


def test_a_file_that_is_made_while_it_is_sent_comes_whole(visitor):
    answer = visitor.ask("/client-portal/settings/export")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/zip")
    with ZipFile(BytesIO(answer.body)) as members:
        assert members.testzip() is None


def test_a_body_that_is_too_large_is_refused_before_it_is_sent(stranger):
    for megabytes, status in ((33, 413), (0, 403)):
        headers = {"Content-Length": str(megabytes * 2**20)}
        assert stranger.ask("/client-portal/login", {}, **headers).status == status


def test_a_request_has_one_number_in_all_logs_and_its_secret_in_none(stranger, nginx, sites):
    secret = "0123456789abcdef" * 4
    number = stranger.ask(f"/client-portal/set-password/{secret}?token={secret}").headers["X-Request-ID"]
    assert re.fullmatch(r"[0-9a-f]{32}", number)
    (line,) = wait_for(lambda: [json.loads(line) for line in nginx.told() if number in line])
    assert (line["path"], line["status"]) == ("/client-portal/set-password/...", 404)
    assert wait_for(lambda: [line for site in sites for line in site.written() if number in line])
    logs = [path.read_text() for path in nginx.folder.glob("*.log")]
    assert not any(secret in log for log in logs)


def wait_for(look):
    wait_until(look)
    return look()


def ask_until(visitor, ended):
    """Look at pages, and send forms, until `ended`; gives the status of each answer."""
    token = "a" * 32
    visitor.cookies["__Host-csrftoken"] = token
    statuses = []
    while not ended.is_set():
        statuses.append(visitor.ask("/client-portal/projects").status)
        statuses.append(visitor.ask("/client-portal/devices/end-others", {"csrfmiddlewaretoken": token}).status)
    return statuses


async def stay(visitor, ended):
    """The codes that an open page's sockets are closed with, after each of which it comes back at once."""
    codes = []
    while not ended.is_set():
        async with socket_of(visitor) as socket:
            while not ended.is_set() and socket.close_code is None:
                with suppress(TimeoutError, ConnectionClosed):
                    await asyncio.wait_for(socket.recv(), 0.2)
            codes.append(socket.close_code)
    return codes


def test_processes_are_restarted_and_one_is_killed_and_nobody_notices(visitor, sites):
    ended = Flag()
    with ThreadPoolExecutor(2) as threads:
        asked = threads.submit(ask_until, visitor, ended)
        page = threads.submit(asyncio.run, stay(visitor, ended))
        sites[0].stop()
        assert sites[0].ended_with == 0
        sites[0].start()
        # Longer than nginx leaves a process alone that did not answer, as the units do.
        sleep(3)
        sites[1].stop()
        sites[1].start()
        ended.set()
        assert set(asked.result(30)) == {200, 302}
        *moves, _last = page.result(30)
        assert moves
        assert set(moves) == {MOVING}
    sites[1].kill()
    assert [visitor.ask("/client-portal/projects").status for _n in range(10)] == [200] * 10


def test_where_no_process_answers_it_says_to_come_back(stranger, sites):
    for site in sites:
        site.stop()
    for path in ("/client-portal", "/client-portal/set-password/x", "/client-portal/settings/export"):
        answer = stranger.ask(path)
        assert (answer.status, answer.headers["Retry-After"], answer.headers["Cache-Control"]) == (
            503,
            "10",
            "no-store",
        )
        assert b"We will be back in a moment" in answer.body
    sites[0].start()
    wait_until(lambda: stranger.ask("/client-portal/login").status == 200, 15)

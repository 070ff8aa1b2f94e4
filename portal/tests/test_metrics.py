"""Figures for Prometheus: told to who may read them, missing for everybody else, and of what they say they are."""

import platform
from datetime import timedelta
from ipaddress import ip_network
from threading import Thread

import django
import pytest
from django.conf import settings as configured
from django.core.management import call_command
from django.db import OperationalError, connection
from django.test import Client as Browser
from django.utils import timezone
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from accounts import events, measures, queue, working
from accounts.models import QueuedTask
from accounts.tests.factories import ClientFactory
from portal import live
from portal.metrics import REGISTRY
from portal.tests.sockets import hear, listening, on_a_loop
from portal.tests.test_socket import commits, on_the_tests_connection, project, tell  # noqa: F401 (fixtures)

pytestmark = pytest.mark.django_db

HERE = "127.0.0.1"


@queue.task
def rest():
    pass


def told(browser=None):
    """What a process tells: `{(name, the labels' values): value}`."""
    answer = (browser or Browser()).get("/metrics")
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.content.decode())
    return {(one.name, *one.labels.values()): one.value for family in families for one in family.samples}


def value(name, **labels):
    """A figure as it is now, whoever may read it."""
    return REGISTRY.get_sample_value(name, labels) or 0


# Who may read them


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_who_asks_from_this_machine_is_told(peer):
    answer = Browser(REMOTE_ADDR=peer).get("/metrics")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=")
    assert "no-store" in answer["Cache-Control"]


FORWARDED = {
    "X-Forwarded-For": "127.0.0.1",
    "X-Forwarded-Proto": "https",
    "X-Real-IP": "127.0.0.1",
    "Forwarded": "for=127.0.0.1",
    "Via": "1.1 proxy",
}


@pytest.mark.parametrize("trusted", [[], ["127.0.0.1"]])
@pytest.mark.parametrize("header", FORWARDED)
def test_who_comes_through_a_proxy_is_told_nothing(settings, trusted, header):
    settings.TRUSTED_PROXIES = [ip_network(one) for one in trusted]
    assert Browser(REMOTE_ADDR=HERE).get("/metrics", headers={header: FORWARDED[header]}).status_code == 404


@pytest.mark.parametrize("peer", ["10.0.0.1", "203.0.113.9", "2001:db8::1", "", "nonsense"])
def test_a_stranger_is_told_nothing(peer):
    assert Browser(REMOTE_ADDR=peer).get("/metrics").status_code == 404


def test_the_networks_are_those_of_the_settings(settings):
    settings.METRICS_FROM = [ip_network("10.0.0.0/8")]
    assert Browser(REMOTE_ADDR="10.1.2.3").get("/metrics").status_code == 200
    assert Browser(REMOTE_ADDR=HERE).get("/metrics").status_code == 404
    settings.METRICS_FROM = []
    assert Browser(REMOTE_ADDR="10.1.2.3").get("/metrics").status_code == 404


@pytest.mark.parametrize("method", ["get", "head", "post", "put", "delete", "options"])
def test_for_strangers_it_is_as_if_it_were_not_there(method):
    stranger = Browser(REMOTE_ADDR="203.0.113.9", enforce_csrf_checks=True)
    missing, there = (getattr(stranger, method)(path) for path in ("/nothing", "/metrics"))
    assert there.content == missing.content
    assert {**there.headers, "X-Request-ID": ""} == {**missing.headers, "X-Request-ID": ""}
    assert there.status_code == missing.status_code == 404


# What they say


def test_requests_are_counted_by_route_method_and_status(viewer):
    before = told()
    for _n in range(3):
        viewer.get("/client-portal/projects")
    viewer.get("/client-portal/projects/1")
    viewer.post("/client-portal/projects")
    after = told()

    def more(*key):
        return after[key] - before.get(key, 0)

    assert more("portal_requests_total", "GET", "portal:projects", "200") == 3
    assert more("portal_requests_total", "POST", "portal:projects", "405") == 1
    assert more("portal_requests_total", "GET", "portal:project", "404") == 1
    assert more("portal_answer_seconds_count", "portal:projects") == 4
    assert more("portal_answer_seconds_bucket", "+Inf", "portal:projects") == 4


def labels():
    return {key[1:] for key in told() if key[0] == "portal_requests_total"}


def test_no_visitor_makes_a_label(client):
    before = labels()
    for number in range(5):
        client.get(f"/nothing/{number}")
        client.get(f"/static/nothing/{number}.css")
        client.generic(f"BREW{number}", "/nothing")
        client.get(f"/client-portal/projects/{number}")
    visited = {
        ("GET", "none", "404"),
        ("GET", "static", "404"),
        ("other", "none", "404"),
        ("GET", "portal:project", "302"),
        ("GET", "metrics", "200"),
    }
    assert labels() - before <= visited <= labels()


def test_the_queue_is_told_as_it_stands(client):
    now = timezone.now()
    states = [
        {"status": "READY", "run_after": now - timedelta(minutes=5)},
        {"status": "READY", "run_after": now + timedelta(minutes=5)},
        {"status": "RUNNING", "run_after": now - timedelta(hours=1), "leased_until": now + timedelta(minutes=5)},
        {"status": "FAILED", "run_after": now - timedelta(days=1), "finished_at": now},
        {"status": "SUCCESSFUL", "run_after": now - timedelta(days=1), "finished_at": now},
    ]
    QueuedTask.objects.bulk_create(QueuedTask(task="rest", enqueued_at=now, **state) for state in states)
    figures = told()
    tasks = {key[1]: count for key, count in figures.items() if key[0] == "portal_queue_tasks"}
    assert tasks == {"ready": 2, "running": 1, "failed": 1}
    assert 300 <= figures[("portal_queue_oldest_seconds",)] < 330
    assert figures[("portal_database_up",)] == 1


def test_a_task_whose_worker_died_is_due(client):
    now = timezone.now()
    QueuedTask.objects.create(
        task="rest", enqueued_at=now, run_after=now - timedelta(minutes=9), status="RUNNING", leased_until=now
    )
    assert told()[("portal_queue_oldest_seconds",)] >= 540


@pytest.mark.django_db(transaction=True)
def test_whoever_tells_holds_no_connection_afterwards():
    generate_latest(REGISTRY)
    assert connection.connection is None


def test_with_nothing_due_nothing_is_old(client):
    assert told()[("portal_queue_oldest_seconds",)] == 0


def test_without_its_database_a_process_tells_what_it_has(monkeypatch):
    def away():
        raise OperationalError("gone")

    monkeypatch.setattr(connection, "cursor", away)
    figures = told()
    assert figures[("portal_database_up",)] == 0
    assert not any(key[0].startswith("portal_queue") for key in figures)
    assert figures[("process_resident_memory_bytes",)] > 0


def test_the_release_is_named():
    assert told()[("portal_release_info", django.__version__, platform.python_version(), configured.RELEASE)] == 1


def test_a_worker_tells_when_it_last_came_round(monkeypatch):
    worker = working.Worker()
    monkeypatch.setattr(working, "_duties", [])
    monkeypatch.setattr(worker, "round", worker.stop)
    thread = Thread(target=worker.run)
    thread.start()
    thread.join(10)
    assert 0 <= value("portal_worker_pause_seconds", worker="apart") < 10


def test_a_worker_apart_tells_on_a_port_of_its_own(monkeypatch):
    asked = []
    monkeypatch.setattr(
        "accounts.management.commands.worker.start_http_server", lambda *port, **at: asked.append((port, at))
    )
    monkeypatch.setattr("accounts.management.commands.worker.Worker.run", lambda _worker: None)
    monkeypatch.setattr("signal.signal", lambda *_handler: None)
    call_command("worker", verbosity=0)
    assert asked == []
    call_command("worker", "--metrics-port", "9100", verbosity=0)
    assert asked == [((9100,), {"addr": "127.0.0.1"})]


@on_a_loop
async def test_sockets_and_what_they_are_told_are_counted(viewer, client_row, commits):  # noqa: F811
    before = {name: value(name) for name in ("portal_open_sockets", "portal_messages_told_total")}
    lags = value("portal_event_lag_seconds_count")
    async with listening(viewer) as (socket, _hello), listening(viewer) as (other, _hello):
        assert value("portal_open_sockets") == before["portal_open_sockets"] + 2
        await commits(lambda: tell(client_row, seconds=1))
        for one in (socket, other):
            assert (await hear(one))["id"] == 1
        assert value("portal_messages_told_total") == before["portal_messages_told_total"] + 2
        assert value("portal_event_lag_seconds_count") == lags + 1
    assert value("portal_open_sockets") == before["portal_open_sockets"]


@on_a_loop
async def test_a_socket_that_missed_an_event_is_counted(viewer, client_row):
    before = value("portal_sockets_greeted_total")
    async with listening(viewer) as (socket, _hello):
        await live.in_database(tell)(client_row, seconds=1)
        assert (await hear(socket))["type"] == "hello"
        assert value("portal_sockets_greeted_total") == before + 1


def test_announcements_are_counted_and_so_is_a_layer_that_is_away(monkeypatch, django_capture_on_commit_callbacks):
    def counts():
        announced = value("portal_announced_total", type="access.changed")
        return announced, value("portal_channel_layer_failures_total", when="announcing")

    def announce():
        with django_capture_on_commit_callbacks(execute=True):
            events.look_again(ClientFactory().pk)

    announced, failures = counts()
    announce()
    assert counts() == (announced + 1, failures)

    async def away(group, message):
        raise ConnectionError

    monkeypatch.setattr(events.get_channel_layer(), "group_send", away)
    announce()
    assert counts() == (announced + 1, failures + 1)


def test_every_figure_of_ours_is_in_the_readme():
    table = (configured.BASE_DIR / "README.md").read_text()
    ours = {family.name for family in REGISTRY.collect() if family.name.startswith("portal_")}
    assert len(ours) >= 12
    assert [name for name in sorted(ours) if f"`{name}" not in table] == []


def test_an_event_from_the_future_has_no_lag():
    before = value("portal_event_lag_seconds_sum")
    measures.told({"recorded_at": timezone.now().timestamp() + 3600}, 1)
    assert value("portal_event_lag_seconds_sum") == before

"""Lines of the log: whose each is, what is told of an answer, and what never stands in one, for people and machines."""

import asyncio
import json
import logging
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client as Browser
from django.utils import timezone
from structlog.contextvars import bind_contextvars, bound_contextvars

from accounts import queue, working
from accounts.tests.factories import CompanyLoginFactory, PortalUserFactory, StaffFactory
from billing.tests.factories import ProjectFactory
from portal import answered
from portal.consumers import PortalSocket
from portal.log_lines import Line
from portal.tests.browsers import sign_in, signed_in
from portal.tests.sockets import listening, on_a_loop
from portal.tests.test_socket import commits, on_the_tests_connection, tell  # noqa: F401 (fixtures)

pytestmark = pytest.mark.django_db

LINK = "/client-portal/set-password/kept-from-the-log"


@queue.task
def go_wrong(client_id):
    bind_contextvars(client_id=client_id)
    raise ValueError(f"{LINK} is wrong")


@pytest.fixture
def machines(console):
    """The log as machines read it: a function that gives its lines, each a dict."""
    (handler,) = [one for one in logging.getLogger().handlers if type(one) is logging.StreamHandler]
    before, handler.formatter = handler.formatter, Line("json")
    yield lambda: [json.loads(line) for line in console.getvalue().splitlines()]
    handler.formatter = before


@pytest.fixture
def told(machines):
    """What is told of the answers to requests, without when and how quickly."""
    volatile = {"time", "request_id", "milliseconds", "bytes", "message", "level", "logger"}

    def told():
        lines = [line for line in machines() if line["logger"] == "portal.answered"]
        return [{name: value for name, value in line.items() if name not in volatile} for line in lines]

    return told


def test_an_answer_is_a_line_with_its_number_and_size(client, machines):
    answer = client.get("/client-portal/login?next=/client-portal/invoices")
    (line,) = machines()
    assert 0 < line.pop("milliseconds") < 5000
    assert abs(datetime.fromisoformat(line.pop("time")) - datetime.now(UTC)) < timedelta(seconds=10)
    assert line.pop("message").startswith("GET accounts:login 200 in ")
    assert line == {
        "level": "INFO",
        "logger": "portal.answered",
        "request_id": answer["X-Request-ID"],
        "method": "GET",
        "route": "accounts:login",
        "status": 200,
        "bytes": len(answer.content),
    }


def test_a_line_says_whose_it_is_by_numbers_alone(client_row, told):
    user, company, staff = PortalUserFactory(client=client_row), CompanyLoginFactory(), StaffFactory()
    signed_in(user).get("/client-portal/projects")
    sign_in(company.portal_username)[0].get("/client-portal/projects")
    signed_in(staff).get("/admin/")
    Browser().get("/client-portal/projects")
    page = {"method": "GET", "route": "portal:projects", "status": 200}
    lines = [line for line in told() if line["route"] in {"portal:projects", "admin:index"}]
    assert lines == [
        page | {"client_id": client_row.pk, "user_id": user.pk},
        page | {"client_id": company.pk},
        {"method": "GET", "route": "admin:index", "status": 200, "user_id": staff.pk},
        page | {"status": 302},
    ]


def test_a_line_about_a_portal_that_staff_look_at_names_both(client_row, told):
    staff = StaffFactory()
    browser = signed_in(staff)
    session = browser.session
    session["looks_at_client"] = client_row.pk
    session.save()
    browser.get("/client-portal/projects")
    assert (told()[-1]["client_id"], told()[-1]["user_id"]) == (client_row.pk, staff.pk)


def test_an_address_that_is_not_there_is_told_as_a_path_without_its_query(client, told):
    client.get("/nothing/%0a%22x?token=secret")
    client.get("/" + "x" * 5000)
    first, second = told()
    assert first["route"] == "/nothing/%0A%22x"
    assert len(second["route"]) == 200


def test_a_page_named_by_a_number_is_told_by_its_name(viewer, client_row, told):
    viewer.get(f"/client-portal/projects/{ProjectFactory(client=client_row).pk}")
    assert told()[-1]["route"] == "portal:project"


@pytest.mark.parametrize("address", ["/healthz", "/readyz", "/metrics", "/static/portal/portal.css"])
def test_what_machines_ask_all_the_time_is_not_told(client, told, address):
    answer = client.get(address)
    if answer.streaming:
        answer.getvalue()
    assert told() == []


def test_a_file_that_breaks_off_says_whose_it_was(viewer, client_row, machines, monkeypatch):
    def broken(*_given, **_options):
        yield b"the beginning"
        raise OSError("no space left")

    monkeypatch.setattr("portal.export_forms.as_csv", broken)
    answer = viewer.get("/client-portal/invoices/export?format=csv")
    with pytest.raises(OSError, match="no space"):
        b"".join(answer)
    line = machines()[-1]
    assert (line["message"], line["client_id"]) == ("A file broke off half-way", client_row.pk)
    assert line["request_id"] == answer["X-Request-ID"]


@on_a_loop
async def test_a_socket_that_cannot_be_told_says_whose_it_is(viewer, client_row, commits, machines, monkeypatch):  # noqa: F811
    async def broken(*_given):
        raise ValueError

    async with listening(viewer):
        monkeypatch.setattr(PortalSocket, "tell", broken)
        await commits(lambda: tell(client_row, seconds=1))
        for _n in range(100):
            if machines():
                break
            await asyncio.sleep(0.01)
    assert (machines()[-1]["message"], machines()[-1]["client_id"]) == ("A socket could not be told", client_row.pk)


def test_where_a_person_reads_the_screen_no_answer_is_told(client, told):
    with answered.in_silence():
        client.get("/client-portal/login")
    assert told() == []
    client.get("/client-portal/login")
    assert len(told()) == 1


def test_a_static_file_that_is_missing_is_told(client, told):
    client.get("/static/nothing.css")
    assert [(line["route"], line["status"]) for line in told()] == [("static", 404)]


@pytest.mark.parametrize("path", [LINK, f"{LINK}/", "/client-portal/stop-mails/kept-from-the-log"])
def test_the_secret_of_a_link_is_in_no_line(client, machines, path):
    client.get(path)
    client.post(path, {"password": "typed by a person"})
    logging.getLogger("portal").warning("%r, \"%s\" and {'path': '%s'}", path, path, path)
    try:
        raise ValueError(f'"{path}"')
    except ValueError:
        logging.getLogger("portal").exception("It went wrong", extra={"route": path}, stack_info=True)
    written = json.dumps(machines())
    assert "kept-from-the-log" not in written
    assert "typed by a person" not in written
    assert "ValueError" in machines()[-1]["exception"]
    assert 'ValueError: "/client-portal/' in machines()[-1]["exception"]


def test_nothing_but_what_is_named_is_told_of_a_line(machines):
    logging.getLogger("portal").warning("Something", extra={"request": AnonymousUser(), "password": "x", "status": 7})
    (line,) = machines()
    assert set(line) == {"time", "level", "logger", "message", "status"}


def test_a_task_that_fails_says_which_it_was_and_whose(machines, console):
    go_wrong.enqueue(7)
    with bound_contextvars(request_id="of-the-caller"):
        queue.run(queue.claim("here", now=timezone.now()), clock=timezone.now)
    logging.getLogger("portal").warning("Afterwards")
    line, after = machines()
    assert (line["task"], line["client_id"], len(line["task_id"])) == ("go_wrong", 7, 36)
    assert "ValueError: /client-portal/set-password/… is wrong" in line["exception"]
    assert not {"task", "task_id", "client_id"} & set(after)


def test_a_line_for_people_says_the_same(client_row, console):
    user = PortalUserFactory(client=client_row)
    answer = signed_in(user).get("/client-portal/projects")
    line = console.getvalue().splitlines()[-1]
    assert f" INFO portal.answered [{answer['X-Request-ID']} client_id={client_row.pk} user_id={user.pk}] " in line
    assert " GET portal:projects 200 in " in line


def test_a_duty_of_the_worker_that_fails_is_told(monkeypatch, machines):
    def fail(*, now):
        raise ValueError

    monkeypatch.setattr(working, "_duties", [working.Duty(fail, 1)])
    working.Worker().round()
    assert machines()[-1]["message"] == "A duty of the worker failed: fail"

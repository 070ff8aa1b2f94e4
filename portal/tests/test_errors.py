"""The error pages: each status its own, numbered where that helps, silent about the machinery."""

import io
import json
import logging
import re

import pytest
from django.conf import settings as configured
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.http import HttpResponse
from django.test import Client as Browser
from django.urls import include, path

from accounts.tests.factories import ClientFactory, PortalUserFactory, StaffFactory
from portal import errors
from portal.tests.browsers import signed_in

SECRET = "a-secret-that-nobody-should-read"
LINK = "/client-portal/set-password/kept-from-the-log"


def _raise(error):
    def view(request):
        raise error

    return view


def _answer(*args, **kwargs):
    return lambda _request: HttpResponse(*args, **kwargs)


def _read(request):
    return HttpResponse(request.POST.get("name", ""))


def _breaks_in_sql(request):
    with connection.cursor() as cursor:
        cursor.execute("SELECT nothing FROM nowhere")


urlpatterns = [
    path("fails", _raise(ZeroDivisionError(SECRET))),
    path("client-portal/set-password/kept-from-the-log", _raise(ZeroDivisionError())),
    path("suspicious", _raise(SuspiciousOperation(SECRET))),
    path("forbidden", _raise(PermissionDenied(SECRET))),
    path("away", _raise(OperationalError(SECRET))),
    path("wrong-sql", _breaks_in_sql),
    path("too-many", _answer(status=429, headers={"Retry-After": "77"})),
    path("bare-503", _answer(status=503)),
    path("its-own-words", _answer("mine", status=403)),
    path("read", _read),
    path("", include("timetracker.urls")),
]
handler400, handler403 = errors.bad_request, errors.permission_denied
handler404, handler500 = errors.not_found, errors.server_error

NUMBERED = {
    "/suspicious": (400, "This request could not be read"),
    "/forbidden": (403, "You may not open this page"),
    "/too-many": (429, "Too many attempts"),
    "/fails": (500, "Something went wrong on our side"),
    "/away": (503, "We will be back in a moment"),
    "/bare-503": (503, "We will be back in a moment"),
}


@pytest.fixture
def strange(settings):
    """A browser on a site that has pages which go wrong, and gets to see what visitors see."""
    settings.ROOT_URLCONF = __name__
    return Browser(raise_request_exception=False, enforce_csrf_checks=True)


def text(response):
    return response.content.decode()


@pytest.mark.parametrize("address", NUMBERED)
def test_an_error_has_a_page_of_our_own_with_its_number(strange, address):
    status, words = NUMBERED[address]
    response = strange.get(address)
    assert response.status_code == status
    assert response["Content-Type"] == "text/html; charset=utf-8"
    assert words in text(response)
    assert response["X-Request-ID"] in text(response)
    assert 'href="/client-portal"' in text(response)


@pytest.mark.parametrize("address", ["/nothing", "/client-portal/nothing", "/static/nothing.css"])
def test_what_is_missing_has_a_page_without_a_number(strange, address):
    response = strange.get(address)
    assert response.status_code == 404
    assert "Nothing here" in text(response)
    assert response["X-Request-ID"] not in text(response)


@pytest.mark.parametrize("address", [*NUMBERED, "/nothing"])
def test_an_error_page_tells_nothing_of_the_machinery(strange, address):
    for response in (strange.get(address), strange.get(address, headers={"accept": "application/json"})):
        told = (text(response) + str(response.headers)).lower()
        for word in ("django", "daphne", "python", "traceback", "exception", "portal/tests", "zerodivision", SECRET):
            assert word not in told


@pytest.mark.parametrize("address", NUMBERED)
def test_who_asks_for_json_gets_json(strange, address):
    status, words = NUMBERED[address]
    response = strange.get(address, headers={"accept": "application/json, */*;q=0.1"})
    assert response.status_code == status
    assert response["Content-Type"] == "application/json"
    assert json.loads(response.content) == {"error": words, "request_id": response["X-Request-ID"]}


def test_json_of_what_is_missing_has_no_number(strange):
    response = strange.get("/nothing", headers={"accept": "application/json"})
    assert json.loads(response.content) == {"error": "Nothing here"}


@pytest.mark.parametrize("accept", ["", "*/*", "text/html,*/*;q=0.8", "image/png", "nonsense", "a/b;q=x,,;", "/" * 500])
def test_everyone_else_gets_a_page(strange, accept):
    response = strange.get("/fails", headers={"accept": accept})
    assert response["Content-Type"] == "text/html; charset=utf-8"
    assert "Accept" in response["Vary"]


def test_a_page_that_only_reads_says_what_it_answers_to(strange):
    response = strange.put("/client-portal/logout")
    assert response.status_code == 403  # no token; the method is not even looked at
    strange = Browser()
    response = strange.put("/client-portal/logout")
    assert response.status_code == 405
    assert response["Allow"] == "POST"
    assert "This page cannot be used like that" in text(response)
    assert response["X-Request-ID"] not in text(response)


def test_a_view_sets_how_long_to_wait(strange):
    assert strange.get("/too-many")["Retry-After"] == "77"


def test_an_answer_with_words_of_its_own_keeps_them(strange):
    assert text(strange.get("/its-own-words")) == "mine"


def test_a_form_without_its_token_is_told_what_to_do(strange):
    response = strange.post("/client-portal/login", {"name": "ada", "password": "x"})
    assert response.status_code == 403
    assert "This form is too old" in text(response)
    assert response["X-Request-ID"] in text(response)


def test_a_database_that_is_away_asks_to_come_back(strange):
    assert strange.get("/away")["Retry-After"] == "10"


@pytest.mark.django_db
def test_a_wrong_query_is_our_mistake(strange):
    response = strange.get("/wrong-sql")
    assert response.status_code == 500
    assert "Retry-After" not in response


def test_a_site_without_its_database_still_answers(strange, monkeypatch):
    def away(*args, **kwargs):
        raise OperationalError(SECRET)

    monkeypatch.setattr(BaseDatabaseWrapper, "ensure_connection", away)
    strange.cookies[configured.SESSION_COOKIE_NAME] = "0123456789abcdefghijklmnopqrstuv"
    for address in ("/client-portal", "/client-portal/login", "/admin/"):
        response = strange.get(address)
        assert response.status_code == 503
        assert response["Retry-After"] == "10"
        assert "We will be back in a moment" in text(response)
    assert strange.get("/nothing").status_code == 404


@pytest.mark.parametrize(
    ("limit", "value", "sent"),
    [
        ("DATA_UPLOAD_MAX_MEMORY_SIZE", 100, {"name": "x" * 101}),
        ("DATA_UPLOAD_MAX_NUMBER_FIELDS", 2, {"a": 1, "b": 2, "c": 3}),
        ("DATA_UPLOAD_MAX_NUMBER_FILES", 1, {"a": io.BytesIO(b"1"), "b": io.BytesIO(b"2")}),
    ],
)
def test_too_much_at_once_is_413(strange, settings, limit, value, sent):
    setattr(settings, limit, value)
    response = Browser().post("/read", sent)
    assert response.status_code == 413
    assert "That was too much at once" in text(response)
    assert response["X-Request-ID"] in text(response)


def test_a_body_just_small_enough_is_read(strange, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 105
    body = "name=" + "x" * 100
    form = "application/x-www-form-urlencoded"
    assert Browser().post("/read", body, content_type=form).status_code == 200
    assert Browser().post("/read", body + "x", content_type=form).status_code == 413


def test_another_host_gets_a_page_of_our_own(client):
    for address in ("/client-portal/login", "/static/portal/portal.css", "/nothing", "/client-portal/projects/"):
        response = client.get(address, headers={"host": "evil.example"})
        assert response.status_code == 400
        assert "This request could not be read" in text(response)
        assert "evil" not in text(response)
        assert "default-src 'none'" in response["Content-Security-Policy"]


@pytest.mark.django_db
def test_staff_are_led_back_to_their_own_start_page(settings):
    staff = signed_in(StaffFactory())
    for address in ("/admin/nothing/", "/admin/billing/nothing/"):
        response = staff.get(address)
        assert response.status_code == 404
        assert 'href="/admin/"' in text(response)
        assert "Nothing here" in text(response)


@pytest.mark.django_db
def test_an_error_speaks_the_viewers_language():
    viewer = signed_in(PortalUserFactory(client=ClientFactory(locale="de-DE")))
    response = viewer.get("/client-portal/projects/1", headers={"accept-language": "en"})
    assert response.status_code == 404
    assert response["Content-Language"] == "de"
    assert '<html lang="de"' in text(response)


def test_an_error_before_sign_in_speaks_the_browsers_language(client):
    for accepted, language in (("de-AT,en;q=0.5", "de"), ("fr", "en"), (";;q=,,", "en")):
        assert client.get("/nothing", headers={"accept-language": accepted})["Content-Language"] == language


# Numbers, and the log


def test_every_request_has_a_number_of_its_own(client):
    numbers = {client.get("/")["X-Request-ID"] for _n in range(5)}
    assert len(numbers) == 5
    assert all(re.fullmatch(r"[0-9a-f]{16}", number) for number in numbers)


def test_an_error_is_found_in_the_log_by_its_number(strange, console):
    response = strange.post("/fails?token=1", {"password": SECRET})
    assert response.status_code == 403
    browser = Browser(raise_request_exception=False)
    response = browser.post("/fails", {"password": "typed by a person"})
    lines = [line for line in console.getvalue().splitlines() if response["X-Request-ID"] in line]
    assert lines
    assert "Internal Server Error: /fails" in lines[0]
    assert "ZeroDivisionError" in console.getvalue()
    assert "typed by a person" not in console.getvalue()


def test_a_database_that_is_away_is_loud_in_the_log(strange, console):
    response = strange.get("/away")
    line, told = [line for line in console.getvalue().splitlines() if response["X-Request-ID"] in line]
    assert "ERROR django.request" in line
    assert " 503 in " in told
    assert "Service Unavailable: /away" in line


def test_a_line_outside_a_request_has_no_number(console):
    logging.getLogger("portal").warning("Something")
    assert "WARNING portal [-] Something" in console.getvalue()


def test_the_secret_of_a_link_is_not_logged(strange, console):
    assert strange.get(LINK).status_code == 500
    assert "Internal Server Error: /client-portal/set-password/…" in console.getvalue()
    assert "kept-from-the-log" not in console.getvalue()


def test_a_strangers_line_breaks_stay_out_of_the_log(strange, console):
    strange.get("/nothing%0a2026-01-01%20ERROR%20forged")
    assert "\n2026-01-01 ERROR forged" not in console.getvalue()

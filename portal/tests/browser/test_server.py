"""What goes over the wire from the server itself."""

import http.client
from contextlib import closing
from datetime import UTC, datetime
from io import BytesIO
from urllib.parse import urlsplit
from zipfile import BadZipFile, ZipFile

import pytest
from django.conf import settings

from accounts.tests.factories import PortalUserFactory
from billing.tests.factories import ProjectFactory, TimeEntryFactory
from portal.tests.browsers import signed_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def ask(server):
    """Send one request; the answer with its body read."""

    def send(method, path, body=None, headers=None):
        with closing(http.client.HTTPConnection(urlsplit(server).netloc, timeout=20)) as connection:
            connection.request(method, path, body, headers or {})
            with connection.getresponse() as answer:
                answer.text = answer.read().decode()
        return answer

    return send


@pytest.mark.parametrize("path", ["/client-portal/login", "/client-portal", "/nothing", "/static/portal/portal.css"])
def test_no_answer_names_the_server(ask, path):
    answer = ask("GET", path)
    assert answer.getheader("Server") is None
    assert answer.getheader("X-Powered-By") is None
    assert "default-src 'none'" in answer.getheader("Content-Security-Policy")


def test_a_body_too_large_to_read_is_413(ask):
    cookie = {"Cookie": f"{settings.CSRF_COOKIE_NAME}={'a' * 32}"}
    answer = ask("POST", "/client-portal/login", "name=" + "x" * 2_621_440, FORM | cookie)
    assert answer.status == 413
    assert answer.getheader("X-Request-ID") in answer.text


def test_another_host_is_refused_before_anything_answers(ask):
    for path in ("/client-portal/login", "/static/portal/portal.css"):
        answer = ask("GET", path, headers={"Host": "evil.example"})
        assert answer.status == 400
        assert "This request could not be read" in answer.text


@pytest.mark.parametrize("path", ["/%00", "/%ff%fe", "/client-portal/projects/%00", "/client-portal/%ed%a0%80"])
def test_odd_bytes_in_the_path_lead_nowhere(ask, path):
    assert ask("GET", path).status in {302, 404}


def test_a_forged_address_and_number_are_not_taken_over(ask):
    forged = {"X-Forwarded-For": "1.2.3.4", "X-Forwarded-Proto": "https", "X-Request-ID": "forged-by-a-stranger"}
    answer = ask("GET", "/client-portal", headers=forged)
    assert answer.getheader("X-Request-ID") != "forged-by-a-stranger"
    assert answer.getheader("Location").startswith("/client-portal/login")


def test_a_file_that_fails_half_way_is_a_broken_transfer_each_time(ask, client_row):
    """Its last entry's time lies beyond every calendar; twice, since Daphne itself must come through the first."""
    project = ProjectFactory(client=client_row)
    TimeEntryFactory(project=project, start_time=datetime(9999, 12, 31, 22, tzinfo=UTC), duration_seconds=1)
    user = PortalUserFactory(client=client_row, timezone="Pacific/Auckland")
    name = settings.SESSION_COOKIE_NAME
    cookie = {"Cookie": f"{name}={signed_in(user).cookies[name].value}"}
    for _time in range(2):
        with pytest.raises(http.client.IncompleteRead) as broken:
            ask("GET", "/client-portal/settings/export", headers=cookie)
        with pytest.raises(BadZipFile):
            ZipFile(BytesIO(broken.value.partial))
    assert ask("GET", "/client-portal/settings", headers=cookie).status == 200

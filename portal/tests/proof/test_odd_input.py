"""Whatever is sent to the portal's and sign-in's pages: never a fault of ours, never others' rows, never a hang."""

import re
import time
from contextlib import contextmanager
from urllib.parse import quote

import pytest
from asgiref.sync import async_to_sync
from django.core import mail
from django.test import AsyncClient
from django.test import Client as Browser
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts import invitations
from accounts.tests.workers import work_queue
from portal.tests.browsers import signed_in
from portal.tests.proof.addresses import filled, parts, portal_addresses
from portal.tests.proof.crawling import NOBODYS, answer_of
from portal.tests.proof.marks import INTERNAL
from portal.tests.proof.nasty import (
    BROKEN_BODIES,
    CONTENT_TYPES,
    ENCODED,
    HEADERS,
    PLAIN,
    STEADY,
    bodies,
    encoded,
    oddest_queries,
    queries,
    segments,
)

# Far above what any answer takes, far below what a reader would call a hang.
PATIENCE_SECONDS = 10

READ_BY_HEADER = (
    "/ /nothing /client-portal /client-portal/time-entries?page=1 /client-portal/login?next=/client-portal".split()
)
FORMS = [f"/client-portal/{form}" for form in "login logout forgot-password password second-factor".split()]

addresses = st.sampled_from(portal_addresses())
with_parts = st.sampled_from([address for address in portal_addresses() if parts(address)])


@pytest.fixture
def reader(ours, theirs):
    return signed_in(ours.person)


@contextmanager
def patience():
    began = time.perf_counter()
    yield
    assert time.perf_counter() - began < PATIENCE_SECONDS


def sent(browser, method, path, *, forbidden, **request):
    """Send one request and hold its answer to what every answer is held to."""
    browser.raise_request_exception = False
    with patience():
        answer = answer_of(browser.generic(method, path, **request))
    assert answer.status < 500, (method, path, request)
    assert [word for word in forbidden if word in answer.text] == [], (method, path, request)
    return answer


@settings(STEADY, max_examples=100)
@given(address=addresses, query=st.one_of(queries, oddest_queries))
def test_any_question_of_any_page_gets_an_answer(reader, ours, theirs, address, query):
    path = filled(address, NOBODYS | ours.rows)
    sent(reader, "GET", path, QUERY_STRING=query, forbidden=[theirs.mark, INTERNAL])


FILTERS = {
    "invoices": "page status q year",
    "time-entries": "page project_id task_id person_id date_from date_to q sort",
    "reports": "project_id person_id date_from date_to group",
    "statement": "page lines date_from date_to",
}


@pytest.mark.parametrize(("page", "name"), [(page, name) for page in FILTERS for name in FILTERS[page].split()])
def test_each_filter_takes_each_nasty_value(page, name, reader, ours, theirs):
    path = f"/client-portal/{page}"
    for value in [*ENCODED, *map(quote, PLAIN)]:
        query = f"{name}=1&{name}={value}"
        answer = sent(reader, "GET", path, QUERY_STRING=query, forbidden=[theirs.mark, INTERNAL])
        assert (query, answer.status) == (query, 200)


@settings(STEADY, max_examples=60)
@given(address=with_parts, segment=segments)
def test_any_part_of_an_address_gets_an_answer(reader, theirs, address, segment):
    path = filled(address, dict.fromkeys(parts(address), segment))
    sent(reader, "GET", path, forbidden=[theirs.mark, INTERNAL])


@settings(STEADY, max_examples=100)
@given(address=addresses, method=st.sampled_from(["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "X"]), body=bodies)
def test_any_body_gets_an_answer(ours, theirs, address, method, body):
    browser = signed_in(ours.person)
    path = filled(address, NOBODYS | ours.rows)
    sent(browser, method, path, data=body.data, content_type=body.type, forbidden=[theirs.mark, INTERNAL])


@settings(STEADY, max_examples=60)
@given(address=addresses, body=bodies)
def test_any_body_of_a_stranger_gets_an_answer(ours, theirs, address, body):
    path = filled(address, NOBODYS | ours.rows)
    words = [ours.mark, theirs.mark, INTERNAL]
    sent(Browser(), "POST", path, data=body.data, content_type=body.type, forbidden=words)


def test_each_broken_header_gets_an_answer(reader, ours, theirs):
    for header in HEADERS:
        for path in READ_BY_HEADER:
            sent(reader, "GET", path, forbidden=[theirs.mark, INTERNAL], **header)
            sent(Browser(), "GET", path, forbidden=[ours.mark, theirs.mark, INTERNAL], **header)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_each_broken_content_type_gets_an_answer_from_the_real_server(method, db):
    """By ASGI, as the product is served; Django's handler for WSGI fails before any code of ours is asked."""

    @async_to_sync
    async def status(path, content_type):
        form = b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\n1\r\n--x--\r\n'
        browser = AsyncClient(raise_request_exception=False)
        return (await browser.generic(method, path, form, content_type)).status_code

    broken = {(path, said) for path in FORMS for said in CONTENT_TYPES if status(path, said) >= 500}
    assert broken == set()


def test_each_broken_body_gets_an_answer_from_each_form(ours, theirs):
    forms = [*FORMS, _live_link(ours)]
    for body in BROKEN_BODIES:
        for browser in (signed_in(ours.person), Browser()):
            for path in forms:
                form = {"data": body.data, "content_type": body.type}
                sent(browser, "POST", path, **form, forbidden=[theirs.mark, INTERNAL])


@settings(STEADY, max_examples=60)
@given(name=encoded, password=encoded, destination=encoded)
def test_any_sign_in_gets_an_answer(ours, theirs, name, password, destination):
    body = f"name={name}&password={password}&next={destination}"
    words = [ours.mark, theirs.mark, INTERNAL]
    form = {"data": body.encode(), "content_type": "application/x-www-form-urlencoded"}
    sent(Browser(), "POST", "/client-portal/login", **form, forbidden=words)


def _live_link(who):
    invitations.invite(who.person, by=None, now=timezone.now())
    work_queue()
    return re.search(r"http://testserver(\S*/set-password/\S+)", mail.outbox[-1].body)[1]

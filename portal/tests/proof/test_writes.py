"""No request of a viewer changes the agency's data; and looking at pages changes nothing at all."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.models import Project
from portal.tests.proof.addresses import filled, parts, portal_addresses
from portal.tests.proof.checksums import checksums
from portal.tests.proof.crawling import NOBODYS
from portal.tests.proof.nasty import NAMES, STEADY, bodies, oddest_queries, queries
from portal.tests.proof.registry import IDENTITY, TRACES, VIEWERS_OWN
from portal.tests.proof.roles import browser_of
from portal.tests.proof.test_markers import browser_of as planted_browser

METHODS = "GET HEAD POST PUT PATCH DELETE OPTIONS TRACE X-ODD".split()
VIEWERS = ("person", "company", "anonymous")

# Accounts' own rows of getting in may change by what a form sends; the accounts themselves are held to.
NOT_BUSINESS = {*VIEWERS_OWN, *TRACES, *IDENTITY} - {"accounts.Client", "accounts.User"}

addresses = st.sampled_from(portal_addresses())


def browser(kind, who):
    return browser_of("anonymous", who.client) if kind == "anonymous" else planted_browser(kind, who)


def paths(*owners):
    """Every address about rows of each of some clients, hidden ones too."""
    rows = [rows for who in owners for rows in (who.rows, who.hidden)]
    return [
        path
        for address in portal_addresses()
        for path in {filled(address, NOBODYS | each) for each in (rows if parts(address) else rows[:1])}
    ]


def sweep(kind, who, where, methods):
    """Every method to every path, by a viewer who signs in anew for each path."""
    body = "&".join(f"{name}=1" for name in NAMES)
    for path in where:
        sender = browser(kind, who)
        for method in methods:
            sender.generic(method, path, body, "application/x-www-form-urlencoded")


@pytest.mark.parametrize("kind", VIEWERS)
def test_no_method_of_any_address_changes_business(kind, ours, theirs):
    before = checksums(without=NOT_BUSINESS)
    sweep(kind, ours, paths(ours, theirs), METHODS)
    assert checksums(without=NOT_BUSINESS) == before


def test_no_way_for_walls_to_stand_lets_a_viewer_change_business(ours, theirs, walls):
    before = checksums(without=NOT_BUSINESS)
    sweep("person", ours, paths(theirs), ["POST", "PUT", "DELETE"])
    assert checksums(without=NOT_BUSINESS) == before


@pytest.mark.parametrize("kind", VIEWERS)
def test_no_body_changes_business(kind, ours, theirs):
    before = checksums(without=NOT_BUSINESS)

    @settings(STEADY, max_examples=60)
    @given(address=addresses, method=st.sampled_from(["POST", "PUT", "PATCH", "DELETE"]), body=bodies, query=queries)
    def send(address, method, body, query):
        path = filled(address, NOBODYS | ours.rows)
        # Django's test client, unlike the server, reads the query in the body's encoding: with zlib it cannot.
        query = "" if "zlib" in body.type else query
        browser(kind, ours).generic(method, path, body.data, body.type, QUERY_STRING=query)

    send()
    assert checksums(without=NOT_BUSINESS) == before


@pytest.mark.parametrize("kind", VIEWERS)
def test_looking_changes_nothing(kind, ours, theirs):
    reader = browser(kind, ours)
    before = checksums(without=TRACES)
    for path in paths(ours, theirs):
        for method in ("GET", "HEAD", "OPTIONS"):
            reader.generic(method, path)
    assert checksums(without=TRACES) == before


@pytest.mark.parametrize("kind", VIEWERS)
def test_no_question_changes_anything(kind, ours):
    reader = browser(kind, ours)
    before = checksums(without=TRACES)

    @settings(STEADY, max_examples=60)
    @given(address=addresses, query=st.one_of(queries, oddest_queries))
    def ask(address, query):
        reader.generic("GET", filled(address, NOBODYS | ours.rows), QUERY_STRING=query)

    ask()
    assert checksums(without=TRACES) == before


def send_approval(kind, who, approval_id):
    """Send what a page of ours would send to approve a request."""
    sent = {"answer": "approved", "version": 1}
    return browser(kind, who).post(f"/client-portal/approvals/{approval_id}", sent).status_code


@pytest.mark.parametrize("kind", ["person", "company"])
def test_an_answer_to_ones_own_request_writes_itself_and_its_event_alone(kind, ours, theirs):
    before = checksums(without=TRACES)
    assert send_approval(kind, ours, ours.rows["approval_id"]) == 302
    after = checksums(without=TRACES)
    written = {"client_time_approvals", "client_events", "client_event_counters"}
    assert {table for table in after if after[table] != before[table]} == written


@pytest.mark.parametrize("kind", VIEWERS)
def test_an_answer_to_a_hidden_or_anothers_request_changes_nothing(kind, ours, theirs, walls):
    before = checksums(without=TRACES)
    answers = {
        send_approval(kind, ours, approval_id)
        for approval_id in (theirs.rows["approval_id"], theirs.hidden["approval_id"], ours.hidden["approval_id"])
    }
    assert answers == {302 if kind == "anonymous" or not walls.hide_rows else 404}
    assert (checksums(without=TRACES) == before) is (kind == "anonymous" or walls.hide_rows)


def test_the_checksum_sees_one_changed_letter(ours):
    before = checksums()
    Project.objects.filter(pk=ours.rows["project_id"]).update(description="changed")
    assert {table for table, checksum in checksums().items() if checksum != before[table]} == {"projects"}

"""Each viewer reads the whole portal and meets the marks of its own client, of no other, and of nothing internal.

With both walls down the marks must be met, or these tests would prove nothing. On SQLite the second wall refuses writes
and does not hide rows, so there the tests say that without the first wall they are met.
"""

import re

import pytest
from django.apps import apps
from django.core import mail
from django.utils import timezone

from accounts import invitations
from accounts.models import Client
from accounts.tests.factories import PortalUserFactory
from accounts.tests.workers import work_queue
from portal.tests.browsers import sign_in, signed_in
from portal.tests.proof.addresses import filled
from portal.tests.proof.crawling import answer_of, crawl, pages_of, plain, questions_of, read, rows_of
from portal.tests.proof.marks import (
    AMOUNT,
    INTERNAL,
    MEANINGFUL,
    OWN,
    RATE,
    RUNNING,
    SHOWN,
    is_text,
    name_of,
    trace,
)
from portal.tests.proof.registry import CLIENT_DATA
from portal.tests.proof.test_routes import ROUTES
from portal.tests.proof.walls import EVERY_WAY, take_down

# Pages with a new secret, one more sign-in or one more request each time that they are drawn.
NEW_EACH_TIME = ("/client-portal/second-factor", "/client-portal/devices", "/metrics")
SWITCHES = ("show_rates", "show_staff_names", "show_running_timers")


def browser_of(kind, who):
    """The person or the company login of a planted client."""
    return signed_in(who.person) if kind == "person" else sign_in(who.client.portal_username)[0]


def set_switches(who, on):
    Client.objects.filter(pk=who.client.pk).update(**dict.fromkeys(SWITCHES, on))


def forbidden(others, *, switches_on):
    """The words that a viewer may not meet: other clients', internal ones, and what its client's switches keep back."""
    kept_back = [f"{RATE[0]},{RATE[1:]}", f"{AMOUNT[0]},{AMOUNT[1:]}", RATE, AMOUNT, "stafffirst", "stafflast", RUNNING]
    return [others, INTERNAL, *([] if switches_on else kept_back)]


def leaks(answers, words):
    """`{(path, word)}` of each forbidden word met."""
    return {(path, word) for path, answer in answers.items() for word in words if word in answer.text}


def whole_portal(browser, own, others):
    """Every page about one's own rows, and every attempt at hidden and others' rows."""
    start = [*pages_of(own.rows), *questions_of(own.rows)]
    start += [*rows_of(own.hidden), *rows_of(others.rows), *rows_of(others.hidden), *questions_of(others.rows)]
    return crawl(browser, start)


@pytest.mark.parametrize(("kind", "switches_on"), [("person", False), ("company", True)])
def test_a_viewer_reads_nothing_of_others_and_nothing_internal(kind, switches_on, ours, theirs, walls):
    set_switches(ours, switches_on)
    answers = whole_portal(browser_of(kind, ours), ours, theirs)
    found = leaks(answers, forbidden(theirs.mark, switches_on=switches_on))
    if walls.hide_rows:
        assert found == set()
        assert {answers[path].status for path in rows_of(theirs.rows) + rows_of(ours.hidden)} == {404}
    else:
        assert {word for _path, word in found} >= {theirs.mark, INTERNAL}
        assert {answers[path].status for path in rows_of(theirs.rows) + rows_of(ours.hidden)} == {200}


def test_the_other_client_reads_nothing_of_ours(ours, theirs, walls):
    set_switches(theirs, False)
    answers = whole_portal(browser_of("person", theirs), theirs, ours)
    found = leaks(answers, forbidden(ours.mark, switches_on=False))
    assert (found == set()) is walls.hide_rows


def test_nobody_signed_in_reads_nothing(ours, theirs, client, walls):
    answers = whole_portal(client, ours, theirs)
    assert leaks(answers, [ours.mark, *forbidden(theirs.mark, switches_on=False)]) == set()


def test_a_page_that_answers_is_never_broken(ours, theirs):
    answers = whole_portal(browser_of("person", ours), ours, theirs)
    odd = {path: answer.status for path, answer in answers.items() if answer.status not in {200, 302, 404, 405}}
    # Only a script's question without its number is answered otherwise.
    assert {(path.partition("?")[0], "after=" in path, status) for path, status in odd.items()} <= {
        ("/client-portal/events", False, 400)
    }


def test_every_page_meant_to_show_something_shows_ones_own(ours):
    browser = browser_of("person", ours)
    pages = [filled(address, ours.rows) for address, kind in ROUTES.items() if kind in {"page", "row", "approval"}]
    answers = {path: read(browser, path) for path in pages}
    assert {answer.status for answer in answers.values()} == {200}
    assert [path for path, answer in answers.items() if ours.mark not in answer.text] == []


def test_every_text_that_the_portal_shows_is_met(ours):
    set_switches(ours, True)
    answers = crawl(browser_of("person", ours), pages_of(ours.rows))
    everything = "".join(answer.text for answer in answers.values())
    assert {name for name in SHOWN if trace(ours.mark, name) not in everything} == set()
    assert f"{ours.mark}stafffirst" in everything


def test_without_staff_names_nobody_of_the_staff_is_named(ours):
    set_switches(ours, False)
    answers = crawl(browser_of("person", ours), pages_of(ours.rows))
    assert leaks(answers, ["stafffirst", "stafflast", INTERNAL]) == set()
    assert "team" in "".join(answer.text for answer in answers.values())


@pytest.mark.parametrize("kind", ["person", "company"])
def test_either_wall_alone_shows_the_same_pages_to_the_letter(kind, ours, theirs, monkeypatch):
    shown = {}
    for name in ("both walls up", "wall one down", "wall two down"):
        with monkeypatch.context() as patch:
            take_down(EVERY_WAY[name], patch)
            if EVERY_WAY[name].hide_rows:
                answers = whole_portal(browser_of(kind, ours), ours, theirs)
                shown[name] = {
                    path: without_chance(answer)
                    for path, answer in answers.items()
                    if not path.startswith(NEW_EACH_TIME)
                }
    differing = {
        (name, path)
        for name, pages in shown.items()
        for path in shown["both walls up"]
        if pages.get(path) != shown["both walls up"][path]
    }
    assert differing == set()


def without_chance(answer):
    """An answer without what differs each time: the form's token, the request's id."""
    return answer.status, re.sub(r'csrfmiddlewaretoken" value="\w+"|csrftoken=\w+|x-request-id: \S+', "", answer.text)


def test_the_errors_of_a_viewer_tell_of_nobody(ours, theirs, walls):
    browser = browser_of("person", ours)
    strict = browser_of("person", ours)
    strict.handler.enforce_csrf_checks = True
    answers = {
        "405": answer_of(browser.delete("/client-portal/projects")),
        "404": answer_of(browser.get("/client-portal/nothing")),
        "404 outside": answer_of(browser.get("/nothing")),
        "403": answer_of(strict.post("/client-portal/projects", {"name": "x"})),
        "400": answer_of(browser.get("/client-portal", headers={"host": "elsewhere.example"})),
    }
    assert {name: answer.status for name, answer in answers.items()} == {name: int(name.split()[0]) for name in answers}
    assert leaks(answers, forbidden(theirs.mark, switches_on=False)) == set()


def test_a_page_without_access_tells_of_nobody(ours, theirs, walls):
    person = PortalUserFactory(client=ours.client, client_portal_enabled=False)
    answers = crawl(signed_in(person), pages_of(ours.rows))
    assert leaks(answers, forbidden(theirs.mark, switches_on=False)) == set()
    assert leaks({path: answer for path, answer in answers.items() if answer.status == 403}, [ours.mark]) == set()


def test_an_email_tells_of_its_reader_alone(ours, theirs):
    for account in (ours.person, ours.client):
        invitations.invite(account, by=None, now=timezone.now())
        invitations.send_forgotten(account.email, now=timezone.now())
        work_queue()
    assert len(mail.outbox) >= 4
    for message in mail.outbox:
        whole = plain(message.message().as_string() + message.body + str(message.alternatives))
        assert ours.mark in whole
        assert [word for word in forbidden(theirs.mark, switches_on=False) if word in whole] == []


def test_every_kind_of_row_of_a_client_is_planted(ours):
    without = {label for label in CLIENT_DATA if not _rows(label, ours.client).exists()}
    assert without == set()


def test_every_text_of_a_clients_row_is_marked(ours):
    fields = [field for label in CLIENT_DATA for field in apps.get_model(label)._meta.concrete_fields if is_text(field)]
    mark = re.compile(f"{ours.mark}|{INTERNAL}")
    stored = {field: _rows(field.model._meta.label, ours.client).values_list(field.name, flat=True) for field in fields}
    assert {name_of(field) for field, texts in stored.items() if not any(map(mark.search, map(str, texts)))} == set()


def test_a_text_field_is_internal_until_it_is_named():
    named = {name_of(field) for model in apps.get_models() for field in model._meta.concrete_fields}
    assert (SHOWN | OWN) - named == set()
    assert not SHOWN & OWN
    assert {name.split(".")[1] for name in SHOWN | OWN} & MEANINGFUL == set()


def _rows(label, client):
    return apps.get_model(label)._base_manager.filter(client=client)

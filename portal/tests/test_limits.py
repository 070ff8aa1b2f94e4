"""Limits on failed sign-ins and on password mails. Their counts are in the database, which all processes share.

Every try here comes from a browser of its own unless it says otherwise: what limits it is not in the browser.
"""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from axes.models import AccessAttempt
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.test import Client as Browser

from accounts.models import TrailEntry
from accounts.tests.at_once import at_once, times
from accounts.tests.factories import PASSWORD, CompanyLoginFactory, PortalUserFactory, StaffFactory
from accounts.tests.workers import work_queue
from portal.tests.browsers import signed_in

pytestmark = pytest.mark.django_db

PORTAL, ADMIN, FORGOTTEN = "/client-portal/login", "/admin/login/", "/client-portal/forgot-password"
WRONG = "wrong"
HERE, ELSEWHERE = "203.0.113.9", "198.51.100.7"


@pytest.fixture
def ada():
    return PortalUserFactory(username="ada", email="ada@example.com", is_staff=True)


@pytest.fixture
def clock():
    with time_machine.travel(datetime(2026, 11, 22, 12, tzinfo=UTC), tick=False) as traveller:
        yield traveller


def attempt(name, password=WRONG, *, address=HERE, form=PORTAL, browser=None, **headers):
    """One try to sign in; the answer."""
    sent = {"name": name, "username": name, "password": password}
    return (browser or Browser()).post(form, sent, REMOTE_ADDR=address, **headers)


def use_up(name, tries=10, **where):
    """So many failures; the answers' statuses."""
    return [attempt(name, **where).status_code for _try in range(tries)]


@pytest.mark.parametrize("form", [PORTAL, ADMIN])
@pytest.mark.parametrize("name", ["ada", "contoso", "nobody"])
def test_after_ten_failures_even_the_right_password_must_wait(ada, company, form, name):
    assert use_up(name, form=form) == [200] * 9 + [429]
    answer = attempt(name, PASSWORD, form=form)
    assert answer.status_code == 429
    assert answer["Retry-After"] == "900"
    assert "Wait 15 minutes, then try again." in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]


def test_known_and_unknown_names_are_answered_by_the_same_bytes(ada, clock):
    use_up("ada")
    use_up("nobody", address=ELSEWHERE)
    known, unknown = attempt("ada"), attempt("nobody", address=ELSEWHERE)
    assert known.content == unknown.content
    assert known["Retry-After"] == unknown["Retry-After"]


def test_nothing_is_hashed_for_an_attempt_that_is_refused(ada, monkeypatch):
    use_up("ada")
    monkeypatch.setattr("accounts.signin.check", None)
    assert attempt("ada", PASSWORD).status_code == 429


def test_the_two_forms_count_together(ada):
    use_up("ada", 5, form=PORTAL)
    assert use_up("ada", 5, form=ADMIN) == [200] * 4 + [429]
    assert attempt("ada", PASSWORD).status_code == 429


@pytest.mark.parametrize("spelling", ["ADA", "Ada", " ada ", "ａｄａ"])
def test_spellings_of_a_name_count_together(ada, spelling):
    use_up("ada", 9)
    assert attempt(spelling).status_code == 429


def test_waiting_helps(ada, clock):
    use_up("ada")
    clock.shift(timedelta(minutes=14))
    answer = attempt("ada", PASSWORD)
    assert (answer.status_code, answer["Retry-After"]) == (429, "61")
    assert "Wait 2 minutes" in answer.content.decode()
    clock.shift(timedelta(minutes=1, seconds=1))
    assert attempt("ada", PASSWORD).status_code == 302


def test_a_clock_that_is_set_back_keeps_nobody_out_for_longer(ada, clock):
    clock.shift(timedelta(days=1))
    use_up("ada")
    for _link in range(3):
        ask()
    clock.shift(timedelta(days=-1))
    assert attempt("ada", PASSWORD).status_code == 302
    ask()
    assert len(mail.outbox) == 4


def test_a_clock_that_is_set_back_a_little_forgets_no_failure(ada, clock):
    use_up("ada")
    clock.shift(timedelta(seconds=-30))
    assert attempt("ada", PASSWORD).status_code == 429


def test_tries_while_waiting_do_not_make_it_longer(ada, clock):
    use_up("ada")
    for _minute in range(15):
        clock.shift(timedelta(minutes=1))
        attempt("ada")
    clock.shift(timedelta(seconds=1))
    assert attempt("ada", PASSWORD).status_code == 302


def test_a_success_forgets_the_failures_before_it(ada):
    use_up("ada", 9)
    assert attempt("ada", PASSWORD).status_code == 302
    assert use_up("ada", 9) == [200] * 9


def test_somebody_elses_success_forgets_nothing(ada):
    PortalUserFactory(username="mallory")
    use_up("ada", 9)
    assert attempt("mallory", PASSWORD).status_code == 302
    assert use_up("ada", 1) == [429]


@pytest.mark.parametrize("form", [PORTAL, ADMIN])
def test_a_stranger_cannot_lock_a_name_for_other_addresses(ada, form):
    use_up("ada", 30)
    assert attempt("ada", PASSWORD, address=ELSEWHERE, form=form).status_code == 302


def test_an_address_that_tries_many_names_must_wait_with_all_of_them(ada):
    answers = [attempt(f"name{number}").status_code for number in range(50)]
    assert answers == [200] * 49 + [429]
    assert attempt("ada", PASSWORD).status_code == 429
    assert attempt("ada", PASSWORD, address=ELSEWHERE).status_code == 302


def test_many_addresses_do_not_make_many_guesses(ada):
    for number in range(11):
        use_up("ada", 9, address=f"198.51.100.{number}")
    assert attempt("ada", address="198.51.100.99").status_code == 429
    assert attempt("ada", PASSWORD, address="198.51.100.100").status_code == 429


def test_a_device_that_the_name_was_used_on_gets_in_whatever_strangers_do(ada):
    known = Browser()
    attempt("ada", PASSWORD, browser=known)
    known.post("/client-portal/logout")
    for number in range(11):
        use_up("ada", 9, address=f"198.51.100.{number}")
    use_up("ada")
    for number in range(50):
        attempt(f"name{number}")
    assert attempt("ada", PASSWORD).status_code == 429
    assert attempt("ada", PASSWORD, browser=known).status_code == 302


def test_a_known_device_has_limits_of_its_own(ada):
    known = Browser()
    attempt("ada", PASSWORD, browser=known)
    known.post("/client-portal/logout")
    assert use_up("ada", browser=known, address=HERE) == [200] * 9 + [429]
    assert attempt("ada", PASSWORD, browser=known, address=ELSEWHERE).status_code == 429
    assert attempt("ada", PASSWORD).status_code == 302


def test_a_device_is_known_by_the_names_that_were_used_on_it_alone(ada):
    PortalUserFactory(username="mallory")
    own = Browser()
    attempt("mallory", PASSWORD, browser=own)
    own.post("/client-portal/logout")
    use_up("ada")
    assert attempt("ada", PASSWORD, browser=own).status_code == 429


def test_a_device_knows_several_names(ada, company):
    known = Browser()
    for name in ("contoso", "ada"):
        attempt(name, PASSWORD, browser=known)
        known.post("/client-portal/logout")
    for name in ("contoso", "ada"):
        use_up(name)
        assert attempt(name, PASSWORD, browser=known).status_code == 302


@pytest.mark.parametrize("cookie", ["", "nonsense", "a:b:c", "WyJkIixbIngiXV0:1x:abc", "\x80" * 20])
def test_a_forged_device_is_a_stranger(ada, cookie):
    use_up("ada")
    browser = Browser()
    browser.cookies["device"] = cookie
    assert attempt("ada", PASSWORD, browser=browser).status_code == 429


def test_a_forged_forwarding_header_changes_nothing(ada):
    for number in range(10):
        attempt("ada", HTTP_X_FORWARDED_FOR=f"192.0.2.{number}", HTTP_X_REAL_IP=f"192.0.2.{number}")
    assert attempt("ada", PASSWORD, HTTP_X_FORWARDED_FOR="192.0.2.99").status_code == 429
    assert {line.address for line in TrailEntry.objects.all()} == {HERE}


@pytest.mark.parametrize("header", ["HTTP_USER_AGENT", "HTTP_ACCEPT_LANGUAGE"])
def test_another_browser_is_not_another_allowance(ada, header):
    for number in range(10):
        attempt("ada", **{header: f"en-{number}"})
    assert attempt("ada", PASSWORD).status_code == 429


def test_neighbours_in_an_ipv6_network_are_one_address(ada):
    for number in range(10):
        attempt("ada", address=f"2001:db8:0:1::{number + 1:x}")
    assert attempt("ada", PASSWORD, address="2001:db8:0:1:ffff::1").status_code == 429
    assert attempt("ada", PASSWORD, address="2001:db8:0:2::1").status_code == 302


def test_a_page_that_was_not_sent_completely_is_no_try(ada):
    for _try in range(20):
        assert Browser().post(PORTAL, {"name": "ada"}, REMOTE_ADDR=HERE).status_code == 200
    assert attempt("ada", PASSWORD).status_code == 302


def test_who_is_signed_in_goes_on_while_the_name_is_limited(ada):
    browser = signed_in(ada)
    use_up("ada")
    assert browser.get("/client-portal").status_code == 200


def test_the_trail_tells_of_the_limit_once(ada):
    use_up("ada", 30)
    kinds = list(TrailEntry.objects.values_list("kind", flat=True))
    assert kinds.count("sign_in_failed") == 10
    assert kinds.count("sign_in_limited") == 1


def test_counts_are_forgotten_by_themselves(ada, clock):
    for number in range(20):
        attempt(f"name{number}")
    clock.shift(timedelta(minutes=16))
    attempt("ada")
    assert AccessAttempt.objects.count() == 1


def test_no_password_and_no_token_is_kept_with_the_counts(ada):
    browser = Browser()
    browser.post(PORTAL, {"name": "ada", "password": "hunter2-secret", "csrfmiddlewaretoken": "token-secret"})
    kept = str(AccessAttempt.objects.values().get())
    assert "secret" not in kept


@pytest.mark.django_db(transaction=True)
def test_failures_at_the_same_moment_are_all_counted():
    PortalUserFactory(username="ada")
    assert {answer.status_code for answer in at_once(times(4, lambda: attempt("ada")))} == {200}
    assert use_up("ada", 6) == [200] * 5 + [429]


@pytest.mark.parametrize("form", [PORTAL, ADMIN])
def test_a_right_password_among_many_tries_at_once_comes_too_late(ada, form, monkeypatch):
    verify = MD5PasswordHasher.verify

    def while_others_fail(hasher, password, encoded):
        if password == PASSWORD:
            use_up("ada")
        return verify(hasher, password, encoded)

    monkeypatch.setattr(MD5PasswordHasher, "verify", while_others_fail)
    assert attempt("ada", PASSWORD, form=form).status_code == 429


# Password mails


def ask(email="ada@example.com", address=HERE):
    answer = Browser().post(FORGOTTEN, {"email": email}, REMOTE_ADDR=address)
    work_queue()
    assert answer.status_code == 200
    return answer.content


def test_an_address_of_mail_gets_three_links_an_hour(ada, clock):
    answers = {ask(address=f"198.51.100.{number}") for number in range(5)}
    assert len(mail.outbox) == 3
    assert len(answers) == 1
    clock.shift(timedelta(hours=1))
    ask()
    assert len(mail.outbox) == 4


def test_one_place_may_ask_for_ten_links_an_hour(clock):
    for number in range(12):
        PortalUserFactory(email=f"person{number}@example.com")
    answers = {ask(f"person{number}@example.com") for number in range(12)}
    assert len(mail.outbox) == 10
    assert len(answers) == 1
    ask("person11@example.com", address=ELSEWHERE)
    assert len(mail.outbox) == 11


def test_asking_for_unknown_addresses_counts_as_well(ada):
    for number in range(10):
        ask(f"nobody{number}@example.com")
    ask()
    assert mail.outbox == []
    ask(address=ELSEWHERE)
    assert len(mail.outbox) == 1


def test_a_link_still_works_after_too_many_were_asked_for(ada):
    for _time in range(20):
        ask()
    link = next(word for word in mail.outbox[0].body.split() if "/set-password/" in word)
    assert Browser().get(link).status_code == 200


def test_a_client_and_its_people_with_one_address_are_all_sent_to():
    client = CompanyLoginFactory(email="we@example.com")
    PortalUserFactory(client=client, email="we@example.com")
    ask("we@example.com")
    assert len(mail.outbox) == 2


def test_staff_without_a_portal_are_not_mailed():
    StaffFactory(email="sam@example.com")
    ask("sam@example.com")
    assert mail.outbox == []

"""The second factor of people: set up, asked for, recovered from, switched off, and demanded of staff."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.contrib.auth.signals import user_login_failed
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver, reverse
from django_otp.oath import totp
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts import limits, second_factor
from accounts.models import Agency, TrailEntry, User
from accounts.tests.factories import PASSWORD, CompanyLoginFactory, PortalUserFactory, StaffFactory, UserFactory
from accounts.tests.forms import change, said

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 10, 12, 0, 0, tzinfo=UTC)
PAGE = "/client-portal/second-factor"
CODE = "/client-portal/second-factor/code"
RECOVERY = "/client-portal/second-factor/recovery-code"
NEW_CODES = "/client-portal/second-factor/new-codes"
OFF = "/client-portal/second-factor/off"


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def ada(clock):
    return PortalUserFactory(username="ada", client__name="Northwind")


@pytest.fixture
def sam(clock):
    return StaffFactory(username="sam")


def device_for(person):
    """A confirmed device of a person, as if set up long ago."""
    return TOTPDevice.objects.create(user=person, name="phone", confirmed=True, tolerance=1)


def digits(device, steps=0):
    """What the phone shows now, or some half minutes away from now."""
    return f"{totp(device.bin_key, drift=steps):06}"


def wrong(device):
    """Six digits that no neighbouring half minute has."""
    near = {digits(device, steps) for steps in range(-3, 4)}
    return next(
        code
        for code in ("000000", "111111", "222222", "333333", "444444", "555555", "666666", "777777")
        if code not in near
    )


def by_password(name, where="/client-portal/login", **extra):
    """A browser whose user name and password were right, and the answer."""
    browser = Browser()
    field = "username" if where.startswith("/admin") else "name"
    return browser, browser.post(where, {field: name, "password": PASSWORD, **extra})


def signed_in(person, device):
    """A browser of a person who gave password and code."""
    browser, _answer = by_password(person.username)
    assert browser.post(CODE, {"code": digits(device)}).status_code == 302
    return browser


def set_up(person):
    """A browser in which a person without one has set the second factor up, the device, and the codes shown."""
    browser, _answer = by_password(person.username)
    secret = shown_secret(browser.get(PAGE))
    answer = browser.post(PAGE, {"code": f"{totp(secret):06}", "password": PASSWORD})
    return browser, TOTPDevice.objects.get(user=person), shown_codes(answer)


def text(answer):
    return " ".join(answer.content.decode().replace("&#x27;", "'").split())


def shown_secret(answer):
    from base64 import b32decode

    block = re.search(r'<p class="secret">(.*?)</p>', text(answer))[1]
    return b32decode("".join(re.findall(r"<span>(\w+)</span>", block)))


def shown_codes(answer):
    return re.findall(r"<li>([a-z2-7]{4}-[a-z2-7]{4})</li>", text(answer))


def trail_of(person):
    return list(
        TrailEntry.objects.filter(user_id=person.pk, kind__contains="_factor_").values_list("kind", flat=True)
    ) + list(TrailEntry.objects.filter(user_id=person.pk, kind__contains="recovery").values_list("kind", flat=True))


# Signing in


def test_a_person_without_one_signs_in_as_before(ada):
    browser, answer = by_password("ada")
    assert answer["Location"] == "/client-portal"
    assert browser.get("/client-portal").status_code == 200


@pytest.mark.parametrize("wanted", ["/client-portal/projects?page=2", ""])
def test_after_the_password_comes_the_code_and_then_the_page_that_was_wanted(ada, wanted):
    device = device_for(ada)
    browser, answer = by_password("ada", next=wanted)
    assert answer["Location"] == CODE
    page = text(browser.get(CODE))
    assert 'autocomplete="one-time-code"' in page
    assert 'inputmode="numeric"' in page
    answer = browser.post(CODE, {"code": digits(device)})
    assert answer["Location"] == (wanted or "/client-portal")
    assert browser.get("/client-portal").status_code == 200


def test_spaces_in_a_code_do_no_harm(ada):
    device = device_for(ada)
    browser, _answer = by_password("ada")
    code = digits(device)
    assert browser.post(CODE, {"code": f" {code[:3]} {code[3:]} "}).status_code == 302


def test_before_the_code_nothing_of_a_session_exists(ada):
    device_for(ada)
    browser = Browser()
    browser.get("/client-portal/login")
    browser.session["kept"] = "from before"
    browser.post("/client-portal/login", {"name": "ada", "password": PASSWORD})
    assert set(browser.session.keys()) == {second_factor.ASKED_KEY, "_session_expiry"}
    assert browser.get("/client-portal")["Location"].startswith("/client-portal/login")
    assert browser.get(PAGE)["Location"].startswith("/client-portal/login")


def test_the_session_key_changes_at_each_step(ada):
    device = device_for(ada)
    browser, _answer = by_password("ada")
    asked = browser.session.session_key
    browser.post("/client-portal/login", {"name": "ada", "password": PASSWORD})
    asked_again = browser.session.session_key
    browser.post(CODE, {"code": digits(device)})
    assert len({asked, asked_again, browser.session.session_key}) == 3
    assert second_factor.ASKED_KEY not in browser.session


def test_the_right_password_is_good_for_five_minutes(ada, clock):
    device = device_for(ada)
    in_time, _answer = by_password("ada")
    too_late, _answer = by_password("ada", next="/client-portal/projects")
    clock.move_to(NOON + timedelta(minutes=5))
    assert in_time.post(CODE, {"code": digits(device)})["Location"] == "/client-portal"
    clock.move_to(NOON + timedelta(minutes=5, seconds=1))
    answer = too_late.post(CODE, {"code": digits(device, 1)})
    assert answer["Location"] == "/client-portal/login?next=%2Fclient-portal%2Fprojects"
    assert too_late.get("/client-portal").status_code == 302


def test_the_code_page_without_a_password_leads_to_the_sign_in_page(client, clock):
    for path in (CODE, RECOVERY):
        assert client.get(path)["Location"].startswith("/client-portal/login")
        assert client.post(path, {"code": "123456"})["Location"].startswith("/client-portal/login")


@pytest.mark.parametrize(
    "change",
    [{"is_active": False}, {"password": "changed"}],
    ids=["deactivated", "another password"],
)
def test_what_ends_access_ends_the_wait_for_a_code(ada, change):
    device = device_for(ada)
    browser, _answer = by_password("ada")
    User.objects.filter(pk=ada.pk).update(**change)
    assert browser.post(CODE, {"code": digits(device)})["Location"].startswith("/client-portal/login")
    assert browser.get("/client-portal").status_code == 302


@pytest.mark.parametrize(("steps", "status"), [(-2, 200), (-1, 302), (0, 302), (1, 302), (2, 200)])
def test_a_clock_may_be_one_step_off(ada, steps, status):
    device = device_for(ada)
    browser, _answer = by_password("ada")
    assert browser.post(CODE, {"code": digits(device, steps)}).status_code == status


def test_a_code_is_good_once(ada, clock):
    device = device_for(ada)
    signed_in(ada, device)
    thief, _answer = by_password("ada")
    answer = thief.post(CODE, {"code": digits(device)})
    assert "not right, or was used before" in text(answer)
    assert thief.get("/client-portal").status_code == 302


@pytest.mark.parametrize("code", ["", "12345", "1234567", "１２３４５６", "-12345", "1e5", "\0", "9" * 41, "<b>"])
def test_odd_codes_are_refused_politely(ada, code):
    device_for(ada)
    browser, _answer = by_password("ada")
    answer = browser.post(CODE, {"code": code})
    assert answer.status_code == 200
    assert 'class="field-errors"' in text(answer)


def test_a_wrong_code_is_told_to_the_trail_and_to_the_limits(ada):
    device = device_for(ada)
    heard = []

    def hear(credentials, request, **_signal):
        heard.append((credentials["username"], request.path))

    user_login_failed.connect(hear)
    browser, _answer = by_password("ada")
    browser.post(CODE, {"code": wrong(device)})
    user_login_failed.disconnect(hear)
    assert heard == [("ada", CODE)]
    assert trail_of(ada) == ["second_factor_failed"]


def test_the_limits_on_signing_in_hold_for_codes_too(ada, clock):
    device = device_for(ada)
    browser, _answer = by_password("ada")
    for _try in range(limits.PER_NAME_AND_ADDRESS):
        TOTPDevice.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
        answer = browser.post(CODE, {"code": wrong(device)})
    assert answer.status_code == 429
    assert browser.post(CODE, {"code": digits(device)}).status_code == 429
    clock.shift(timedelta(minutes=16))
    browser, _answer = by_password("ada")
    assert browser.post(CODE, {"code": digits(device)}).status_code == 302


def test_passwords_guessed_on_the_own_page_are_counted(ada):
    browser, _answer = by_password("ada")
    secret = shown_secret(browser.get(PAGE))
    for _try in range(limits.PER_DEVICE):
        answer = browser.post(PAGE, {"code": f"{totp(secret):06}", "password": "wrong"})
    assert answer.status_code == 429
    assert browser.post(PAGE, {"code": f"{totp(secret):06}", "password": PASSWORD}).status_code == 429
    assert not TOTPDevice.objects.exists()


def test_wrong_codes_make_the_next_wait(ada, clock):
    device = device_for(ada)
    browser, _answer = by_password("ada")
    browser.post(CODE, {"code": wrong(device)})
    answer = browser.post(CODE, {"code": digits(device)})
    assert "Wait 2 seconds and try again." in text(answer) or "Wait 1 second and try again." in text(answer)
    clock.shift(timedelta(seconds=2))
    assert browser.post(CODE, {"code": digits(device)}).status_code == 302


def test_the_wait_has_a_bound(ada, clock):
    device = device_for(ada)
    TOTPDevice.objects.filter(pk=device.pk).update(throttling_failure_count=500)
    browser, _answer = by_password("ada")
    browser.post(CODE, {"code": wrong(device)})
    device.refresh_from_db()
    assert device.throttling_failure_count == 11
    clock.shift(timedelta(seconds=1025))
    browser, _answer = by_password("ada")
    assert browser.post(CODE, {"code": digits(device)}).status_code == 302


def test_one_persons_code_does_not_open_for_another(ada):
    device_for(ada)
    eve = PortalUserFactory(username="eve")
    of_eve = device_for(eve)
    browser, _answer = by_password("ada")
    assert browser.post(CODE, {"code": digits(of_eve)}).status_code == 200


# Whose session is whole


def test_a_session_that_lacks_the_second_factor_is_nobodys(ada, sam):
    for person in (ada, sam):
        device_for(person)
        browser = Browser()
        browser.force_login(person)
        assert browser.get("/client-portal")["Location"].startswith("/client-portal/login")
        assert browser.get(PAGE)["Location"].startswith("/client-portal/login")
        assert browser.get("/admin/")["Location"].startswith("/admin/login/")


def test_a_device_of_somebody_else_does_not_make_a_session_whole(ada):
    device_for(ada)
    other = device_for(PortalUserFactory())
    browser = Browser()
    browser.force_login(ada)
    session = browser.session
    session["otp_device_id"] = other.persistent_id
    session.save()
    assert browser.get("/client-portal").status_code == 302


def test_an_unconfirmed_device_asks_for_nothing(ada):
    TOTPDevice.objects.create(user=ada, name="phone", confirmed=False)
    assert by_password("ada")[1]["Location"] == "/client-portal"


def test_setting_it_up_ends_the_other_sessions_and_keeps_this_one(ada):
    elsewhere, _answer = by_password("ada")
    assert elsewhere.get("/client-portal").status_code == 200
    browser, _device, _codes = set_up(ada)
    assert browser.get("/client-portal").status_code == 200
    assert elsewhere.get("/client-portal").status_code == 302
    assert list(ada.signed_in_sessions.values_list("session_key", flat=True)) == [browser.session.session_key]


def test_sessions_from_before_do_not_come_back_when_it_is_switched_off(ada, clock):
    elsewhere, _answer = by_password("ada")
    browser, device, _codes = set_up(ada)
    clock.shift(timedelta(seconds=60))
    browser.post(OFF, {"password": PASSWORD, "code": digits(device)})
    assert browser.get("/client-portal").status_code == 200
    assert elsewhere.get("/client-portal").status_code == 302


def test_the_second_factor_costs_a_page_no_query(ada):
    plain, _answer = by_password("ada")
    plain.get("/client-portal/quotes")
    with CaptureQueriesContext(connection) as without:
        plain.get("/client-portal/quotes")
    whole = signed_in(ada, device_for(ada))
    whole.get("/client-portal/quotes")
    with CaptureQueriesContext(connection) as with_one:
        whole.get("/client-portal/quotes")
    assert len(with_one) == len(without)


# Setting it up


def test_the_page_shows_a_qr_code_and_the_secret_in_groups_of_four(ada):
    browser, _answer = by_password("ada")
    page = text(browser.get(PAGE))
    assert '<svg viewBox="' in page
    assert " style=" not in page
    groups = re.findall(r"<span>(\w+)</span>", re.search(r'<p class="secret">(.*?)</p>', page)[1])
    assert [len(group) for group in groups] == [4] * 8
    assert not TOTPDevice.objects.exists()


def test_the_secret_stays_the_same_until_it_is_confirmed(ada):
    browser, _answer = by_password("ada")
    first = shown_secret(browser.get(PAGE))
    answer = browser.post(PAGE, {"code": "000000", "password": "wrong"})
    assert shown_secret(answer) == shown_secret(browser.get(PAGE)) == first
    assert shown_secret(by_password("ada")[0].get(PAGE)) != first


def test_setting_up_shows_ten_recovery_codes_once(ada):
    browser, device, codes = set_up(ada)
    assert len(set(codes)) == 10
    assert device.confirmed
    page = text(browser.get(PAGE))
    assert "10 recovery codes are left." in page
    assert shown_codes(browser.get(PAGE)) == []
    assert device.key not in page
    assert trail_of(ada) == ["second_factor_added"]


def test_recovery_codes_can_be_saved_as_text(ada):
    browser, _answer = by_password("ada")
    secret = shown_secret(browser.get(PAGE))
    answer = browser.post(PAGE, {"code": f"{totp(secret):06}", "password": PASSWORD})
    from urllib.parse import unquote

    address = re.search(r'href="data:text/plain;charset=utf-8,([^"]+)" download="recovery-codes.txt"', text(answer))[1]
    assert unquote(address).split()[-10:] == shown_codes(answer)
    assert "no-store" in answer["Cache-Control"]


def test_recovery_codes_are_not_stored_readably(ada):
    _browser, _device, codes = set_up(ada)
    stored = set(StaticToken.objects.values_list("token", flat=True))
    assert len(stored) == 10
    assert stored.isdisjoint({code.replace("-", "") for code in codes} | set(codes))


@pytest.mark.parametrize(
    ("code", "password", "complaint"),
    [
        ("right", "wrong", "This is not your password."),
        ("000000x", PASSWORD, "This code is not right."),
        ("", PASSWORD, ""),
    ],
)
def test_setting_up_wants_a_first_code_and_the_password(ada, code, password, complaint):
    browser, _answer = by_password("ada")
    secret = shown_secret(browser.get(PAGE))
    answer = browser.post(PAGE, {"code": f"{totp(secret):06}" if code == "right" else code, "password": password})
    assert complaint in text(answer)
    assert not TOTPDevice.objects.exists()


def test_the_code_of_the_set_up_does_not_sign_in_again(ada):
    _browser, device, _codes = set_up(ada)
    browser, _answer = by_password("ada")
    assert browser.post(CODE, {"code": digits(device)}).status_code == 200


def test_a_second_set_up_in_another_window_changes_nothing(ada):
    browser, _answer = by_password("ada")
    secret = shown_secret(browser.get(PAGE))
    device = device_for(ada)
    with pytest.raises(second_factor.SecondFactorRefused, match="set up already"):
        second_factor.switch_on(ada, "00" * 20, "123456", request=None, now=NOON)
    assert browser.post(PAGE, {"code": f"{totp(secret):06}", "password": PASSWORD}).status_code == 302
    assert list(TOTPDevice.objects.all()) == [device]


def test_a_company_login_has_none_and_is_told_so(clock):
    CompanyLoginFactory(portal_username="contoso")
    browser, _answer = by_password("contoso")
    for path in (PAGE, NEW_CODES, OFF):
        assert "A company login has no second factor" in text(browser.get(path))
        assert "A company login has no second factor" in text(browser.post(path))


def test_a_person_without_portal_and_not_of_the_staff_has_no_page(clock):
    nobody = UserFactory()
    browser = Browser()
    browser.force_login(nobody)
    for path in (PAGE, NEW_CODES, OFF):
        assert browser.get(path).status_code == 403


@pytest.mark.parametrize("path", [PAGE, NEW_CODES, OFF])
def test_a_stranger_is_led_to_the_sign_in_page_and_back(client, db, path):
    assert client.get(path)["Location"] == f"/client-portal/login?next={path.replace('/', '%2F')}"


@pytest.mark.parametrize("path", [PAGE, NEW_CODES, OFF, CODE, RECOVERY])
def test_other_methods_are_refused(client, db, path):
    assert client.put(path).status_code == 405
    assert client.delete(path).status_code == 405


@pytest.mark.parametrize("path", [NEW_CODES, OFF])
def test_without_one_there_is_nothing_to_change(ada, path):
    browser, _answer = by_password("ada")
    assert browser.get(path)["Location"] == PAGE
    assert browser.post(path, {"password": PASSWORD, "code": "123456"})["Location"] == PAGE


# Recovery codes


def test_a_recovery_code_signs_in_once(ada):
    _browser, _device, codes = set_up(ada)
    browser, _answer = by_password("ada", next="/client-portal/projects")
    assert browser.post(RECOVERY, {"code": codes[3].upper()})["Location"] == "/client-portal/projects"
    told = text(browser.get("/client-portal/projects"))
    assert "Recovery codes left: 9. If the phone is lost, <a href='/client-portal/second-factor'>" in told
    assert TrailEntry.objects.get(kind="recovery_code_used").facts == {"left": 9}
    again, _answer = by_password("ada")
    assert again.post(RECOVERY, {"code": codes[3]}).status_code == 200
    assert again.get("/client-portal").status_code == 302


def test_recovery_codes_are_of_one_person(ada):
    device_for(ada)
    _browser, _device, codes = set_up(PortalUserFactory())
    StaticDevice.objects.create(user=ada, name="recovery codes")
    browser, _answer = by_password("ada")
    assert browser.post(RECOVERY, {"code": codes[0]}).status_code == 200


def test_wrong_recovery_codes_make_the_next_wait(ada):
    _browser, _device, codes = set_up(ada)
    browser, _answer = by_password("ada")
    browser.post(RECOVERY, {"code": "aaaa-aaaa"})
    answer = browser.post(RECOVERY, {"code": codes[0]})
    assert "Too many wrong codes." in text(answer)
    assert trail_of(ada) == ["second_factor_added", "second_factor_failed"]


def test_new_recovery_codes_void_the_old(ada, clock):
    browser, device, codes = set_up(ada)
    clock.shift(timedelta(seconds=60))
    fresh = shown_codes(browser.post(NEW_CODES, {"password": PASSWORD, "code": digits(device)}))
    assert len(fresh) == 10
    assert not set(fresh) & set(codes)
    assert "recovery_codes_made" in trail_of(ada)
    old, _answer = by_password("ada")
    assert old.post(RECOVERY, {"code": codes[0]}).status_code == 200
    clock.shift(timedelta(seconds=60))
    assert old.post(RECOVERY, {"code": fresh[0]}).status_code == 302


# Switching it off


@pytest.mark.parametrize("path", [NEW_CODES, OFF])
@pytest.mark.parametrize(("password", "right"), [("wrong", True), (PASSWORD, False)], ids=["password", "code"])
def test_changing_it_wants_password_and_code(ada, clock, path, password, right):
    browser, device, codes = set_up(ada)
    clock.shift(timedelta(seconds=60))
    answer = browser.post(path, {"password": password, "code": digits(device) if right else wrong(device)})
    assert answer.status_code == 200
    assert 'class="field-errors"' in text(answer)
    assert second_factor.is_on(User.objects.get(pk=ada.pk))
    assert second_factor.codes_left(ada) == len(codes)


def test_switched_off_the_password_alone_signs_in(ada, clock):
    browser, device, _codes = set_up(ada)
    clock.shift(timedelta(seconds=60))
    answer = browser.post(OFF, {"password": PASSWORD, "code": digits(device)}, follow=True)
    assert "The second factor is switched off." in text(answer)
    assert by_password("ada")[1]["Location"] == "/client-portal"
    assert not StaticToken.objects.exists()
    assert trail_of(ada) == ["second_factor_added", "second_factor_removed"]


def test_who_has_lost_the_phone_switches_it_off_with_a_recovery_code(ada):
    _browser, _device, codes = set_up(ada)
    browser, _answer = by_password("ada")
    browser.post(RECOVERY, {"code": codes[0]})
    assert browser.post(OFF, {"password": PASSWORD, "code": codes[1]})["Location"] == PAGE
    assert not TOTPDevice.objects.exists()


# Staff


def test_staff_without_one_sign_in_to_the_admin_as_before(sam):
    browser, answer = by_password("sam", "/admin/login/")
    assert answer["Location"] == "/admin/"
    assert browser.get("/admin/").status_code == 200


def test_staff_with_one_give_a_code_before_any_page_of_the_admin(sam):
    device = device_for(sam)
    browser, answer = by_password("sam", "/admin/login/", next="/admin/accounts/user/?q=x")
    assert answer["Location"] == CODE
    assert browser.get("/admin/")["Location"].startswith("/admin/login/")
    assert browser.post(CODE, {"code": digits(device)})["Location"] == "/admin/accounts/user/?q=x"
    assert browser.get("/admin/").status_code == 200


def test_the_admins_form_does_not_let_people_into_the_portal_without_the_code(clock):
    both = StaffFactory(username="kim", client_portal_enabled=True, client=PortalUserFactory().client)
    device = device_for(both)
    browser, _answer = by_password("kim", "/admin/login/")
    assert browser.get("/client-portal").status_code == 302
    browser.post(CODE, {"code": digits(device)})
    assert browser.get("/client-portal").status_code == 200
    assert browser.get("/admin/").status_code == 200


def test_the_admins_form_leads_nobody_away(sam):
    device_for(sam)
    browser, _answer = by_password("sam", "/admin/login/", next="https://evil.example/")
    assert browser.session[second_factor.ASKED_KEY]["destination"] == "/admin/"


def test_the_admins_form_refuses_a_wrong_password_and_people_who_are_not_staff(sam, ada):
    for name, password in [("sam", "wrong"), ("ada", PASSWORD)]:
        browser = Browser()
        answer = browser.post("/admin/login/?next=/admin/billing/", {"username": name, "password": password})
        assert "Please enter the correct user name and password" in text(answer) or "staff account" in text(answer)
        assert 'name="next" value="/admin/billing/"' in text(answer)
        assert browser.get("/admin/").status_code == 302


def test_where_it_is_demanded_staff_set_it_up_first_and_go_on(sam):
    Agency.objects.create(pk=1, name="Agency", second_factor_required=True)
    browser, answer = by_password("sam", "/admin/login/", next="/admin/accounts/")
    answer = browser.get(answer["Location"], follow=True)
    assert answer.redirect_chain[-1] == (f"{PAGE}?next=%2Fadmin%2Faccounts%2F", 302)
    assert "Your agency asks all staff for one." in text(answer)
    code = f"{totp(shown_secret(answer)):06}"
    answer = browser.post(PAGE, {"code": code, "password": PASSWORD, "next": "/admin/accounts/"})
    assert 'href="/admin/accounts/"' in text(answer)
    assert browser.get("/admin/accounts/").status_code == 200


def test_demanding_it_asks_nothing_of_the_portals_people(ada):
    Agency.objects.create(pk=1, name="Agency", second_factor_required=True)
    browser, answer = by_password("ada")
    assert answer["Location"] == "/client-portal"
    assert browser.get("/client-portal").status_code == 200


def admin_paths(patterns=None, prefix="/"):
    """A path for every address of the admin, each part filled with a 1."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = prefix + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from admin_paths(pattern.url_patterns, route)
        elif route.startswith("/admin/"):
            yield route


def reachable(route):
    route = (
        re.sub(r"\(\?P<app_label>[^)]*\)", "accounts", route)
        .replace("(?P<url>.*)$", "nothing")
        .replace("^", "")
        .rstrip("$")
    )
    return re.sub(r"<(?:\w+:)?\w+>", "1", route)


def half_signed_in(kind, sam):
    """A browser of staff who are not all the way in, and where every page of the admin leads it."""
    if kind == "asked for a code":
        device_for(sam)
        return by_password("sam", "/admin/login/")[0]
    browser = Browser()
    browser.force_login(sam)
    if kind == "session without the code":
        device_for(sam)
    else:
        Agency.objects.create(pk=1, name="Agency", second_factor_required=True)
    return browser


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("kind", ["asked for a code", "session without the code", "must set it up"])
def test_no_address_of_the_admin_opens_to_the_half_signed_in(sam, kind, method):
    browser = half_signed_in(kind, sam)
    paths = {reachable(route) for route in admin_paths()} - {"/admin/login/"}
    assert {"/admin/jsi18n/", "/admin/autocomplete/", "/admin/password_change/", "/admin/accounts/user/add/"} <= paths
    assert len(paths) > 80
    for path in sorted(paths):
        answer = getattr(browser, method)(path)
        assert (path, answer.status_code) == (path, 302)
        assert answer["Location"].startswith("/admin/login/?next=") or (path, answer["Location"]) == (
            "/admin/logout/",
            "/admin/",
        )


def test_the_packages_own_pages_of_secrets_are_not_in_the_admin():
    routes = "".join(admin_paths())
    assert "otp_totp" not in routes
    assert "otp_static" not in routes


def test_the_page_of_a_user_says_whether_it_is_on(sam, ada):
    browser = Browser()
    browser.force_login(sam)
    address = reverse("admin:accounts_user_change", args=[ada.pk])
    assert "Take the second factor away" not in text(browser.get(address))
    set_up(ada)
    page = text(browser.get(address))
    assert "On since March 10, 2026; recovery codes left: 10" in page
    assert "Take the second factor away" in page
    assert TOTPDevice.objects.get().key not in page


def test_staff_take_it_away_for_a_lost_phone(sam, ada):
    phone, _device, _codes = set_up(ada)
    browser = Browser()
    browser.force_login(sam)
    answer = browser.post(reverse("admin:accounts_user_take_second_factor", args=[ada.pk]), follow=True)
    assert said(answer) == ["Without a second factor, and signed out everywhere: ada."]
    assert phone.get("/client-portal").status_code == 302
    assert by_password("ada")[1]["Location"] == "/client-portal"
    entry = TrailEntry.objects.get(kind="second_factor_taken_away")
    assert (entry.user_name, entry.by_name) == ("ada", "sam")
    assert "Take the second factor away" in str(LogEntry.objects.get(object_id=str(ada.pk)))


def clerk(*permissions):
    """Staff with some permissions on users, signed in."""
    person = StaffFactory(username="clerk", is_superuser=False)
    person.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    browser = Browser()
    browser.force_login(person)
    return person, browser


def test_staff_who_may_not_change_users_take_nothing_away(ada):
    device_for(ada)
    _person, browser = clerk("view_user")
    assert browser.post(reverse("admin:accounts_user_take_second_factor", args=[ada.pk])).status_code == 403
    assert TOTPDevice.objects.count() == 1


def test_nobody_takes_away_their_own_or_that_of_a_superuser(sam):
    person, browser = clerk("view_user", "change_user")
    device_for(sam)
    answer = browser.post(reverse("admin:accounts_user_take_second_factor", args=[sam.pk]), follow=True)
    assert "Only a superuser may do this for a superuser." in said(answer)[0]
    with pytest.raises(second_factor.SecondFactorRefused, match="on your own page"):
        second_factor.take_away(person, by=person, request=None, now=NOON)
    assert TOTPDevice.objects.count() == 1


def test_taking_away_what_is_not_there_is_refused(sam, ada):
    with pytest.raises(second_factor.SecondFactorRefused, match="no second factor"):
        second_factor.take_away(ada, by=sam, request=None, now=NOON)


def test_the_switch_for_all_staff_stands_on_the_agencys_page_and_in_the_trail(sam):
    agency = Agency.objects.create(pk=1, name="Agency")
    browser = signed_in(sam, device_for(sam))
    change(browser, agency, second_factor_required="on")
    assert Agency.current().second_factor_required
    entry = TrailEntry.objects.get(kind="second_factor_required")
    assert (entry.by_name, entry.facts) == ("sam", {"required": True})

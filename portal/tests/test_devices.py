"""A viewer's own devices and password: what is listed, what ends, and that it is nobody else's."""

import pytest
from django.core import mail
from django.test import Client as Browser
from django.utils import timezone

from accounts import devices
from accounts.models import Client, SignedInSession, TrailEntry, User
from accounts.tests.factories import PASSWORD, CompanyLoginFactory, PortalUserFactory, StaffFactory
from accounts.tests.workers import work_queue

pytestmark = pytest.mark.django_db

DEVICES = "/client-portal/devices"
CHANGE = "/client-portal/password"
NEW = "entirely different words"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.0 Mobile/15E148 Safari/604.1"
)


@pytest.fixture(params=["person", "company"])
def name(request):
    """The sign-in name of an account of either kind."""
    if request.param == "person":
        return PortalUserFactory(username="ada").username
    return CompanyLoginFactory(portal_username="contoso").portal_username


def device(name, agent=WINDOWS, address="203.0.113.9", password=PASSWORD):
    """A browser in which this name has signed in."""
    browser = Browser(HTTP_USER_AGENT=agent, REMOTE_ADDR=address)
    assert browser.post("/client-portal/login", {"name": name, "password": password}).status_code == 302
    return browser


def get(browser):
    return browser.get("/client-portal").status_code


def handle_of(browser):
    return SignedInSession.objects.get(session_key=browser.session.session_key).handle


def test_the_page_names_each_device_and_which_one_this_is(name):
    here, _there = device(name), device(name, PHONE, "198.51.100.7")
    found = here.get(DEVICES).context["devices"]
    assert [(one.name, one.address, one.is_this_one) for one in found] == [
        ("Firefox on Windows", "203.0.113.9", True),
        ("Safari on iPhone", "198.51.100.7", False),
    ]
    page = here.get(DEVICES).content.decode()
    assert "this one" in page
    assert "Safari on iPhone" in page


def test_no_session_key_stands_in_the_page(name):
    here, there = device(name), device(name)
    page = here.get(DEVICES).content.decode()
    assert handle_of(there) in page
    assert here.session.session_key not in page
    assert there.session.session_key not in page


def test_no_session_key_stands_where_staff_delete_a_person():
    ada, staff = PortalUserFactory(username="ada"), StaffFactory()
    key = device("ada").session.session_key
    page = device(staff.username).get(f"/admin/accounts/user/{ada.pk}/delete/").content.decode()
    assert "Firefox" in page
    assert key not in page


def test_one_device_is_ended_and_the_others_stay(name):
    here, there, third = device(name), device(name), device(name)
    answer = here.post(f"{DEVICES}/{handle_of(there)}/end", follow=True)
    assert "That device is signed out." in answer.content.decode()
    assert (get(here), get(there), get(third)) == (200, 302, 200)
    assert len(here.get(DEVICES).context["devices"]) == 2
    assert TrailEntry.objects.get(kind="session_ended").facts == {"sessions": 1}


def test_all_others_are_ended_at_once(name):
    here, there, third = device(name), device(name), device(name)
    answer = here.post(f"{DEVICES}/end-others", follow=True)
    assert "2 other devices are signed out." in answer.content.decode()
    assert (get(here), get(there), get(third)) == (200, 302, 302)


def test_another_accounts_device_is_not_there(name):
    here, stranger = device(name), device(PortalUserFactory().username)
    foreign = here.post(f"{DEVICES}/{handle_of(stranger)}/end")
    missing = here.post(f"{DEVICES}/there-is-none/end")
    assert (foreign.status_code, missing.status_code) == (404, 404)
    assert foreign.content == missing.content
    assert get(stranger) == 200
    here.post(f"{DEVICES}/end-others")
    assert get(stranger) == 200


def test_a_person_and_the_company_login_of_one_client_do_not_see_each_others_devices():
    client = CompanyLoginFactory(portal_username="contoso")
    company, person = device("contoso"), device(PortalUserFactory(client=client).username)
    for browser in (company, person):
        assert [one.is_this_one for one in browser.get(DEVICES).context["devices"]] == [True]
    assert company.post(f"{DEVICES}/{handle_of(person)}/end").status_code == 404


def test_colleagues_do_not_see_each_others_devices():
    ada = PortalUserFactory()
    one, other = device(ada.username), device(PortalUserFactory(client=ada.client).username)
    assert one.post(f"{DEVICES}/{handle_of(other)}/end").status_code == 404
    assert len(one.get(DEVICES).context["devices"]) == 1


@pytest.mark.parametrize("odd", ["%00", "a%00b", "%F0%9F%98%80", "a" * 5000, "..", "%ff"])
def test_odd_handles_are_not_there(odd):
    assert device(PortalUserFactory().username).post(f"{DEVICES}/{odd}/end").status_code == 404


def test_sessions_that_are_over_are_not_listed(name):
    here, there = device(name), device(name)
    device(name).post("/client-portal/logout")
    SignedInSession.objects.filter(session_key=there.session.session_key).update(expire_date=timezone.now())
    assert len(here.get(DEVICES).context["devices"]) == 1


def test_sessions_that_a_change_of_access_ended_are_not_listed():
    ada = PortalUserFactory(username="ada")
    device("ada")
    User.objects.filter(pk=ada.pk).update(client_portal_enabled=False)
    User.objects.filter(pk=ada.pk).update(client_portal_enabled=True)
    assert [one.is_this_one for one in device("ada").get(DEVICES).context["devices"]] == [True]


def test_ending_is_a_post(name):
    here, there = device(name), device(name)
    assert here.get(f"{DEVICES}/{handle_of(there)}/end").status_code == 405
    assert here.get(f"{DEVICES}/end-others").status_code == 405
    assert here.post(DEVICES).status_code == 405
    assert get(there) == 200


@pytest.mark.parametrize("path", [DEVICES, CHANGE])
def test_only_viewers_get_there(path):
    assert Browser().get(path).status_code == 302
    browser = Browser()
    browser.force_login(PortalUserFactory(client_portal_enabled=False))
    assert browser.get(path).status_code == 403


def test_ending_needs_the_forms_token(name):
    browser = Browser(enforce_csrf_checks=True)
    browser.cookies.update(device(name).cookies)
    assert browser.post(f"{DEVICES}/end-others").status_code == 403
    assert browser.post(CHANGE, {}).status_code == 403


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36",
         "Chrome on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 15_0) AppleWebKit/605 Version/18 Safari/605", "Safari on macOS"),
        ("Mozilla/5.0 (Linux; Android 15; SM-S901B) AppleWebKit/537.36 SamsungBrowser/28.0 Chrome/130 Safari/537.36",
         "Samsung Internet on Android"),
        ("curl/8.5", "Unknown browser"),
        ("<script>alert(1)</script>", "Unknown browser"),
        ("", "Unknown browser"),
    ],
)  # fmt: skip
def test_devices_have_names_that_their_owner_knows(agent, words):
    assert devices.in_words(agent) == words


# The password


def test_a_new_password_keeps_this_session_and_ends_the_others(name):
    here, there = device(name), device(name)
    before = here.session.session_key
    answer = here.post(CHANGE, {"current": PASSWORD, "password": NEW, "again": NEW}, follow=True)
    assert "Your password is changed." in answer.content.decode()
    assert (get(here), get(there)) == (200, 302)
    assert here.session.session_key != before
    assert [one.is_this_one for one in here.get(DEVICES).context["devices"]] == [True]
    assert TrailEntry.objects.get(kind="password_set").facts == {"how": "own page"}
    assert get(device(name, password=NEW)) == 200
    refused = Browser().post("/client-portal/login", {"name": name, "password": PASSWORD})
    assert refused.status_code == 200


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        ({"current": "wrong", "password": NEW, "again": NEW}, "This is not your present password."),
        ({"current": PASSWORD, "password": NEW, "again": "other"}, "The two passwords differ."),
        ({"current": PASSWORD, "password": "short", "again": "short"}, "too short"),
        ({"password": NEW, "again": NEW}, "This field is required."),
    ],
    ids=["wrong", "differ", "weak", "without the present one"],
)
def test_a_password_that_cannot_be_set_changes_nothing(name, sent, error):
    here, there = device(name), device(name)
    answer = here.post(CHANGE, sent)
    assert answer.status_code == 200
    assert error in answer.content.decode()
    assert (get(here), get(there)) == (200, 200)
    assert get(device(name)) == 200


def test_guessing_the_present_password_is_limited_like_signing_in(name):
    here = device(name)
    for _try in range(9):
        assert here.post(CHANGE, {"current": "wrong", "password": NEW, "again": NEW}).status_code == 200
    assert here.post(CHANGE, {"current": "wrong", "password": NEW, "again": NEW}).status_code == 429
    answer = here.post(CHANGE, {"current": PASSWORD, "password": NEW, "again": NEW})
    assert answer.status_code == 429
    assert get(device(name, address="192.0.2.1")) == 200


def test_a_link_that_sets_the_password_ends_all_sessions(name):
    browser = device(name)
    User.objects.filter(username=name).update(email="we@example.com")
    Client.objects.filter(portal_username=name).update(email="we@example.com")
    Browser().post("/client-portal/forgot-password", {"email": "we@example.com"})
    work_queue()
    link = next(word for word in mail.outbox[0].body.split() if "/set-password/" in word)
    assert Browser().post(link, {"password": NEW, "again": NEW}).status_code == 302
    assert get(browser) == 302
    assert SignedInSession.objects.count() == 0

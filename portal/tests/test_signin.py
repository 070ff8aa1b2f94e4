"""Signing in and out: both kinds of account, where it leads, what ends it."""

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher, make_password
from django.test import Client as Browser

from accounts.models import Client, User
from accounts.tests.factories import (
    PASSWORD,
    ClientFactory,
    CompanyLoginFactory,
    PortalUserFactory,
    StaffFactory,
    UserFactory,
)
from portal.tests.browsers import sign_in, signed_in

pytestmark = pytest.mark.django_db

WRONG = "User name and password do not match."


class CountingHasher(MD5PasswordHasher):
    """MD5 that counts how often it was asked."""

    algorithm = "counting"
    calls = 0

    def encode(self, password, salt):
        CountingHasher.calls += 1
        return super().encode(password, salt)


def test_a_person_signs_in_and_sees_the_portal():
    user = PortalUserFactory(client__name="Northwind")
    browser, answer = sign_in(user.username)
    assert answer.status_code == 302
    assert answer["Location"] == "/client-portal"
    assert "Northwind" in browser.get("/client-portal").content.decode()


def test_a_company_signs_in_and_sees_its_portal(company):
    browser, answer = sign_in("contoso")
    assert answer["Location"] == "/client-portal"
    assert "Contoso" in browser.get("/client-portal").content.decode()


@pytest.mark.parametrize("name", ["Ada", "ADA", "ada"])
def test_user_names_match_in_any_case(name):
    PortalUserFactory(username="ada")
    assert sign_in(name)[1].status_code == 302


def test_company_names_match_in_any_case(company):
    assert sign_in("CONTOSO")[1].status_code == 302


@pytest.mark.parametrize(
    ("name", "password"),
    [("nobody", PASSWORD), ("ada", "wrong"), ("contoso", "wrong"), ("gone", PASSWORD), ("without", PASSWORD)],
    ids=["unknown", "wrong password", "wrong company password", "inactive user", "no password set"],
)
def test_every_failure_reads_the_same(company, name, password):
    PortalUserFactory(username="ada")
    PortalUserFactory(username="gone", is_active=False)
    PortalUserFactory(username="without", password=make_password(None))
    _browser, answer = sign_in(name, password)
    assert answer.status_code == 200
    assert WRONG in answer.content.decode()


@pytest.mark.parametrize("name", ["nobody", "ada", "contoso", "without"])
def test_every_failure_hashes_one_password(settings, name):
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    PortalUserFactory(username="ada", password=make_password(PASSWORD))
    PortalUserFactory(username="without", password=make_password(None))
    CompanyLoginFactory(portal_username="contoso", portal_password=make_password(PASSWORD))
    CountingHasher.calls = 0
    sign_in(name, "wrong")
    assert CountingHasher.calls == 1


@pytest.mark.parametrize("wanted", ["/client-portal/invoices?status=paid", "/client-portal/projects/7"])
def test_next_is_honoured_for_local_paths(wanted):
    user = PortalUserFactory()
    assert sign_in(user.username, next=wanted)[1]["Location"] == wanted


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "evil",
        "",
    ],
)
def test_next_never_leads_away(wanted):
    user = PortalUserFactory()
    assert sign_in(user.username, next=wanted)[1]["Location"] == "/client-portal"


def test_the_form_keeps_where_the_viewer_wanted_to_go(client):
    page = client.get("/client-portal/login?next=/client-portal/invoices").content.decode()
    assert 'name="next" value="/client-portal/invoices"' in page


def test_a_viewer_who_is_signed_in_skips_the_form(viewer):
    assert viewer.get("/client-portal/login")["Location"] == "/client-portal"


@pytest.mark.parametrize(
    ("account", "reason"),
    [
        (UserFactory, "not switched on for this user"),
        (lambda: PortalUserFactory(client=None), "No client is assigned"),
        (lambda: PortalUserFactory(client__is_active=False), "The client of this user is inactive"),
        (StaffFactory, "not switched on for this user"),
    ],
    ids=["not enabled", "no client", "inactive client", "staff"],
)
@pytest.mark.parametrize("path", ["", "/projects", "/projects/1", "/invoices/1", "/time-entries"])
def test_signed_in_without_access_is_a_403_that_says_why(account, reason, path):
    answer = signed_in(account()).get(f"/client-portal{path}")
    assert answer.status_code == 403
    assert reason in answer.content.decode()
    assert "Sign out" in answer.content.decode()


@pytest.mark.parametrize(
    "change",
    [{"portal_enabled": False}, {"is_active": False}, {"portal_username": None}],
    ids=["switched off", "inactive", "no name"],
)
def test_a_companys_access_ends_at_the_next_request(company, change):
    browser, _answer = sign_in("contoso")
    Client.objects.filter(pk=company.pk).update(**change)
    assert browser.get("/client-portal").status_code == 403


@pytest.mark.parametrize(
    ("change", "status"),
    [({"client_portal_enabled": False}, 403), ({"client": None}, 403), ({"is_active": False}, 302)],
    ids=["switched off", "no client", "inactive"],
)
def test_a_persons_access_ends_at_the_next_request(change, status):
    user = PortalUserFactory()
    browser, _answer = sign_in(user.username)
    assert browser.get("/client-portal").status_code == 200
    User.objects.filter(pk=user.pk).update(**change)
    assert browser.get("/client-portal").status_code == status


@pytest.mark.parametrize("password", ["another long password", None], ids=["changed", "removed"])
def test_another_company_password_ends_its_sessions(company, password):
    browser, _answer = sign_in("contoso")
    Client.objects.filter(pk=company.pk).update(portal_password=make_password(password) if password else "")
    assert browser.get("/client-portal").status_code == 302


def test_another_password_ends_a_persons_sessions():
    user = PortalUserFactory()
    browser, _answer = sign_in(user.username)
    user.set_password("another long password")
    user.save()
    assert browser.get("/client-portal").status_code == 302


def test_signing_in_begins_another_session(company):
    browser = Browser()
    browser.get("/client-portal/login")
    session = browser.session
    session["planted"] = "yes"
    session.save()
    before = browser.cookies["sessionid"].value if "sessionid" in browser.cookies else session.session_key
    browser.cookies["sessionid"] = session.session_key
    browser.post("/client-portal/login", {"name": "contoso", "password": PASSWORD})
    assert browser.cookies["sessionid"].value != before
    assert "planted" not in browser.session


def test_one_browser_is_one_account_at_a_time(company):
    user = PortalUserFactory(client__name="Northwind")
    browser, _answer = sign_in(user.username)
    browser.post("/client-portal/logout")
    browser.post("/client-portal/login", {"name": "contoso", "password": PASSWORD})
    page = browser.get("/client-portal").content.decode()
    assert "Contoso" in page
    assert "Northwind" not in page
    browser.post("/client-portal/login", {"name": user.username, "password": PASSWORD})
    page = browser.get("/client-portal").content.decode()
    assert "Northwind" in page
    assert "Contoso" not in page


@pytest.mark.parametrize("name", ["person", "contoso"])
def test_signing_out_ends_the_session_on_the_server(company, name):
    PortalUserFactory(username="person")
    browser, _answer = sign_in(name)
    stolen = browser.cookies["sessionid"].value
    assert browser.post("/client-portal/logout").status_code == 302
    browser.cookies["sessionid"] = stolen
    assert browser.get("/client-portal").status_code == 302


def test_signing_out_is_a_post(viewer):
    assert viewer.get("/client-portal/logout").status_code == 405
    assert viewer.get("/client-portal").status_code == 200


def test_forms_need_their_token():
    user = PortalUserFactory()
    browser = Browser(enforce_csrf_checks=True)
    answer = browser.post("/client-portal/login", {"name": user.username, "password": PASSWORD})
    assert answer.status_code == 403
    assert "This form is too old" in answer.content.decode()


@pytest.mark.parametrize(
    "body",
    [{}, {"name": ""}, {"name": "a\0b", "password": "x"}, {"name": "a" * 5000, "password": "b" * 5000}],
    ids=["nothing", "no password", "NUL", "endless"],
)
def test_odd_sign_ins_are_errors_of_the_form(client, body):
    answer = client.post("/client-portal/login", body)
    assert answer.status_code == 200
    assert "field-errors" in answer.content.decode()


def test_portal_people_see_nothing_outside_the_portal(viewer):
    for path in ("/admin/", "/admin/accounts/client/", "/admin/billing/invoice/"):
        assert viewer.get(path).status_code == 302


def test_an_older_hash_is_renewed_at_sign_in(settings):
    client = CompanyLoginFactory(portal_username="contoso", portal_password=make_password(PASSWORD, hasher="md5"))
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.Argon2PasswordHasher",
        "django.contrib.auth.hashers.MD5PasswordHasher",
    ]
    assert sign_in("contoso")[1].status_code == 302
    client.refresh_from_db()
    assert client.portal_password.startswith("argon2")


def test_a_company_without_a_login_cannot_sign_in():
    ClientFactory(portal_username="quiet")
    assert sign_in("quiet", "")[1].status_code == 200

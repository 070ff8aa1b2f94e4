"""The trail tells who signed in, failed to, or had access changed; nothing of it can be changed or names a secret."""

import json

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.test import Client as Browser
from django.utils.timezone import now

from accounts import invitations, trail
from accounts.models import TrailEntry
from accounts.tests import forms
from accounts.tests.factories import (
    PASSWORD,
    ClientFactory,
    CompanyLoginFactory,
    PortalUserFactory,
    StaffFactory,
    UserFactory,
)
from accounts.tests.workers import work_queue
from accounts.trail import TrailKind

pytestmark = pytest.mark.django_db

LOGIN = "/client-portal/login"
NEW = "entirely different words"


@pytest.fixture
def admin_browser():
    browser = Browser()
    browser.force_login(StaffFactory(username="sam"))
    return browser


def told(kind):
    """The lines of a kind, oldest first."""
    return list(TrailEntry.objects.filter(kind=kind).order_by("pk"))


def test_a_sign_in_is_told_with_where_it_came_from():
    user = PortalUserFactory(username="ada", client__name="Northwind")
    Browser(REMOTE_ADDR="203.0.113.9", HTTP_USER_AGENT="Firefox/1").post(LOGIN, {"name": "ADA", "password": PASSWORD})
    (line,) = told("signed_in")
    assert (line.user_id, line.user_name, line.client_name) == (user.pk, "ada", "Northwind")
    assert (line.by_id, line.by_name) == (user.pk, "ada")
    assert (line.address, line.user_agent) == ("203.0.113.9", "Firefox/1")


def test_a_companys_sign_in_and_out_are_told():
    client = CompanyLoginFactory(portal_username="contoso", name="Contoso")
    browser = Browser()
    browser.post(LOGIN, {"name": "contoso", "password": PASSWORD})
    browser.post("/client-portal/logout")
    for kind in ("signed_in", "signed_out"):
        (line,) = told(kind)
        assert (line.user_id, line.client_id, line.by_name) == (None, client.pk, "Contoso")


def test_signing_out_is_told_once_and_only_of_somebody_signed_in():
    user = PortalUserFactory(username="ada")
    browser = Browser()
    browser.post("/client-portal/logout")
    browser.post(LOGIN, {"name": "ada", "password": PASSWORD})
    browser.post("/client-portal/logout")
    assert [line.user_id for line in told("signed_out")] == [user.pk]


@pytest.mark.parametrize("form", [LOGIN, "/admin/login/"])
def test_a_failure_names_who_was_tried_and_never_the_password(form):
    user = PortalUserFactory(username="ada")
    Browser().post(form, {"name": "Ada", "username": "Ada", "password": "hunter2-secret"})
    Browser().post(form, {"name": "nobody", "username": "nobody", "password": "hunter2-secret"})
    known, unknown = told("sign_in_failed")
    assert (known.user_id, known.facts) == (user.pk, {"name": "ada"})
    assert (unknown.user_id, unknown.client_id, unknown.facts) == (None, None, {"name": "nobody"})
    everything = json.dumps(list(TrailEntry.objects.values()), default=str)
    assert "hunter2" not in everything


def test_nothing_of_the_trail_can_be_changed_or_deleted():
    line = trail.record(TrailKind.SIGNED_IN, account=UserFactory(), now=now())
    for change in ("UPDATE access_trail SET user_name = 'x'", "DELETE FROM access_trail"):
        with pytest.raises(IntegrityError, match="access_trail_"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)
    line.refresh_from_db()
    assert line.user_name


def test_the_trail_outlives_whom_it_tells_of():
    user = UserFactory(username="gone")
    trail.record(TrailKind.SIGNED_IN, account=user, by=user, now=now())
    user_id = user.pk
    user.delete()
    (line,) = told("signed_in")
    assert (line.user_id, line.user_name) == (user_id, "gone")


def test_a_kind_that_the_trail_does_not_know_is_refused():
    with pytest.raises(ValueError, match="coffee"):
        trail.record("coffee", now=now())


def test_an_invitation_and_its_password_are_told_without_the_link():
    user, staff = PortalUserFactory(email="ada@example.com"), StaffFactory(username="sam")
    invitations.invite(user, by=staff, now=now())
    work_queue()
    link = next(word for word in mail.outbox[0].body.split() if "/set-password/" in word)
    Browser().post(link, {"password": NEW, "again": NEW})
    (invited,) = told("invited")
    assert (invited.user_id, invited.by_name, invited.facts) == (user.pk, "sam", {"email": "ada@example.com"})
    (password_set,) = told("password_set")
    assert (password_set.user_id, password_set.facts) == (user.pk, {"how": "link"})
    token = link.rsplit("/", 1)[1]
    assert token not in json.dumps(list(TrailEntry.objects.values()), default=str)


@pytest.mark.parametrize("email", ["ada@example.com", "nobody@example.com"])
def test_asking_for_a_link_is_told(email):
    PortalUserFactory(email="ada@example.com")
    Browser().post("/client-portal/forgot-password", {"email": email})
    (line,) = told("link_asked")
    assert line.facts["email"] == email
    assert (line.user_id is None) == (email == "nobody@example.com")


def test_staff_who_change_access_are_told_with_what_they_changed(admin_browser):
    user, client = PortalUserFactory(username="ada"), ClientFactory(name="Contoso")
    old = user.client_id
    forms.change(admin_browser, user, client_portal_enabled="", client="")
    (line,) = told("access_changed")
    assert (line.user_id, line.by_name) == (user.pk, "sam")
    assert line.facts == {"client_portal_enabled": [True, False], "client_id": [old, None]}
    forms.change(admin_browser, client, is_active="")
    assert told("access_changed")[1].facts == {"is_active": [True, False]}
    assert told("access_changed")[1].client_name == "Contoso"


def test_an_ordinary_change_is_no_change_of_access(admin_browser):
    forms.change(admin_browser, PortalUserFactory(), first_name="Ada")
    forms.change(admin_browser, ClientFactory(), phone="123")
    assert told("access_changed") == []


def test_new_people_and_clients_are_told_with_the_access_that_they_have(admin_browser):
    client = ClientFactory()
    forms.add(
        admin_browser, PortalUserFactory._meta.model, username="ada", client_portal_enabled="on", client=str(client.pk)
    )
    (line,) = told("access_changed")
    assert line.user_name == "ada"
    assert line.facts == {
        "client_portal_enabled": [None, True],
        "client_id": [None, client.pk],
        "is_active": [None, True],
    }


def test_a_password_that_staff_set_is_told_and_not_named(admin_browser):
    user, client = PortalUserFactory(), CompanyLoginFactory()
    admin_browser.post(
        f"/admin/accounts/user/{user.pk}/password/",
        {"password1": NEW, "password2": NEW, "usable_password": "true", "set-password": ""},
    )
    forms.change(admin_browser, client, new_portal_password=NEW)
    person, company = told("password_set")
    assert (person.user_id, person.by_name, person.facts) == (user.pk, "sam", {"how": "staff"})
    assert (company.client_id, company.by_name, company.facts) == (client.pk, "sam", {"how": "staff"})
    assert NEW not in json.dumps(list(TrailEntry.objects.values()), default=str)


def test_a_member_of_staff_who_changes_the_own_password_is_told_and_stays_signed_in():
    staff, browser, elsewhere = StaffFactory(), Browser(), Browser()
    for one in (browser, elsewhere):
        one.force_login(staff)
    browser.post("/admin/password_change/", {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW})
    assert browser.get("/admin/").status_code == 200
    assert elsewhere.get("/admin/").status_code == 302
    (line,) = told("password_set")
    assert (line.user_id, line.facts) == (staff.pk, {"how": "own page"})


def test_a_deleted_account_is_told(admin_browser):
    user = PortalUserFactory(username="ada")
    admin_browser.post(f"/admin/accounts/user/{user.pk}/delete/", {"post": "yes"})
    (line,) = told("account_deleted")
    assert (line.user_name, line.by_name) == ("ada", "sam")


def test_staff_read_the_trail_and_cannot_write_it(admin_browser):
    trail.record(TrailKind.EXPORTED, account=UserFactory(username="ada"), now=now(), what="time")
    trail.record(TrailKind.INVITED, account=UserFactory(username="bob"), now=now())
    page = admin_browser.get("/admin/accounts/trailentry/?kind=exported").content.decode()
    assert "ada" in page
    assert "bob" not in page
    assert "bob" in admin_browser.get("/admin/accounts/trailentry/?q=bob").content.decode()
    line = told("exported")[0]
    assert "time" in admin_browser.get(f"/admin/accounts/trailentry/{line.pk}/change/").content.decode()
    assert admin_browser.get("/admin/accounts/trailentry/add/").status_code == 403
    assert admin_browser.post(f"/admin/accounts/trailentry/{line.pk}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("filters", ["kind=nonsense", "recorded_at__gte=nonsense"])
def test_filters_that_make_no_sense_cost_nothing(admin_browser, filters):
    assert admin_browser.get(f"/admin/accounts/trailentry/?{filters}").status_code in {200, 302}


def test_portal_people_do_not_read_the_trail():
    browser = Browser()
    browser.force_login(PortalUserFactory())
    assert browser.get("/admin/accounts/trailentry/").status_code == 302

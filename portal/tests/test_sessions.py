"""Sessions: what ends them, how long they last, and the cookies that hold them."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.backends.base import UpdateError
from django.db import connection
from django.test import Client as Browser

from accounts.models import Client, SignedInSession, User
from accounts.tests import forms
from accounts.tests.factories import PASSWORD, ClientFactory, PortalUserFactory, StaffFactory
from portal.tests.browsers import sign_in, signed_in

pytestmark = pytest.mark.django_db

COOKIES = """
from django.conf import settings as s
print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.DEVICE_COOKIE_NAME)
print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SESSION_COOKIE_HTTPONLY)
print(s.SESSION_COOKIE_PATH, s.SESSION_COOKIE_DOMAIN, s.CSRF_COOKIE_PATH, s.CSRF_COOKIE_DOMAIN)
"""


# Access that ends, by whichever way


def save(row, **change):
    for field, value in change.items():
        setattr(row, field, value)
    row.save()


def update(row, **change):
    type(row).objects.filter(pk=row.pk).update(**change)


def raw(row, **change):
    ((field, value),) = change.items()
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {row._meta.db_table} SET {field} = %s WHERE id = %s", [value, row.pk])


def in_the_admin(row, **change):
    staff = signed_in(StaffFactory())
    sent = {field: "on" if value is True else "" if value is False else value for field, value in change.items()}
    answer = forms.change(staff, row, **sent)
    assert answer.redirect_chain


ROUTES = pytest.mark.parametrize("by", [save, update, raw, in_the_admin])


@ROUTES
@pytest.mark.parametrize("field", ["client_portal_enabled", "is_active"])
def test_a_person_shut_out_and_let_in_again_must_sign_in_anew(by, field):
    user = PortalUserFactory(username="ada")
    browser, _answer = sign_in("ada")
    assert browser.get("/client-portal").status_code == 200
    by(user, **{field: False})
    assert browser.get("/client-portal").status_code in {302, 403}
    by(User.objects.get(pk=user.pk), **{field: True})
    assert browser.get("/client-portal").status_code == 302
    assert sign_in("ada")[0].get("/client-portal").status_code == 200


@ROUTES
@pytest.mark.parametrize("field", ["portal_enabled", "is_active"])
def test_a_company_shut_out_and_let_in_again_must_sign_in_anew(company, by, field):
    browser, _answer = sign_in("contoso")
    assert browser.get("/client-portal").status_code == 200
    by(company, **{field: False})
    by(Client.objects.get(pk=company.pk), **{field: True})
    assert browser.get("/client-portal").status_code == 302
    assert sign_in("contoso")[0].get("/client-portal").status_code == 200


@ROUTES
def test_a_client_deactivated_and_activated_again_has_ended_its_peoples_sessions(by):
    user = PortalUserFactory()
    browser = signed_in(user)
    by(user.client, is_active=False)
    by(Client.objects.get(pk=user.client_id), is_active=True)
    assert browser.get("/client-portal").status_code == 302


def test_a_stolen_session_does_not_wake_up_between_two_changes_that_nobody_noticed():
    user = PortalUserFactory()
    browser = signed_in(user)
    for enabled in (False, True):
        User.objects.filter(pk=user.pk).update(client_portal_enabled=enabled)
    assert browser.get("/client-portal").status_code == 302


def test_another_client_is_another_session():
    user, other = PortalUserFactory(), ClientFactory(name="Contoso")
    browser = signed_in(user)
    User.objects.filter(pk=user.pk).update(client=other)
    assert browser.get("/client-portal").status_code == 302


def test_a_client_that_is_deleted_ends_its_peoples_sessions():
    user = PortalUserFactory()
    browser = signed_in(user)
    user.client.delete()
    assert browser.get("/client-portal").status_code == 403
    assert browser.get("/client-portal").status_code == 302


def test_who_is_shut_out_is_told_why_once_and_signed_out():
    user = PortalUserFactory()
    browser = signed_in(user)
    User.objects.filter(pk=user.pk).update(client_portal_enabled=False)
    told = browser.get("/client-portal")
    assert told.status_code == 403
    assert "not switched on for this user" in told.content.decode()
    assert browser.get("/client-portal").status_code == 302
    assert SignedInSession.objects.filter(user=user).count() == 0


@pytest.mark.parametrize("change", [{"first_name": "Ada"}, {"email": "x@example.com"}, {"timezone": "UTC"}])
def test_other_changes_leave_sessions_alone(change):
    user = PortalUserFactory()
    browser = signed_in(user)
    save(User.objects.get(pk=user.pk), **change)
    save(Client.objects.get(pk=user.client_id), phone="123", show_rates=True)
    assert browser.get("/client-portal").status_code == 200


def test_a_stale_save_cannot_bring_an_ended_session_back():
    user = PortalUserFactory()
    browser = signed_in(user)
    stale = User.objects.get(pk=user.pk)
    User.objects.filter(pk=user.pk).update(client_portal_enabled=False)
    stale.save()
    assert User.objects.get(pk=user.pk).access_number == 2
    assert browser.get("/client-portal").status_code == 302


@pytest.mark.parametrize("change", [{"is_superuser": False}, {"is_staff": False}, {"is_active": False}])
def test_staff_whose_rights_change_must_sign_in_anew(change):
    staff = StaffFactory()
    browser = signed_in(staff)
    assert browser.get("/admin/").status_code == 200
    User.objects.filter(pk=staff.pk).update(**change)
    User.objects.filter(pk=staff.pk).update(is_superuser=True, is_staff=True, is_active=True)
    assert browser.get("/admin/").status_code == 302


def test_a_renewed_hash_does_not_end_the_session_that_it_was_renewed_for(settings):
    PortalUserFactory(username="ada", password=make_password(PASSWORD, hasher="md5"))
    StaffFactory(username="sam", password=make_password(PASSWORD, hasher="md5"))
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.Argon2PasswordHasher",
        "django.contrib.auth.hashers.MD5PasswordHasher",
    ]
    assert sign_in("ada")[0].get("/client-portal").status_code == 200
    browser = Browser()
    browser.post("/admin/login/", {"username": "sam", "password": PASSWORD})
    assert browser.get("/admin/").status_code == 200
    assert User.objects.get(username="sam").password.startswith("argon2")


@pytest.mark.parametrize("as_action", [False, True])
def test_staff_sign_a_person_out_everywhere(as_action):
    user, staff = PortalUserFactory(), signed_in(StaffFactory())
    browser = signed_in(user)
    if as_action:
        staff.post("/admin/accounts/user/", {"action": "sign_out", "_selected_action": [user.pk]})
    else:
        staff.post(f"/admin/accounts/user/{user.pk}/sign_out/")
    assert browser.get("/client-portal").status_code == 302
    assert signed_in(user).get("/client-portal").status_code == 200
    assert staff.get("/admin/").status_code == 200


def test_staff_sign_a_client_and_all_its_people_out(company):
    staff, person = signed_in(StaffFactory()), signed_in(PortalUserFactory(client=company))
    browser, _answer = sign_in("contoso")
    staff.post(f"/admin/accounts/client/{company.pk}/sign_out/")
    assert browser.get("/client-portal").status_code == 302
    assert person.get("/client-portal").status_code == 302
    assert sign_in("contoso")[0].get("/client-portal").status_code == 200


# How long a session lasts


@pytest.fixture
def clock():
    with time_machine.travel(datetime(2026, 11, 22, 12, tzinfo=UTC), tick=False) as traveller:
        yield traveller


@pytest.mark.parametrize("name", ["person", "contoso"])
def test_a_session_in_the_portal_ends_after_two_weeks_without_use(company, clock, name):
    PortalUserFactory(username="person")
    browser, _answer = sign_in(name)
    for _visit in range(3):
        clock.shift(timedelta(days=13, hours=23))
        assert browser.get("/client-portal").status_code == 200
    clock.shift(timedelta(days=14))
    assert browser.get("/client-portal").status_code == 302


def test_a_session_of_staff_ends_after_twelve_hours_without_use(clock):
    StaffFactory(username="sam")
    browser = Browser()
    browser.post("/admin/login/", {"username": "sam", "password": PASSWORD})
    for _visit in range(3):
        clock.shift(timedelta(hours=11, minutes=59))
        assert browser.get("/admin/").status_code == 200
    clock.shift(timedelta(hours=12))
    assert browser.get("/admin/").status_code == 302


@pytest.mark.parametrize("name", ["person", "contoso"])
def test_a_session_ends_after_ninety_days_however_much_it_is_used(company, clock, name):
    PortalUserFactory(username="person")
    browser, _answer = sign_in(name)
    for _day in range(12):
        clock.shift(timedelta(days=7))
        assert browser.get("/client-portal").status_code == 200
    clock.shift(timedelta(days=5, hours=23))
    assert browser.get("/client-portal").status_code == 200
    clock.shift(timedelta(hours=1))
    assert browser.get("/client-portal").status_code == 302


def test_looking_at_pages_writes_the_session_every_five_minutes_at_most(viewer, clock):
    browser = signed_in(PortalUserFactory(username="ada"))
    row = SignedInSession.objects.filter(user__username="ada")
    began = row.get().seen_at
    clock.shift(timedelta(minutes=4, seconds=59))
    browser.get("/client-portal")
    assert row.get().seen_at == began
    clock.shift(timedelta(seconds=1))
    browser.get("/client-portal")
    assert row.get().seen_at == began + timedelta(minutes=5)
    assert row.get().signed_in_at == began


def test_a_session_ended_in_the_middle_of_a_request_is_not_written_again(clock):
    user = PortalUserFactory()
    browser = signed_in(user)
    store = browser.session
    assert "_auth_user_id" in store
    SignedInSession.objects.all().delete()
    store["late"] = 1
    with pytest.raises(UpdateError):
        store.save()
    assert browser.get("/client-portal").status_code == 302


# Cookies


@pytest.mark.parametrize("name", ["sessionid", "device"])
def test_cookies_are_kept_from_scripts_and_from_other_sites(name):
    PortalUserFactory(username="ada")
    cookie = sign_in("ada")[1].cookies[name]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (True, "Lax", "/", "")


def test_on_https_cookies_are_secure_and_of_this_host_alone():
    settings = subprocess.run(
        [sys.executable, "-c", COOKIES],
        env=os.environ | {"SITE_URL": "https://portal.example.com", "ALLOWED_HOSTS": "portal.example.com"},
        check=True,
        capture_output=True,
        text=True,
    )
    assert settings.stdout.split() == [
        "__Host-sessionid", "__Host-csrftoken", "__Host-device", "True", "True", "True", "/", "None", "/", "None",
    ]  # fmt: skip

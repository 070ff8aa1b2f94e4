"""The headers of every answer: pages, redirects, errors and files, for visitors, viewers and staff."""

import pytest
from django.conf import settings as configured
from django.contrib import admin
from django.test import Client as Browser

from accounts.tests.factories import PASSWORD, PortalUserFactory, StaffFactory
from portal.headers import OFF
from portal.tests.browsers import sign_in, signed_in

pytestmark = pytest.mark.django_db

POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "font-src 'self'",
    "connect-src 'self' ws://testserver",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
}
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
ANYONES = {
    "/": 302,
    "/client-portal": 302,
    "/client-portal/": 301,
    "/client-portal/login": 200,
    "/client-portal/nothing": 404,
    "/client-portal/set-password/nothing": 404,
    "/client-portal/logout": 405,
    "/admin/": 302,
    "/admin/login/": 200,
    "/admin/jsi18n/": 302,
    "/static/portal/portal.css": 200,
    "/static/admin/css/base.css": 200,
    "/static/nothing.css": 404,
}
VIEWERS = ["", "/projects", "/invoices", "/quotes", "/time-entries", "/projects/1", "/nothing"]


def assert_guarded(response):
    assert set(response["Content-Security-Policy"].split("; ")) == POLICY
    assert {name: response.headers.get(name) for name in ALWAYS} == ALWAYS
    assert response["Permissions-Policy"].split(", ") == [f"{feature}=()" for feature in OFF]
    assert response["X-Request-ID"]
    named = {name.lower() for name in response.headers}
    assert not {"server", "x-powered-by", "access-control-allow-origin"} & named


def assert_not_kept(response):
    assert {"private", "no-store"} <= set(response["Cache-Control"].split(", "))
    assert "Cookie" in response["Vary"].split(", ")


@pytest.mark.parametrize("address", ANYONES)
def test_every_answer_to_a_visitor_is_guarded(client, address):
    response = client.get(address)
    assert response.status_code == ANYONES[address]
    assert_guarded(response)
    if response.streaming:
        assert response.getvalue()
        assert "no-store" not in response.headers.get("Cache-Control", "")
    else:
        assert_not_kept(response)


@pytest.mark.parametrize("path", VIEWERS)
def test_every_answer_to_a_viewer_is_guarded_and_kept_by_nobody(viewer, path):
    response = viewer.get(f"/client-portal{path}")
    assert_guarded(response)
    assert_not_kept(response)


def test_an_answer_without_access_is_guarded_and_kept_by_nobody(client_row):
    person = PortalUserFactory(client=client_row)
    browser = signed_in(person)
    client_row.is_active = False
    client_row.save()
    response = browser.get("/client-portal")
    assert_guarded(response)
    assert_not_kept(response)


@pytest.mark.parametrize("model", admin.site._registry)
def test_every_page_of_the_staff_is_guarded_and_kept_by_nobody(model):
    staff = signed_in(StaffFactory())
    base = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
    for address in (base, f"{base}add/", f"{base}1/change/", f"{base}1/history/", "/admin/", "/admin/jsi18n/"):
        response = staff.get(address)
        assert_guarded(response)
        assert_not_kept(response)


@pytest.mark.parametrize("method", ["head", "post", "put", "patch", "delete", "options", "trace"])
def test_every_method_is_guarded(client, method):
    for address in ("/client-portal/projects", "/client-portal/login", "/nothing"):
        assert_guarded(getattr(client, method)(address))


def test_an_error_of_ours_is_guarded(monkeypatch):
    monkeypatch.setattr("accounts.views.SignInForm", None)
    response = Browser(raise_request_exception=False).get("/client-portal/login")
    assert response.status_code == 500
    assert_guarded(response)
    assert_not_kept(response)


def test_no_page_of_the_admin_brings_a_style_of_its_own():
    """Django writes one into a list whose actions are neither above nor below it."""
    assert all(page.actions_on_top or page.actions_on_bottom for page in admin.site._registry.values())


def test_no_cookie_can_be_read_by_scripts_or_sent_from_elsewhere(client):
    person = PortalUserFactory()
    _browser, answer = sign_in(person.username, PASSWORD)
    assert answer.status_code == 302
    form = client.get("/client-portal/login")
    cookies = [*answer.cookies.values(), *form.cookies.values()]
    assert {cookie.key for cookie in cookies} >= {configured.SESSION_COOKIE_NAME, configured.CSRF_COOKIE_NAME}
    for cookie in cookies:
        assert cookie["httponly"] is True
        assert cookie["samesite"] == "Lax"
        assert cookie["domain"] == ""

"""Who gets which answer from each address of the portal, by each method: one table, and nothing outside it."""

import pytest

from accounts.models import Client
from accounts.tests.brands import coloured, logo_of
from accounts.tests.factories import CompanyLoginFactory
from billing.tests.factories import ProjectFactory, requested_approval, sent_invoice, sent_quote
from portal.tests.proof.addresses import filled, parts, portal_addresses, staff_addresses
from portal.tests.proof.roles import ROLES, browser_of

pytestmark = pytest.mark.django_db

METHODS = "GET HEAD POST PUT PATCH DELETE OPTIONS".split()

# What each kind of page answers to each role. Methods that a kind does not name are refused to everybody: 405.
#   302 to the sign-in page (or on from it) · 403 with the reason · 404 as if it did not exist
KINDS = {
    #                anonymous person company other off inactive gone staff superuser
    "page": {"GET": "      302    200     200   200 403      403  302   403       403"},
    "row": {"GET": "       302    200     200   404 403      403  302   403       403"},
    "file": {"GET": "      302    200     200   404 403      403  302   403       403"},
    "approval": {"GET": "  302    200     200   404 403      403  302   403       403"}
    | {"POST": "           302    403     403   404 403      403  302   403       403"},
    "sign in": {"GET": "   200    302     302   302 302      302  200   302       302"}
    | {"POST": "           200    200     200   200 200      200  200   200       200"},
    "sign out": {"POST": " 302    302     302   302 302      302  302   302       302"},
    "form for all": {"GET": "200  200     200   200 200      200  200   200       200"}
    | {"POST": "           200    200     200   200 200      200  200   200       200"},
    "dead link": {"GET": " 404    404     404   404 404      404  404   404       404"}
    | {"POST": "           404    404     404   404 404      404  404   404       404"},
    "for developers": {"GET": "404 404 404   404 404      404  404   404       404"},
    "code": dict.fromkeys(["GET", "POST"], "302 302 302 302 302 302 302 302 302"),
    "second factor": dict.fromkeys(["GET", "POST"], "302 200 200 200 403 403 302 200 200"),
    "of a second factor": dict.fromkeys(["GET", "POST"], "302 302 200 302 403 403 302 302 302"),
    "form of one's own": dict.fromkeys(["GET", "POST"], "302 200 200 200 403 403 302 403 403"),
    "choice of one's own": {"GET": "302 200 200 200 403 403 302 403 403"}
    | {"POST": "           302    302     200   302 403      403  302   403       403"},
    "form that leads on": {"GET": "302 200     200   200 403 403        302  403       403"}
    | {"POST": "           302    302     302   302 403      403  302   403       403"},
    "deed of one's own": {"POST": "302 302 302 302 403 403 302 403 403"},
    "nothing of that name": {"POST": "302 404 404 404 403 403 302 403 403"},
    "question of a script": {"GET": "401 400 400 400 403 403 401 403 403"},
    "one's own for a script": {"GET": "401 200 200 200 403 403 401 403 403"}
    | {"POST": "           401    400     400   400 403      403  401   403       403"},
    "state of the process": dict.fromkeys(["GET", "HEAD"], "200 200 200 200 200 200 200 200 200"),
    "to the portal": dict.fromkeys(METHODS, "302 302 302 302 302 302 302 302 302"),
}

# One line for each address of the site outside the staff's pages.
ROUTES = {
    "": "to the portal",
    "healthz": "state of the process",
    "readyz": "state of the process",
    "metrics": "state of the process",
    "client-portal": "page",
    "client-portal/dashboard": "page",
    "client-portal/dashboard/customize": "form that leads on",
    "client-portal/dashboard/preferences": "one's own for a script",
    "client-portal/projects": "page",
    "client-portal/projects/<str:project_id>": "row",
    "client-portal/invoices": "page",
    "client-portal/invoices/<str:invoice_id>": "row",
    "client-portal/invoices/<str:invoice_id>/pdf": "row",
    "client-portal/quotes": "page",
    "client-portal/quotes/<str:quote_id>": "row",
    "client-portal/quotes/<str:quote_id>/pdf": "row",
    "client-portal/time-entries": "page",
    "client-portal/approvals": "page",
    "client-portal/approvals/<str:approval_id>": "approval",
    "client-portal/time-entries/export": "page",
    "client-portal/reports": "page",
    "client-portal/reports/export": "page",
    "client-portal/statement": "page",
    "client-portal/statement/export": "page",
    "client-portal/invoices/export": "page",
    "client-portal/login": "sign in",
    "client-portal/logout": "sign out",
    "client-portal/stop-looking": "sign out",
    "client-portal/forgot-password": "form for all",
    "client-portal/set-password/<str:token>": "dead link",
    "client-portal/activity": "page",
    "client-portal/notifications": "page",
    "client-portal/notifications/read": "nothing of that name",
    "client-portal/notifications/<str:number>/read": "nothing of that name",
    "client-portal/events": "question of a script",
    "client-portal/notifications/settings": "form of one's own",
    "client-portal/stop-mails/<str:token>": "dead link",
    "client-portal/logo/<str:logo_digest>": "file",
    "client-portal/colours/<str:colours_digest>.css": "file",
    "client-portal/devices": "page",
    "client-portal/devices/end-others": "deed of one's own",
    "client-portal/devices/<str:handle>/end": "nothing of that name",
    "client-portal/settings": "choice of one's own",
    "client-portal/settings/export": "page",
    "client-portal/password": "form of one's own",
    "client-portal/design": "for developers",
    "client-portal/second-factor": "second factor",
    "client-portal/second-factor/code": "code",
    "client-portal/second-factor/recovery-code": "code",
    "client-portal/second-factor/new-codes": "of a second factor",
    "client-portal/second-factor/off": "of a second factor",
}

# What stands in an address for a row of the client whose portal it is.
ROWS = {
    "project_id": lambda client: ProjectFactory(client=client).pk,
    "invoice_id": lambda client: sent_invoice(client).pk,
    "quote_id": lambda client: sent_quote(client).pk,
    "approval_id": lambda client: requested_approval(ProjectFactory(client=client)).pk,
    "logo_digest": lambda client: logo_of(client).digest,
    "colours_digest": lambda client: coloured(client, "#aa3300").digest,
    "token": lambda _client: "no-such-link",
    "handle": lambda _client: "no-such-device",
    "number": lambda _client: "0",
}


def answers_of(kind):
    """`{(method, role): status}` of a kind of page."""
    said = {method: statuses.split() for method, statuses in KINDS[kind].items()}
    return {
        (method, role): int(said.get(method, ["405"] * len(ROLES))[place])
        for method in METHODS
        for place, role in enumerate(ROLES)
    }


@pytest.fixture
def company_row(db):
    return CompanyLoginFactory(name="Contoso", portal_username="contoso")


def path_to(address, client):
    return filled(address, {part: ROWS[part](client) for part in parts(address)})


def test_every_address_stands_in_the_table_and_no_other():
    assert portal_addresses() == sorted(ROUTES)


def test_every_kind_of_page_says_what_each_role_gets():
    assert set(ROUTES.values()) == set(KINDS)
    assert {len(said.split()) for kind in KINDS.values() for said in kind.values()} == {len(ROLES)}


@pytest.mark.parametrize("address", ROUTES)
def test_an_address_answers_each_role_and_method_as_the_table_says(address, company_row):
    path = path_to(address, company_row)
    given = {
        (method, role): browser_of(role, company_row).generic(method, path).status_code
        for method in METHODS
        for role in ROLES
    }
    expected = answers_of(ROUTES[address])
    assert {case: status for case, status in given.items() if status != expected[case]} == {}


# Mail programs post there, and cannot know a form's token; the link is a signed permission for one thing.
# What is not there for most must be so by every method.
WITHOUT_TOKEN = {"client-portal/stop-mails/<str:token>", "metrics"}


@pytest.mark.parametrize(
    "address", [one for one, kind in ROUTES.items() if kind != "to the portal" and one not in WITHOUT_TOKEN]
)
def test_nothing_is_taken_by_post_without_the_forms_token(address, company_row):
    path = path_to(address, company_row)
    given = {
        role: browser_of(role, company_row, enforce_csrf_checks=True).post(path, {"name": "contoso"}).status_code
        for role in ROLES
    }
    assert given == dict.fromkeys(ROLES, 403)


@pytest.mark.parametrize("address", [address for address, kind in ROUTES.items() if kind in {"page", "row"}])
def test_a_company_whose_access_ended_gets_no_page(address, company_row):
    path = path_to(address, company_row)
    for change in ({"portal_enabled": False}, {"portal_enabled": True, "is_active": False}):
        Client.objects.filter(pk=company_row.pk).update(portal_enabled=True, is_active=True)
        browser = browser_of("company", company_row)
        assert browser.get(path).status_code == 200
        Client.objects.filter(pk=company_row.pk).update(**change)
        assert browser.get(path).status_code in {302, 403}


@pytest.mark.parametrize("role", ["anonymous", "person", "company", "off", "gone"])
def test_nobody_but_staff_gets_a_page_of_the_staff(role, company_row):
    browser = browser_of(role, company_row)
    open_to_all = {"/admin/login/", "/admin/logout/"}
    for address in staff_addresses():
        path = filled(address, dict.fromkeys(parts(address), 1))
        if path in open_to_all or "(?P" in path:
            continue
        answer = browser.get(path)
        assert (path, answer.status_code) == (path, 302)
        assert answer["Location"].startswith("/admin/login/")

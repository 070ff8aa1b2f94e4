"""The portal in one file, as its documentation promises: model, routes and access, admin, smoke."""

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from accounts.models import User
from accounts.tests.factories import ClientFactory, CompanyLoginFactory, PortalUserFactory, StaffFactory, UserFactory
from billing.tests.factories import ProjectFactory, TimeEntryFactory, draft_invoice, sent_invoice
from portal.tests.browsers import sign_in, signed_in

pytestmark = pytest.mark.django_db

PAGES = ["", "/dashboard", "/projects", "/invoices", "/time-entries"]


def test_a_user_is_a_portal_user_with_the_switch_and_a_client():
    assert PortalUserFactory().is_client_portal_user
    assert not UserFactory(client=ClientFactory()).is_client_portal_user
    assert not PortalUserFactory(client=None).is_client_portal_user


def test_a_portal_users_data_is_its_clients():
    user = PortalUserFactory()
    project = ProjectFactory(client=user.client)
    entry = TimeEntryFactory(project=project)
    invoice = sent_invoice(user.client)
    draft_invoice(user.client)
    TimeEntryFactory(project=project, duration_seconds=None)
    TimeEntryFactory()
    sent_invoice(ClientFactory())
    assert user.get_client_portal_data() == {
        "client": user.client,
        "projects": [project],
        "invoices": [invoice],
        "time_entries": [entry],
    }


def test_without_access_a_user_has_no_portal_data():
    assert UserFactory().get_client_portal_data() is None
    assert PortalUserFactory(client=None).get_client_portal_data() is None


@pytest.mark.parametrize("path", PAGES)
def test_a_page_opens_for_a_portal_user_and_for_nobody_else(client, path):
    address = f"/client-portal{path}"
    assert signed_in(PortalUserFactory()).get(address).status_code == 200
    assert signed_in(UserFactory()).get(address).status_code == 403
    assert client.get(address).status_code == 302


def test_an_invoice_opens_for_its_client_alone():
    user, stranger = PortalUserFactory(), PortalUserFactory()
    invoice = sent_invoice(user.client)
    address = f"/client-portal/invoices/{invoice.pk}"
    assert signed_in(user).get(address).status_code == 200
    assert signed_in(stranger).get(address).status_code == 404


def test_deleting_a_client_without_rows_takes_access_away_and_keeps_the_user():
    user = PortalUserFactory()
    user.client.delete()
    user.refresh_from_db()
    assert user.client is None
    assert signed_in(user).get("/client-portal").status_code == 403


@pytest.mark.parametrize(
    ("client", "complaint"),
    [(lambda: None, "Choose the client"), (lambda: ClientFactory(is_active=False), "inactive or no longer exists")],
    ids=["no client", "inactive client"],
)
def test_enabling_the_portal_needs_an_active_client(client, complaint):
    user = User(username="ada", client_portal_enabled=True, client=client())
    with pytest.raises(ValidationError, match=complaint):
        user.clean()


def test_staff_switch_the_portal_on_in_the_admin():
    user, northwind = UserFactory(username="ada"), ClientFactory(name="Northwind")
    staff = signed_in(StaffFactory())
    address = f"/admin/accounts/user/{user.pk}/change/"
    page = staff.get(address)
    form = page.context["adminform"].form
    sent = {name: form[name].value() or "" for name in form.fields if not name.startswith("date_joined")}
    sent |= {"date_joined_0": "2026-01-01", "date_joined_1": "12:00:00", "last_login_0": "", "last_login_1": ""}
    sent |= {"client_portal_enabled": "on", "client": northwind.pk, "is_active": "on"}
    sent = {name: value for name, value in sent.items() if value not in {"", False}}
    for formset in page.context["inline_admin_formsets"]:
        sent |= {field.html_name: field.value() for field in formset.formset.management_form}
    assert staff.post(address, sent).status_code == 302
    user.refresh_from_db()
    assert user.is_client_portal_user
    assert signed_in(user).get("/client-portal").status_code == 200
    assert "Northwind" in staff.get("/admin/accounts/user/").content.decode()


def test_the_access_command_says_who_gets_in_and_what_they_see(capsys):
    user = PortalUserFactory(username="ada", client__name="Northwind")
    TimeEntryFactory(project__client=user.client)
    sent_invoice(user.client)
    call_command("portal_access", "ADA")
    assert capsys.readouterr().out == "“ADA” gets in and sees Northwind: 1 projects, 1 invoices, 1 time entries.\n"


@pytest.mark.parametrize(
    ("account", "reason"),
    [
        (lambda: None, "Nobody signs in as “ada”"),
        (lambda: PortalUserFactory(username="ada", is_active=False), "This user is deactivated."),
        (lambda: PortalUserFactory(username="ada", client=None), "No client is assigned to this user."),
        (lambda: PortalUserFactory(username="ada", password="!"), "No password is set yet"),
        (lambda: CompanyLoginFactory(portal_username="ada", portal_enabled=False), "company login is not switched on"),
        (lambda: CompanyLoginFactory(portal_username="ada", portal_password=""), "No password is set yet"),
    ],
)
def test_the_access_command_says_which_condition_fails(account, reason):
    account()
    with pytest.raises(CommandError, match=reason):
        call_command("portal_access", "ada")


def test_smoke_a_company_signs_in_looks_around_and_signs_out():
    company = CompanyLoginFactory(portal_username="contoso")
    project = ProjectFactory(client=company)
    invoice = sent_invoice(company, project=project)
    browser, _answer = sign_in("contoso")
    for path in [*PAGES, f"/projects/{project.pk}", f"/invoices/{invoice.pk}"]:
        assert browser.get(f"/client-portal{path}").status_code == 200
    browser.post("/client-portal/logout")
    assert browser.get("/client-portal").status_code == 302

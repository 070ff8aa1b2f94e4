"""The portal's look is its client's own: name, welcome, logo and colours, shown to its viewers and to nobody else."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import logos
from accounts.tests.brands import coloured, logo_of
from accounts.tests.factories import ClientFactory, CompanyLoginFactory, StaffFactory
from portal.tests.browsers import sign_in, signed_in

pytestmark = pytest.mark.django_db
WELCOME = "Ask <Priya> & us."


@pytest.fixture
def branded(client_row):
    client_row.brand_name, client_row.brand_welcome = "Kaffee & Co", WELCOME
    client_row.save()
    return client_row


def page(browser, path=""):
    return browser.get(f"/client-portal{path}").content.decode()


def address_of_logo(logo):
    return f"/client-portal/logo/{logo.digest}"


def test_without_a_look_of_its_own_a_portal_has_the_clients_name_and_the_houses_colours(viewer, client_row):
    shown = page(viewer)
    assert f"<title>Dashboard · {client_row.name}</title>" in shown
    assert f'<a class="brand" href="/client-portal">{client_row.name}</a>' in shown
    assert "/client-portal/colours/" not in shown
    assert "/client-portal/logo/" not in shown
    assert "welcome" not in shown


@pytest.mark.parametrize("path", ["", "/projects", "/devices"])
def test_the_portals_name_stands_in_head_and_title(viewer, branded, path):
    shown = page(viewer, path)
    assert "· Kaffee &amp; Co</title>" in shown
    assert '<a class="brand" href="/client-portal">Kaffee &amp; Co</a>' in shown


def test_the_welcome_is_text_and_stands_on_the_dashboard_alone(viewer, branded):
    assert "Ask &lt;Priya&gt; &amp; us." in page(viewer)
    assert "Priya" not in page(viewer, "/projects")


@pytest.mark.parametrize("path", ["", "/projects", "/devices"])
def test_the_logo_stands_in_the_head_with_the_portals_name_and_its_size(viewer, branded, path):
    logo = logo_of(branded)
    assert f'<img src="{address_of_logo(logo)}" alt="Kaffee &amp; Co" width="300" height="100">' in page(viewer, path)


def test_the_logo_is_a_webp_that_nobody_keeps(viewer, client_row):
    logo = logo_of(client_row)
    response = viewer.get(address_of_logo(logo))
    assert response.content == bytes(logo.image)
    assert response["Content-Type"] == "image/webp"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "private, no-store"


def test_the_colours_are_a_stylesheet_linked_after_the_houses(viewer, client_row):
    chosen = coloured(client_row, "#aa3300")
    address = f"/client-portal/colours/{chosen.digest}.css"
    shown = page(viewer)
    assert shown.index("portal/portal.css") < shown.index(f'<link rel="stylesheet" href="{address}">')
    response = viewer.get(address)
    assert response.content.decode() == chosen.css
    assert response["Content-Type"] == "text/css; charset=utf-8"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "private, no-store"


def test_anothers_logo_and_colours_are_missing(viewer, client_row):
    other = ClientFactory()
    theirs, colours = logo_of(other, words="other"), coloured(other, "#00aa55")
    for address in (address_of_logo(theirs), f"/client-portal/colours/{colours.digest}.css"):
        assert viewer.get(address).status_code == 404
    logo_of(client_row)
    coloured(client_row, "#aa3300")
    for address in (address_of_logo(theirs), f"/client-portal/colours/{colours.digest}.css"):
        assert viewer.get(address).status_code == 404


def test_a_picture_that_two_clients_share_is_each_ones_own(viewer, client_row):
    other = ClientFactory()
    theirs = logo_of(other)
    assert viewer.get(address_of_logo(theirs)).status_code == 404
    logo_of(client_row)
    assert viewer.get(address_of_logo(theirs)).status_code == 200


def test_a_logo_taken_away_or_replaced_is_missing(viewer, client_row):
    first = logo_of(client_row)
    second = logo_of(client_row, words="another")
    assert viewer.get(address_of_logo(first)).status_code == 404
    logos.take_away(client_row)
    assert viewer.get(address_of_logo(second)).status_code == 404
    assert "/client-portal/logo/" not in page(viewer)


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_logo_and_colours_are_only_read(viewer, client_row, method):
    logo, chosen = logo_of(client_row), coloured(client_row, "#aa3300")
    for address in (address_of_logo(logo), f"/client-portal/colours/{chosen.digest}.css"):
        assert getattr(viewer, method)(address).status_code == 405


def test_the_company_login_and_staff_who_look_see_the_same(client):
    company = CompanyLoginFactory(portal_username="contoso", brand_name="Contoso Rooms")
    logo = logo_of(company)
    staff = signed_in(StaffFactory())
    staff.post(reverse("admin:accounts_client_look", args=[company.pk]))
    for browser in (sign_in("contoso")[0], staff):
        assert f'src="{address_of_logo(logo)}" alt="Contoso Rooms"' in page(browser)
        assert browser.get(address_of_logo(logo)).status_code == 200


def test_the_sign_in_page_stays_the_agencys(client, branded):
    logo_of(branded)
    shown = client.get("/client-portal/login").content.decode()
    assert "Kaffee" not in shown
    assert "/client-portal/logo/" not in shown


def test_a_page_never_reads_the_picture(viewer, client_row):
    logo_of(client_row)
    with CaptureQueriesContext(connection) as queries:
        page(viewer)
    selects = [query["sql"] for query in queries if query["sql"].startswith("SELECT")]
    assert len(selects) <= 12
    assert not any('"image"' in sql for sql in selects)

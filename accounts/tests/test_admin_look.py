"""The look of a client's portal in the staff's pages: set, shown in both themes, refused where it cannot be."""

import re
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.colours import accents
from accounts.models import Client, ClientLogo
from accounts.tests.brands import logo_of, picture
from accounts.tests.factories import ClientFactory, StaffFactory, UserFactory
from accounts.tests.forms import add, change, errors

pytestmark = pytest.mark.django_db
HERE = Path(__file__).parents[2]


@pytest.fixture
def staff(client):
    person = StaffFactory()
    client.force_login(person)
    return person


@pytest.fixture
def company(db):
    return ClientFactory(name="Contoso")


def sent(data, name="logo.png"):
    return SimpleUploadedFile(name, data, "image/png")


def page(client, company):
    return client.get(reverse("admin:accounts_client_change", args=[company.pk])).content.decode()


def colours_of(client, colour):
    return client.get(reverse("admin:accounts_client_sample_colours"), {"colour": colour}).content.decode()


def test_name_colour_and_welcome_are_set(client, staff, company):
    change(client, company, brand_name="Rooms", brand_colour="#aa3300", brand_welcome="Hello there")
    company.refresh_from_db()
    assert (company.portal_name, company.brand_colour, company.brand_welcome) == ("Rooms", "#aa3300", "Hello there")


def test_a_new_client_may_have_a_look_at_once(client, staff):
    add(client, Client, name="Northwind", brand_colour="#aa3300", new_logo=sent(picture()))
    made = Client.objects.get(name="Northwind")
    assert (made.brand_colour, made.logo.width) == ("#aa3300", 300)


@pytest.mark.parametrize("colour", ["red", "#12", "#12345g", "aa33000", "#aa330;"])
def test_what_is_no_colour_is_refused(client, staff, company, colour):
    response = change(client, company, brand_colour=colour)
    assert errors(response) == {"brand_colour": ["Write a colour as # and six digits, 0 to 9 and a to f: #1d56c4."]}


@pytest.mark.parametrize("name", ["logo.png", "logo.exe", "../../etc/passwd"])
def test_a_logo_is_told_by_its_content_and_not_by_its_name(client, staff, company, name):
    change(client, company, new_logo=sent(picture("WEBP"), name))
    assert ClientLogo.objects.get(client=company).width == 300


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG drawings can run scripts"),
        (b"<script>alert(1)</script>", "not a PNG, JPEG or WebP"),
        (picture("GIF", mode="P"), "not a PNG, JPEG or WebP"),
    ],
)
def test_another_file_is_refused_and_the_old_logo_stays(client, staff, company, data, words):
    before = logo_of(company).digest
    response = change(client, company, new_logo=sent(data))
    assert words in errors(response)["new_logo"][0]
    assert ClientLogo.objects.get(client=company).digest == before


def test_a_logo_stays_until_it_is_replaced_or_taken_away(client, staff, company):
    first = logo_of(company).digest
    change(client, company, brand_name="Rooms")
    assert ClientLogo.objects.get(client=company).digest == first
    change(client, company, new_logo=sent(picture(size=(90, 90))), no_logo="on")
    assert ClientLogo.objects.get(client=company).width == 90
    change(client, company, no_logo="on")
    assert not ClientLogo.objects.exists()


def test_the_sample_shows_both_themes_as_they_are_saved(client, staff, company):
    company.brand_name, company.brand_colour, company.brand_welcome = "Rooms & Co", "#aa3300", "<b>Hello</b>"
    company.save()
    shown = page(client, company)
    assert shown.count("<strong data-sample-name>Rooms &amp; Co</strong>") == 2
    assert shown.count("&lt;b&gt;Hello&lt;/b&gt;") == 4 - 1  # twice in the sample, once in its field
    assert 'sample-colours.css?colour=%23aa3300"' in shown
    assert accents("#aa3300").tokens in colours_of(client, "#aa3300")


def test_the_sample_shows_the_logo(client, staff, company):
    logo = logo_of(company)
    address = reverse("admin:accounts_client_logo", args=[company.pk])
    assert page(client, company).count(f'<img src="{address}?{logo.digest}" alt="Contoso"') == 2
    response = client.get(address)
    assert (response.content, response["Content-Type"]) == (bytes(logo.image), "image/webp")


@pytest.mark.parametrize("colour", ["", "red", "#aa330;}"])
def test_the_sample_of_no_colour_is_the_houses(client, staff, colour):
    assert colours_of(client, colour) == ""


@pytest.mark.parametrize("number", ["0", "x", "99999999999999999999", "1/2"])
def test_a_logo_that_is_not_there_is_missing(client, staff, number):
    assert client.get(f"/admin/accounts/client/{number}/logo.webp").status_code == 404


def test_staff_without_the_right_see_neither_logo_nor_colours(client, company):
    logo_of(company)
    person = UserFactory(is_staff=True)
    client.force_login(person)
    addresses = [
        reverse("admin:accounts_client_logo", args=[company.pk]),
        reverse("admin:accounts_client_sample_colours") + "?colour=%23aa3300",
    ]
    assert [client.get(address).status_code for address in addresses] == [403, 403]
    person.user_permissions.add(Permission.objects.get(codename="view_client"))
    assert [client.get(address).status_code for address in addresses] == [200, 200]
    assert "data-samples" in page(client, company)


def test_the_sample_has_the_colours_of_the_portal():
    def tokens(path):
        return dict(re.findall(r"(--[\w-]+): (light-dark\(#\w+, #\w+\));", (HERE / path).read_text()))

    portal, sample = tokens("portal/static/portal/portal.css"), tokens("accounts/static/accounts/sample.css")
    assert len(sample) == 10
    assert sample == {name: portal[name] for name in sample}

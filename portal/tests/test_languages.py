"""In which language a page speaks, and how somebody chooses it."""

import pytest
from django.core import mail
from django.test import Client as Browser
from django.utils import timezone

from accounts import invitations
from accounts.tests.factories import ClientFactory, CompanyLoginFactory, PortalUserFactory, StaffFactory
from accounts.tests.workers import work_queue
from portal.tests.browsers import sign_in, signed_in
from portal.tests.test_invitations import last_link

pytestmark = pytest.mark.django_db

SETTINGS = "/client-portal/settings"
GERMAN, ENGLISH, FRENCH = ({"accept-language": tag} for tag in ("de-AT,en;q=0.5", "en", "fr"))


def language_of(response):
    """The language that an answer says it is in, its head and its body alike."""
    language = response["Content-Language"]
    assert f'<html lang="{language}"' in response.content.decode()
    assert "Accept-Language" in response["Vary"]
    return language


def portal_of(user="", client=""):
    return signed_in(PortalUserFactory(locale=user, client=ClientFactory(locale=client)))


@pytest.mark.parametrize(
    ("user", "client", "browser", "spoken"),
    [
        ("de-AT", "en-GB", ENGLISH, "de"),
        ("en-GB", "de-DE", GERMAN, "en"),
        ("", "de-DE", ENGLISH, "de"),
        ("", "en-GB", GERMAN, "en"),
        ("", "", GERMAN, "de"),
        ("", "", FRENCH, "en"),
        ("fr-FR", "de-DE", GERMAN, "en"),
    ],
)
def test_the_users_choice_comes_before_the_clients_and_that_before_the_browsers(user, client, browser, spoken):
    response = portal_of(user, client).get("/client-portal/projects", headers=browser)
    assert language_of(response) == spoken
    assert ("Projekte" in response.content.decode()) is (spoken == "de")


def test_formats_follow_the_browser_where_nobody_chose_any():
    browser = portal_of()
    assert "0,00" in browser.get("/client-portal", headers=GERMAN).content.decode()
    assert "0.00" in browser.get("/client-portal", headers=ENGLISH).content.decode()


@pytest.mark.parametrize("path", ["/client-portal/login", "/client-portal/forgot-password", "/admin/login/"])
def test_before_sign_in_the_browser_decides(client, path):
    assert language_of(client.get(path, headers=GERMAN)) == "de"
    assert language_of(client.get(path, headers=FRENCH)) == "en"


def test_a_company_logins_pages_follow_its_client():
    CompanyLoginFactory(portal_username="contoso", locale="de-DE")
    browser, _answer = sign_in("contoso")
    for path in ("/client-portal", SETTINGS, "/client-portal/second-factor", "/client-portal/invoices/0"):
        assert language_of(browser.get(path, headers=ENGLISH)) == "de", path


def test_who_is_not_let_in_reads_why_in_their_own_language():
    user = PortalUserFactory(locale="de-DE")
    browser = signed_in(user)
    type(user).objects.filter(pk=user.pk).update(client_portal_enabled=False)
    response = browser.get("/client-portal", headers=ENGLISH)
    assert response.status_code == 403
    assert language_of(response) == "de"
    assert "Das Kundenportal ist für diesen Benutzer nicht eingeschaltet." in response.content.decode()


@pytest.mark.parametrize(
    ("locale", "browser", "spoken"), [("de-DE", ENGLISH, "de"), ("en-GB", GERMAN, "en"), ("", GERMAN, "de")]
)
def test_staffs_pages_follow_the_member_of_staff(locale, browser, spoken):
    staff = signed_in(StaffFactory(locale=locale, is_superuser=True))
    for path in ("/admin/", "/admin/billing/invoice/"):
        assert language_of(staff.get(path, headers=browser)) == spoken
    assert staff.get("/admin/nothing/", headers=browser)["Content-Language"] == spoken
    assert ("Rechnungen" in staff.get("/admin/", headers=browser).content.decode()) is (spoken == "de")


def test_staff_that_look_as_a_client_read_what_the_client_reads():
    client = ClientFactory(locale="de-DE")
    staff = signed_in(StaffFactory(locale="en-GB", is_superuser=True))
    staff.post(f"/admin/accounts/client/{client.pk}/look/")
    assert language_of(staff.get("/client-portal/projects", headers=ENGLISH)) == "de"
    assert language_of(staff.get("/client-portal/password", headers=GERMAN)) == "en"


def test_the_link_and_its_page_speak_the_invited_accounts_language():
    for locale, subject, words in (
        ("de-AT", "Ihr Zugang", "Legen Sie Ihr Passwort fest"),
        ("en-GB", "Your access", "Set"),
    ):
        user = PortalUserFactory(locale=locale)
        invitations.invite(user, by=StaffFactory(), now=timezone.now())
        work_queue()
        assert subject in mail.outbox[-1].subject
        response = Browser().get(last_link(), headers=FRENCH)
        assert language_of(response) == locale[:2]
        assert words in response.content.decode()


# Choosing


def test_a_person_chooses_language_formats_and_time_zone():
    user = PortalUserFactory(client=ClientFactory(locale="en-GB", timezone="Europe/Berlin"))
    browser = signed_in(user)
    assert SETTINGS in browser.get("/client-portal").content.decode()
    answer = browser.post(SETTINGS, {"locale": "de-AT", "zone": "Europe/Vienna"}, follow=True)
    page = answer.content.decode()
    assert language_of(answer) == "de"
    assert "Gespeichert." in page
    assert "Europe/Vienna" in page
    user.refresh_from_db()
    assert (user.locale, user.timezone) == ("de-AT", "Europe/Vienna")


def test_an_empty_choice_follows_the_client_again():
    user = PortalUserFactory(locale="de-DE", timezone="Asia/Tokyo", client=ClientFactory(locale="en-GB"))
    assert language_of(signed_in(user).post(SETTINGS, {"locale": "", "zone": ""}, follow=True)) == "en"
    user.refresh_from_db()
    assert (user.locale, user.timezone) == ("", "")


@pytest.mark.parametrize("wrong", [{"locale": "xx-XX"}, {"zone": "Mars/Base"}, {"locale": "de\0"}])
def test_what_is_no_language_or_zone_is_not_kept(wrong):
    user = PortalUserFactory(locale="en-GB", timezone="Europe/Berlin")
    response = signed_in(user).post(SETTINGS, {"locale": "en-GB", "zone": "Europe/Berlin", **wrong})
    assert response.status_code == 200
    assert "field-wrong" in response.content.decode()
    user.refresh_from_db()
    assert (user.locale, user.timezone) == ("en-GB", "Europe/Berlin")


def test_a_zone_of_an_older_name_is_still_offered_to_who_has_it():
    user = PortalUserFactory(timezone="Japan")
    browser = signed_in(user)
    assert '<option value="Japan" selected>' in browser.get(SETTINGS).content.decode()
    browser.post(SETTINGS, {"locale": "", "zone": "Japan"})
    user.refresh_from_db()
    assert user.timezone == "Japan"


def test_a_company_login_has_nothing_to_choose():
    company = CompanyLoginFactory(portal_username="contoso", locale="en-GB")
    browser, _answer = sign_in("contoso")
    # The page itself is offered, for the data that can be downloaded there.
    assert f'href="{SETTINGS}"' in browser.get("/client-portal").content.decode()
    assert "<select" not in browser.get(SETTINGS).content.decode()
    page = browser.post(SETTINGS, {"locale": "de-DE", "zone": "Asia/Tokyo"}).content.decode()
    assert "Ask the agency" in page
    assert "<select" not in page
    company.refresh_from_db()
    assert company.locale == "en-GB"

"""The content security policy in a real browser: nothing that the site brings is refused, and foreign things are."""

import pytest
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from playwright.sync_api import expect

from accounts.models import Agency, Client
from accounts.tests.factories import PASSWORD, ClientFactory, PortalUserFactory, StaffFactory
from billing.tests.factories import (
    ProjectFactory,
    TaskFactory,
    TimeEntryFactory,
    draft_invoice,
    sent_invoice,
    sent_quote,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

EXPORT = b"project,client,person,date,hours\nShop,Acme,Ada,2025-03-04,1\n"


@pytest.fixture
def staff(page, server, complaints):
    """A member of staff, signed in, with one of everything to work on."""
    Agency.objects.get_or_create(pk=1, defaults={"name": "Studio North"})
    Group.objects.create(name="Bookkeepers")
    user = StaffFactory(username="sam", password=make_password(PASSWORD, hasher="argon2"))
    client = ClientFactory(name="Northwind")
    PortalUserFactory(client=client)
    project = ProjectFactory(client=client, name="Shop")
    TimeEntryFactory(project=project, task=TaskFactory(project=project, name="Design"), user=user)
    draft_invoice(client)
    sent_invoice(client)
    sent_quote(client)
    page.goto(f"{server}/admin/")
    page.get_by_label("User name").or_(page.get_by_label("Username")).fill("sam")
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("[type=submit]").click()
    page.wait_for_url(f"{server}/admin/")
    return user


def lists(page, server):
    """The addresses of all lists that the start page of the admin leads to."""
    page.goto(f"{server}/admin/")
    links = page.locator("#content-main th a").all()
    return [server + link.get_attribute("href") for link in links]


def test_the_listener_hears_what_is_refused(page, server, complaints):
    page.goto(f"{server}/client-portal/login")
    assert complaints == []
    page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.ran = true";
            document.body.append(script);
            document.body.insertAdjacentHTML("beforeend", "<p style='color: red'>red</p>");
        }"""
    )
    page.wait_for_timeout(100)
    assert any("script-src-elem: inline" in complaint for complaint in complaints)
    assert any("style-src-attr: inline" in complaint for complaint in complaints)
    assert page.evaluate("window.ran") is None


def test_every_list_and_row_of_the_admin_keeps_to_the_policy(page, server, staff, complaints):
    opened = 0
    for address in lists(page, server):
        page.goto(address)
        row = page.locator("#result_list tbody th a").first
        if row.count():
            page.goto(server + row.get_attribute("href"))
            links = page.locator("a.historylink, a.deletelink").all()
            for further in [link.get_attribute("href") for link in links]:
                page.goto(server + further)
            opened += 1
        page.goto(address)
        if page.locator(".object-tools .addlink").count():
            page.goto(f"{address}add/")
        assert complaints == [], address
    assert opened >= 8


def test_choosing_by_typing_dates_and_pop_ups_work_under_the_policy(page, server, staff, complaints):
    page.goto(f"{server}/admin/billing/timeentry/add/")
    page.locator(".field-project .select2-selection").click()
    page.locator(".select2-search__field").fill("Sho")
    page.locator(".select2-results__option", has_text="Shop").click()
    expect(page.locator(".field-project .select2-selection__rendered")).to_contain_text("Shop")

    page.locator(".field-start_time .date-icon").first.click()
    page.locator(".calendarbox:visible td a").first.click()
    assert page.locator("#id_start_time_0").input_value() != ""
    page.locator(".field-start_time .clock-icon").first.click()
    page.locator(".clockbox:visible .timelist a").first.click()
    assert page.locator("#id_start_time_1").input_value() != ""
    assert complaints == []


def test_a_row_is_added_in_a_pop_up(page, server, staff, complaints):
    page.goto(f"{server}/admin/billing/project/add/")
    with page.expect_popup() as opened:
        page.locator("#add_id_client").click()
    window = opened.value
    window.get_by_label("Name:", exact=True).fill("Made in a window")
    window.locator("[name=_save]").click()
    expect(page.locator(".field-client .select2-selection__rendered")).to_contain_text("Made in a window")
    assert Client.objects.filter(name="Made in a window").exists()
    assert complaints == []


def test_actions_filters_and_searches_work_under_the_policy(page, server, staff, complaints):
    page.goto(f"{server}/admin/billing/timeentry/")
    page.locator("#result_list .action-select").first.check()
    page.locator("select[name=action]").select_option("delete_selected")
    page.locator("button[name=index]").click()
    page.get_by_text("Are you sure").first.wait_for()
    page.goto(f"{server}/admin/accounts/user/")
    page.locator("#searchbar").fill("sam")
    page.locator("#changelist-search [type=submit]").click()
    expect(page.locator("#result_list tbody tr")).to_have_count(1)
    page.locator("#changelist-filter a").first.click()
    page.locator("button.theme-toggle").first.click()
    assert complaints == []


def test_an_upload_is_shown_and_imported_under_the_policy(page, server, staff, complaints):
    page.goto(f"{server}/admin/billing/timeentry/import/")
    page.locator("input[type=file]").set_input_files({"name": "t.csv", "mimeType": "text/csv", "buffer": EXPORT})
    page.locator(".submit-row [type=submit]").click()
    page.get_by_text("1 new entry with 1.00 h.").wait_for()
    page.locator(".submit-row [type=submit]").click()
    page.locator(".messagelist .success").wait_for()
    assert complaints == []


def test_error_pages_keep_to_the_policy(page, server, complaints):
    for address in ("/nothing", "/client-portal/set-password/nothing", "/admin/nothing"):
        page.goto(server + address)
    # The browser itself notes every answer of an error; it has nothing else to say.
    assert [one for one in complaints if "Failed to load resource" not in one] == []


def test_the_site_is_shown_in_no_frame(page, server, complaints):
    page.goto(f"{server}/client-portal/login")
    page.set_content(f"<iframe src='{server}/client-portal/login'></iframe>")
    page.wait_for_timeout(300)
    assert any("frame" in complaint for complaint in complaints)

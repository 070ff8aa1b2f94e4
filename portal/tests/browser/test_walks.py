"""Three walks through the product, each as its people would go: a client at its phone, a bookkeeper, and staff."""

import re
from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
from django.contrib.auth.hashers import make_password
from django.core import mail
from django.utils import timezone
from PIL import Image
from playwright.sync_api import expect

from accounts import invitations
from accounts.models import Client, User
from accounts.tests.factories import PASSWORD, PortalUserFactory, StaffFactory
from accounts.tests.workers import work_queue
from billing import approvals, payments
from billing.models import TimeEntry
from billing.tests.factories import NOW, ProjectFactory, TimeEntryFactory, sent_invoice

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
NEW = "a long enough secret"


@pytest.fixture
def phone(browser, server):
    """A window at a phone, which taps."""
    context = browser.new_context(base_url=server, **PHONE)
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def fits(page):
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0


def test_a_client_at_its_phone_goes_from_the_invitation_to_an_approval(phone):
    user = PortalUserFactory(
        username="ada", email="ada@northwind.example", client__portal_approvals_enabled=True, client__show_rates=False
    )
    user.set_unusable_password()
    user.save()
    staff, now = StaffFactory(first_name="Sam"), timezone.now()
    project = ProjectFactory(client=user.client, name="Relaunch")
    TimeEntryFactory(project=project, user=staff, notes="First drafts")
    approvals.ask_for_entries(TimeEntry.objects.all(), by=staff, now=now)
    invitations.invite(user, by=staff, request=None, now=now)
    work_queue()
    link = re.search(r"http://testserver(/client-portal/set-password/\S+)", mail.outbox[0].body)[1]

    phone.goto(link)
    assert fits(phone)
    phone.get_by_label("New password").fill(NEW)
    phone.get_by_label("The same again").fill(NEW)
    phone.get_by_role("button", name="Set password").tap()
    phone.get_by_label("User name").fill("ada")
    phone.get_by_label("Password").fill(NEW)
    phone.get_by_role("button", name="Sign in").tap()
    phone.locator("main").get_by_role("link", name=re.compile("hours of Relaunch", re.IGNORECASE)).tap()
    expect(phone.get_by_text("First drafts")).to_be_visible()
    assert fits(phone)
    phone.get_by_role("button", name="Approve these hours").tap()
    expect(phone.locator("main")).to_contain_text("Approved")
    phone.locator("details.account summary").tap()
    phone.get_by_role("link", name="Activity").tap()
    expect(phone.locator("main")).to_contain_text("Relaunch")
    expect(phone.locator("main")).to_contain_text(re.compile("approved", re.IGNORECASE))
    assert fits(phone)


def test_a_bookkeeper_finds_keeps_and_prints_an_invoice_of_last_year(page, server, errors):
    user = PortalUserFactory(
        username="ada",
        password=make_password(PASSWORD, hasher="argon2"),
        last_name="Unusually-Long-Surname",
        client__name="An unusually long name of a company & Daughters",
    )
    days = {"issue_date": date(2025, 3, 3), "due_date": date(2025, 3, 17)}
    wanted = sent_invoice(user.client, "1234.50", **days)
    sent_invoice(user.client, "99", **days)
    sent_invoice(user.client, "77")
    payments.record(wanted, amount=Decimal("1234.50"), paid_on=date(2025, 3, 10), by=None, now=NOW)

    page.goto(f"{server}/client-portal/login")
    page.get_by_label("User name").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Invoices").click()
    page.get_by_label("Year").select_option("2025")
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".list-invoices tbody tr")).to_have_count(2)
    page.get_by_label("Number or amount").fill("1.234,5")
    page.get_by_label("Number or amount").press("Enter")
    expect(page.locator(".list-invoices tbody tr")).to_have_count(1)
    page.get_by_role("link", name=wanted.invoice_number).click()
    expect(page.get_by_text("Payment of Mar 10, 2025, Bank transfer")).to_be_visible()
    with page.expect_download() as kept:
        page.get_by_role("link", name="Download PDF").click()
    assert kept.value.suggested_filename == f"{wanted.invoice_number}.pdf"
    assert kept.value.path().read_bytes().startswith(b"%PDF")
    heights = page.locator(".nav span").evaluate_all("names => names.map(name => name.offsetHeight)")
    assert max(heights) < 30, "a name in the head is broken in two"
    page.emulate_media(media="print")
    expect(page.locator(".top")).to_be_hidden()
    expect(page.locator("article.document")).to_be_visible()
    assert errors == []


def test_staff_switch_a_portal_on_look_at_it_dress_it_and_switch_it_off(page, server, errors):
    StaffFactory(username="sam", is_superuser=True, password=make_password(PASSWORD, hasher="argon2"))
    page.goto(f"{server}/admin/accounts/client/add/")
    page.get_by_label("Username").fill("sam")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()

    page.get_by_label("Name:", exact=True).fill("Northwind")
    page.get_by_role("button", name="Save and continue editing").click()
    page.get_by_role("link", name="add a portal user").click()
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Email address").fill("ada@northwind.example")
    expect(page.get_by_label("Enable client portal")).to_be_checked()
    page.get_by_role("button", name="Save", exact=True).click()
    page.locator(".inline-deed").click()
    expect(page.locator(".messagelist .success")).to_contain_text("Invited by e-mail: ada.")
    page.locator(".object-tools").get_by_role("link", name="Client", exact=True).click()
    expect(page.locator(".field-who_may_enter")).to_contain_text("Switched on for 1 person.")
    expect(page.get_by_role("button", name="Send portal invitation")).to_have_count(0)

    page.locator("input[name=brand_colour]").first.fill("#0a7d55")
    page.locator("input[name=new_logo]").set_input_files(
        {"name": "logo.png", "mimeType": "image/png", "buffer": picture()}
    )
    page.get_by_role("button", name="Save and continue editing").click()
    page.get_by_role("button", name="View as client").click()
    page.wait_for_url(f"{server}/client-portal")
    expect(page.locator(".top img")).to_be_visible()
    accent = page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--accent')")
    assert accent.startswith("light-dark(#0a7b54")
    page.get_by_role("button", name="Stop looking").click()
    client = Client.objects.get()
    page.wait_for_url(f"{server}/admin/accounts/client/{client.pk}/change/")

    page.locator("#users-group").get_by_role("link", name="ada").click()
    page.get_by_label("Enable client portal").uncheck()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist .success")).to_be_visible()
    user = User.objects.get(username="ada")
    assert (user.client_portal_enabled, user.client) == (False, client)
    assert errors == []


def picture():
    kept = BytesIO()
    Image.new("RGB", (120, 40), "#0a7d55").save(kept, "PNG")
    return kept.getvalue()

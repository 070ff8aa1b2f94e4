"""Lists on a phone, a tablet and a desktop: the filter's sheet, its tags, files, and names that do not fit."""

from datetime import timedelta

import pytest
from django.contrib.auth.hashers import make_password
from django.utils import timezone
from playwright.sync_api import expect

from accounts.tests.factories import PASSWORD, PortalUserFactory, StaffFactory
from billing.models import TimeEntry
from billing.tests.factories import (
    CommentFactory,
    ProjectFactory,
    TaskFactory,
    TimeEntryFactory,
    requested_approval,
    sent_invoice,
    sent_quote,
)
from portal.tests.browser.conftest import complaints_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 2
PHONE = {"width": 390, "height": 844}
LISTS = [
    "",
    "/projects",
    "/invoices",
    "/quotes",
    "/time-entries",
    "/time-entries?sort=longest&page=3",
    "/reports",
    "/reports?group=task",
    "/activity",
    "/notifications",
    "/approvals",
]


@pytest.fixture
def user():
    """One of a client's people, with names of many letters and no space, and hundreds of entries."""
    password = make_password(PASSWORD, hasher="argon2")  # the server knows no quicker one
    user = PortalUserFactory(username="ada", password=password, client__name=LONG, client__show_rates=True)
    staff = StaffFactory(first_name="Nora", last_name=LONG[:100])
    project = ProjectFactory(client=user.client, name=LONG, estimated_hours=900, budget_amount=90000)
    task = TaskFactory(project=project, name=LONG)
    now = timezone.now()
    TimeEntry.objects.bulk_create(
        TimeEntry(
            client=user.client,
            project=project,
            task=task if n % 2 else None,
            user=staff,
            start_time=now - timedelta(hours=5 * n),
            end_time=now - timedelta(hours=5 * n - 1),
            duration_seconds=3600,
            hourly_rate=80,
            amount=80,
            notes=f"{LONG} {n}" if n % 3 else "",
        )
        for n in range(1, 300)
    )
    TimeEntryFactory(project=ProjectFactory(client=user.client, name="Shop"), user=staff, notes="Found by its note")
    requested_approval(project)
    CommentFactory(project=project, author=staff, content=LONG)
    sent_invoice(user.client, "123456789.99", project=project)
    sent_quote(user.client, title=LONG, project=project)
    return user


@pytest.fixture
def signed_in(page, server, user):
    """The state of a browser that the user signed in with."""
    page.goto(f"{server}/client-portal/invoices")
    page.get_by_label("User name").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{server}/client-portal/invoices")
    return page.context.storage_state()


@pytest.fixture
def opened(browser, signed_in):
    """Opens windows of the same person on other devices; nothing may be refused or go wrong in them."""
    contexts, heard = [], []

    def window(**device):
        contexts.append(browser.new_context(storage_state=signed_in, **device))
        heard.append(complaints_of(contexts[-1]))
        return contexts[-1].new_page()

    yield window
    for context in contexts:
        context.close()
    assert not any(heard), heard


def test_a_phone_filters_by_keyboard_and_by_touch_with_scripts_and_without(opened, server):
    address = f"{server}/client-portal/time-entries"
    page = opened(viewport=PHONE)
    page.goto(address)
    opener, note = page.get_by_role("button", name="Filter", exact=True), page.get_by_label("Note contains")
    expect(note).not_to_be_visible()
    opener.press("Enter")
    expect(note).to_be_visible()
    page.keyboard.press("Escape")
    expect(note).not_to_be_visible()
    expect(opener).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(note).to_be_focused()
    page.keyboard.type("Found by")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 entry, 1.00 hours")).to_be_visible()
    page.get_by_role("link", name="Note contains: “Found by”").press("Enter")
    expect(page.get_by_text("301 entries, 301.00 hours")).to_be_visible()

    for scripts in (True, False):
        page = opened(viewport=PHONE, has_touch=True, is_mobile=True, java_script_enabled=scripts)
        page.goto(address)
        expect(page.get_by_label("Project")).not_to_be_visible()
        page.get_by_role("button", name="Filter", exact=True).tap()
        page.get_by_role("button", name="Close").tap()
        expect(page.get_by_label("Project")).not_to_be_visible()
        page.get_by_role("button", name="Filter", exact=True).tap()
        page.get_by_label("Project").select_option("Shop")
        page.get_by_role("button", name="Show").tap()
        expect(page.get_by_text("1 entry, 1.00 hours")).to_be_visible()
        page.get_by_role("link", name="Project: Shop").tap()
        expect(page.get_by_text("301 entries, 301.00 hours")).to_be_visible()
        assert page.url == f"{address}?"


def test_a_filter_that_cannot_be_used_is_open_on_a_phone(opened, server):
    page = opened(viewport=PHONE)
    page.goto(f"{server}/client-portal/time-entries?date_from=2026-03-10&date_to=2026-03-09")
    expect(page.get_by_text("The last day lies before the first.")).to_be_visible()
    expect(page.get_by_label("To (inclusive)")).to_be_visible()


def test_nothing_runs_out_of_the_page_at_any_width(opened, server):
    page = opened(viewport=PHONE)
    for path in LISTS:
        page.goto(f"{server}/client-portal{path}")
        for width in (320, 390, 768, 1024, 1280):
            page.set_viewport_size({"width": width, "height": 844})
            over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert over == 0, f"{path} is {over} pixels wider than {width}"


def test_the_buttons_give_files_and_the_heads_stay_in_sight(opened, server):
    page = opened(viewport={"width": 1280, "height": 800})
    page.goto(f"{server}/client-portal/time-entries?q=Found")
    for kind in ("CSV", "XLSX"):
        with page.expect_download() as download:
            page.get_by_role("link", name=kind, exact=True).click()
        assert download.value.suggested_filename.endswith(f".{kind.lower()}")
    page.goto(f"{server}/client-portal/time-entries")
    page.mouse.wheel(0, 1500)
    page.wait_for_function("scrollY > 1000")
    expect(page.get_by_role("columnheader", name="Hours")).to_be_in_viewport()

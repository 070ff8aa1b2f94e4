"""A client at its screen, and at its phone: every page opens, fits, and reads well to a machine."""

from decimal import Decimal

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from accounts.tests.factories import PASSWORD, PortalUserFactory, StaffFactory
from billing import payments
from billing.tests.factories import (
    CommentFactory,
    ProjectFactory,
    TaskFactory,
    TimeEntryFactory,
    sent_invoice,
    sent_quote,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
LONG = "An unusually long name that somebody typed without ever thinking of narrow screens and their readers"


@pytest.fixture
def user():
    """One of a client's people, with one of everything to look at."""
    password = make_password(PASSWORD, hasher="argon2")  # the server knows no quicker one
    user = PortalUserFactory(username="ada", password=password, client__name=LONG, client__show_rates=True)
    staff = StaffFactory()
    project = ProjectFactory(client=user.client, name=LONG, estimated_hours=1, budget_amount=100, description=LONG)
    task = TaskFactory(project=project, name=LONG)
    TimeEntryFactory(project=project, task=task, user=staff, notes=LONG, start_time=timezone.now())
    TimeEntryFactory(project=project, user=staff, hourly_rate=80, amount=80, has_times=False)
    CommentFactory(project=project, author=staff, content=LONG)
    invoice = sent_invoice(user.client, "123456789.99", project=project, notes=LONG)
    payments.record(invoice, amount=Decimal("1.50"), paid_on=invoice.issue_date, by=staff, now=timezone.now())
    sent_invoice(user.client, "10", currency_code="JPY")
    user.quote = sent_quote(user.client, title=LONG)
    user.invoice, user.project = invoice, project
    return user


def pages(user):
    return [
        "",
        "/projects",
        f"/projects/{user.project.pk}",
        "/invoices",
        "/invoices?status=paid",
        f"/invoices/{user.invoice.pk}",
        "/quotes",
        f"/quotes/{user.quote.pk}",
        "/statement",
        "/statement?date_from=x",
        "/time-entries",
        "/time-entries?date_from=x",
        "/reports",
        "/reports?group=task",
        "/reports?date_from=x",
    ]


def sign_in(page, server):
    page.goto(f"{server}/client-portal/invoices")
    page.get_by_label("User name").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{server}/client-portal/invoices")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_every_page_fits_and_is_accessible(page, server, user, errors, size, scheme):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size(dict(zip(("width", "height"), SIZES[size], strict=True)))
    page.goto(f"{server}/client-portal/login")
    assert_fine(page, "sign-in")
    sign_in(page, server)
    for path in pages(user):
        page.goto(f"{server}/client-portal{path}")
        assert_fine(page, path)
    assert errors == []


def assert_fine(page, path):
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow == 0, f"{path} is {overflow} pixels too wide"
    found = Axe().run(page).response["violations"]
    assert [(rule["id"], node["html"][:200]) for rule in found for node in rule["nodes"]] == [], path


def test_a_client_filters_time_and_signs_out(page, server, user, errors):
    sign_in(page, server)
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Time").click()
    page.get_by_label("From").fill("2026-03-10")
    page.get_by_label("To (inclusive)").fill("2026-03-10")
    page.get_by_role("button", name="Show").click()
    assert page.get_by_text("1 entry, 1.00 hours").is_visible()
    page.locator("summary").click()
    page.get_by_role("button", name="Sign out").click()
    assert page.get_by_text("You are signed out.").is_visible()
    page.goto(f"{server}/client-portal")
    assert page.url == f"{server}/client-portal/login?next=/client-portal"
    assert errors == []

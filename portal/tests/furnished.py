"""A client with something of everything, and the address of each page that there is to look at."""

from datetime import timedelta
from decimal import Decimal

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from accounts.models import Agency
from accounts.tests.factories import PASSWORD, PortalUserFactory, StaffFactory
from billing import approvals, payments, tracking
from billing.models import Task
from billing.tests.factories import (
    CommentFactory,
    ProjectFactory,
    TaskFactory,
    TimeEntryFactory,
    sent_invoice,
    sent_quote,
)
from portal.tests.proof.addresses import filled, parts
from portal.tests.proof.test_routes import ROUTES, ROWS

SENTENCE = "An unusually long name that somebody typed without ever thinking of narrow screens and their readers"
# Instead of the row that would give the client's pages another look.
NOT_BRANDED = {"logo_digest": "none", "colours_digest": "none"}
# Nothing to break a line at.
UNBROKEN = "Donaudampfschifffahrtsgesellschaft" * 6


def furnish(username="ada"):
    """One of a client's people, `rows` of the client by the part of an address that takes them beside it."""
    now = timezone.now()
    Agency.objects.update_or_create(pk=1, defaults={"name": "Studio Nord"})
    # The server that a browser asks knows no quicker hasher.
    password = make_password(PASSWORD, hasher="argon2")
    user = PortalUserFactory(
        username=username,
        first_name=UNBROKEN[:100],
        password=password,
        client__name=UNBROKEN[:200],
        client__locale="en-GB",
        client__timezone="Europe/Berlin",
        client__currency_code="EUR",
        client__show_rates=True,
        client__show_running_timers=True,
        client__portal_approvals_enabled=True,
        client__portal_enabled=True,
        client__portal_username=f"{username}-company",
        client__portal_password=password,
    )
    staff = StaffFactory(first_name="Jonas", last_name="Petersen")
    project = _work(user.client, staff, now)
    user.rows = {"project_id": project.pk, **_papers(user.client, project, staff, now)}
    return user


def _work(client, staff, now):
    """Projects of every kind, with time, tasks and comments."""
    project = ProjectFactory(
        client=client, name=UNBROKEN[:200], estimated_hours=3, budget_amount=100, description=SENTENCE
    )
    ProjectFactory(client=client, name=SENTENCE, estimated_hours=400)
    ProjectFactory(client=client, name="Care", status="on_hold")
    tasks = [TaskFactory(project=project, name=status + UNBROKEN[:150], status=status) for status in Task.Status.values]
    for days in range(52):
        note = {0: UNBROKEN, 1: "", 2: SENTENCE * 3}.get(days, f"Note {days}")
        at = {"start_time": now - timedelta(days=days, hours=2), "has_times": days != 1}
        TimeEntryFactory(project=project, task=tasks[0] if days % 2 else None, user=staff, notes=note, **at)
    TimeEntryFactory(project=project, user=staff, hourly_rate=80, amount=80, start_time=now - timedelta(hours=3))
    CommentFactory(project=project, author=staff, content=UNBROKEN)
    tracking.start_timer(project, user=staff, now=now)
    return project


def _papers(client, project, staff, now):
    """Invoices in every state, a quote and a request to approve hours."""
    today = timezone.localdate()
    invoice = sent_invoice(client, "123456789.99", project=project, notes=UNBROKEN, terms=SENTENCE)
    sent_invoice(client, "10", currency_code="JPY")
    paid = sent_invoice(client, "10")
    quote = sent_quote(client, title=UNBROKEN[:200])
    payments.record(invoice, amount=Decimal("1.50"), paid_on=invoice.issue_date, by=staff, now=now)
    payments.record(paid, amount=Decimal(10), paid_on=paid.issue_date, by=staff, now=now)
    days = {"period_start": today - timedelta(days=5), "period_end": today}
    approval = approvals.ask(project, by=staff, now=now, **days).approval
    return {"invoice_id": invoice.pk, "quote_id": quote.pk, "approval_id": approval.pk} | NOT_BRANDED


def addresses(client, rows=()):
    """The path of every address of the portal, of `rows` where they fill its parts, else of new rows of the client."""
    for address in ROUTES:
        yield filled(address, {part: dict(rows).get(part) or ROWS[part](client) for part in parts(address)})


def pages(browser, client, rows=()):
    """Those paths that answer a browser's GET with a page of HTML, each page once."""
    seen = set()
    for path in addresses(client, rows):
        answer = browser.get(path)
        is_page = answer.status_code in {200, 404} and answer["Content-Type"].startswith("text/html")
        view = getattr(answer.resolver_match, "func", None)
        if is_page and view not in seen:
            seen.add(view)
            yield path

"""Two clients of whose every row every text is marked."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.contrib.auth.hashers import make_password

from accounts.models import Agency, Client, Event, EventCounter, User
from accounts.tests.brands import logo_of
from accounts.tests.factories import PASSWORD
from billing.models import (
    Comment,
    CreditNote,
    Invoice,
    InvoiceItem,
    Payment,
    Project,
    Quote,
    QuoteItem,
    Task,
    TimeApproval,
    TimeApprovalEntry,
    TimeEntry,
)
from billing.tests.factories import NOW, TODAY
from portal.models import DashboardPreference, DigestItem, EventRead, EventReadMark, MailChoice
from portal.tests.proof.marks import AMOUNT, INTERNAL, RATE, RUNNING, planted, texts_of
from portal.widgets import WIDGETS

# More than one page, as the crawl cuts its lists.
PAGEFUL = 5


@dataclass
class Planted:
    """A client with a row of everything; `rows` and `hidden` give ids by the part of an address that takes them."""

    mark: str
    client: Client
    person: User
    rows: dict
    hidden: dict


def plant_agency():
    """The seller that every client hears of."""
    return Agency.objects.update_or_create(pk=1, defaults={"name": "The agency"})[0]


def plant(mark):
    """A client with everything that a client can have, of `mark`."""
    client = planted(
        Client,
        mark,
        locale="en-GB",
        timezone="Europe/Berlin",
        hourly_rate=Decimal(RATE),
        portal_enabled=True,
        portal_approvals_enabled=True,
        portal_password=make_password(PASSWORD),
    )
    logo = logo_of(client, words=mark)
    person = planted(User, mark, client=client, client_portal_enabled=True, password=make_password(PASSWORD))
    staff = plant_staff(mark)
    project, archived, task, hidden_task = plant_work(mark, client, staff)
    invoice, draft = plant_invoices(mark, client, project, archived)
    quote, draft_quote = plant_quotes(mark, client, project)
    plant_events(mark, client, person, project, staff)
    approval = plant_approval(mark, project, staff)
    hidden_approval = plant_approval(INTERNAL, archived, staff)
    return Planted(
        mark=mark,
        client=client,
        person=person,
        rows=_ids(project, invoice, quote, approval, task, staff) | {"logo_digest": logo.digest},
        hidden=_ids(archived, draft, draft_quote, hidden_approval, hidden_task, staff),
    )


def _ids(project, invoice, quote, approval, task, staff):
    in_addresses = {"project_id": project, "invoice_id": invoice, "quote_id": quote, "approval_id": approval}
    in_questions = {"task_id": task, "person_id": staff}
    return {name: row.pk for name, row in (in_addresses | in_questions).items()}


def plant_staff(mark):
    """One of the agency's people, who works for this client alone: the name is shown, nothing else of the row."""
    names = {"first_name": f"{mark}stafffirst", "last_name": f"{mark}stafflast"}
    hidden = {name: INTERNAL + mark + text for name, text in texts_of(User, "", names).items()}
    return User.objects.create(**(hidden | names), is_staff=True, password=make_password(PASSWORD))


def plant_work(mark, client, staff):
    """A project with work to be seen, and an archived one that is all internal."""
    project = plant_project(mark, client, status="active", budget_amount=Decimal(900))
    plant_project(mark, client, status="on_hold", estimated_hours=Decimal(10))
    archived = plant_project(INTERNAL, client, status="archived")
    tasks = []
    for owner, seen in ((project, mark), (archived, INTERNAL)):
        task = planted(Task, seen, client=client, project=owner)
        tasks.append(task)
        plant_entries(seen, owner, task, staff)
        planted(Comment, seen, client=client, project=owner, author=staff, is_internal=False)
        planted(Comment, seen, client=client, project=owner, task=task, author=staff, is_internal=False)
    planted(Comment, INTERNAL, client=client, project=project, author=staff, is_internal=True)
    planted(
        TimeEntry,
        mark,
        client=client,
        project=project,
        user=staff,
        start_time=NOW - timedelta(minutes=9),
        notes=f"{RUNNING}{mark}",
    )
    return project, archived, *tasks


def plant_project(mark, client, **given):
    return planted(Project, mark, client=client, currency_code="EUR", hourly_rate=Decimal(RATE), **given)


def plant_entries(mark, project, task, staff):
    """More finished entries than one page of a list has."""
    for ago in range(PAGEFUL):
        start = NOW - timedelta(hours=ago + 1)
        planted(
            TimeEntry,
            mark,
            client_id=project.client_id,
            project=project,
            task=task,
            user=staff,
            start_time=start,
            end_time=start + timedelta(minutes=51),
            duration_seconds=3060,
            hourly_rate=Decimal(RATE),
            amount=Decimal(AMOUNT),
        )


def plant_invoices(mark, client, project, archived):
    """Invoices of every state; returns one that was sent and the draft."""
    open_one = plant_document(Invoice, InvoiceItem, mark, client, "sent", project=project)
    plant_document(Invoice, InvoiceItem, mark, client, "sent", project=archived)
    paid = plant_document(Invoice, InvoiceItem, mark, client, "sent")
    plant_document(Invoice, InvoiceItem, mark, client, "cancelled", project=project, cancelled_at=NOW)
    draft = plant_document(Invoice, InvoiceItem, INTERNAL, client, "draft", project=project)
    of_client = {"client": client, "amount": Decimal(20)}
    planted(Payment, mark, invoice=open_one, paid_on=TODAY, **of_client)
    planted(Payment, mark, invoice=open_one, paid_on=TODAY, status="pending", **of_client)
    planted(CreditNote, mark, invoice=open_one, issue_date=TODAY, **of_client)
    planted(Payment, mark, invoice=paid, paid_on=TODAY, client=client, amount=Decimal(100))
    return open_one, draft


def plant_quotes(mark, client, project):
    """Quotes of every state; returns one that was sent and the draft."""
    plant_document(Quote, QuoteItem, mark, client, "accepted", project=project)
    draft = plant_document(Quote, QuoteItem, INTERNAL, client, "draft", project=project)
    return plant_document(Quote, QuoteItem, mark, client, "sent", project=project), draft


def plant_document(model, lines, mark, client, status, **given):
    """An invoice or a quote with a line, as the database takes them: drafted, and issued in one step."""
    number = "invoice_number" if model is Invoice else "quote_number"
    later = {name: value for name, value in given.items() if name == "cancelled_at"}
    days = {"issue_date": TODAY} | ({"due_date": TODAY} if model is Invoice else {})
    document = planted(
        model,
        mark,
        client=client,
        currency_code="EUR",
        subtotal=100,
        total_amount=100,
        **days,
        **{number: None},
        **{name: value for name, value in given.items() if name not in later},
    )
    own = {model._meta.model_name: document, "client": client}
    planted(lines, mark, quantity=1, unit_price=100, amount=100, **own)
    if status != "draft":
        marked = {number: texts_of(model, mark)[number]}
        model.objects.filter(pk=document.pk).update(status=status, sent_at=NOW, **marked, **later)
    return document


def plant_events(mark, client, person, project, staff):
    """The client's journal, and what its viewers keep for themselves."""
    EventCounter.objects.create(client=client, last=1)
    event = planted(
        Event,
        mark,
        client=client,
        number=1,
        kind="project_created",
        subject_type="project",
        subject_id=project.pk,
        project_id=project.pk,
        actor=staff,
        recorded_at=NOW,
    )
    planted(EventRead, mark, client=client, user=person, event=event, read_at=NOW)
    planted(EventReadMark, mark, client=client, user=person)
    everything = {"widget_ids": [*WIDGETS], "widget_order": [*WIDGETS]}
    planted(DashboardPreference, mark, client=client, user=person, **everything)
    planted(MailChoice, mark, client=client, user=person, kind="invoice_sent", choice="daily")
    planted(DigestItem, mark, client=client, user=person, event=event, added_at=NOW)


def plant_approval(mark, project, staff):
    """A waiting request about more entries than one page of a list has."""
    own = {"client_id": project.client_id}
    days = {"period_start": TODAY, "period_end": TODAY}
    approval = planted(TimeApproval, mark, project=project, requested_by=staff, requested_at=NOW, **days, **own)
    for number in range(PAGEFUL):
        planted(
            TimeApprovalEntry,
            mark,
            approval=approval,
            time_entry_id=number + 1,
            user=staff,
            start_time=NOW,
            end_time=NOW,
            duration_seconds=3060,
            has_times=True,
            billable=True,
            hourly_rate=Decimal(RATE),
            amount=Decimal(AMOUNT),
            **own,
        )
    return approval

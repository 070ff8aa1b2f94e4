"""A database full of made-up rows, to measure on: many small clients and, if asked for, one very large one.

The same numbers and the same moment give the same rows. Rows are made a client at a time, and written by COPY on
PostgreSQL; all of it is one transaction.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from operator import itemgetter
from random import Random

from django.contrib.auth.hashers import make_password
from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.models import F, TextField, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext as _

from accounts.errors import Refused
from accounts.models import Agency, Client, Event, EventCounter, EventKind, User
from billing.models import Invoice, InvoiceItem, Payment, Project, Task, TimeEntry
from billing.money import SECONDS_PER_HOUR
from portal.demo.agency import AGENCY, PASSWORD

SEED = 2026
STAFF = 25
TASKS = 4
YEARS = 3
CURRENCIES = ("EUR", "EUR", "EUR", "USD", "GBP")
RATE = Decimal(90)
CENT = Decimal("0.01")
NOTES = (
    "Weekly call and notes",
    "Checkout: address form on small screens",
    "Review of last week's release",
    "Draft of the landing page, second round",
    "Search: synonyms and typing errors",
    "Backups tested, one restored",
    "Accessibility of the booking calendar",
    "Photos chosen, cut and described",
)
# What of the newest invoices nobody has paid yet.
UNPAID = 4
ROWS_A_STATEMENT = 5000


@dataclass(frozen=True)
class Size:
    """How much one client has."""

    projects: int
    entries: int
    invoices: int


WHALE = Size(projects=20, entries=50_000, invoices=1_000)


@dataclass(frozen=True)
class Part:
    """A client and the numbers of its rows: each kind begins at its `first_…` and runs on without gaps."""

    pk: int
    size: Size
    currency: str
    first_project: int
    first_task: int
    first_entry: int
    first_invoice: int

    def random(self, what):
        """Chance that is the same each time that it is asked for."""
        return Random(f"{SEED} {self.pk} {what}")  # noqa: S311 (nothing secret)

    def projects(self):
        return range(self.first_project, self.first_project + self.size.projects)

    def invoices(self):
        return range(self.first_invoice, self.first_invoice + self.size.invoices)


def load(*, clients, entries, whale, now):
    """Fill an empty database with `clients` clients that share `entries` time entries, and with a whale beside them.

    Refused where there is a client or a user already. Returns the sign-in names by what they are for.
    """
    if Client.objects.exists() or User.objects.exists():
        raise Refused(_("This database is in use; rows to measure on go into an empty one."))
    now = now.replace(microsecond=0)
    with transaction.atomic():
        if connection.vendor == "postgresql":
            # Ties are checked at each statement: the server would keep a note for each row until the commit.
            _execute("SET CONSTRAINTS ALL IMMEDIATE")
        parts = _parts(clients, entries, whale)
        staff = _people(parts, now)
        for make in (_projects, _invoices, _work):
            make(parts, staff, now)
        tables = (Client, User, Project, Task, TimeEntry, Invoice)
        for sql in connection.ops.sequence_reset_sql(no_style(), tables):
            _execute(sql)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    names = {"staff": "staff1", "small": "client1"}
    return names | ({"whale": f"client{parts[-1].pk}"} if whale else {})


def _parts(clients, entries, whale):
    share, rest = divmod(entries, clients) if clients else (0, 0)
    sizes = [Size(projects=5, entries=share + (n < rest), invoices=12) for n in range(clients)]
    sizes += [WHALE] if whale else []
    parts, project, entry, invoice = [], 1, 1, 1
    for place, size in enumerate(sizes):
        currency = CURRENCIES[place % len(CURRENCIES)]
        parts.append(Part(place + 1, size, currency, project, (project - 1) * TASKS + 1, entry, invoice))
        project, entry, invoice = project + size.projects, entry + size.entries, invoice + size.invoices
    return parts


def _people(parts, now):
    """The agency, its staff, the clients, and a person of each; returns the ids of the staff."""
    began = now - timedelta(days=365 * YEARS)
    Agency.objects.update_or_create(pk=1, defaults=AGENCY)
    # One hash for all: a good one takes a while.
    password = make_password(PASSWORD)
    staff = [
        User(
            pk=n,
            username=f"staff{n}",
            first_name="Person",
            last_name=str(n),
            is_staff=True,
            is_superuser=n == 1,
            password=password,
        )
        for n in range(1, STAFF + 1)
    ]
    User.objects.bulk_create(staff)
    whole = [
        Client(
            pk=part.pk,
            name=f"Client {part.pk}",
            email=f"client{part.pk}@clients.example",
            currency_code=part.currency,
            timezone="Europe/Berlin",
            locale="en-GB",
            show_rates=part.pk % 2 == 1,
            portal_approvals_enabled=True,
            created_at=began,
        )
        for part in parts
    ]
    Client.objects.bulk_create(whole, batch_size=ROWS_A_STATEMENT)
    people = [
        User(
            pk=STAFF + part.pk,
            username=f"client{part.pk}",
            first_name="Reader",
            last_name=str(part.pk),
            email=f"reader{part.pk}@clients.example",
            client_id=part.pk,
            client_portal_enabled=True,
            password=password,
            date_joined=now - timedelta(days=60),
        )
        for part in parts
    ]
    User.objects.bulk_create(people, batch_size=ROWS_A_STATEMENT)
    return range(1, STAFF + 1)


def _projects(parts, _staff, now):
    began = now - timedelta(days=365 * YEARS)
    projects, tasks = [], []
    for part in parts:
        for place, pk in enumerate(part.projects()):
            hours = part.size.entries // part.size.projects * 3
            projects.append(
                Project(
                    pk=pk,
                    client_id=part.pk,
                    name=f"Project {place + 1}",
                    status="completed" if place % 5 == 4 else "active",
                    currency_code=part.currency,
                    estimated_hours=hours if place % 2 else None,
                    budget_amount=None if place % 2 else hours * RATE,
                    created_at=began,
                )
            )
            first = part.first_task + place * TASKS
            tasks += [
                Task(
                    pk=first + n,
                    client_id=part.pk,
                    project_id=pk,
                    name=f"Task {n + 1}",
                    status=Task.Status.values[n % len(Task.Status.values)],
                    due_date=now.date() + timedelta(days=n * 9),
                )
                for n in range(TASKS)
            ]
    Project.objects.bulk_create(projects, batch_size=ROWS_A_STATEMENT)
    Task.objects.bulk_create(tasks, batch_size=ROWS_A_STATEMENT)


def _work(parts, staff, now):
    """The time entries, and the journal of them and of the invoices."""
    entry = (
        "id client_id project_id task_id user_id start_time end_time duration_seconds has_times notes tags billable "
        "hourly_rate amount created_at"
    )
    event = "client_id number kind subject_type subject_id project_id actor_id facts recorded_at"
    counters = []
    for part in parts:
        rows = list(_entry_rows(part, staff, now))
        _fill(TimeEntry, entry, rows)
        told = [*_time_told(rows), *_money_told(part, staff, now)]
        # By their moments, and of one moment the same way each time.
        told.sort(key=itemgetter(0, 1, 2, 3))
        _fill(Event, event, _numbered(part, told))
        counters.append(EventCounter(client_id=part.pk, last=len(told), mailed=len(told)))
    EventCounter.objects.bulk_create(counters)


def _entry_rows(part, staff, now) -> Iterator[tuple]:
    """Work of the last years, the oldest first, at any hour of any day."""
    random = part.random("entries")
    size = part.size
    step = timedelta(days=365 * YEARS) / max(size.entries, 1)
    for place in range(size.entries):
        start = now - step * (size.entries - place) + step * random.random()
        start = start.replace(second=0, microsecond=0)
        seconds = random.randrange(900, 14_400, 300)
        end = min(start + timedelta(seconds=seconds), now)
        chosen = random.randrange(size.projects * TASKS)
        amount = None
        if is_billable := random.random() < 0.8:
            amount = (RATE * seconds / SECONDS_PER_HOUR).quantize(CENT, rounding=ROUND_HALF_UP)
        yield (
            part.first_entry + place,
            part.pk,
            part.first_project + chosen // TASKS,
            part.first_task + chosen,
            staff[random.randrange(len(staff))],
            start,
            max(start, end),
            seconds,
            True,
            NOTES[random.randrange(len(NOTES))],
            "",
            is_billable,
            RATE if is_billable else None,
            amount,
            end,
        )


def _invoice_facts(part, now):
    """`(id, issued, sent, paid or None, amount)` of each invoice, the oldest first."""
    random = part.random("invoices")
    count = part.size.invoices
    step = timedelta(days=365 * YEARS) / max(count, 1)
    for place, pk in enumerate(part.invoices()):
        sent = now - step * (count - place)
        paid = None if place >= count - UNPAID else min(sent + timedelta(days=random.randrange(3, 25)), now)
        yield pk, sent.date(), sent, paid, Decimal(random.randrange(50_000, 900_000)) * CENT


def _invoices(parts, _staff, now):
    """Drafted, given their lines, sent, and all but the newest paid."""
    for part in parts:
        facts = list(_invoice_facts(part, now))
        Invoice.objects.bulk_create(
            Invoice(
                pk=pk,
                client_id=part.pk,
                currency_code=part.currency,
                subtotal=amount,
                total_amount=amount,
                issue_date=issued,
                due_date=issued + timedelta(days=14),
                seller_name=AGENCY["name"],
                seller_details=AGENCY["address"],
                payment_instructions=AGENCY["payment_instructions"],
                buyer_name=f"Client {part.pk}",
                sent_at=None,
                created_at=sent,
            )
            for pk, issued, sent, _paid, amount in facts
        )
        InvoiceItem.objects.bulk_create(
            InvoiceItem(
                client_id=part.pk,
                invoice_id=pk,
                position=place,
                description=text,
                quantity=1,
                unit_price=share,
                amount=share,
            )
            for pk, _issued, _sent, _paid, amount in facts
            for place, (text, share) in enumerate(_lines(amount))
        )
        Invoice.objects.filter(client=part.pk).update(
            status="sent",
            sent_at=F("created_at"),
            invoice_number=Concat(Value("L-"), Cast("pk", TextField()), output_field=TextField()),
        )
        Payment.objects.bulk_create(
            Payment(client_id=part.pk, invoice_id=pk, amount=amount, paid_on=paid.date(), created_at=paid)
            for pk, _issued, _sent, paid, amount in facts
            if paid
        )


def _lines(amount):
    half = amount / 2 // CENT * CENT
    return [("Design", half), ("Development", amount - half)]


def _numbered(part, rows):
    for number, (moment, kind, subject, pk, project, actor, facts) in enumerate(rows, 1):
        yield part.pk, number, str(kind), subject, pk, project, actor, json.dumps(facts), moment


def _time_told(rows):
    """What the journal has of each row of an entry."""
    return ((row[14], EventKind.TIME_LOGGED, "timeentry", row[0], row[2], row[4], {"seconds": row[7]}) for row in rows)


def _money_told(part, staff, now):
    for pk, _issued, sent, paid, amount in _invoice_facts(part, now):
        facts = {"number": f"L-{pk}", "amount": str(amount), "currency": part.currency}
        due = {"due_date": (sent.date() + timedelta(days=14)).isoformat()}
        yield sent, EventKind.INVOICE_SENT, "invoice", pk, None, staff[0], facts | due
        if paid:
            yield paid, EventKind.INVOICE_PAID, "invoice", pk, None, staff[0], facts | {"via": "payment"}


def _fill(model, columns, rows):
    """Write rows, tuples of `columns`, as the database takes many at once."""
    table, columns = model._meta.db_table, columns.split()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as sink:
                for row in rows:
                    sink.write_row(row)
            return
        places = ", ".join(["%s"] * len(columns))
        cursor.executemany(
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})",
            (tuple(map(_stored, row)) for row in rows),
        )


def _stored(value):
    """A value as SQLite keeps it."""
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return str(value) if isinstance(value, Decimal) else value


def _execute(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)

"""What a range of days held, and the range before it: QuerySets in, rows out; these only narrow what they are given.

Seconds are added up in SQL and rounded by who shows them. A day, week or month is the local one of an entry's start.
"""

from decimal import Decimal
from typing import NamedTuple

from django.db.models import Count, DateField, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce, Lower, TruncDate, TruncMonth, TruncWeek

from accounts.models import User
from billing.models import Invoice, Project
from billing.models.exact import exact_sum
from billing.money import SECONDS_PER_HOUR
from billing.reports import Budget

BY_DAYS = {"day": TruncDate, "week": TruncWeek, "month": TruncMonth}
BILLABLE = Q(billable=True)
ZERO = Decimal(0)


class Work(NamedTuple):
    """Time of a range and of the one before it, in seconds; `amounts` are `(currency, sum, sum of the one before)`."""

    count: int
    seconds: int
    billable_seconds: int
    seconds_before: int
    billable_before: int
    amounts: list[tuple[str, Decimal, Decimal]]

    @property
    def more(self):
        """Seconds more than before; negative where it was less."""
        return self.seconds - self.seconds_before

    @property
    def less(self):
        return -self.more


class Piece(NamedTuple):
    """The time of one day, week, month, project, task or person: its `key`, a date or an id, and what it is called."""

    key: object
    name: str
    seconds: int
    billable_seconds: int
    project_id: int | None = None
    project_name: str = ""


class ProjectPiece(NamedTuple):
    """A project's time and amount in a range, and all that it ever took of its estimate and budget."""

    project_id: int
    name: str
    status: str
    currency_code: str
    estimated_hours: Decimal | None
    budget_amount: Decimal | None
    seconds: int
    billable_seconds: int
    amount: Decimal
    whole_seconds: int
    whole_amount: Decimal

    @property
    def status_name(self):
        return Project.Status(self.status).label

    @property
    def hours_budget(self):
        hours = self.estimated_hours
        return None if hours is None else Budget("", hours * SECONDS_PER_HOUR, Decimal(self.whole_seconds))

    @property
    def money_budget(self):
        limit = self.budget_amount
        return None if limit is None else Budget(self.currency_code, limit, self.whole_amount)


class Billed(NamedTuple):
    """Money of one currency in a range: what was invoiced and paid in it, and what of the invoiced is open today."""

    currency_code: str
    invoiced: Decimal
    paid: Decimal
    outstanding: Decimal
    overdue: Decimal
    invoiced_before: Decimal
    paid_before: Decimal


def work(entries, *, start):
    """The Work of entries from `start` on (an aware datetime), compared with those before it."""
    now, before = Q(start_time__gte=start), Q(start_time__lt=start)
    columns = {
        "count_now": Count("pk", filter=now),
        "seconds": Sum("duration_seconds", filter=now, default=0),
        "billable_seconds": Sum("duration_seconds", filter=now & BILLABLE, default=0),
        "seconds_before": Sum("duration_seconds", filter=before, default=0),
        "billable_before": Sum("duration_seconds", filter=before & BILLABLE, default=0),
        "sum_now": exact_sum("amount", filter=now),
        "sum_before": exact_sum("amount", filter=before),
    }
    currency = "project__currency_code"
    rows = entries.order_by().values(currency).annotate(**columns).order_by(currency).values_list(currency, *columns)
    rows = list(rows)
    figures = [sum(row[place] for row in rows) for place in range(1, 6)]
    return Work(*figures, [(row[0], row[6], row[7]) for row in rows if row[6] or row[7]])


def by_days(entries, *, unit, zone):
    """Pieces by `day`, `week` (its Monday) or `month` (its first) of the local start, newest first; no empty ones."""
    start = BY_DAYS[unit]("start_time", tzinfo=zone, output_field=DateField())
    rows = _summed(entries.order_by().values(key=start), "key").order_by("-key")
    return [Piece(key, "", *sums) for key, *sums in rows]


def by_project(entries, *, most=None):
    """Pieces by project, the most time first."""
    names = ("project_id", "project__name")
    rows = _summed(entries.order_by().values(*names), *names).order_by("-seconds", "project_id")
    return [Piece(key, name, *sums, project_id=key) for key, name, *sums in rows[:most]]


def by_task(entries, *, most=None):
    """Pieces by task, the most time first; what of a project is on no task is a Piece without key and name."""
    names = ("task_id", "task__name", "project_id", "project__name")
    rows = _summed(entries.order_by().values(*names), *names).order_by("-seconds", "project_id", "task_id")
    return [Piece(key, name or "", *sums, *project) for key, name, *project, sums in map(_paired, rows[:most])]


def by_person(entries, *, most=None):
    """Pieces by the person who did the work, the most time first; without a name where the person has none."""
    names = ("user_id", "user__first_name", "user__last_name")
    rows = _summed(entries.order_by().values(*names), *names).order_by("-seconds", "user_id")
    return [Piece(key, f"{first} {last}".strip(), *sums) for key, first, last, *sums in rows[:most]]


def by_projects(entries, *, totals, most=None):
    """A ProjectPiece for each project with time among `entries`, the most first; all of history from `totals`."""
    own = "project_id project__name project__status project__currency_code".split()
    own += ["project__estimated_hours", "project__budget_amount"]
    ever = totals.filter(project=OuterRef("project_id"))
    sums = {
        "seconds": Sum("duration_seconds", default=0),
        "billable_seconds": Sum("duration_seconds", filter=BILLABLE, default=0),
        "sum": exact_sum("amount"),
        "whole_seconds": Coalesce(Subquery(ever.values("seconds")), 0),
        "whole_amount": Coalesce(Subquery(ever.values("amount")), ZERO),
    }
    rows = entries.order_by().values(*own).annotate(**sums).order_by("-seconds", "project_id")
    return [ProjectPiece(*row) for row in rows.values_list(*own, *sums)[:most]]


def people(entries):
    """`[(id, first name, last name)]` of those with a name who did any of the work, by name."""
    # One entry of each is looked for: PostgreSQL would join all entries for an EXISTS.
    any_entry = entries.filter(user=OuterRef("pk")).newest_first().values("pk")[:1]
    named = User.objects.annotate(any_entry=Subquery(any_entry)).exclude(any_entry=None)
    in_order = named.exclude(first_name="", last_name="").order_by(Lower("first_name"), Lower("last_name"), "pk")
    return in_order.values_list("pk", "first_name", "last_name")


def billed(invoices, payments, *, first, last, before, today):
    """A Billed for each currency of invoices issued and payments received from `first` to `last`, both inclusive.

    What was invoiced and paid from `before` until then is told beside it. Cancelled invoices count as never issued;
    a payment that was taken back is a negative one of its own day. Overdue is as of `today`.
    """
    unpaid = Q(state=Invoice.State.UNPAID)
    issued = _sums_by_currency(
        invoices.sent().filter(issue_date__range=(before, last)),
        "currency_code",
        invoiced=exact_sum("total_amount", filter=Q(issue_date__gte=first)),
        open=exact_sum("outstanding", filter=Q(issue_date__gte=first) & unpaid),
        late=exact_sum("outstanding", filter=Q(issue_date__gte=first, due_date__lt=today) & unpaid),
        invoiced_before=exact_sum("total_amount", filter=Q(issue_date__lt=first)),
    )
    received = _sums_by_currency(
        payments.filter(paid_on__range=(before, last)),
        "invoice__currency_code",
        paid=exact_sum("amount", filter=Q(paid_on__gte=first)),
        paid_before=exact_sum("amount", filter=Q(paid_on__lt=first)),
    )
    return [
        _billed(code, issued.get(code, (ZERO,) * 4), received.get(code, (ZERO,) * 2))
        for code in sorted({*issued, *received})
    ]


def _billed(code, issued, received):
    (invoiced, outstanding, overdue, invoiced_before), (paid, paid_before) = issued, received
    return Billed(code, invoiced, paid, outstanding, overdue, invoiced_before, paid_before)


def _sums_by_currency(rows, code, **sums):
    grouped = rows.order_by().values(code).annotate(**sums)
    return {row[0]: row[1:] for row in grouped.values_list(code, *sums)}


def _summed(rows, *names):
    billable = Sum("duration_seconds", filter=BILLABLE, default=0)
    sums = rows.annotate(seconds=Sum("duration_seconds", default=0), billable_seconds=billable)
    return sums.values_list(*names, "seconds", "billable_seconds")


def _paired(row):
    """A row's two sums as one, at its end."""
    return *row[:-2], row[-2:]

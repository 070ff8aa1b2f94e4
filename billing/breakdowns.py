"""What a range of days held, and the range before it: QuerySets in, rows out; these only narrow what they are given.

Seconds are added up in SQL and rounded by who shows them. A day, week or month is the local one of an entry's start.
"""

from datetime import date
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

    @classmethod
    def of(cls, rows):
        """From the rows of `work_sums`, one for each currency."""
        rows = list(rows)
        figures = [sum(row[place] for row in rows) for place in range(1, 6)]
        return cls(*figures, [(row[0], row[6], row[7]) for row in rows if row[6] or row[7]])

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

    @classmethod
    def of(cls, issued, received):
        """A Billed for each currency among the rows of `issued` and of `received`, by its code."""
        issued, received = ({code: sums for code, *sums in rows} for rows in (issued, received))
        return [
            cls._beside(code, issued.get(code, [ZERO] * 4), received.get(code, [ZERO] * 2))
            for code in sorted({*issued, *received})
        ]

    @classmethod
    def _beside(cls, code, issued, received):
        (invoiced, outstanding, overdue, invoiced_before), (paid, paid_before) = issued, received
        return cls(code, invoiced, paid, outstanding, overdue, invoiced_before, paid_before)


def work_sums(entries, *, start):
    """The rows of a Work of entries from `start` on (an aware datetime), compared with those before it."""
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
    rows = entries.order_by().values(currency).annotate(**columns)
    return rows.order_by(currency).values_list(currency, *columns)


def pieces(entries, *, group, zone):
    """The rows of a `piece` each: days, weeks and months newest first and no empty ones, others the most time first.

    A day, a week (its Monday) or a month (its first) is told by the local start in `zone`. What of a project is on no
    task is a row without a task.
    """
    if group in BY_DAYS:
        start = BY_DAYS[group]("start_time", tzinfo=zone, output_field=DateField())
        return _summed(entries.order_by().values(key=start), "key").order_by("-key")
    names, ids = _NAMED[group]
    return _summed(entries.order_by().values(*names), *names).order_by("-seconds", *ids)


# What tells the pieces of a project, a task or a person apart, and names them; and by what equals are ordered.
_NAMED = {
    "project": (("project_id", "project__name"), ("project_id",)),
    "task": (("task_id", "task__name", "project_id", "project__name"), ("project_id", "task_id")),
    "person": (("user_id", "user__first_name", "user__last_name"), ("user_id",)),
}


def piece(group, row):
    """The Piece of a row of `pieces`; without a name where the task or the person has none."""
    key, *names, seconds, billable_seconds = row
    if group in BY_DAYS:
        return Piece(key, "", seconds, billable_seconds)
    if group == "project":
        return Piece(key, names[0], seconds, billable_seconds, project_id=key)
    if group == "task":
        return Piece(key, names[0] or "", seconds, billable_seconds, *names[1:])
    return Piece(key, " ".join(names).strip(), seconds, billable_seconds)


def project_pieces(entries, *, totals):
    """The fields of a ProjectPiece for each project with time among `entries`, the most first.

    All of history comes from `totals`.
    """
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
    return rows.values_list(*own, *sums)


def people(entries):
    """`[(id, first name, last name)]` of those with a name who did any of the work, by name."""
    # One entry of each is looked for: PostgreSQL would join all entries for an EXISTS.
    any_entry = entries.filter(user=OuterRef("pk")).newest_first().values("pk")[:1]
    named = User.objects.annotate(any_entry=Subquery(any_entry)).exclude(any_entry=None)
    in_order = named.exclude(first_name="", last_name="").order_by(Lower("first_name"), Lower("last_name"), "pk")
    return in_order.values_list("pk", "first_name", "last_name")


class Days(NamedTuple):
    """A range of days, both inclusive, and the first of those before it that it is compared with."""

    first: date
    last: date
    before: date


def issued(invoices, days, *, today):
    """The rows of a Billed of the invoices issued in Days.

    Cancelled invoices count as never issued; overdue is as of `today`.
    """
    unpaid = Q(state=Invoice.State.UNPAID)
    return _sums_by_currency(
        invoices.sent().filter(issue_date__range=(days.before, days.last)),
        "currency_code",
        invoiced=exact_sum("total_amount", filter=Q(issue_date__gte=days.first)),
        open=exact_sum("outstanding", filter=Q(issue_date__gte=days.first) & unpaid),
        late=exact_sum("outstanding", filter=Q(issue_date__gte=days.first, due_date__lt=today) & unpaid),
        invoiced_before=exact_sum("total_amount", filter=Q(issue_date__lt=days.first)),
    )


def received(payments, days):
    """The rows of a Billed of the payments of Days; one that was taken back is a negative one of its own day."""
    return _sums_by_currency(
        payments.filter(paid_on__range=(days.before, days.last)),
        "invoice__currency_code",
        paid=exact_sum("amount", filter=Q(paid_on__gte=days.first)),
        paid_before=exact_sum("amount", filter=Q(paid_on__lt=days.first)),
    )


def _sums_by_currency(rows, code, **sums):
    return rows.order_by().values(code).annotate(**sums).values_list(code, *sums)


def _summed(rows, *names):
    billable = Sum("duration_seconds", filter=BILLABLE, default=0)
    sums = rows.annotate(seconds=Sum("duration_seconds", default=0), billable_seconds=billable)
    return sums.values_list(*names, "seconds", "billable_seconds")

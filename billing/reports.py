"""Figures of work and money, worked out in SQL over all rows of the QuerySets given; these only narrow them."""

from decimal import Decimal
from typing import NamedTuple

from django.db.models import Count, Max, Q, Sum
from django.db.models.functions import TruncWeek

from billing.models import Invoice, Project, Task
from billing.models.exact import exact_sum
from billing.money import SECONDS_PER_HOUR


class MoneySum(NamedTuple):
    """Sums of one currency."""

    currency_code: str
    count: int
    total: Decimal
    outstanding: Decimal
    overdue: Decimal


class Budget(NamedTuple):
    """What a project may take and took, in seconds, or in money of `currency_code`; `left` is negative beyond it."""

    currency_code: str
    limit: Decimal
    used: Decimal

    @property
    def left(self):
        return self.limit - self.used

    @property
    def is_over(self):
        return self.used > self.limit

    @property
    def over_by(self):
        return self.used - self.limit

    @property
    def share(self):
        """Used of the limit, 1 for all of it."""
        return Decimal(self.used) / Decimal(self.limit)


class ProjectProgress(NamedTuple):
    """A project and its figures; `last_start` is the aware start of its latest entry or None."""

    project: Project
    seconds: int
    month_seconds: int
    billable_seconds: int
    amount: Decimal
    last_start: object
    open_tasks: int

    @property
    def billable_share(self):
        """Billable of all time, 0 to 1; None without any time."""
        return Decimal(self.billable_seconds) / self.seconds if self.seconds else None

    @property
    def hours_budget(self):
        """The estimate in seconds and what of it was spent, or None without an estimate."""
        hours = self.project.estimated_hours
        return None if hours is None else Budget("", hours * SECONDS_PER_HOUR, Decimal(self.seconds))

    @property
    def money_budget(self):
        """The budget in the project's currency and what of it was spent, or None without a budget."""
        limit = self.project.budget_amount
        return None if limit is None else Budget(self.project.currency_code, limit, self.amount)


def time_total(entries):
    """`{"count": rows, "seconds": sum}` of entries."""
    return entries.aggregate(count=Count("pk"), seconds=Sum("duration_seconds", default=0))


def amounts(entries):
    """`[(currency code, amount)]` of priced entries, a currency a row."""
    rows = entries.filter(amount__isnull=False).order_by().values("project__currency_code")
    return list(
        rows.annotate(sum=exact_sum("amount"))
        .order_by("project__currency_code")
        .values_list("project__currency_code", "sum")
    )


def time_since(entries, start):
    """`{"seconds": all, "since": of those started at or after the aware datetime `start`}`."""
    return entries.aggregate(
        seconds=Sum("duration_seconds", default=0),
        since=Sum("duration_seconds", filter=Q(start_time__gte=start), default=0),
    )


def project_progress(projects, *, entries, tasks, month_start):
    """A ProjectProgress for each of a page of projects, in their order, in two queries whatever their number.

    `month_start` is the aware datetime at which the reader's month began.
    """
    projects = list(projects)
    spent = {
        row["project"]: row
        for row in entries.filter(project__in=projects)
        .order_by()
        .values("project")
        .annotate(
            seconds=Sum("duration_seconds", default=0),
            month_seconds=Sum("duration_seconds", filter=Q(start_time__gte=month_start), default=0),
            billable_seconds=Sum("duration_seconds", filter=Q(billable=True), default=0),
            spent=exact_sum("amount"),
            last_start=Max("start_time"),
        )
    }
    waiting = dict(
        tasks.open()
        .filter(project__in=projects)
        .order_by()
        .values("project")
        .annotate(count=Count("pk"))
        .values_list("project", "count")
    )
    return [_progress(project, spent.get(project.pk, {}), waiting.get(project.pk, 0)) for project in projects]


def _progress(project, row, open_tasks):
    return ProjectProgress(
        project=project,
        seconds=row.get("seconds", 0),
        month_seconds=row.get("month_seconds", 0),
        billable_seconds=row.get("billable_seconds", 0),
        amount=row.get("spent", Decimal(0)),
        last_start=row.get("last_start"),
        open_tasks=open_tasks,
    )


def hours_by_week(entries, *, zone):
    """`[(Monday, seconds)]` of entries by the week of their local start in `zone`, oldest first; no empty weeks."""
    weeks = entries.order_by().values(week=TruncWeek("start_time", tzinfo=zone))
    rows = weeks.annotate(seconds=Sum("duration_seconds")).order_by("week").values_list("week", "seconds")
    return [(week.date(), seconds) for week, seconds in rows]


def tasks_by_status(tasks):
    """`[(Task.Status, count)]` in the order of work; statuses without a task left out."""
    counts = dict(tasks.order_by().values("status").annotate(count=Count("pk")).values_list("status", "count"))
    return [(status, counts[status]) for status in Task.Status if status in counts]


def invoice_counts(invoices, *, today):
    """How many invoices each tab has: `{"all": …, "paid": …, "unpaid": …, "overdue": …}`.

    Paid and unpaid are disjoint and, with the cancelled ones, all; overdue ones are unpaid ones due before `today`.
    """
    sent = Q(status=Invoice.Status.SENT)
    return (
        invoices.with_balance()
        .order_by()
        .aggregate(
            all=Count("pk"),
            paid=Count("pk", filter=sent & Q(outstanding__lte=0)),
            unpaid=Count("pk", filter=sent & Q(outstanding__gt=0)),
            overdue=Count("pk", filter=sent & Q(outstanding__gt=0, due_date__lt=today)),
        )
    )


def invoice_sums(invoices, *, today):
    """A MoneySum for each currency of the sent invoices among `invoices`; cancelled ones count in no total."""
    rows = (
        invoices.sent()
        .with_balance()
        .order_by()
        .values("currency_code")
        .annotate(
            count=Count("pk"),
            total=exact_sum("total_amount"),
            open=exact_sum("outstanding", filter=Q(outstanding__gt=0)),
            late=exact_sum("outstanding", filter=Q(outstanding__gt=0, due_date__lt=today)),
        )
        .order_by("currency_code")
    )
    return [MoneySum(row["currency_code"], row["count"], row["total"], row["open"], row["late"]) for row in rows]

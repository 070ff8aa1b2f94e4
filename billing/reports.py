"""Figures of work and money, worked out in SQL over all rows of the QuerySets given; these only narrow them."""

from decimal import Decimal
from typing import NamedTuple

from django.db.models import Case, Count, FloatField, OuterRef, Q, Subquery, Sum, When
from django.db.models.functions import Cast, Coalesce, TruncDate, TruncWeek

from billing.models import Invoice, Project, Task
from billing.models.exact import exact_sum
from billing.money import SECONDS_PER_HOUR

# The pace of a project is that of its last four weeks.
PACE_DAYS = 28


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


class Burn(NamedTuple):
    """A budget and how much of it went in the last PACE_DAYS."""

    budget: Budget
    recent: Decimal

    @property
    def a_week(self):
        """What goes in a week at this pace."""
        return self.recent * 7 / PACE_DAYS

    @property
    def days_left(self):
        """Whole days until the budget is used up at this pace; None without a pace, or where it is used up."""
        if self.recent <= 0 or self.budget.left <= 0:
            return None
        return int(self.budget.left * PACE_DAYS / self.recent)

    @property
    def urgency(self):
        """To sort by: first what work still goes into, by the day that it ends, then the rest by the share used."""
        return self.recent <= 0, self.days_left or 0, -self.budget.share


class ProjectProgress(NamedTuple):
    """A project and its figures; `last_start` is the aware start of its latest entry or None.

    What is `recent` was worked in the last PACE_DAYS.
    """

    project: Project
    seconds: int
    month_seconds: int
    recent_seconds: int
    billable_seconds: int
    amount: Decimal
    recent_amount: Decimal
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

    @property
    def burn(self):
        """The Burn of the estimate, else of the budget in money; None with neither."""
        if self.hours_budget:
            return Burn(self.hours_budget, Decimal(self.recent_seconds))
        return Burn(self.money_budget, self.recent_amount) if self.money_budget else None


class TimeSums(NamedTuple):
    """How many entries, their seconds, and `[(currency code, amount)]` of those that have one."""

    count: int
    seconds: int
    amounts: list[tuple[str, Decimal]]

    @classmethod
    def of(cls, rows):
        """From the rows of `time_sums` or `whole_time_sums`, one for each currency."""
        rows = list(rows)
        priced = [(currency, amount) for currency, _count, _seconds, how_many, amount in rows if how_many]
        return cls(sum(row[1] for row in rows), sum(row[2] for row in rows), priced)


def time_sums(entries, currency="project__currency_code"):
    """The rows of TimeSums of entries, read one by one: for a range of days.

    `currency` is the path from an entry to its currency's code.
    """
    return _by_currency(
        entries,
        currency,
        count=Count("pk"),
        sum_seconds=Sum("duration_seconds", default=0),
        priced=Count("amount"),
        sum=exact_sum("amount"),
    )


def whole_time_sums(totals):
    """The rows of TimeSums of all time of the ProjectTotals given."""
    return _by_currency(
        totals,
        "project__currency_code",
        count=Sum("entries"),
        sum_seconds=Sum("seconds"),
        priced=Sum("priced_entries"),
        sum=exact_sum("amount"),
    )


def beside_whole(projects, *, of, totals):
    """Projects with figures of all of a client's, `of` with their `totals`, said beside each of them.

    `active_of_all` is the number of active ones, `seconds_of_all` the time of all.
    """
    active = of.active().order_by().values("client").annotate(figure=Count("pk"))
    seconds = totals.order_by().values("client").annotate(figure=Sum("seconds"))
    return projects.annotate(
        active_of_all=Coalesce(Subquery(active.values("figure")[:1]), 0),
        seconds_of_all=Coalesce(Subquery(seconds.values("figure")[:1]), 0),
    )


def nearest_to_limit(projects, *, totals):
    """Those with an estimate, or else with a budget in money, that of the largest used share first."""
    of_hours = _number(_whole(totals, "seconds")) / _number("estimated_hours") / SECONDS_PER_HOUR
    of_money = _number(_whole(totals, "amount")) / _number("budget_amount")
    limited = projects.filter(Q(estimated_hours__isnull=False) | Q(budget_amount__isnull=False))
    return limited.annotate(
        used_share=Case(When(estimated_hours__isnull=False, then=of_hours), default=of_money)
    ).order_by("-used_share", "pk")


def _number(expression):
    """A figure to sort by, zero where there is none: of what is shown nothing is worked out in floats."""
    return Coalesce(Cast(expression, FloatField()), 0.0)


def with_progress(projects, *, totals, entries, tasks, month_start, pace_start):
    """A page of projects with what `progress_of` tells of each, in one query whatever their number.

    All of history comes from `totals`; of `entries` only the latest are read: of this month and since `pace_start`.
    Both are aware datetimes: when the reader's month began, and PACE_DAYS ago.
    """
    month = entries.filter(start_time__gte=month_start)
    lately = entries.filter(start_time__gte=pace_start)
    latest = entries.filter(project=OuterRef("pk")).order_by("-start_time")
    return projects.annotate(
        **{figure: _whole(totals, figure) for figure in ("seconds", "billable_seconds", "amount")},
        month_seconds=Coalesce(_per_project(month, "pk", Sum("duration_seconds")), 0),
        recent_seconds=Coalesce(_per_project(lately, "pk", Sum("duration_seconds")), 0),
        recent_amount=_per_project(lately, "pk", exact_sum("amount")),
        open_tasks=Coalesce(_per_project(tasks.open(), "pk", Count("pk")), 0),
        last_start=Subquery(latest.values("start_time")[:1]),
    )


def _whole(totals, figure):
    """A figure of all history of the project that a row of the outer query is; None without any time."""
    return Subquery(totals.filter(project=OuterRef("pk")).values(figure))


def _per_project(rows, key, figure):
    """A figure of those of `rows` that lie in the project that a row of the outer query names in `key`."""
    found = rows.filter(project=OuterRef(key)).order_by().values("project").annotate(figure=figure)
    return Subquery(found.values("figure"))


def progress_of(project):
    """The ProjectProgress of one of the projects that `with_progress` gives."""
    return ProjectProgress(
        project=project,
        seconds=project.seconds or 0,
        month_seconds=project.month_seconds,
        recent_seconds=project.recent_seconds,
        billable_seconds=project.billable_seconds or 0,
        amount=project.amount or Decimal(0),
        recent_amount=project.recent_amount or Decimal(0),
        last_start=project.last_start,
        open_tasks=project.open_tasks,
    )


def hours_by_week(entries, *, zone):
    """`[(Monday, seconds)]` of entries by the week of their local start in `zone`, oldest first; no empty weeks."""
    weeks = entries.order_by().values(week=TruncWeek("start_time", tzinfo=zone))
    rows = weeks.annotate(seconds=Sum("duration_seconds")).order_by("week").values_list("week", "seconds")
    return [(week.date(), seconds) for week, seconds in rows]


def hours_by_day(entries, *, zone):
    """`(date, seconds)` of entries by the local date of their start in `zone`, oldest first; no empty days."""
    days = entries.order_by().values(day=TruncDate("start_time", tzinfo=zone))
    return days.annotate(seconds=Sum("duration_seconds")).order_by("day").values_list("day", "seconds")


def entries_by_day(entries, *, zone):
    """`(date, entries, seconds)` by the local date of their start in `zone`, oldest first; no empty days."""
    days = entries.order_by().values(day=TruncDate("start_time", tzinfo=zone))
    sums = days.annotate(count=Count("pk"), seconds=Sum("duration_seconds")).order_by("day")
    return sums.values_list("day", "count", "seconds")


def tasks_by_status(tasks):
    """`(status, count)` of tasks, for `in_working_order`."""
    return tasks.order_by().values("status").annotate(count=Count("pk")).values_list("status", "count")


def in_working_order(counts):
    """`[(Task.Status, count)]` in the order of work; statuses without a task left out."""
    counts = dict(counts)
    return [(status, counts[status]) for status in Task.Status if status in counts]


def invoice_counts(totals, *, invoices, today):
    """How many invoices each tab has: `{"all": …, "paid": …, "unpaid": …, "overdue": …}`.

    Paid and unpaid are disjoint and, with the cancelled ones, all; overdue ones are unpaid ones due before `today`.
    Only these depend on the day and are counted one by one, the others come from InvoiceTotals.
    """
    counts = totals.aggregate(
        all=Sum("invoices", default=0),
        paid=Sum("invoices", filter=Q(state=Invoice.State.PAID), default=0),
        unpaid=Sum("invoices", filter=Q(state=Invoice.State.UNPAID), default=0),
    )
    return counts | {"overdue": invoices.overdue(today).order_by().count()}


def found_counts(invoices, *, today):
    """The same of some invoices, read one by one."""
    unpaid = Q(state=Invoice.State.UNPAID)
    return invoices.order_by().aggregate(
        all=Count("pk"),
        paid=Count("pk", filter=Q(state=Invoice.State.PAID)),
        unpaid=Count("pk", filter=unpaid),
        overdue=Count("pk", filter=unpaid & Q(due_date__lt=today)),
    )


def invoice_sums(invoices, *, today):
    """The fields of a MoneySum for each currency of the sent ones among `invoices`; cancelled ones do not count.

    All of them are read.
    """
    unpaid = Q(state=Invoice.State.UNPAID)
    return _by_currency(
        invoices.sent(),
        count=Count("pk"),
        total=exact_sum("total_amount"),
        open=exact_sum("outstanding", filter=unpaid),
        late=exact_sum("outstanding", filter=unpaid & Q(due_date__lt=today)),
    )


def whole_invoice_sums(totals, *, invoices, today):
    """The same of all invoices that the InvoiceTotals are of; of `invoices` only the overdue ones are read."""
    late = invoices.overdue(today).filter(currency_code=OuterRef("currency_code")).order_by().values("currency_code")
    unpaid = Q(state=Invoice.State.UNPAID)
    return _by_currency(
        totals.sent().annotate(
            overdue=Case(When(unpaid, then=Subquery(late.annotate(sum=exact_sum("outstanding")).values("sum"))))
        ),
        count=Sum("invoices"),
        total=exact_sum("total_amount"),
        open=exact_sum("outstanding", filter=unpaid),
        late=exact_sum("overdue"),
    )


def _by_currency(rows, currency="currency_code", **sums):
    grouped = rows.order_by().values(currency).annotate(**sums).order_by(currency)
    return grouped.values_list(currency, *sums)

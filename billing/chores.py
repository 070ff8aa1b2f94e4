"""What the agency has yet to do: figures of all clients, each in a fixed number of queries whatever there is."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Case, DateTimeField, Max, OuterRef, Subquery, Sum, Value, When

from billing.models.exact import exact_sum

# Where a client has no invoice yet, all of its time is unbilled.
LONG_AGO = datetime(1, 1, 2, tzinfo=UTC)


class Unbilled(NamedTuple):
    """Billable time of a client in one currency since the day of its last invoice, None where it has none."""

    client_id: int
    client: str
    currency_code: str
    seconds: int
    amount: Decimal
    invoiced_on: date | None

    def since(self, zone):
        """The instant from which on its time is unbilled, None for all of it."""
        return None if self.invoiced_on is None else _day_after(self.invoiced_on, zone)


def unbilled(projects, *, entries, invoices, zone):
    """An Unbilled for each client and currency with any, most time first; in two queries.

    No time entry knows the invoice that it is on. So what counts as unbilled is an estimate: billable finished time
    that began after the day on which the client's last invoice that counts was issued, in the agency's `zone`.
    """
    last = invoices.sent().order_by().values("client").annotate(last=Max("issue_date"))
    invoiced_on = dict(last.values_list("client", "last"))
    open_time = entries.finished().filter(
        billable=True, client=OuterRef("client"), project=OuterRef("pk"), start_time__gte=OuterRef("billed_to")
    )
    in_project = open_time.order_by().values("project")
    rows = (
        projects.order_by()
        .annotate(billed_to=_billed_to(invoiced_on, zone))
        .annotate(
            open_seconds=Subquery(in_project.annotate(sum=Sum("duration_seconds")).values("sum")),
            open_amount=Subquery(in_project.annotate(sum=exact_sum("amount")).values("sum")),
        )
        .values("client", "client__name", "currency_code")
        .annotate(seconds=Sum("open_seconds", default=0), amount=exact_sum("open_amount"))
        .values_list("client", "client__name", "currency_code", "seconds", "amount")
    )
    found = [Unbilled(*row, invoiced_on.get(row[0])) for row in rows if row[3]]
    return sorted(found, key=lambda row: (-row.seconds, row.client, row.currency_code))


def overdue_sums(invoices, today):
    """`[(currency code, what is outstanding)]` of the overdue ones of `invoices`."""
    rows = invoices.overdue(today).order_by().values("currency_code").annotate(sum=exact_sum("outstanding"))
    return list(rows.order_by("currency_code").values_list("currency_code", "sum"))


def _billed_to(invoiced_on, zone):
    """From which instant on the time of a project's client is unbilled; one condition for each day of invoices."""
    clients = {}
    for client, day in invoiced_on.items():
        clients.setdefault(day, []).append(client)
    known = [When(client__in=found, then=Value(_day_after(day, zone))) for day, found in sorted(clients.items())]
    return Case(*known, default=Value(LONG_AGO), output_field=DateTimeField())


def _day_after(day, zone):
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=zone)

"""What waits for a client's answer and what comes up, of several kinds of rows, in one query."""

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from django.db.models import BigIntegerField, DateField, DecimalField, F, IntegerField, TextField, Value
from django.db.models.functions import Cast

from billing.models.exact import AMOUNT_DIGITS


class Item(NamedTuple):
    """An offer, a task or a request to approve hours; what its kind does not have is None.

    `day` is the last one of an offer, or when a task is due. Tasks and requests have a project, offers an amount.
    """

    kind: str
    pk: int
    title: str | None = None
    day: date | None = None
    amount: Decimal | None = None
    currency_code: str | None = None
    project_id: int | None = None
    project_name: str | None = None
    seconds: int | None = None


_FIELDS = {
    "title": TextField(),
    "day": DateField(),
    "amount": DecimalField(**AMOUNT_DIGITS),
    "currency_code": TextField(),
    "project_id": BigIntegerField(),
    "project_name": TextField(),
    "seconds": IntegerField(),
}


def agenda(*, quotes, tasks, approvals, today, most):
    """The fields of Items, `most` of each kind at most: offers not answered, tasks due, requests that wait.

    The soonest, of tasks from `today` on (the reader's local date), and of the requests those that wait longest.
    """
    offers = _items(
        "quote",
        _first(quotes.awaiting_answer(today), most, F("valid_until").asc(nulls_last=True)),
        title="title",
        day="valid_until",
        amount="total_amount",
        currency_code="currency_code",
    )
    due = _items(
        "task",
        _first(tasks.open().filter(due_date__gte=today), most, "due_date"),
        title="name",
        day="due_date",
        project_id="project_id",
        project_name="project__name",
    )
    asked = _items(
        "approval",
        _first(approvals.waiting(), most, "requested_at").with_seconds(),
        project_id="project_id",
        project_name="project__name",
        seconds="seconds",
    )
    return offers.union(due, asked, all=True)


def _first(rows, most, order):
    """The first of `rows`, without order or limit themselves: SQLite allows neither in a part of a union."""
    return rows.order_by().filter(pk__in=rows.order_by(order, "pk").values("pk")[:most])


def _items(kind, rows, **columns):
    """The columns of Item, typed even where they are empty: a union's types are those of its parts."""
    values = (F(columns[name]) if name in columns else Value(None) for name in _FIELDS)
    return rows.values_list(Value(kind), "pk", *map(Cast, values, _FIELDS.values()))

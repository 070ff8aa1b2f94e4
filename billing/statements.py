"""Statements of account: the balance before a range of days, what moved it, and how old what is open then is.

Moves are what changes a balance: an invoice on its issue date, its cancellation on its own day, a credit note, a
payment, a payment taken back. History is not read: a balance of the past is today's, which the database keeps, less
what moved it since. QuerySets in, rows out; these only narrow what they are given.
"""

from datetime import date, timedelta
from decimal import Decimal
from enum import IntEnum
from typing import NamedTuple

from django.db.models import (
    Case,
    Count,
    DateField,
    DecimalField,
    Exists,
    ExpressionWrapper,
    F,
    IntegerField,
    OuterRef,
    Q,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Greatest, TruncDate

from billing.models import Invoice
from billing.models.exact import AMOUNT_DIGITS, Exact, exact_sum

ZERO = Decimal(0)
THOUSANDTH = Decimal("0.001")
NO_DATE = Value(None, output_field=DateField())
NO_TEXT = Value("", output_field=TextField())
# The last day of each age of a late invoice; what is older has none.
AGES = (30, 60, 90)


class Kind(IntEnum):
    """What moves a balance, in the order in which a day's moves stand."""

    INVOICE = 1
    CANCELLATION = 2
    CREDIT_NOTE = 3
    PAYMENT = 4


# Beside the moves: what of all invoices is owed now, and what of them was paid too much (below zero).
_OWED, _OVERPAID = -2, -1


class Line(NamedTuple):
    """A move: `change` is what it adds to the balance; `number` is the invoice's, `own_number` a credit note's."""

    currency_code: str
    day: date
    kind: int
    pk: int
    invoice_id: int
    number: str
    own_number: str
    about: str
    due_date: date | None
    change: Decimal

    @property
    def is_taken_back(self):
        """Whether it is a payment taken back, the only kind of payment that adds to a balance."""
        return self.kind == Kind.PAYMENT and self.change > 0


class Ageing(NamedTuple):
    """What is open on a day: not yet due, late by 1 to 30, 31 to 60, 61 to 90 and more days; `overpaid` is negative."""

    not_due: Decimal = ZERO
    late_30: Decimal = ZERO
    late_60: Decimal = ZERO
    late_90: Decimal = ZERO
    older: Decimal = ZERO
    overpaid: Decimal = ZERO

    @property
    def late(self):
        return self.late_30 + self.late_60 + self.late_90 + self.older

    @property
    def owed(self):
        """What is to pay, whatever was paid too much elsewhere."""
        return self.not_due + self.late


class Account(NamedTuple):
    """The account of one currency over a range of days; `sums` are `(Kind, change)` of its kinds of moves.

    `lines` is the number of its moves, `later` of those after the range, which make the balance `now`.
    """

    currency_code: str
    opening: Decimal
    sums: list[tuple[Kind, Decimal]]
    closing: Decimal
    lines: int
    later: int
    now: Decimal
    ageing: Ageing

    @property
    def change_later(self):
        return self.now - self.closing


def moves(invoices, payments, credit_notes, *, zone):
    """All moves, a QuerySet a kind; a cancellation's day is that of `zone`, but not before the invoice's."""
    cancelled_on = Greatest("issue_date", TruncDate("cancelled_at", tzinfo=zone), output_field=DateField())
    of_invoice = {"invoice_pk": F("pk"), "issued_number": F("invoice_number"), "currency": F("currency_code")}
    # Looked up one by one: for a join PostgreSQL may read all of the client's invoices.
    its_invoice = invoices.filter(pk=OuterRef("invoice_id")).order_by()
    of_row = {"invoice_pk": F("invoice_id"), "issued_number": Subquery(its_invoice.values("invoice_number"))}
    of_row["currency"] = Subquery(its_invoice.values("currency_code"))
    return (
        _moves(Kind.INVOICE, invoices, F("issue_date"), F("total_amount"), due=F("due_date"), **of_invoice),
        _moves(
            Kind.CANCELLATION,
            invoices.filter(state=Invoice.State.CANCELLED),
            cancelled_on,
            -F("total_amount"),
            **of_invoice,
        ),
        _moves(
            Kind.CREDIT_NOTE,
            credit_notes,
            F("issue_date"),
            -F("amount"),
            own_number=Cast("credit_number", TextField()),
            about=F("reason"),
            **of_row,
        ),
        _moves(Kind.PAYMENT, payments, F("paid_on"), -F("amount"), about=Cast("method", TextField()), **of_row),
    )


def _moves(kind, rows, day, change, *, due=NO_DATE, own_number=NO_TEXT, about=NO_TEXT, **of_invoice):
    return rows.order_by().annotate(
        day=day,
        kind=Value(kind, output_field=IntegerField()),
        change=ExpressionWrapper(change, output_field=DecimalField(**AMOUNT_DIGITS)),
        due=due,
        own_number=own_number,
        about=about,
        **of_invoice,
    )


def lines(moved, *, first, last):
    """The rows of the Lines from `first` to `last`, both inclusive: a currency after the other, by day."""
    columns = "currency day kind pk invoice_pk issued_number own_number about due change".split()
    of_range = [rows.filter(day__range=(first, last)).values_list(*columns) for rows in moved]
    return of_range[0].union(*of_range[1:], all=True).order_by("currency", "day", "kind", "pk")


def line(row):
    """The Line of a row of `lines`."""
    return Line(*row[:-1], row[-1].quantize(THOUSANDTH))


def change_before(moved, first_line, *, first):
    """What the moves from `first` on add up to that stand before a Line, in its currency."""
    day, pk = first_line.day, first_line.pk
    sums = []
    for kind, rows in zip(Kind, moved, strict=True):
        on_its_day = {"pk__lt": pk} if kind == first_line.kind else {}
        earlier = Q(day__lt=day) | Q(day=day, **on_its_day) if kind <= first_line.kind else Q(day__lt=day)
        of_account = rows.filter(earlier, day__gte=first, currency=first_line.currency_code)
        sums.append(of_account.values("currency").annotate(sum=exact_sum("change")).values_list("sum"))
    return sum((change for (change,) in sums[0].union(*sums[1:], all=True)), ZERO).quantize(THOUSANDTH)


def accounts(sums, ages):
    """An Account for each currency of `sums_of` with a move in the range, or with anything open.

    `ages` are the rows of `age_rows`.
    """
    ages = {code: [amount.quantize(THOUSANDTH) for amount in amounts] for code, *amounts in ages}
    found = [
        _account(code, {kind: one for (currency, kind), one in sums.items() if currency == code}, ages.get(code))
        for code in sorted({currency for currency, _kind in sums})
    ]
    return [one for one in found if one.lines or one.opening or one.closing or any(one.ageing)]


class _Sum(NamedTuple):
    """Of moves of a kind: how many are in the range and what they change, and the same of those after it."""

    lines: int
    change: Decimal
    later: int
    change_later: Decimal


def sum_rows(moved, totals, *, first, last):
    """The rows for `sums_of` of the moves from `first` on and of all invoices now, as of one moment.

    `totals` are the InvoiceTotals of all invoices.
    """
    inside, after = Q(day__lte=last), Q(day__gt=last)
    columns = ("currency", "kind", "lines", "inside", "later", "after")
    of_moves = [
        rows.filter(day__gte=first)
        .values("currency", "kind")
        .annotate(
            lines=Count("pk", filter=inside),
            inside=exact_sum("change", filter=inside),
            later=Count("pk", filter=after),
            after=exact_sum("change", filter=after),
        )
        .values_list(*columns)
        for rows in moved
    ]
    return of_moves[0].union(*of_moves[1:], _now(totals).values_list(*columns), all=True)


def sums_of(rows):
    """`{(currency, kind): sums}` of what moved and of what is owed now."""
    return {
        (currency, kind): _Sum(count, inside.quantize(THOUSANDTH), later, after.quantize(THOUSANDTH))
        for currency, kind, count, inside, later, after in rows
    }


def _now(totals):
    """What is owed and what is overpaid now, as rows of `_sums`."""
    kind = Case(When(state=Invoice.State.UNPAID, then=_OWED), default=_OVERPAID, output_field=IntegerField())
    rows = totals.sent().order_by().annotate(currency=F("currency_code"), kind=kind).values("currency", "kind")
    none = Value(0, output_field=IntegerField())
    zero = Value(ZERO, output_field=DecimalField(**AMOUNT_DIGITS))
    return rows.annotate(inside=exact_sum("outstanding")).annotate(lines=none, later=none, after=zero)


def _account(code, sums, ages):
    """The Account of a currency from its _Sums by kind."""
    nothing = _Sum(0, ZERO, 0, ZERO)
    overpaid = sums.pop(_OVERPAID, nothing).change
    now = sums.pop(_OWED, nothing).change + overpaid
    closing = now - sum(one.change_later for one in sums.values())
    *open_ones, overpaid_of_those, overpaid_now = ages or [ZERO] * 7
    return Account(
        currency_code=code,
        opening=closing - sum(one.change for one in sums.values()),
        sums=[(kind, sums[kind].change) for kind in Kind if kind in sums and sums[kind].lines],
        closing=closing,
        lines=sum(one.lines for one in sums.values()),
        later=sum(one.later for one in sums.values()),
        now=now,
        # The kept total of what is overpaid now, corrected by those invoices that were not so on the last day.
        ageing=Ageing(*open_ones, overpaid + overpaid_of_those - overpaid_now),
    )


def edges(as_of):
    """The days of which what was due before them is older, the latest first."""
    return [as_of - timedelta(days=days) for days in AGES]


def age_rows(moved, invoices, *, last, moved_later, as_of, edges):
    """Rows of a currency and amounts by the fields of Ageing, of invoices that are open now or moved after `last`.

    What is late is so `as_of` a day. The overpaid amount is of those among them; a last amount says what of them is
    overpaid now. `moved_later` says whether there were any moves after `last`.
    """
    ids = invoices.filter(state=Invoice.State.UNPAID).order_by().values_list("pk")
    found = invoices.filter(state=Invoice.State.UNPAID).annotate(balance=F("outstanding"))
    if moved_later:
        later = [rows.filter(day__gt=last).values_list("invoice_pk") for rows in moved]
        found = invoices.filter(pk__in=ids.union(*later, all=True)).annotate(balance=_balance_on(last, moved))
    open_ones = Q(balance__gt=0)
    ranges = [Q(due_date__gte=as_of)]
    ranges += [Q(due_date__lt=end, due_date__gte=start) for end, start in zip([as_of, *edges], edges, strict=False)]
    ranges += [Q(due_date__lt=edges[-1])]
    sums = {f"age_{n}": exact_sum("balance", filter=open_ones & due) for n, due in enumerate(ranges)}
    sums["overpaid"] = exact_sum("balance", filter=Q(balance__lt=0))
    sums["overpaid_now"] = exact_sum("outstanding", filter=Q(state=Invoice.State.PAID))
    return found.order_by().values("currency_code").annotate(**sums).values_list("currency_code", *sums)


def _balance_on(last, moved):
    """What was open of an invoice at the end of a day: what is open of it now, less what moved it since."""
    _invoices, cancellations, credit_notes, payments = moved
    was_not = cancellations.filter(pk=OuterRef("pk"), day__lte=last)
    not_counted = Case(
        When(issue_date__gt=last, then="total_amount"),
        When(Exists(was_not), then="total_amount"),
        default=ZERO,
        output_field=DecimalField(**AMOUNT_DIGITS),
    )
    since = [
        Coalesce(
            Subquery(
                rows.filter(invoice=OuterRef("pk"), day__gt=last)
                .values("invoice")
                .annotate(sum=exact_sum("change"))
                .values("sum")
            ),
            ZERO,
            output_field=DecimalField(**AMOUNT_DIGITS),
        )
        for rows in (credit_notes, payments)
    ]
    return Exact(F("outstanding") - not_counted - since[0] - since[1])

"""What stands in an exported file: a Sheet a list, from a Scope, by the filter that its page shows."""

from django.utils.translation import gettext as _

from billing import money
from billing.breakdowns import BY_DAYS
from billing.instants import WholeSeconds, local_time
from billing.sheets import Column, Kind, Sheet
from portal import pieces, wording
from portal.report_figures import ReportFigures

ROWS_A_FETCH = 2000


def entries(scope, chosen):
    """The time entries of an EntryFilter, in its order."""
    viewer = scope.viewer
    rows = chosen.in_order(chosen.narrow(scope.entries, viewer.zone))
    return Sheet(_("Time entries"), entry_columns(viewer), entry_rows(rows, viewer))


def entry_columns(viewer):
    """The columns of `entry_rows`."""
    columns = (
        Column(_("Date"), Kind.DAY, "date"),
        Column(_("From"), Kind.MOMENT, "start"),
        Column(_("To"), Kind.MOMENT, "end"),
        Column(_("Project"), key="project"),
        Column(_("Task"), key="task"),
        Column(_("Person"), key="person"),
        Column(_("Note"), key="note"),
        Column(_("Billable"), Kind.CHOICE, "billable", yes_or_no()),
        Column(_("Hours"), Kind.HOURS),
        Column(_("Seconds"), Kind.COUNT, "seconds"),
    )
    if not viewer.client.show_rates:
        return columns
    rate = Column(_("Hourly rate"), Kind.MONEY, "hourly_rate")
    return *columns, rate, Column(_("Amount"), Kind.MONEY, "amount"), Column(_("Currency"), key="currency")


def yes_or_no():
    return {True: _("yes"), False: _("no")}


_INSTANTS = {"start": WholeSeconds("start_time"), "end": WholeSeconds("end_time")}
_ENTRY = "start end has_times user__first_name user__last_name notes billable duration_seconds".split()
# What an entry, and the copy of one that an approval keeps, call their project, task and currency.
ENTRY_NAMES = ("project__name", "task__name", "project__currency_code")
LINE_NAMES = ("approval__project__name", "task_name", "currency_code")


def entry_rows(entries, viewer, names=ENTRY_NAMES, ids=()):
    """Rows as they come from a cursor, `ids` first: nothing is done for a row that is the same for all."""
    zone, team, named = viewer.zone, _("Team"), viewer.client.show_staff_names
    *named_by, currency = names
    prices = ["hourly_rate", "amount", currency] if viewer.client.show_rates else []
    rows = entries.annotate(**_INSTANTS).values_list(*ids, *_ENTRY, *named_by, *prices)
    for row in rows.iterator(chunk_size=ROWS_A_FETCH):
        start, end, has_times, first, last, notes, billable, seconds, project, task, *priced = row[len(ids) :]
        began = local_time(start, zone)
        ended = local_time(end, zone) if has_times else None
        person = (named and f"{first} {last}".strip()) or team
        about = (began.date(), began if has_times else None, ended, project, task, person, notes)
        yield (*row[: len(ids)], *about, billable, seconds, seconds, *(_priced(*priced) if priced else ()))


def _priced(rate, amount, currency):
    return in_currency(rate, currency), in_currency(amount, currency), currency


def in_currency(amount, currency):
    """An amount with the decimals of its currency, more where it has more."""
    if amount is None:
        return None
    unit = money.smallest_unit(currency)
    rounded = amount.quantize(unit)
    return rounded if rounded == amount else amount.normalize()


def invoices(scope, chosen, today):
    """The invoices of an InvoiceFilter, newest first; outstanding is what counts in totals."""
    columns = (
        Column(_("Number")),
        Column(_("Issued"), Kind.DAY),
        Column(_("Due"), Kind.DAY),
        Column(_("State")),
        Column(_("Currency")),
        Column(_("Total"), Kind.MONEY),
        Column(_("Paid"), Kind.MONEY),
        Column(_("Credited"), Kind.MONEY),
        Column(_("Outstanding"), Kind.MONEY),
    )
    found = chosen.narrow(scope.invoices, today).with_settlement().newest_first()
    return Sheet(_("Invoices"), columns, _invoice_rows(found, scope.viewer, today))


def _invoice_rows(invoices, viewer, today):
    for invoice in invoices.iterator(chunk_size=ROWS_A_FETCH):
        code = invoice.currency_code
        outstanding = invoice.outstanding if invoice.is_open else invoice.outstanding * 0
        amounts = (invoice.total_amount, invoice.paid_amount, invoice.credited_amount, outstanding)
        yield (
            invoice.invoice_number,
            invoice.issue_date,
            invoice.due_date,
            wording.invoice_state(invoice, viewer, today).text,
            code,
            *(in_currency(amount, code) for amount in amounts),
        )


def _times():
    titles = (_("Hours"), _("Seconds"), _("Billable hours"), _("Billable seconds"))
    return tuple(map(Column, titles, (Kind.HOURS, Kind.COUNT, Kind.HOURS, Kind.COUNT)))


def _both(piece):
    return piece.seconds, piece.seconds, piece.billable_seconds, piece.billable_seconds


def hours(scope, chosen, today):
    """The hours of a ReportFilter by what it groups them by; days, weeks and months by their first day."""
    viewer, group = scope.viewer, chosen.cleaned_data["group"]
    found = ReportFigures(scope, chosen, today).pieces()
    if group in BY_DAYS:
        heads, rows = (Column(chosen.group_title, Kind.DAY),), ((piece.key, *_both(piece)) for piece in found)
    else:
        heads = (Column(chosen.group_title), Column(_("Project")))
        rows = ((pieces.name_of(piece, group, viewer), piece.project_name, *_both(piece)) for piece in found)
    return Sheet(_("Hours"), (*heads, *_times()), rows)


def projects(scope, chosen, today):
    """The projects of a ReportFilter with their hours, and with what their estimates and budgets took of all time."""
    priced = scope.viewer.client.show_rates
    found = ReportFigures(scope, chosen, today).projects()
    columns = [
        *(Column(_("Project")), Column(_("Status")), *_times()),
        *((Column(_("Amount"), Kind.MONEY),) if priced else ()),
        Column(_("Estimated hours"), Kind.NUMBER),
        Column(_("Hours since the beginning"), Kind.HOURS),
        Column(_("Budget"), Kind.MONEY),
        Column(_("Used since the beginning"), Kind.MONEY),
        Column(_("Currency")),
    ]
    return Sheet(_("Projects"), tuple(columns), (_project_row(project, priced) for project in found))


def _project_row(project, priced):
    code = project.currency_code
    # Money is shown where it was agreed on: see portal.table_rows.budgets.
    budget = project.money_budget if priced or not project.hours_budget else None
    return (
        project.name,
        str(project.status_name),
        *_both(project),
        *((in_currency(project.amount, code),) if priced else ()),
        project.estimated_hours,
        project.whole_seconds,
        budget and in_currency(budget.limit, code),
        budget and in_currency(budget.used, code),
        code,
    )


def tasks(scope, chosen, today):
    """How many tasks there are of each status, as of today."""
    rows = ((str(status.label), count) for status, count in ReportFigures(scope, chosen, today).tasks())
    return Sheet(_("Tasks"), (Column(_("Status")), Column(_("Tasks"), Kind.COUNT)), rows)


def billed(scope, chosen, today):
    """What was invoiced and paid in the days of a ReportFilter, a currency a row."""
    titles = (_("Invoiced"), _("Paid"), _("Outstanding"), _("Overdue"))
    columns = (Column(_("Currency")), *(Column(title, Kind.MONEY) for title in titles))
    rows = (_billed_row(sums) for sums in ReportFigures(scope, chosen, today).billed())
    return Sheet(_("Invoices and payments"), columns, rows)


def _billed_row(sums):
    code = sums.currency_code
    amounts = (sums.invoiced, sums.paid, sums.outstanding, sums.overdue)
    return code, *(in_currency(amount, code) for amount in amounts)


BLOCKS = {"projects": projects, "time": hours, "money": billed, "tasks": tasks}

"""What stands in the archive of everything: a Sheet for each list, from a Scope, with all that its viewer may see."""

from decimal import Decimal
from itertools import groupby

from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.instants import WholeSeconds, local_time
from billing.sheets import Column, Kind, Sheet
from portal import wording
from portal.export_rows import LINE_NAMES, ROWS_A_FETCH, entry_columns, entry_rows, in_currency, yes_or_no

ZERO = Decimal(0)


def projects(scope, today):
    """Money is shown where it was agreed on: see portal.table_rows.budgets."""
    priced = scope.viewer.client.show_rates
    columns = (
        Column(_("Project ID"), Kind.COUNT, "id"),
        Column(_("Name"), key="name"),
        Column(_("Description"), key="description"),
        Column(_("Status"), Kind.CHOICE, "status", _words(scope.projects, "status", never="archived")),
        Column(_("Start"), Kind.DAY, "start_date"),
        Column(_("Due"), Kind.DAY, "due_date"),
        Column(_("Hours"), Kind.HOURS),
        Column(_("Seconds"), Kind.COUNT, "seconds"),
        Column(_("Billable hours"), Kind.HOURS),
        Column(_("Billable seconds"), Kind.COUNT, "billable_seconds"),
        Column(_("Estimated hours"), Kind.NUMBER, "estimated_hours"),
        Column(_("Budget"), Kind.MONEY, "budget"),
        Column(_("Amount"), Kind.MONEY, "amount"),
        Column(_("Currency"), key="currency"),
    )
    return Sheet(_("Projects"), columns, _project_rows(scope, priced))


def _project_rows(scope, priced):
    about = "id name description status start_date due_date".split()
    figures = "totals__seconds totals__billable_seconds totals__amount estimated_hours budget_amount currency_code"
    found = scope.projects.in_working_order().values_list(*about, *figures.split())
    for row in found.iterator(chunk_size=ROWS_A_FETCH):
        *about, seconds, billable, amount, estimate, budget, code = row
        agreed = budget is not None and estimate is None
        worth = in_currency(ZERO if amount is None else amount, code)
        money = (in_currency(budget, code), worth) if priced or agreed else (None, None)
        yield (*about, *_twice(seconds or 0), *_twice(billable or 0), estimate, *money, code)


def tasks(scope, today):
    columns = (
        *_project_columns(),
        Column(_("Task ID"), Kind.COUNT, "id"),
        Column(_("Name"), key="name"),
        Column(_("Description"), key="description"),
        Column(_("Status"), Kind.CHOICE, "status", _words(scope.tasks, "status")),
        Column(_("Due"), Kind.DAY, "due_date"),
    )
    fields = "project_id project__name id name description status due_date".split()
    return Sheet(_("Tasks"), columns, _rows(scope.tasks.order_by("project_id", "pk"), fields))


def entries(scope, today):
    columns = (*_ids(_("Entry ID")), Column(_("Task ID"), Kind.COUNT, "task_id"))
    found = entry_rows(scope.entries.newest_first(), scope.viewer, ids=("id", "project_id", "task_id"))
    return Sheet(_("Time entries"), (*columns, *entry_columns(scope.viewer)), found)


def invoices(scope, today):
    """Outstanding is what counts in totals: nothing of a cancelled invoice, nor of an overpaid one."""
    columns = (
        *_ids(_("Invoice ID")),
        Column(_("Number"), key="number"),
        Column(_("Project"), key="project"),
        Column(_("Issued"), Kind.DAY, "issue_date"),
        Column(_("Due"), Kind.DAY, "due_date"),
        Column(_("State"), Kind.CHOICE, "state", wording.standings()),
        *_sum_columns(),
        Column(_("Paid"), Kind.MONEY, "paid"),
        Column(_("Credited"), Kind.MONEY, "credited"),
        Column(_("Outstanding"), Kind.MONEY, "outstanding"),
        Column(_("Currency"), key="currency"),
        *_document_columns(),
        Column(_("How to pay"), key="payment_instructions"),
    )
    return Sheet(_("Invoices"), columns, _invoice_rows(scope, today))


def _invoice_rows(scope, today):
    names = _project_names(scope)
    for invoice in scope.invoices.newest_first().iterator(chunk_size=ROWS_A_FETCH):
        outstanding = invoice.outstanding if invoice.is_open else invoice.outstanding * 0
        sums = (invoice.subtotal, invoice.tax_amount, invoice.total_amount)
        sums += (invoice.paid_amount, invoice.credited_amount, outstanding)
        yield (
            invoice.pk,
            *_named_project(invoice.project_id, names, invoice.invoice_number),
            invoice.issue_date,
            invoice.due_date,
            invoice.standing(today),
            *(in_currency(amount, invoice.currency_code) for amount in sums),
            invoice.currency_code,
            *_document(invoice),
            invoice.payment_instructions,
        )


def invoice_lines(scope, today):
    return Sheet(_("Lines of invoices"), _line_columns(_("Invoice ID"), "invoice"), _line_rows(scope.invoice_lines))


def payments(scope, today):
    columns = (
        Column(_("Invoice ID"), Kind.COUNT, "invoice_id"),
        Column(_("Invoice"), key="invoice"),
        Column(_("Received on"), Kind.DAY, "paid_on"),
        Column(_("Method"), Kind.CHOICE, "method", _words(scope.payments, "method")),
        Column(_("Taken back"), Kind.CHOICE, "taken_back", yes_or_no()),
        *_amount(),
    )
    fields = "invoice_id invoice__invoice_number paid_on method reversal_of_id amount invoice__currency_code".split()
    found = _rows(scope.payments.oldest_first(), fields)
    rows = ((*about, reversal is not None, in_currency(sum_, code), code) for *about, reversal, sum_, code in found)
    return Sheet(_("Payments"), columns, rows)


def credit_notes(scope, today):
    columns = (
        Column(_("Number"), key="number"),
        Column(_("Invoice ID"), Kind.COUNT, "invoice_id"),
        Column(_("Invoice"), key="invoice"),
        Column(_("Issued"), Kind.DAY, "issue_date"),
        Column(_("Reason"), key="reason"),
        *_amount(),
    )
    fields = "credit_number invoice_id invoice__invoice_number issue_date reason amount invoice__currency_code".split()
    found = _rows(scope.credit_notes.oldest_first(), fields)
    rows = ((*about, in_currency(amount, code), code) for *about, amount, code in found)
    return Sheet(_("Credit notes"), columns, rows)


def quotes(scope, today):
    columns = (
        *_ids(_("Quote ID")),
        Column(_("Number"), key="number"),
        Column(_("Project"), key="project"),
        Column(_("Title"), key="title"),
        Column(_("Issued"), Kind.DAY, "issue_date"),
        Column(_("Valid until"), Kind.DAY, "valid_until"),
        Column(_("State"), Kind.CHOICE, "state", _words(scope.quotes, "status", never="draft")),
        *_sum_columns(),
        Column(_("Currency"), key="currency"),
        *_document_columns(),
    )
    return Sheet(_("Quotes"), columns, _quote_rows(scope))


def _quote_rows(scope):
    names = _project_names(scope)
    for quote in scope.quotes.newest_first().iterator(chunk_size=ROWS_A_FETCH):
        sums = (quote.subtotal, quote.tax_amount, quote.total_amount)
        yield (
            quote.pk,
            *_named_project(quote.project_id, names, quote.quote_number),
            quote.title,
            quote.issue_date,
            quote.valid_until,
            quote.status,
            *(in_currency(amount, quote.currency_code) for amount in sums),
            quote.currency_code,
            *_document(quote),
        )


def quote_lines(scope, today):
    return Sheet(_("Lines of quotes"), _line_columns(_("Quote ID"), "quote"), _line_rows(scope.quote_lines))


def comments(scope, today):
    columns = (
        *_project_columns(),
        Column(_("Task ID"), Kind.COUNT, "task_id"),
        Column(_("Task"), key="task"),
        Column(_("Written by"), key="author"),
        Column(_("Written"), Kind.MOMENT, "written_at"),
        Column(_("Comment"), key="text"),
    )
    return Sheet(_("Comments"), columns, _comment_rows(scope))


def _comment_rows(scope):
    zone, team, named = scope.viewer.zone, _("Team"), scope.viewer.client.show_staff_names
    fields = "project_id project__name task_id task__name author__first_name author__last_name written content".split()
    found = scope.comments.newest_first().annotate(written=WholeSeconds("created_at"))
    for *about, first, last, written, content in _rows(found, fields):
        yield (*about, (named and f"{first} {last}".strip()) or team, local_time(written, zone), content)


def approvals(scope, today):
    columns = (
        *_ids(_("Approval ID")),
        Column(_("Project"), key="project"),
        Column(_("First day"), Kind.DAY, "first_day"),
        Column(_("Last day"), Kind.DAY, "last_day"),
        Column(_("Status"), Kind.CHOICE, "status", _words(scope.approvals, "status")),
        Column(_("Asked by"), key="asked_by"),
        Column(_("Asked"), Kind.MOMENT, "asked_at"),
        Column(_("Answered by"), key="answered_by"),
        Column(_("Answered"), Kind.MOMENT, "answered_at"),
        Column(_("Reason"), key="reason"),
        Column(_("Hours"), Kind.HOURS),
        Column(_("Seconds"), Kind.COUNT, "seconds"),
    )
    return Sheet(_("Approvals"), columns, _approval_rows(scope))


def _approval_rows(scope):
    viewer = scope.viewer
    found = scope.approvals.with_seconds().order_by("requested_at", "pk")
    for approval in found.iterator(chunk_size=ROWS_A_FETCH):
        yield (
            approval.pk,
            approval.project_id,
            approval.project.name,
            approval.period_start,
            approval.period_end,
            approval.status,
            wording.person_name(approval.requested_by, viewer),
            approval.requested_at.astimezone(viewer.zone),
            wording.who_answered(approval, viewer),
            approval.answered_at and approval.answered_at.astimezone(viewer.zone),
            approval.reason,
            *_twice(approval.seconds),
        )


def approval_entries(scope, today):
    columns = (Column(_("Approval ID"), Kind.COUNT, "approval_id"), *entry_columns(scope.viewer))
    found = scope.approval_lines.order_by("approval_id", "start_time", "pk")
    return Sheet(_("Approved and asked hours"), columns, entry_rows(found, scope.viewer, LINE_NAMES, ("approval_id",)))


# By the names of their files, with what a reader is told of them.
TABLES = {
    "projects": (projects, gettext_lazy("Your projects, with all the time spent on them so far.")),
    "tasks": (tasks, gettext_lazy("The tasks of these projects.")),
    "time-entries": (
        entries,
        gettext_lazy("Finished work on these projects, newest first. Timers that still run are left out."),
    ),
    "invoices": (invoices, gettext_lazy("The invoices sent to you, newest first.")),
    "invoice-lines": (invoice_lines, gettext_lazy("What each invoice is made up of.")),
    "payments": (
        payments,
        gettext_lazy("Payments received. One that was taken back stands here again, with a negative amount."),
    ),
    "credit-notes": (credit_notes, gettext_lazy("Amounts credited to you on invoices.")),
    "quotes": (quotes, gettext_lazy("The quotes sent to you, newest first.")),
    "quote-lines": (quote_lines, gettext_lazy("What each quote is made up of.")),
    "comments": (comments, gettext_lazy("What was written to you about projects and tasks.")),
    "approvals": (approvals, gettext_lazy("Requests to approve hours, and their answers.")),
    "approval-entries": (approval_entries, gettext_lazy("The work of these requests, as you were asked about it.")),
}


def _rows(found, fields):
    return found.values_list(*fields).iterator(chunk_size=ROWS_A_FETCH)


def _words(rows, field, never=None):
    """`{code: word}` of a field of these rows; `never` is the code of rows that no client sees."""
    return {code: word for code, word in rows.model._meta.get_field(field).flatchoices if code != never}


def _twice(seconds):
    """Seconds as hours and as seconds."""
    return seconds, seconds


def _project_names(scope):
    """The names of projects that the viewer may see: a document may be about one that is archived."""
    return dict(scope.projects.values_list("pk", "name"))


def _named_project(project_id, names, number):
    name = names.get(project_id)
    return (None if name is None else project_id), number, name


def _document(document):
    return (
        document.seller_name,
        document.seller_details,
        document.buyer_name,
        document.buyer_details,
        document.notes,
        document.terms,
    )


def _line_rows(lines):
    """Lines as their documents show them: numbered from 1 within each, with the tax rate that holds for them."""
    document = lines.model.DOCUMENT
    of_document = [f"{document}_id", f"{document}__{document}_number", f"{document}__currency_code"]
    rated = lines.in_order().annotate(rate=Coalesce("tax_rate", f"{document}__tax_rate"))
    found = _rows(rated, [*of_document, "description", "quantity", "unit_price", "rate", "amount"])
    for _document_id, lines_of_one in groupby(found, key=lambda row: row[0]):
        for place, (key, number, code, text, quantity, price, rate, amount) in enumerate(lines_of_one, start=1):
            yield key, number, place, text, quantity, in_currency(price, code), rate, in_currency(amount, code), code


def _line_columns(id_title, document):
    return (
        Column(id_title, Kind.COUNT, f"{document}_id"),
        Column(_("Number"), key="number"),
        Column(_("Line"), Kind.COUNT, "line"),
        Column(_("Description"), key="description"),
        Column(_("Quantity"), Kind.NUMBER, "quantity"),
        Column(_("Unit price"), Kind.MONEY, "unit_price"),
        Column(_("Tax (%)"), Kind.NUMBER, "tax_rate"),
        *_amount(),
    )


def _ids(title):
    return Column(title, Kind.COUNT, "id"), Column(_("Project ID"), Kind.COUNT, "project_id")


def _project_columns():
    return Column(_("Project ID"), Kind.COUNT, "project_id"), Column(_("Project"), key="project")


def _amount():
    return Column(_("Amount"), Kind.MONEY, "amount"), Column(_("Currency"), key="currency")


def _sum_columns():
    titles = {"subtotal": _("Subtotal"), "tax": _("Tax"), "total": _("Total")}
    return tuple(Column(title, Kind.MONEY, key) for key, title in titles.items())


def _document_columns():
    return (
        Column(_("Seller"), key="seller"),
        Column(_("Seller's details"), key="seller_details"),
        Column(_("Buyer"), key="buyer"),
        Column(_("Buyer's details"), key="buyer_details"),
        Column(_("Notes"), key="notes"),
        Column(_("Terms"), key="terms"),
    )

"""Lists and reports as files: exactly what the page's filter shows, of all its pages; and everything at once."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_GET

from portal import archive, export_rows, statement_rows
from portal.export_forms import ExportForm, SeparatorsForm
from portal.exports import Export
from portal.forms import EntryFilter, ReportFilter
from portal.invoice_forms import InvoiceFilter
from portal.lists import unused
from portal.scope import portal_file_view
from portal.statement_forms import StatementFilter

LONGEST_NAME = 60


@require_GET
@portal_file_view
def time_entries(request, scope):
    """The time entries of a filter, in its order."""
    chosen = EntryFilter(request.GET, scope=scope)
    form = ExportForm(request.GET, viewer=scope.viewer)
    if refusal := _refusal(request, "portal:time_entries", chosen, form):
        return refusal
    return form.export("time entries", "time-entries", lambda rows: [export_rows.entries(rows, chosen)])


@require_GET
@portal_file_view
def invoices(request, scope):
    """The invoices of a filter."""
    today = scope.viewer.today(timezone.now())
    chosen = InvoiceFilter(request.GET, scope=scope)
    form = ExportForm(request.GET, viewer=scope.viewer)
    if refusal := _refusal(request, "portal:invoices", chosen, form):
        return refusal
    return form.export("invoices", "invoices", lambda rows: [export_rows.invoices(rows, chosen, today)])


@require_GET
@portal_file_view
def report(request, scope):
    """The blocks of a report: all of them as the sheets of a workbook, one as CSV."""
    today = scope.viewer.today(timezone.now())
    chosen = ReportFilter(request.GET, scope=scope, today=today)
    form = ExportForm(request.GET, viewer=scope.viewer, blocks=export_rows.BLOCKS)
    if refusal := _refusal(request, "portal:reports", chosen, form):
        return refusal
    blocks = [form.cleaned_data["block"]] if form.is_csv else export_rows.BLOCKS
    name = "-".join(["report", *map(str, chosen.period), *(blocks if form.is_csv else ())])
    return form.export(
        "report", name, lambda rows: [export_rows.BLOCKS[block](rows, chosen, today) for block in blocks]
    )


@require_GET
@portal_file_view
def statement(request, scope):
    """A statement of account: all of its lines, and in a workbook how old the balance is."""
    today = scope.viewer.today(timezone.now())
    chosen = StatementFilter(request.GET, scope=scope, today=today)
    form = ExportForm(request.GET, viewer=scope.viewer)
    if refusal := _refusal(request, "portal:statement", chosen, form):
        return refusal
    name = "-".join(["statement", *map(str, chosen.period)])
    return form.export("statement", name, lambda rows: statement_rows.sheets(rows, chosen.period, today))


@require_GET
@portal_file_view
def everything(request, scope):
    """All that the viewer may see, as a ZIP."""
    now = timezone.now()
    form = SeparatorsForm(request.GET, viewer=scope.viewer)
    if refusal := _refusal(request, "portal:settings", form, form):
        return refusal
    parts = [slugify(scope.viewer.client.name)[:LONGEST_NAME].strip("-"), "data", str(scope.viewer.today(now))]
    separators = form.chosen_separators
    return Export("all data", "-".join(filter(None, parts)), "zip", lambda rows: archive.pieces(rows, separators, now))


def _refusal(request, page, chosen, form):
    """Back to the page, which shows what is wrong with its filter; None where all of the address can be used."""
    complaints = [*unused(request.GET, {*chosen.names, *form.fields})]
    complaints += [error for errors in form.errors.values() for error in errors]
    if chosen.is_valid() and not complaints:
        return None
    for complaint in complaints:
        messages.error(request, complaint)
    query = urlencode([(name, request.GET[name]) for name in chosen.names if name in request.GET])
    return HttpResponseRedirect(f"{reverse(page)}?{query}" if query else reverse(page))

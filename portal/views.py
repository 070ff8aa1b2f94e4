"""The portal's pages: rows through the scope, one template each."""

from urllib.parse import urlencode

from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from billing import drafting, papers, reports
from billing.downloads import PdfDownload
from portal import layouts, periods, wording
from portal.entry_list import EntryList, whole_time
from portal.filter_links import presets_of
from portal.forms import EntryFilter
from portal.invoice_forms import InvoiceFilter
from portal.lists import listing, unused
from portal.overview import Overview, progress_of, progress_of_one
from portal.pieces import weeks_chart
from portal.scope import find, portal_view
from portal.table_rows import entry_rows, invoice_rows
from portal.widgets import WIDGETS, timer_rows

LATEST = 10
WEEKS = 12


@require_GET
@portal_view
def dashboard(request, scope):
    """The viewer's widgets in the viewer's order."""
    now = timezone.now()
    overview = Overview(scope, now)
    shown = layouts.layout_of(scope.viewer).widget_order
    facts = {
        "summary": wording.summary(overview),
        "timers": timer_rows(scope, now),
        "widgets": [(widget, widget.data(overview)) for widget in map(WIDGETS.get, shown)],
    }
    return render(request, "portal/dashboard.html", facts)


@require_GET
@portal_view
def projects(request, scope):
    """All projects that are not archived, with their figures."""
    rows = listing(request.GET, scope.projects.in_working_order(), count=scope.projects.count(), filters=())
    progress = progress_of(scope, rows.page.object_list, scope.viewer.today(timezone.now()))
    facts = {"listing": rows, "rows": progress, "time": whole_time(scope)}
    return render(request, "portal/projects.html", facts)


@require_GET
@portal_view
def project(request, scope, project_id):
    """One project: budget, weeks, tasks, latest entries and comments."""
    found = find(scope.projects, project_id)
    viewer = scope.viewer
    now = timezone.now()
    today = viewer.today(now)
    entries = scope.entries.filter(project=found)
    tasks = scope.tasks.filter(project=found)
    weeks = _weeks(entries, viewer, today)
    progress = progress_of_one(scope, found.pk, today)
    facts = {
        "row": progress,
        "burn": wording.burn(progress.burn, viewer, today),
        "timers": timer_rows(scope, now, project=found),
        "weeks": weeks,
        "chart": weeks_chart(weeks, viewer),
        "tasks_by_status": reports.in_working_order(reports.tasks_by_status(tasks)),
        "tasks": tasks.open().in_working_order()[:LATEST],
        "entries": entry_rows(entries.newest_first().cut(0, LATEST), viewer, with_project=False),
        "comments": _signed(scope, scope.comments.filter(project=found).newest_first()[:LATEST]),
    }
    return render(request, "portal/project.html", facts)


@require_GET
@portal_view
def invoices(request, scope):
    """Invoices by tab, of a number, an amount or a year if asked, with the counts of all tabs and this one's sums."""
    today = scope.viewer.today(timezone.now())
    chosen, unknown_status = InvoiceFilter.shown(request.GET, scope=scope)
    found = chosen.narrow(scope.invoices, today)
    counts = _invoice_counts(chosen, scope, today)
    rows = listing(request.GET, found.with_settlement().newest_first(), count=counts[chosen.tab], filters=chosen.names)
    facts = {
        "filter": chosen,
        "listing": rows,
        "rows": invoice_rows(rows.page, scope.viewer, today),
        "sums": _invoice_sums(chosen, scope, found, today),
        "tabs": [_invoice_tab(chosen, name, counts[name]) for name in InvoiceFilter.TABS],
        "unknown_status": unknown_status,
        "has_any": counts["all"] or chosen.asks_for_some,
    }
    return render(request, "portal/invoices.html", facts)


@require_GET
@portal_view
def invoice(request, scope, invoice_id):
    """One invoice as a document."""
    found = find(scope.invoices.with_settlement(), invoice_id)
    items = found.items.order_by("position", "pk")
    facts = {
        "document": found,
        "project": _shown_project(scope, found),
        "outstanding": max(found.outstanding, 0) if found.counts else None,
        "state": wording.invoice_state(found, scope.viewer, scope.viewer.today(timezone.now())),
        "items": items,
        "totals": drafting.totals_of(found, items),
        "payments": scope.payments.filter(invoice=found).oldest_first(),
        "credit_notes": scope.credit_notes.filter(invoice=found).oldest_first(),
    }
    return render(request, "portal/invoice.html", facts)


@require_GET
@portal_view
def invoice_pdf(request, scope, invoice_id):
    """One invoice as it was sent, to be kept."""
    found = find(scope.invoices, invoice_id)
    return PdfDownload(papers.invoice_paper(found, found.items.order_by("position", "pk")))


@require_GET
@portal_view
def quotes(request, scope):
    """Quotes, newest first."""
    today = scope.viewer.today(timezone.now())
    rows = listing(request.GET, scope.quotes.newest_first(), count=scope.quotes.count(), filters=())
    facts = {
        "listing": rows,
        "rows": [(quote, wording.quote_state(quote, scope.viewer, today)) for quote in rows.page],
    }
    return render(request, "portal/quotes.html", facts)


@require_GET
@portal_view
def quote(request, scope, quote_id):
    """One quote as a document."""
    found = find(scope.quotes, quote_id)
    items = found.items.order_by("position", "pk")
    facts = {
        "document": found,
        "project": _shown_project(scope, found),
        "state": wording.quote_state(found, scope.viewer, scope.viewer.today(timezone.now())),
        "items": items,
        "totals": drafting.totals_of(found, items),
    }
    return render(request, "portal/quote.html", facts)


@require_GET
@portal_view
def quote_pdf(request, scope, quote_id):
    """One quote as it was sent, to be kept."""
    found = find(scope.quotes, quote_id)
    return PdfDownload(papers.quote_paper(found, found.items.order_by("position", "pk")))


@require_GET
@portal_view
def time_entries(request, scope):
    """Finished entries by the day on which they began, in the filter and order asked for, with the total of all."""
    viewer = scope.viewer
    chosen = EntryFilter(request.GET, scope=scope)
    presets = presets_of(chosen, periods.presets(viewer.today(timezone.now())))
    facts = {"filter": chosen, "presets": presets, "listing": {"complaints": [*unused(request.GET, chosen.names)]}}
    if chosen.is_valid():
        found = EntryList(scope, chosen)
        total = found.sums()
        rows = listing(request.GET, found, count=total.count, filters=chosen.names)
        shown = entry_rows(rows.page, viewer)
        facts |= {
            "listing": rows,
            "entries": shown,
            "days": found.days(shown) if chosen.is_by_day else None,
            "total": total,
            "amounts": total.amounts if viewer.client.show_rates else [],
        }
    return render(request, "portal/time_entries.html", facts)


def _invoice_tab(chosen, name, count):
    """A tab's address, which keeps what is searched for, its title and count, and whether it is this one."""
    address = urlencode({"status": name} | chosen.state_but("status"))
    return address, InvoiceFilter.TABS[name][0], count, name == chosen.tab


def _invoice_counts(chosen, scope, today):
    """The counts of the tabs: of all invoices from their totals, of those searched for one by one."""
    if chosen.asks_for_some:
        return reports.found_counts(chosen.search(scope.invoices), today=today)
    return reports.invoice_counts(scope.invoice_totals, invoices=scope.invoices, today=today)


def _invoice_sums(chosen, scope, found, today):
    """Sums of the `found` by currency; what is overdue depends on the day, so there only the rows know."""
    if chosen.asks_for_some or chosen.tab == "overdue":
        rows = reports.invoice_sums(found, today=today)
    else:
        totals = InvoiceFilter.TABS[chosen.tab][1](scope.invoice_totals, today)
        rows = reports.whole_invoice_sums(totals, invoices=found, today=today)
    return [reports.MoneySum(*row) for row in rows]


def _shown_project(scope, document):
    """The project that a document is about, None where it is archived: its name is not the client's to see then."""
    return scope.projects.filter(pk=document.project_id).first()


def _weeks(entries, viewer, today):
    """`[(Monday, seconds)]` of the last weeks, oldest first, empty ones as zero."""
    mondays = periods.mondays(today, WEEKS)
    recent = entries.starting_between(periods.day_start(mondays[0], viewer.zone), None)
    seconds = dict(reports.hours_by_week(recent, zone=viewer.zone))
    return [(monday, seconds.get(monday, 0)) for monday in mondays]


def _signed(scope, comments):
    return [(comment, wording.person_name(comment.author, scope.viewer)) for comment in comments]

"""The portal's pages: rows through the scope, one template each."""

from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from billing import drafting, reports
from portal import periods, wording
from portal.forms import EntryFilter
from portal.lists import listing
from portal.scope import find, portal_view
from portal.widgets import DEFAULT_ORDER, WIDGETS, entry_rows

LATEST = 10
WEEKS = 12

INVOICE_TABS = {
    "all": (_("All"), lambda invoices, _today: invoices),
    "paid": (_("Paid"), lambda invoices, _today: invoices.paid()),
    "unpaid": (_("Unpaid"), lambda invoices, _today: invoices.unpaid()),
    "overdue": (_("Overdue"), lambda invoices, today: invoices.overdue(today)),
}


@require_GET
@portal_view
def dashboard(request, scope):
    """The widgets in their order."""
    now = timezone.now()
    widgets = [(widget, widget.data(scope, now)) for widget in map(WIDGETS.get, DEFAULT_ORDER)]
    return render(request, "portal/dashboard.html", {"widgets": widgets})


@require_GET
@portal_view
def projects(request, scope):
    """All projects that are not archived, with their figures."""
    viewer = scope.viewer
    rows = listing(request.GET, scope.projects.in_working_order(), count=scope.projects.count(), filters=())
    progress = reports.project_progress(
        rows.page.object_list,
        entries=scope.entries,
        tasks=scope.tasks,
        month_start=periods.month_start(viewer.today(timezone.now()), viewer.zone),
    )
    facts = {"listing": rows, "rows": progress, "time": reports.time_total(scope.entries)}
    return render(request, "portal/projects.html", facts)


@require_GET
@portal_view
def project(request, scope, project_id):
    """One project: budget, weeks, tasks, latest entries and comments."""
    found = find(scope.projects, project_id)
    viewer = scope.viewer
    today = viewer.today(timezone.now())
    entries = scope.entries.filter(project=found)
    tasks = scope.tasks.filter(project=found)
    (progress,) = reports.project_progress(
        [found], entries=entries, tasks=tasks, month_start=periods.month_start(today, viewer.zone)
    )
    facts = {
        "row": progress,
        "weeks": _weeks(entries, viewer, today),
        "tasks_by_status": reports.tasks_by_status(tasks),
        "tasks": tasks.open().in_working_order()[:LATEST],
        "entries": entry_rows(scope, entries.newest_first()[:LATEST]),
        "comments": _signed(scope, scope.comments.filter(project=found).newest_first()[:LATEST]),
    }
    return render(request, "portal/project.html", facts)


@require_GET
@portal_view
def invoices(request, scope):
    """Invoices by tab, with the counts of all tabs and the sums of this one."""
    today = scope.viewer.today(timezone.now())
    asked = request.GET.get("status", "all")
    tab = asked if asked in INVOICE_TABS else "all"
    counts = reports.invoice_counts(scope.invoices, today=today)
    chosen = INVOICE_TABS[tab][1](scope.invoices.with_balance(), today)
    rows = listing(request.GET, chosen.with_settlement().newest_first(), count=counts[tab], filters=("status",))
    facts = {
        "listing": rows,
        "rows": [(invoice, wording.invoice_state(invoice, scope.viewer, today)) for invoice in rows.page],
        "sums": reports.invoice_sums(chosen, today=today),
        "tabs": [(name, title, counts[name], name == tab) for name, (title, _narrow) in INVOICE_TABS.items()],
        "unknown_status": "" if asked == tab else asked,
        "tab": tab,
    }
    return render(request, "portal/invoices.html", facts)


@require_GET
@portal_view
def invoice(request, scope, invoice_id):
    """One invoice as a document."""
    found = find(scope.invoices.with_balance().with_settlement(), invoice_id)
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
def time_entries(request, scope):
    """Finished entries, newest first, of one project and a range of days if asked, with the total of them all."""
    chosen = EntryFilter(request.GET, scope=scope)
    entries = chosen.narrow(scope.entries, scope.viewer.zone)
    total = reports.time_total(entries)
    rows = listing(request.GET, entries.newest_first(), count=total["count"], filters=EntryFilter.NAMES)
    facts = {
        "filter": chosen,
        "listing": rows,
        "entries": entry_rows(scope, rows.page.object_list),
        "total": total,
        "amounts": reports.amounts(entries) if scope.viewer.client.show_rates else [],
    }
    return render(request, "portal/time_entries.html", facts)


def _shown_project(scope, document):
    """The project that a document is about, None where it is archived: its name is not the client's to see then."""
    return scope.projects.filter(pk=document.project_id).first()


def _weeks(entries, viewer, today):
    """`[(Monday, seconds, share of the fullest week)]` of the last weeks, oldest first, empty ones as zero."""
    mondays = periods.mondays(today, WEEKS)
    recent = entries.starting_between(periods.day_start(mondays[0], viewer.zone), None)
    seconds = dict(reports.hours_by_week(recent, zone=viewer.zone))
    fullest = max(seconds.values(), default=0) or 1
    return [(monday, seconds.get(monday, 0), seconds.get(monday, 0) / fullest) for monday in mondays]


def _signed(scope, comments):
    return [(comment, wording.person_name(comment.author, scope.viewer)) for comment in comments]

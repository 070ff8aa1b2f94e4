"""What the portal costs, page by page and file by file, told beside a bare page of the same process and the same run.

Requests go through the whole of Django, middleware and both walls, without a server between: what is counted and timed
is the product's own work. Machines are noisy, so pages take turns, and a ratio says more than a time.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from statistics import median

from django.conf import settings
from django.db.models import Count
from django.shortcuts import render
from django.test import Client as Browser
from django.test import override_settings
from django.urls import include, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.errors import Refused
from accounts.models import User
from portal import live_benchmark
from portal.import_benchmark import ImportCost
from portal.measuring import Work
from portal.scope import Scope, Viewer, portal_view, route

BARE = "/bare"
# By what they are called in the table; `{project}` and `{invoice}` are the viewer's own.
PAGES = {
    "bare page": BARE,
    "dashboard": "",
    "projects": "/projects",
    "project": "/projects/{project}",
    "time": "/time-entries",
    "time, second page": "/time-entries?page=2",
    "time of a project": "/time-entries?project_id={project}",
    "time, searched": "/time-entries?q=calendar",
    "time of a range": "/time-entries?date_from={month_ago}&date_to={today}",
    "invoices": "/invoices",
    "invoices overdue": "/invoices?status=overdue",
    "invoices searched": "/invoices?q=L-1",
    "invoice": "/invoices/{invoice}",
    "quotes": "/quotes",
    "approvals": "/approvals",
    "report": "/reports",
    "report by task": "/reports?group=task",
    "statement": "/statement",
    "activity": "/activity",
    "notifications": "/notifications",
    "missed events": "/events?after={seen}",
    "preferences": "/dashboard/preferences",
    "settings": "/settings",
    "devices": "/devices",
}
FILES = {
    "time as CSV": "/time-entries/export?format=csv",
    "time as XLSX": "/time-entries/export?format=xlsx",
    "invoices as CSV": "/invoices/export?format=csv",
    "report as XLSX": "/reports/export?format=xlsx",
    "statement as CSV": "/statement/export?format=csv",
    "invoice as PDF": "/invoices/{invoice}/pdf",
    "everything as ZIP": "/settings/export",
}


@require_GET
@portal_view
def bare(request, scope):
    """The frame of a page and nothing in it."""
    return render(request, "portal/base.html")


# The site's own addresses and the bare page, which is there while it is measured.
urlpatterns = [path("", include(settings.ROOT_URLCONF)), route(f"client-portal{BARE}", bare, name="bare")]


@dataclass(frozen=True)
class Cost:
    """Of one page, or of what open pages cost, for one viewer: medians, and what they are times those of the bare page.

    Times are in milliseconds; `worst_ms` is the 99th percentile, of few repetitions the longest.
    """

    page: str
    viewer: str
    queries: int
    database_ms: float
    cpu_ms: float
    cpu_ratio: float
    median_ms: float
    median_ratio: float
    worst_ms: float
    bytes: int


@dataclass(frozen=True)
class FileCost:
    """Of one file for one viewer; `rows_a_second` is of the time entries in it, 0 where it holds none."""

    file: str
    viewer: str
    seconds: float
    cpu_seconds: float
    bytes: int
    rows_a_second: int


def _visit(browser, address):
    """The Work of one request."""
    with Work() as work:
        response = browser.get(f"/client-portal{address}")
        work.bytes = sum(map(len, response)) if response.streaming else len(response.content)
    if response.status_code != 200:
        raise Refused(_("%(address)s answers %(status)s.") % {"address": address, "status": response.status_code})
    return work


def small_and_large():
    """`{"small": User, "large": User}`: people whose clients have a median number of time entries, and the most."""
    people = User.objects.filter(client_portal_enabled=True, is_active=True, client__is_active=True)
    people = list(people.annotate(entries=Count("client__time_entries")).order_by("entries", "pk"))
    if not people:
        raise Refused(_("There is nobody whose portal could be measured; “manage.py load_demo” makes some."))
    return {"small": people[len(people) // 2], "large": people[-1]}


def measure(people, *, repeat, with_files) -> Iterator[Cost | FileCost]:
    """The Costs of every page and of open pages, and of every file if asked for, for each of `{name: User}`."""
    with override_settings(ROOT_URLCONF=__name__):
        doors = {name: _signed_in(person) for name, person in people.items()}
        try:
            yield from _pages(doors, people, repeat)
            if with_files:
                yield from _files(doors, people)
        finally:
            for browser in doors.values():
                browser.logout()


def _pages(doors, people, repeat):
    paths = {name: addresses_of(person) for name, person in people.items()}
    for name, browser in doors.items():
        for page in PAGES:
            # Once for what is worked out once.
            _visit(browser, paths[name][page])
    done = {}
    for _turn in range(repeat):
        for name, browser in doors.items():
            for page in PAGES:
                done.setdefault((name, page), []).append(_visit(browser, paths[name][page]))
            for what, work in live_benchmark.works(browser.session.session_key).items():
                done.setdefault((name, what), []).append(work)
    for (name, page), found in done.items():
        yield _cost(name, page, found, done[name, "bare page"])


def _cost(name, page, found, bare_ones):
    cpu, seconds = median(one.cpu for one in found), median(one.seconds for one in found)
    return Cost(
        page=page,
        viewer=name,
        queries=max(one.queries for one in found),
        database_ms=_rounded(median(one.database for one in found) * 1000),
        cpu_ms=_rounded(cpu * 1000),
        cpu_ratio=_rounded(cpu / median(one.cpu for one in bare_ones)),
        median_ms=_rounded(seconds * 1000),
        median_ratio=_rounded(seconds / median(one.seconds for one in bare_ones)),
        worst_ms=_rounded(sorted(one.seconds for one in found)[int(len(found) * 0.99)] * 1000),
        bytes=found[-1].bytes,
    )


def _rounded(figure):
    """To a tenth, and what is less than one to three digits of it."""
    return round(figure, 1) if figure >= 1 else float(f"{figure:.3g}")


def _files(doors, people):
    for name, browser in doors.items():
        facts = _facts(people[name])
        for file, address in FILES.items():
            visit = _visit(browser, address.format(**facts))
            rows = facts["entries"] if file.startswith(("time", "everything")) else 0
            yield FileCost(
                file=file,
                viewer=name,
                seconds=round(visit.seconds, 2),
                cpu_seconds=round(visit.cpu, 2),
                bytes=visit.bytes,
                rows_a_second=round(rows / visit.seconds),
            )


def _signed_in(person):
    host = settings.SITE_URL.partition("//")[2]
    browser = Browser(SERVER_NAME=host.partition(":")[0], headers={"host": host, "x-forwarded-proto": "https"})
    browser.force_login(person)
    return browser


def addresses_of(person):
    """`{page: address}` of all pages, with what is the person's own in them."""
    facts = _facts(person)
    return {page: address.format(**facts) for page, address in PAGES.items()}


def _facts(person):
    """What stands in addresses for a person: a project, an invoice, days, and an event ten before the last."""
    scope = Scope.of(Viewer.of(person))
    newest = scope.entries.newest_first().first()
    project, invoice = scope.projects.in_working_order().first(), scope.invoices.newest_first().first()
    if newest is None or project is None or invoice is None:
        raise Refused(_("%(person)s has no project, time or invoice to look at.") % {"person": person})
    today = newest.start_time.date()
    last = scope.journal.newest_first().values_list("number", flat=True).first() or 0
    return {
        "project": project.pk,
        "invoice": invoice.pk,
        "today": today,
        "month_ago": today.replace(day=1),
        "seen": max(0, last - 10),
        "entries": scope.entries.count(),
    }


def as_json(costs):
    """Costs, FileCosts and ImportCosts as what JSON holds."""
    return {
        "pages": [asdict(cost) for cost in costs if isinstance(cost, Cost)],
        "files": [asdict(cost) for cost in costs if isinstance(cost, FileCost)],
        "imports": [asdict(cost) for cost in costs if isinstance(cost, ImportCost)],
    }

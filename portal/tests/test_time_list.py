"""The list of time entries by day: which day an entry lies on, what each day adds up to, and what it costs."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from accounts.tests.factories import ClientFactory, PortalUserFactory, StaffFactory
from billing.models import TimeEntry
from billing.tests.factories import NOW, ProjectFactory, TaskFactory, TimeEntryFactory
from portal.tests.browsers import signed_in
from portal.tests.test_pages import queries_of, text

pytestmark = pytest.mark.django_db

LIST = "/client-portal/time-entries"
HEAD = re.compile(r'<tr class="day-head">.*?datetime="([0-9-]+)".*?cell-hours">([^<]+)<', re.DOTALL)
ROW = re.compile(r'<td class="cell-main">(?:<span class="note">([^<]+)<)?')


@pytest.fixture(autouse=True)
def on_the_day():
    with time_machine.travel(NOW, tick=False):
        yield


def days(browser, query=""):
    """`[(date, its total, [notes below it])]` of the page."""
    page = browser.get(f"{LIST}?{query}").content.decode()
    found = []
    for part in page.split("<tbody>")[1:]:
        head = HEAD.search(part)
        found.append((*(head.groups() if head else (None, None)), ROW.findall(part)))
    return found


def at(*when):
    return datetime(*when, tzinfo=UTC)


def test_entries_stand_below_their_day_with_its_total(viewer, client_row):
    project = ProjectFactory(client=client_row, name="Shop")
    staff = StaffFactory(first_name="Nora", last_name="Albers")
    task = TaskFactory(project=project, name="Cart")
    for hour, seconds, notes in ((8, 3600, "Planned"), (13, 5400, "Built"), (16, 900, "Told")):
        start = at(2026, 3, 9, hour)
        details = {"duration_seconds": seconds, "end_time": start + timedelta(seconds=seconds)}
        TimeEntryFactory(project=project, task=task, user=staff, start_time=start, notes=notes, **details)
    TimeEntryFactory(project=project, start_time=at(2026, 3, 6, 9), notes="Sketched", duration_seconds=1200)
    assert days(viewer) == [
        ("2026-03-09", "2.75", ["Told", "Built", "Planned"]),
        ("2026-03-06", "0.33", ["Sketched"]),
    ]
    assert days(viewer, "sort=oldest") == [
        ("2026-03-06", "0.33", ["Sketched"]),
        ("2026-03-09", "2.75", ["Planned", "Built", "Told"]),
    ]
    page = text(viewer.get(LIST))
    for shown in (
        ">Built</span>",
        "Cart",
        ">Shop</a>",
        "Nora Albers",
        "14:00–15:30",
        '<td class="figure cell-hours">1.50',
    ):
        assert shown in page, shown
    assert "entries on this page" not in page


def test_in_another_order_there_are_no_days_but_each_row_has_its_date(viewer, client_row):
    project = ProjectFactory(client=client_row)
    TimeEntryFactory(project=project, start_time=at(2026, 3, 6, 9), duration_seconds=7200, notes="Long")
    TimeEntryFactory(project=project, start_time=at(2026, 3, 9, 9), duration_seconds=3600, notes="Short")
    assert days(viewer, "sort=longest") == [(None, None, ["Long", "Short"])]
    page = text(viewer.get(f"{LIST}?sort=longest"))
    assert '<th scope="row" class="cell-day"><time datetime="2026-03-06">Fri, 6 Mar 2026</time></th>' in page


def test_an_entry_over_midnight_lies_on_the_day_on_which_it_began(viewer, client_row):
    start = at(2026, 3, 9, 22, 30)
    TimeEntryFactory(
        project__client=client_row,
        start_time=start,
        end_time=start + timedelta(hours=2),
        duration_seconds=7200,
        notes="Released",
    )
    assert days(viewer) == [("2026-03-09", "2.00", ["Released"])]
    assert days(viewer, "date_from=2026-03-10") == []
    assert "23:30–01:30" in text(viewer.get(LIST))


def test_the_day_is_that_of_the_viewers_zone(client_row):
    TimeEntryFactory(project__client=client_row, start_time=at(2026, 3, 9, 3, 30), notes="Early")
    berlin, new_york, auckland = (
        signed_in(PortalUserFactory(client=client_row, timezone=zone))
        for zone in ("Europe/Berlin", "America/New_York", "Pacific/Auckland")
    )
    start = at(2026, 3, 9, 12, 30)
    TimeEntryFactory(project__client=client_row, start_time=start, notes="Later", duration_seconds=5400)
    assert days(berlin) == [("2026-03-09", "2.50", ["Later", "Early"])]
    assert days(new_york) == [("2026-03-09", "1.50", ["Later"]), ("2026-03-08", "1.00", ["Early"])]
    assert days(auckland) == [("2026-03-10", "1.50", ["Later"]), ("2026-03-09", "1.00", ["Early"])]


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", "23.00"), ("2026-10-25", "25.00")], ids=["spring", "autumn"])
def test_a_day_of_23_or_25_hours_has_them_all(viewer, client_row, day, hours):
    project = ProjectFactory(client=client_row)
    first = datetime.fromisoformat(day).replace(tzinfo=UTC) - timedelta(hours=5)
    for n in range(40):
        TimeEntryFactory(project=project, start_time=first + timedelta(hours=n))
    found = {day: (total, len(rows)) for day, total, rows in days(viewer)}
    assert found[day] == (hours, int(float(hours)))
    assert sum(rows for _total, rows in found.values()) == 40


def test_a_day_that_a_page_cuts_has_its_whole_total_on_both(viewer, client_row):
    project = ProjectFactory(client=client_row)
    for start, count in ((at(2026, 3, 9, 9), 40), (at(2026, 3, 8, 9), 30), (at(2026, 3, 7, 9), 5)):
        TimeEntryFactory.create_batch(count, project=project, start_time=start, duration_seconds=1200)
    first, second = ([(*day[:2], len(day[2])) for day in days(viewer, f"page={page}")] for page in (1, 2))
    assert first == [("2026-03-09", "13.33", 40), ("2026-03-08", "10.00", 10)]
    assert second == [("2026-03-08", "10.00", 20), ("2026-03-07", "1.67", 5)]
    pages = [text(viewer.get(f"{LIST}?page={page}")) for page in (1, 2)]
    assert [page.count("entries on this page") for page in pages] == [1, 1]
    assert "10 of 30 entries on this page" in pages[0]
    assert "20 of 30 entries on this page" in pages[1]


def test_a_days_total_is_of_what_the_filter_leaves(viewer, client_row):
    shop, blog = (ProjectFactory(client=client_row, name=name) for name in ("Shop", "Blog"))
    cart = TaskFactory(project=shop, name="Cart")
    nora, sam = (StaffFactory(first_name=name, last_name="Albers") for name in ("Nora", "Sam"))
    TimeEntryFactory(project=shop, task=cart, user=nora, notes="Built the cart")
    TimeEntryFactory(project=shop, user=sam, notes="Met", duration_seconds=1800)
    TimeEntryFactory(project=blog, user=nora, notes="Wrote", duration_seconds=900)
    TimeEntryFactory(project=ProjectFactory(client=client_row, status="archived"), notes="Kept away")
    TimeEntryFactory(project=ProjectFactory(client=ClientFactory()), notes="Another client's")
    day = "2026-03-10"
    assert [one[:2] for one in days(viewer)] == [(day, "1.75")]
    for query, expected in {
        f"project_id={shop.pk}": "1.50",
        f"project_id={shop.pk}&task_id={cart.pk}": "1.00",
        f"person_id={nora.pk}": "1.25",
        "q=MET": "0.50",
        f"date_from={day}&date_to={day}": "1.75",
    }.items():
        assert [one[:2] for one in days(viewer, query)] == [(day, expected)], query


def test_days_cost_no_more_queries_for_more_of_them(viewer, client_row):
    project, staff = ProjectFactory(client=client_row), StaffFactory()
    TimeEntryFactory(project=project, user=staff, notes="Done")
    addresses = [LIST, f"{LIST}?project_id={project.pk}&q=e&date_from=2025-01-01", f"{LIST}?sort=longest"]
    few = [queries_of(viewer, address) for address in addresses]
    TimeEntry.objects.bulk_create(
        TimeEntry(
            client=client_row,
            project=project,
            user=staff,
            start_time=NOW - timedelta(days=n),
            end_time=NOW - timedelta(days=n) + timedelta(hours=1),
            duration_seconds=3600,
            notes="Done",
        )
        for n in range(120)
    )
    many = [queries_of(viewer, address) for address in addresses]
    assert many == few
    assert max(many) <= 12


def test_search_order_filters_and_files_stand_on_the_page(viewer, client_row):
    project = ProjectFactory(client=client_row)
    TimeEntryFactory(project=project, task=TaskFactory(project=project, name="Cart"))
    page = text(viewer.get(f"{LIST}?project_id={project.pk}&sort=oldest"))
    for name in ("q", "project_id", "task_id", "person_id", "date_from", "date_to", "sort"):
        assert f'name="{name}"' in page
    for kind in ("csv", "xlsx"):
        assert f'href="{LIST}/export?project_id={project.pk}&amp;sort=oldest&amp;format={kind}"' in page

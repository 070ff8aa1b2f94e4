"""The dashboard's summary and its widgets: what they say, in words and in order, and what they cost."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine

from accounts.models import Client
from accounts.tests.factories import PortalUserFactory, StaffFactory
from billing import approvals, payments, tracking
from billing.models import Project, Task, TimeEntry
from billing.tests.factories import NOW, TODAY, ProjectFactory, TaskFactory, TimeEntryFactory, sent_invoice, sent_quote
from portal import layouts
from portal.scope import Viewer
from portal.tests.browsers import signed_in
from portal.tests.test_pages import queries_of, text
from portal.widgets import WIDGETS

pytestmark = pytest.mark.django_db

YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture(autouse=True)
def on_the_day():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def person(client_row):
    return PortalUserFactory(client=client_row)


@pytest.fixture
def viewer(person):
    """A browser whose dashboard shows every widget."""
    show(person, *WIDGETS)
    return signed_in(person)


def show(person, *names):
    layouts.save(Viewer.of(person), widget_ids=[*names])


def summary(browser):
    return " ".join(browser.get("/client-portal").context["summary"]).replace("\N{NO-BREAK SPACE}", " ")


def widget(browser, name):
    shown = {widget.id: data for widget, data in browser.get("/client-portal").context["widgets"]}
    return shown[name]


def late(client, amount, **details):
    return sent_invoice(client, amount, issue_date=date(2026, 1, 5), due_date=YESTERDAY, **details)


def work(project, hours, days_ago=0, **details):
    start = NOW - timedelta(days=days_ago)
    return TimeEntryFactory(project=project, duration_seconds=int(hours * 3600), start_time=start, **details)


# The summary


def test_a_new_clients_summary_says_none_in_words(viewer):
    assert summary(viewer) == "Nothing to pay. No hours this month yet."


def test_the_summary_says_what_is_to_pay_and_done_and_left(viewer, client_row):
    sent_invoice(client_row, "3030")
    late(client_row, "1200")
    project = ProjectFactory(client=client_row, name="Website relaunch", estimated_hours=100)
    work(project, 38.5)
    assert summary(viewer) == (
        "€4,230.00 to pay, €1,200.00 of it overdue. 38.5 hours this month. "
        "61.5 of 100 hours left in Website relaunch, until about 23 April."
    )


def test_the_summary_speaks_the_readers_language(client_row):
    sent_invoice(client_row, "3030", currency_code="JPY")
    late(client_row, "1200")
    work(ProjectFactory(client=client_row, name="Relaunch", estimated_hours=100), 38.5)
    german = signed_in(PortalUserFactory(client=client_row, locale="de-DE"))
    assert summary(german) == (
        "1.200,00 € und 3.030 ¥ zu bezahlen, davon 1.200,00 € überfällig. 38,5 Stunden in diesem Monat. "
        "Von 100 Stunden für Relaunch sind 61,5 übrig, etwa bis 23. April."
    )


def test_paid_cancelled_and_due_today_are_not_overdue(viewer, client_row):
    sent_invoice(client_row, "10", issue_date=date(2026, 1, 5), due_date=TODAY)
    settled = late(client_row, "500")
    payments.record(settled, amount=Decimal(500), paid_on=TODAY, by=None, now=NOW)
    assert summary(viewer).startswith("€10.00 to pay. ")


def test_where_all_of_it_is_overdue_it_says_so(viewer, client_row):
    late(client_row, "1200")
    assert summary(viewer).startswith("€1,200.00 to pay, all of it overdue. ")


def test_currencies_are_listed_and_never_added(viewer, client_row):
    for code in ("EUR", "JPY", "USD"):
        sent_invoice(client_row, "100", currency_code=code)
    assert summary(viewer).startswith("€100.00, JP¥100, and US$100.00 to pay. ")


def test_hours_are_of_the_readers_month(viewer, client_row):
    project = ProjectFactory(client=client_row)
    work(project, 1)
    march = datetime(2026, 2, 28, 23, tzinfo=UTC)  # in Berlin
    TimeEntryFactory(project=project, start_time=march - timedelta(minutes=1), duration_seconds=7200)
    TimeEntryFactory(project=project, start_time=march, duration_seconds=900)
    assert "1.25 hours this month." in summary(viewer)
    assert widget(viewer, "stats")["month_seconds"] == 4500


def test_one_hour_is_said_as_one(viewer, client_row):
    work(ProjectFactory(client=client_row), 1)
    assert "1 hour this month." in summary(viewer)


@pytest.mark.parametrize(
    ("limit", "used", "said"),
    [
        ({"estimated_hours": 10}, 12, "Shop is 2 hours over its 10 hours."),
        ({"estimated_hours": 10}, 10, "All 10 hours of Shop are used."),
        ({"estimated_hours": 10}, 9, "1 of 10 hours left in Shop, until about 13 March."),
        ({"estimated_hours": 100}, 5, "95 of 100 hours left in Shop, for more than a year."),
        ({"estimated_hours": 100}, 0, "100 of 100 hours left in Shop."),
        ({"budget_amount": 1000}, 4, "€600.00 of €1,000.00 left in Shop, until about 21 April."),
        ({"budget_amount": 1000}, 11, "Shop is €100.00 over its €1,000.00."),
    ],
)
def test_a_budget_is_said_with_how_long_it_lasts(viewer, client_row, limit, used, said):
    project = ProjectFactory(client=client_row, name="Shop", **limit)
    for _hour in range(used):
        work(project, 1, hourly_rate=100, amount=100)
    assert summary(viewer).endswith(said)


def test_a_budget_that_lasts_into_the_next_year_says_the_year(viewer, client_row):
    work(ProjectFactory(client=client_row, name="Shop", estimated_hours=12), 1)
    assert summary(viewer).endswith("11 of 12 hours left in Shop, until about 12 January 2027.")


def test_work_of_more_than_four_weeks_ago_gives_no_pace(viewer, client_row):
    project = ProjectFactory(client=client_row, name="Shop", estimated_hours=100)
    work(project, 50, days_ago=28)
    assert summary(viewer).endswith("50 of 100 hours left in Shop.")
    work(project, 7, days_ago=27)
    assert "until about" in summary(viewer)


def test_the_budget_that_ends_first_is_the_one_in_the_summary(viewer, client_row):
    for name, estimate, days_ago in (("Slow", 100, 2), ("Quick", 20, 2), ("Long done", 10.5, 60)):
        work(ProjectFactory(client=client_row, name=name, estimated_hours=estimate), 10, days_ago=days_ago)
    ProjectFactory(client=client_row, name="Finished", estimated_hours=1, status="completed")
    assert "left in Quick" in summary(viewer)
    names = [row.project.name for row, _pace, _outlook in widget(viewer, "budget_burn")["rows"]]
    assert names == ["Quick", "Slow", "Long done"]


# Widgets


def test_budgets_nearest_to_their_limit_are_shown_however_many_there_are(viewer, client_row):
    for n in range(30):
        work(ProjectFactory(client=client_row, name=f"P{n:02}", estimated_hours=100), n, days_ago=40)
    names = [row.project.name for row, _pace, _outlook in widget(viewer, "budget_burn")["rows"]]
    assert names == ["P29", "P28", "P27", "P26", "P25"]
    assert [row.project.name for row in widget(viewer, "projects")["rows"]] == ["P00", "P01", "P02", "P03", "P04"]


def test_a_pace_is_said_in_words(viewer, client_row):
    ProjectFactory(client=client_row, name="Idle", estimated_hours=100)
    work(ProjectFactory(client=client_row, name="Busy", estimated_hours=100), 50)
    page = text(viewer.get("/client-portal"))
    assert "12.5 hours a week over the last four weeks" in page
    assert "No work in the last four weeks" in page


def test_a_projects_page_says_its_pace_too(viewer, client_row):
    project = ProjectFactory(client=client_row, estimated_hours=100)
    work(project, 50)
    page = text(viewer.get(f"/client-portal/projects/{project.pk}"))
    assert "12.5 hours a week over the last four weeks, until about 7 April" in page


def test_a_money_budget_that_the_client_may_not_see_in_hours_is_paced_by_hours(viewer, client_row):
    project = ProjectFactory(client=client_row, estimated_hours=100, budget_amount=50)
    work(project, 50, hourly_rate=1, amount=50)
    assert "50 of 100 hours left" in summary(viewer)


def test_weeks_are_the_last_eight_and_empty_ones_are_there(viewer, client_row):
    project = ProjectFactory(client=client_row)
    for days_ago, hours in ((0, 2), (1, 1), (7, 6), (50, 4), (51, 100)):
        work(project, hours, days_ago=days_ago)
    shown = widget(viewer, "hours_chart")
    weeks, columns = shown["weeks"], shown["chart"].columns
    assert [seconds / 3600 for _monday, seconds in weeks] == [4, 0, 0, 0, 0, 0, 6, 3]
    assert weeks[0][0] == date(2026, 1, 19)
    assert [column.label for column in columns] == ["4", "", "", "", "", "", "6", "3"]
    assert [column.height for column in columns[-2:]] == ["75.000%", "37.500%"]
    assert columns[-1].title == "Week from 9 Mar 2026: 3 h"
    page = text(viewer.get("/client-portal"))
    assert page.count('<g class="column">') == 8
    assert '>19 Jan 2026</time></th><td class="figure">4.00</td>' in page


def test_what_comes_up_is_in_the_order_of_days(viewer, client_row):
    project = ProjectFactory(client=client_row, name="Shop")
    TaskFactory(project=project, name="Design", due_date=TODAY + timedelta(days=2))
    TaskFactory(project=project, name="Done", status="done", due_date=TODAY + timedelta(days=2))
    TaskFactory(project=project, name="Late", due_date=YESTERDAY)
    TaskFactory(project=project, name="Some day")
    sent_quote(client_row, title="New shop", valid_until=TODAY + timedelta(days=1))
    sent_quote(client_row, title="Open end")
    sent_quote(client_row, title="Lapsed", issue_date=date(2026, 1, 5), valid_until=YESTERDAY)
    sent_invoice(client_row, "10", due_date=TODAY + timedelta(days=3))
    late(client_row, "20")
    sent_invoice(client_row, "30", issue_date=date(2026, 1, 5), due_date=TODAY)
    days = [day for day, _row in widget(viewer, "upcoming")["rows"]]
    assert days == [TODAY + timedelta(days=n) for n in range(4)]
    show_page = text(viewer.get("/client-portal"))
    for said in ("€30.00 of invoice", "Last day of our offer “New shop”", "“Design” is due", "€10.00 of invoice"):
        assert said in show_page


def test_what_comes_up_in_an_archived_project_stays_out(viewer, client_row):
    TaskFactory(project__client=client_row, project__status="archived", due_date=TODAY)
    assert widget(viewer, "upcoming")["rows"] == []


def test_the_soonest_of_many_come_up(viewer, client_row):
    project = ProjectFactory(client=client_row)
    Task.objects.bulk_create(
        Task(client=client_row, project=project, name=f"T{n}", due_date=TODAY + timedelta(days=n)) for n in range(50)
    )
    for _n in range(12):
        late(client_row, "20")
    sent_invoice(client_row, "30", issue_date=date(2026, 1, 5), due_date=TODAY)
    days = [day for day, _row in widget(viewer, "upcoming")["rows"]]
    assert days == [TODAY, *(TODAY + timedelta(days=n) for n in range(7))]


def test_latest_invoices_and_those_to_pay_are_told_apart(viewer, client_row):
    old = [late(client_row, "20") for _n in range(7)]
    new = [sent_invoice(client_row, "0") for _n in range(7)]
    shown = [row["number"] for row in widget(viewer, "invoices")["rows"]]
    assert shown == [row.invoice_number for row in reversed(new[2:])]
    assert [row.pk for row, _state in widget(viewer, "pending_actions")["invoices"]] == [row.pk for row in old[:5]]


def test_offers_and_requests_wait_for_the_client(viewer, client_row):
    Client.objects.update(portal_approvals_enabled=True)
    sent_quote(client_row, title="Open end")
    sent_quote(client_row, title="New shop", valid_until=TODAY + timedelta(days=1))
    entry = work(ProjectFactory(client=client_row, name="Shop"), 1.5)
    approvals.ask_for_entries(TimeEntry.objects.filter(pk=entry.pk), by=StaffFactory(), now=NOW)
    page = text(viewer.get("/client-portal"))
    assert "Look at 1.50 hours of Shop" in page
    assert page.index("Answer our offer “New shop” over €100.00") < page.index("Answer our offer “Open end”")
    assert "Waiting for your answer until 11 Mar 2026" in page


def test_activity_shows_the_latest_events(viewer, client_row):
    staff = StaffFactory(first_name="Ada", last_name="Byron")
    project = ProjectFactory(client=client_row, name="Shop")
    for hours in range(1, 8):
        tracking.log(project, user=staff, start_time=NOW, duration_seconds=hours * 3600, by=staff, now=NOW)
    titles = [notice["title"] for notice in widget(viewer, "activity")["notices"]]
    assert titles == [f"{hours}.00 hours logged" for hours in (7, 6, 5, 4, 3)]


def test_work_of_completed_projects_counts_where_none_is_under_way(viewer, client_row):
    work(ProjectFactory(client=client_row, status="completed"), 5)
    stats = widget(viewer, "stats")
    assert (stats["projects"], stats["seconds"]) == (0, 18000)
    assert widget(viewer, "projects")["rows"] == []


@pytest.mark.parametrize("timers", [False, True])
def test_the_whole_dashboard_costs_twelve_queries_whatever_the_client_has(viewer, client_row, timers):
    Client.objects.update(show_running_timers=timers, show_rates=True)
    few = queries_of(viewer, "/client-portal")
    staff = StaffFactory()
    projects = Project.objects.bulk_create(
        Project(client=client_row, name=f"p{n}", currency_code="EUR", estimated_hours=5) for n in range(300)
    )
    for project in projects[:20]:
        tracking.log(project, user=staff, start_time=NOW, duration_seconds=3600, by=staff, now=NOW)
        task = TaskFactory(project=project, due_date=TODAY)
        TimeEntryFactory(project=project, task=task, duration_seconds=None)
        sent_invoice(client_row, project=project)
        late(client_row, "20", currency_code="USD")
        sent_quote(client_row, project=project, valid_until=TODAY)
        entries = TimeEntry.objects.filter(project=project, end_time__isnull=False)
        approvals.ask_for_entries(entries, by=staff, now=NOW)
    assert few == queries_of(viewer, "/client-portal") == 11 + timers

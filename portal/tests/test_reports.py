"""The reports page: which rows it adds up, over which days, for whom, and what it costs."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Client
from accounts.tests.factories import ClientFactory, PortalUserFactory, StaffFactory
from billing import payments
from billing.models import TimeEntry
from billing.tests.factories import NOW, TODAY, ProjectFactory, TaskFactory, TimeEntryFactory, sent_invoice
from portal.periods import Period, presets
from portal.tests.browsers import signed_in

pytestmark = pytest.mark.django_db
ADDRESS = "/client-portal/reports"
MARCH = f"{ADDRESS}?date_from=2026-03-01&date_to=2026-03-31"


@pytest.fixture(autouse=True)
def on_the_day():
    with time_machine.travel(NOW, tick=False):
        yield


def page(viewer, address=ADDRESS):
    response = viewer.get(address)
    assert response.status_code == 200
    return " ".join(response.content.decode().replace("&#x27;", "'").split())


def logged(project, *days, hours=1, **details):
    """An entry on each of some days of March 2026."""
    for day in days:
        start = datetime(2026, 3, day, 12, tzinfo=UTC)
        TimeEntryFactory(project=project, start_time=start, duration_seconds=int(hours * 3600), **details)


@pytest.mark.parametrize(
    ("name", "first", "last", "first_before"),
    [
        ("Last 30 days", "2026-02-09", "2026-03-10", "2026-01-10"),
        ("This week", "2026-03-09", "2026-03-15", "2026-03-02"),
        ("Last week", "2026-03-02", "2026-03-08", "2026-02-23"),
        ("This month", "2026-03-01", "2026-03-31", "2026-02-01"),
        ("Last month", "2026-02-01", "2026-02-28", "2026-01-01"),
        ("This quarter", "2026-01-01", "2026-03-31", "2025-10-01"),
        ("This year", "2026-01-01", "2026-12-31", "2025-01-01"),
    ],
)
def test_a_preset_is_a_range_of_days_with_the_one_before_it(viewer, name, first, last, first_before):
    period = dict(presets(TODAY))[name]
    assert [day.isoformat() for day in (*period, period.before().first)] == [first, last, first_before]
    assert period.before().last == period.first - timedelta(days=1)
    assert f'href="?date_from={first}&amp;date_to={last}"' in page(viewer)


def test_a_range_within_months_is_compared_with_as_many_days():
    assert Period(date(2026, 3, 2), date(2026, 3, 31)).before() == Period(date(2026, 1, 31), date(2026, 3, 1))
    assert Period(date(1900, 1, 1), date(2999, 12, 31)).before().first == date(800, 1, 1)


def test_both_days_are_inclusive_and_local(viewer, client_row):
    project = ProjectFactory(client=client_row)
    for moment in ("2026-03-01 22:59", "2026-03-01 23:00", "2026-03-02 22:59", "2026-03-02 23:00"):
        TimeEntryFactory(project=project, start_time=datetime.fromisoformat(moment).replace(tzinfo=UTC))
    assert "<strong>2.00 hours</strong>" in page(viewer, f"{ADDRESS}?date_from=2026-03-02&date_to=2026-03-02")


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", "23.00"), ("2026-10-25", "25.00")], ids=["spring", "autumn"])
def test_days_of_23_and_25_hours_are_whole_in_every_block(viewer, client_row, day, hours):
    project = ProjectFactory(client=client_row)
    first = datetime.fromisoformat(day).replace(tzinfo=UTC) - timedelta(hours=5)
    for n in range(40):
        TimeEntryFactory(project=project, start_time=first + timedelta(hours=n))
    for group in ("", "week", "month", "project"):
        shown = page(viewer, f"{ADDRESS}?date_from={day}&date_to={day}&group={group}")
        assert f"<strong>{hours} hours</strong>" in shown
        assert shown.count(f'<td class="figure">{hours}</td>') >= 2


def test_seconds_are_added_before_they_are_rounded(viewer, client_row):
    project = ProjectFactory(client=client_row)
    for _n in range(100):
        TimeEntryFactory(project=project, duration_seconds=1200)
    assert page(viewer).count("33.33") >= 5


def test_hours_are_compared_with_the_period_before(viewer, client_row):
    project = ProjectFactory(client=client_row)
    logged(project, 3, 4, hours=2)
    TimeEntryFactory(project=project, start_time=datetime(2026, 2, 3, tzinfo=UTC), duration_seconds=5400)
    shown = page(viewer, MARCH)
    assert "2.50 h more than in the period before, 1 Feb 2026 – 28 Feb 2026." in shown
    assert "1.50 h before" in shown


@pytest.mark.parametrize(
    ("group", "name"),
    [
        ("", "Tue, 3 Mar 2026"),
        ("week", "Week from 2 Mar 2026"),
        ("month", "March 2026"),
        ("project", "Shop"),
        ("task", "Checkout"),
        ("person", "Ada Byron"),
    ],
)
def test_hours_are_grouped_as_asked_for(viewer, client_row, group, name):
    task = TaskFactory(project=ProjectFactory(client=client_row, name="Shop"), name="Checkout")
    logged(task.project, 3, 5, task=task, user=StaffFactory(first_name="Ada", last_name="Byron"), billable=False)
    shown = page(viewer, f"{MARCH}&group={group}")
    hours = "1.00" if group == "" else "2.00"
    assert f'">{name}</a>' in shown
    assert f'<td class="figure">{hours}</td>' in shown


def test_a_chart_has_a_column_a_day_and_says_its_hours(viewer, client_row):
    logged(ProjectFactory(client=client_row), 3, hours=2.5)
    shown = page(viewer, MARCH)
    assert shown.count('<g class="column">') == 31
    assert "<title>Tue, 3 Mar 2026: 2.5 h</title>" in shown
    assert "style=" not in shown


def test_a_row_leads_to_its_own_entries(viewer, client_row):
    project = ProjectFactory(client=client_row, name="Shop")
    logged(project, 3)
    query = f"date_from=2026-03-03&amp;date_to=2026-03-03&amp;project_id={project.pk}"
    assert f"/client-portal/time-entries?{query}" in page(viewer, f"{MARCH}&project_id={project.pk}")


def test_a_preset_keeps_the_other_filters(viewer, client_row):
    project = ProjectFactory(client=client_row)
    shown = page(viewer, f"{MARCH}&group=task&project_id={project.pk}")
    assert f"?date_from=2026-02-01&amp;date_to=2026-02-28&amp;project_id={project.pk}&amp;group=task" in shown


def test_project_and_person_narrow_the_hours(viewer, client_row):
    project, ada = ProjectFactory(client=client_row), StaffFactory(first_name="Ada")
    logged(project, 3, user=ada)
    logged(project, 3, hours=2)
    logged(ProjectFactory(client=client_row), 3, hours=4)
    assert "<strong>3.00 hours</strong>" in page(viewer, f"{MARCH}&project_id={project.pk}")
    assert "<strong>1.00 hours</strong>" in page(viewer, f"{MARCH}&person_id={ada.pk}")


def test_estimate_and_budget_are_of_all_time(viewer, client_row):
    project = ProjectFactory(client=client_row, estimated_hours=10)
    TimeEntryFactory(project=project, start_time=datetime(2020, 1, 1, tzinfo=UTC), duration_seconds=4 * 3600)
    logged(project, 3)
    assert "5.00 h left" in page(viewer, MARCH)


@pytest.mark.parametrize("currency", ["EUR", "JPY", "KWD"])
def test_money_is_of_the_days_and_one_currency_a_row(viewer, client_row, currency):
    invoice = sent_invoice(client_row, "100", currency_code=currency, issue_date=date(2026, 3, 1), due_date=TODAY)
    payments.record(invoice, amount=Decimal(40), paid_on=date(2026, 3, 31), by=None, now=NOW)
    payments.record(invoice, amount=Decimal(1), paid_on=date(2026, 4, 1), by=None, now=NOW)
    sent_invoice(client_row, "7", currency_code=currency, issue_date=date(2026, 2, 28), due_date=date(2026, 3, 1))
    shown = page(viewer, MARCH)
    figures = {"EUR": ("€100.00", "€40.00", "€59.00"), "JPY": ("JP¥100", "JP¥40", "JP¥59")}
    kuwaiti = tuple(f"KWD\N{NO-BREAK SPACE}{figure}" for figure in ("100.000", "40.000", "59.000"))
    for label, figure in zip(("Invoiced", "Paid", "Outstanding"), figures.get(currency, kuwaiti), strict=True):
        assert f'data-label="{label}">{" ".join(figure.split())}</td>' in shown
    assert "state-late" not in shown


def test_amounts_are_shown_with_the_rates_alone(viewer, client_row):
    logged(ProjectFactory(client=client_row), 3, amount=Decimal("81.27"))
    assert "81.27" not in page(viewer, MARCH)
    Client.objects.filter(pk=client_row.pk).update(show_rates=True)
    assert page(viewer, MARCH).count("€81.27") == 3


def test_without_staff_names_nobody_can_be_asked_for(viewer, client_row):
    ada = StaffFactory(first_name="Ada", last_name="Byron")
    logged(ProjectFactory(client=client_row), 3, user=ada)
    Client.objects.filter(pk=client_row.pk).update(show_staff_names=False)
    shown = page(viewer, f"{MARCH}&person_id={ada.pk}")
    assert "This list has no filter “person_id”; it was not used." in shown
    assert "Ada" not in shown
    assert "Hours cannot be grouped by this." in page(viewer, f"{MARCH}&group=person")


def test_only_who_worked_for_the_client_can_be_asked_for(viewer, client_row):
    logged(ProjectFactory(client=client_row), 3, user=StaffFactory(first_name="Ada"))
    stranger = StaffFactory(first_name="Grace")
    logged(ProjectFactory(client=ClientFactory()), 3, user=stranger)
    shown = page(viewer, f"{MARCH}&person_id={stranger.pk}")
    assert "Nobody of this number worked for you." in shown
    assert "Ada" in shown
    assert "Grace" not in shown


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ("date_from=31.12.2025", "Write the date as year-month-day"),
        ("date_to=0001-01-01", "Choose a date between the years 1900 and 2999."),
        ("date_from=2026-03-10&date_to=2026-03-09", "The last day lies before the first."),
        ("project_id=%00", "This is not one of your projects."),
        ("person_id=-1", "Nobody of this number worked for you."),
        ("group=colour", "Hours cannot be grouped by this."),
    ],
)
def test_a_filter_that_cannot_be_used_says_so_and_shows_nothing(viewer, client_row, query, complaint):
    logged(ProjectFactory(client=client_row, name="Some work"), 3)
    shown = page(viewer, f"{ADDRESS}?{query}")
    assert complaint in shown
    assert "Nothing is shown" in shown
    assert "Where did the hours go?" not in shown


def test_half_a_range_is_made_whole(viewer):
    assert 'value="2025-12-31"' in page(viewer, f"{ADDRESS}?date_to=2026-01-29")
    assert 'name="date_to" value="2026-03-10"' in page(viewer, f"{ADDRESS}?date_from=2020-01-01&date_to=")
    assert 'name="date_to" value="2027-01-01"' in page(viewer, f"{ADDRESS}?date_from=2027-01-01")


@pytest.mark.parametrize("query", ["", "&group=week", "&group=project", "&group=task", "&group=person"])
def test_a_report_costs_the_same_queries_whatever_it_adds_up(viewer, client_row, query):
    def cost():
        with CaptureQueriesContext(connection) as queries:
            page(viewer, f"{ADDRESS}?date_from=2000-01-01&date_to=2026-12-31{query}")
        return sum(query["sql"].startswith("SELECT") for query in queries)

    project = ProjectFactory(client=client_row)
    logged(project, 1, task=TaskFactory(project=project))
    sent_invoice(client_row)
    few = cost()
    for n in range(120):
        more = ProjectFactory(client=client_row)
        logged(more, n % 28 + 1, task=TaskFactory(project=more))
    entry = TimeEntry.objects.first()
    for days in range(500):
        entry.pk, entry.start_time = None, NOW - timedelta(days=days)
        entry.end_time = entry.start_time
        entry.save(force_insert=True)
    sent_invoice(client_row, currency_code="JPY")
    assert cost() == few <= 12


def test_another_clients_rows_are_in_no_figure(viewer, client_row):
    other = PortalUserFactory(client=ClientFactory())
    logged(ProjectFactory(client=other.client, name="Foreign"), 3)
    sent_invoice(other.client, "77.77")
    shown = page(viewer, MARCH)
    assert "Foreign" not in shown
    assert "77.77" not in shown
    assert "<strong>no hours</strong>" in shown
    assert "Foreign" in page(signed_in(other), MARCH)

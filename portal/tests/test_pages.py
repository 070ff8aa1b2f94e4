"""Each page of the portal: whose rows it shows, what it adds up, and what it costs."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine

from accounts.tests.factories import ClientFactory, PortalUserFactory, StaffFactory
from billing import invoicing, payments
from billing.invoicing import Line
from billing.models import Project, TimeEntry
from billing.tests.factories import (
    NOW,
    TODAY,
    CommentFactory,
    ProjectFactory,
    TaskFactory,
    TimeEntryFactory,
    draft_invoice,
    sent_invoice,
    sent_quote,
)
from portal.tests.browsers import queries_of, signed_in

pytestmark = pytest.mark.django_db

LISTS = ["", "/dashboard", "/projects", "/invoices", "/quotes", "/time-entries", "/activity", "/notifications"]
LISTS += ["/statement"]


@pytest.fixture(autouse=True)
def on_the_day():
    with time_machine.travel(NOW, tick=False):
        yield


def text(response):
    """The page on one line, every space a plain one, quotes as themselves."""
    return " ".join(response.content.decode().replace("&#x27;", "'").split())


def without_token(response):
    """The page without its CSRF token, which differs from answer to answer."""
    return re.sub(r'(name="csrfmiddlewaretoken" value=)"[^"]+"', r"\1", text(response))


def furnish(client, label, count=1):
    """`count` of each thing for a client, every text of it carrying the label."""
    staff = StaffFactory(first_name=f"{label} staff")
    for n in range(count):
        project = ProjectFactory(client=client, name=f"{label} project {n}", estimated_hours=10)
        task = TaskFactory(project=project, name=f"{label} task {n}")
        TimeEntryFactory(project=project, task=task, user=staff, notes=f"{label} note {n}")
        CommentFactory(project=project, author=staff, content=f"{label} comment {n}")
        invoice = sent_invoice(client, project=project, notes=f"{label} invoice note {n}")
        payments.record(invoice, amount=Decimal(10), paid_on=TODAY, by=staff, now=NOW)
        sent_quote(client, title=f"{label} quote {n}", project=project)
    return project, invoice


@pytest.mark.parametrize("path", LISTS)
def test_a_page_shows_the_viewers_rows_and_nobody_elses(viewer, client_row, path):
    furnish(client_row, "own")
    furnish(ClientFactory(), "foreign")
    response = viewer.get(f"/client-portal{path}")
    assert response.status_code == 200
    assert "foreign" not in text(response)


def test_one_project_shows_its_work_and_comments(viewer, client_row):
    project, _invoice = furnish(client_row, "own")
    page = text(viewer.get(f"/client-portal/projects/{project.pk}"))
    for shown in ("own project 0", "own task 0", "own note 0", "own comment 0", "9.00 h left"):
        assert shown in page


def test_one_invoice_shows_its_lines_payments_and_what_is_left(viewer, client_row):
    _project, invoice = furnish(client_row, "own")
    page = text(viewer.get(f"/client-portal/invoices/{invoice.pk}"))
    for shown in (invoice.invoice_number, "€100.00", "−€10.00", "€90.00", "own invoice note 0", "Paid in part, due in"):
        assert shown in page


def test_a_quote_shows_its_lines(viewer, client_row):
    quote = sent_quote(client_row, title="New shop", valid_until=TODAY + timedelta(days=3))
    page = text(viewer.get(f"/client-portal/quotes/{quote.pk}"))
    assert "New shop" in page
    assert "Waiting for your answer until 13 Mar 2026" in page


@pytest.mark.parametrize("kind", ["projects", "invoices", "quotes"])
def test_a_foreign_thing_and_a_missing_one_give_the_same_404(viewer, kind):
    other = ClientFactory()
    foreign = {
        "projects": lambda: ProjectFactory(client=other),
        "invoices": lambda: sent_invoice(other),
        "quotes": lambda: sent_quote(other),
    }[kind]()
    answers = [
        viewer.get(f"/client-portal/{kind}/{number}")
        for number in (foreign.pk, foreign.pk + 1000, 0, "9" * 30, "abc", "１", "-1", "1.0")
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    # The number of a request is its own by nature, and says nothing of what was asked for.
    headers = [{name: value for name, value in answer.items() if name != "X-Request-ID"} for answer in answers]
    assert all(one == headers[0] for one in headers)


def test_a_foreign_project_in_the_filter_reads_like_a_missing_one(viewer):
    ProjectFactory(pk=987654321)
    foreign, missing = (
        without_token(viewer.get(f"/client-portal/time-entries?project_id={number}")).replace(str(number), "#")
        for number in (987654321, 987654322)
    )
    assert foreign == missing
    assert "This is not one of your projects." in foreign


@pytest.mark.parametrize("path", [*LISTS, "/projects/1", "/invoices/1", "/quotes/1"])
def test_without_sign_in_a_page_leads_to_the_form_and_back(client, path):
    response = client.get(f"/client-portal{path}")
    assert response.status_code == 302
    assert response["Location"] == f"/client-portal/login?next=/client-portal{path}"


@pytest.mark.parametrize("path", [*LISTS, "/projects/1", "/invoices/1", "/quotes/1"])
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_a_page_only_answers_to_reading(viewer, path, method):
    assert getattr(viewer, method)(f"/client-portal{path}").status_code == 405


@pytest.mark.parametrize("path", LISTS)
def test_a_page_costs_the_same_queries_for_10_rows_and_for_1000(viewer, client_row, path):
    staff = StaffFactory()
    furnish(client_row, "own", count=10)
    address = f"/client-portal{path}"
    few = queries_of(viewer, address)
    projects = Project.objects.bulk_create(
        Project(client=client_row, name=f"p{n}", currency_code="EUR") for n in range(990)
    )
    TimeEntry.objects.bulk_create(
        TimeEntry(client=client_row, project=project, user=staff, start_time=NOW, end_time=NOW, duration_seconds=0)
        for project in projects
    )
    for _n in range(60):
        sent_invoice(client_row)
        sent_quote(client_row)
    assert queries_of(viewer, address) == few <= 12


def test_one_project_costs_the_same_queries_whatever_it_holds(viewer, client_row):
    project, _invoice = furnish(client_row, "own")
    address = f"/client-portal/projects/{project.pk}"
    few = queries_of(viewer, address)
    for n in range(100):
        task = TaskFactory(project=project, name=f"more {n}")
        TimeEntryFactory(project=project, task=task)
        CommentFactory(project=project)
    assert queries_of(viewer, address) == few <= 12


def test_one_invoice_costs_the_same_queries_whatever_it_holds(viewer, client_row):
    small, large = (
        invoicing.send(
            invoicing.draft(client_row, lines=[Line("Work", Decimal(1), Decimal(5))] * lines, now=NOW),
            by=None,
            now=NOW,
            today=TODAY,
        )
        for lines in (1, 100)
    )
    for _n in range(20):
        payments.record(large, amount=Decimal(1), paid_on=TODAY, by=None, now=NOW)
    few, many = (queries_of(viewer, f"/client-portal/invoices/{invoice.pk}") for invoice in (small, large))
    assert many == few <= 12


def test_a_hundred_entries_of_twenty_minutes_are_33_33_hours(viewer, client_row):
    project = ProjectFactory(client=client_row)
    for _n in range(100):
        TimeEntryFactory(project=project, duration_seconds=1200)
    for path in ("", "/projects", f"/projects/{project.pk}", "/time-entries"):
        assert "33.33" in text(viewer.get(f"/client-portal{path}"))


def test_totals_are_of_the_whole_filter_and_not_of_the_page(viewer, client_row):
    project = ProjectFactory(client=client_row)
    for _n in range(120):
        TimeEntryFactory(project=project)
    page = text(viewer.get("/client-portal/time-entries"))
    assert "120 entries, <strong>120.00 hours</strong>" in page
    assert "Page 1 of 3" in page
    assert viewer.get("/client-portal/time-entries?page=3").content.count(b'class="cell-main"') == 20


def test_the_filter_is_kept_while_paging(viewer, client_row):
    project = ProjectFactory(client=client_row)
    for _n in range(60):
        TimeEntryFactory(project=project)
    page = text(viewer.get(f"/client-portal/time-entries?project_id={project.pk}&date_from=2026-03-01"))
    assert f'href="?project_id={project.pk}&amp;date_from=2026-03-01&amp;page=2"' in page


def test_an_entry_at_half_past_eleven_in_auckland_lies_on_its_local_day():
    client = ClientFactory(timezone="Pacific/Auckland", locale="en-NZ")
    viewer = signed_in(PortalUserFactory(client=client))
    TimeEntryFactory(project__client=client, start_time=datetime(2026, 3, 9, 10, 30, tzinfo=UTC), notes="late work")
    on_the_day = viewer.get("/client-portal/time-entries?date_from=2026-03-09&date_to=2026-03-09")
    day_after = viewer.get("/client-portal/time-entries?date_from=2026-03-10&date_to=2026-03-10")
    assert "late work" in text(on_the_day)
    assert "9 Mar 2026" in text(on_the_day)
    assert "Pacific/Auckland" in text(on_the_day)
    assert "late work" not in text(day_after)


def test_the_users_zone_goes_before_the_clients(client_row):
    viewer = signed_in(PortalUserFactory(client=client_row, timezone="America/New_York", locale="en-US"))
    TimeEntryFactory(project__client=client_row, start_time=datetime(2026, 3, 10, 2, 30, tzinfo=UTC))
    page = text(viewer.get("/client-portal/time-entries"))
    assert "Mon, Mar 9, 2026" in page
    assert "10:30 PM" in page


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", "23.00"), ("2026-10-25", "25.00")], ids=["spring", "autumn"])
def test_days_of_23_and_25_hours_are_whole(viewer, client_row, day, hours):
    project = ProjectFactory(client=client_row)
    first = datetime.fromisoformat(day).replace(tzinfo=UTC) - timedelta(hours=5)
    for n in range(40):
        TimeEntryFactory(project=project, start_time=first + timedelta(hours=n))
    page = text(viewer.get(f"/client-portal/time-entries?date_from={day}&date_to={day}"))
    assert f"<strong>{hours} hours</strong>" in page


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ("date_from=31.12.2025", "Write the date as year-month-day"),
        ("date_from=２０２６-03-10", "Write the date as year-month-day"),
        ("date_from=2026-02-30", "Enter a valid date."),
        ("date_from=0001-01-01", "Choose a date between the years 1900 and 2999."),
        ("date_to=9999-12-31", "Choose a date between the years 1900 and 2999."),
        ("date_from=2026-03-10&date_to=2026-03-09", "The last day lies before the first."),
        ("project_id=%00", "This is not one of your projects."),
        ("project_id=" + "9" * 5000, "This is not one of your projects."),
    ],
)
def test_a_filter_that_cannot_be_used_says_so_and_shows_nothing(viewer, client_row, query, complaint):
    TimeEntryFactory(project__client=client_row, notes="some work")
    response = viewer.get(f"/client-portal/time-entries?{query}")
    assert response.status_code == 200
    assert complaint in text(response)
    assert "Nothing is shown" in text(response)
    assert "some work" not in text(response)


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ("page=0", "“0” is no page number"),
        ("page=-1", "“-1” is no page number"),
        ("page=٣", "“٣” is no page number"),
        ("page=2", "There is no page 2; this is the last one."),
        ("page=999999999", "There is no page 999999999"),
        ("page=1000000000", "“1000000000” is no page number"),
        ("colour=red", "This list has no filter “colour”"),
        ("page=1&page=1", "“page” was given more than once"),
    ],
)
@pytest.mark.parametrize("path", ["/projects", "/invoices", "/quotes", "/time-entries"])
def test_a_list_says_what_of_its_address_it_could_not_use(viewer, client_row, path, query, complaint):
    furnish(client_row, "own")
    response = viewer.get(f"/client-portal{path}?{query}")
    assert response.status_code == 200
    assert complaint in text(response)


def test_an_unknown_state_of_invoices_is_said_and_all_are_shown(viewer, client_row):
    invoice = sent_invoice(client_row)
    page = text(viewer.get("/client-portal/invoices?status=PAID"))
    assert "There is no state “PAID”; all invoices are shown." in page
    assert invoice.invoice_number in page


@pytest.mark.parametrize("currency", ["EUR", "JPY", "KWD"])
def test_the_tabs_are_disjoint_and_complete(viewer, client_row, currency):
    def sent(**details):
        return sent_invoice(client_row, "100", currency_code=currency, **details)

    def pay(invoice, amount):
        payments.record(invoice, amount=Decimal(amount), paid_on=TODAY, by=None, now=NOW)
        return invoice

    past, yesterday = date(2026, 1, 5), TODAY - timedelta(days=1)
    kinds = {
        "unpaid": sent(),
        "due today": sent(issue_date=past, due_date=TODAY),
        "due yesterday": sent(issue_date=past, due_date=yesterday),
        "part paid": pay(sent(), 40),
        "part paid and late": pay(sent(issue_date=past, due_date=yesterday), 40),
        "paid": pay(sent(), 100),
        "paid late": pay(sent(issue_date=past, due_date=yesterday), 100),
        "overpaid": pay(sent(), 130),
        "nothing to pay": sent_invoice(client_row, "0", currency_code=currency),
        "pending": sent(),
        "credited": sent(),
        "cancelled": invoicing.cancel(sent(), by=None, now=NOW),
    }
    payments.record(kinds["pending"], amount=Decimal(100), paid_on=TODAY, by=None, now=NOW, pending=True)
    payments.credit(kinds["credited"], amount=Decimal(100), reason="Mistake", by=None, now=NOW, today=TODAY)
    draft_invoice(client_row, currency_code=currency)

    def on(tab):
        page = viewer.get(f"/client-portal/invoices?status={tab}").content.decode()
        return {kind for kind, invoice in kinds.items() if f">{invoice.invoice_number}<" in page}

    assert on("paid") == {"paid", "paid late", "overpaid", "nothing to pay", "credited"}
    assert on("unpaid") == {"unpaid", "due today", "due yesterday", "part paid", "part paid and late", "pending"}
    assert on("overdue") == {"due yesterday", "part paid and late"}
    assert on("all") == set(kinds)
    page = text(viewer.get("/client-portal/invoices"))
    for title, count in {"All": 12, "Paid": 5, "Unpaid": 6, "Overdue": 2}.items():
        assert f'>{title} <span class="count">{count}</span>' in page


def test_currencies_are_never_added(viewer, client_row):
    sent_invoice(client_row, "1000", currency_code="JPY")
    sent_invoice(client_row, "100.50", currency_code="EUR")
    sent_invoice(client_row, "7.125", currency_code="KWD")
    for path in ("", "/invoices"):
        shown = text(viewer.get(f"/client-portal{path}"))
        for amount in ("JP¥1,000", "€100.50", "KWD 7.125"):
            assert amount in shown


def test_cancelled_invoices_count_in_no_total(viewer, client_row):
    sent_invoice(client_row, "100")
    invoicing.cancel(sent_invoice(client_row, "900"), by=None, now=NOW)
    page = text(viewer.get("/client-portal/invoices"))
    assert "1 invoice over €100.00" in page
    assert "Cancelled" in page


def test_a_draft_appears_nowhere(viewer, client_row):
    draft = draft_invoice(client_row, "777.77", notes="still being written")
    for path in LISTS:
        assert "777.77" not in text(viewer.get(f"/client-portal{path}"))
    assert viewer.get(f"/client-portal/invoices/{draft.pk}").status_code == 404


def test_archived_projects_running_timers_and_internal_words_stay_out(viewer, client_row):
    archived = ProjectFactory(client=client_row, name="secret one", status="archived", archived_reason="secret why")
    TimeEntryFactory(project=archived, notes="secret note")
    shown = ProjectFactory(client=client_row, name="Shop", internal_notes="secret remark")
    CommentFactory(project=shown, content="secret comment", is_internal=True)
    TimeEntryFactory(project=shown, duration_seconds=None, notes="secret timer")
    TimeEntryFactory(project=shown, tags="secret tag", notes="fine")
    for path in [*LISTS, f"/projects/{shown.pk}"]:
        assert "secret" not in text(viewer.get(f"/client-portal{path}"))
    assert viewer.get(f"/client-portal/projects/{archived.pk}").status_code == 404
    assert "1 entry, <strong>1.00 hours</strong>" in text(viewer.get("/client-portal/time-entries"))


@pytest.mark.parametrize("switch", [True, False])
def test_rates_are_shown_only_where_the_client_has_them(client_row, switch):
    client_row.show_rates = switch
    client_row.save()
    TimeEntryFactory(project__client=client_row, hourly_rate=Decimal("87.50"), amount=Decimal("87.50"))
    viewer = signed_in(PortalUserFactory(client=client_row))
    for path in ("", "/time-entries"):
        assert ("€87.50" in text(viewer.get(f"/client-portal{path}"))) is switch


@pytest.mark.parametrize("switch", [True, False])
def test_staff_are_named_only_where_the_client_has_it(client_row, switch):
    client_row.show_staff_names = switch
    client_row.save()
    staff = StaffFactory(first_name="Ada", last_name="Byron", username="ada77", email="ada@agency.example")
    entry = TimeEntryFactory(project__client=client_row, user=staff)
    CommentFactory(project=entry.project, author=staff)
    viewer = signed_in(PortalUserFactory(client=client_row))
    for path in ("", "/time-entries", f"/projects/{entry.project_id}"):
        shown = text(viewer.get(f"/client-portal{path}"))
        assert ("Ada Byron" in shown) is switch
        assert ("Team" in shown) is not switch
        assert "ada77" not in shown
        assert "ada@agency.example" not in shown


def test_staff_without_a_full_name_are_the_team(viewer, client_row):
    TimeEntryFactory(project__client=client_row, user=StaffFactory(first_name="", last_name="", username="ada77"))
    page = text(viewer.get("/client-portal/time-entries"))
    assert "Team" in page
    assert "ada77" not in page


def test_over_budget_is_said(viewer, client_row):
    project = ProjectFactory(client=client_row, estimated_hours=2)
    TimeEntryFactory(project=project, duration_seconds=3 * 3600)
    assert "1.00 h over" in text(viewer.get("/client-portal/projects"))


def test_a_money_budget_is_measured_by_the_amounts(viewer, client_row):
    project = ProjectFactory(client=client_row, budget_amount=Decimal(1000))
    TimeEntryFactory(project=project, hourly_rate=Decimal(100), amount=Decimal(100))
    assert "€900.00 left" in text(viewer.get("/client-portal/projects"))


def test_text_from_people_stays_text(viewer, client_row):
    entry = TimeEntryFactory(project__client=client_row, notes="<script>alert(1)</script>")
    page = viewer.get(f"/client-portal/projects/{entry.project_id}").content
    assert b"<script>" not in page
    assert b"&lt;script&gt;" in page


@pytest.mark.parametrize("path", LISTS)
def test_a_new_client_sees_written_empty_pages(viewer, path):
    assert 'class="empty"' in text(viewer.get(f"/client-portal{path}")) or path in {"", "/dashboard"}


def test_pages_follow_the_locale(client_row):
    client_row.locale = "de-DE"
    client_row.save()
    viewer = signed_in(PortalUserFactory(client=client_row))
    sent_invoice(client_row, "1234.50")
    page = text(viewer.get("/client-portal/invoices"))
    assert "1.234,50 €" in page
    assert "10.03.2026" in page


@pytest.mark.parametrize("path", LISTS)
def test_a_trailing_slash_leads_to_the_page_without(viewer, path):
    response = viewer.get(f"/client-portal{path}/?page=2")
    assert response.status_code == 301
    assert response["Location"] == f"/client-portal{path}?page=2"


def test_an_unknown_page_with_a_slash_is_not_found(viewer):
    assert viewer.get("/client-portal/nothing/").status_code == 404
    assert viewer.get("/client-portal//evil.example/").status_code == 404


def test_the_front_page_leads_to_the_portal(client):
    assert client.get("/")["Location"] == "/client-portal"


def test_nothing_signed_in_is_cached(viewer):
    response = viewer.get("/client-portal/projects")
    assert response["Cache-Control"] == "private, no-store"
    assert "Cookie" in response["Vary"]

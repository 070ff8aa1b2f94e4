"""Files of lists and reports: whose rows, which of them, how they are written, and how many at once."""

import csv
import gc
import tracemalloc
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from io import BytesIO, StringIO

import pytest
import time_machine
from asgiref.sync import async_to_sync
from django.conf import settings
from django.db import connection
from django.test import AsyncClient
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from accounts.models import Client, TrailEntry
from accounts.tests.factories import ClientFactory, PortalUserFactory, StaffFactory
from billing import invoicing, payments
from billing.models import TimeEntry
from billing.sheets import SEPARATORS, Column, Kind, Sheet, as_csv, as_xlsx, harmless
from billing.tests.factories import NOW, TODAY, ProjectFactory, TaskFactory, TimeEntryFactory, sent_invoice
from portal import exports
from portal.scope import Viewer
from portal.tests.browsers import signed_in

pytestmark = pytest.mark.django_db
ENTRIES = "/client-portal/time-entries/export"
INVOICES = "/client-portal/invoices/export"
REPORT = "/client-portal/reports/export"


@pytest.fixture
def on_the_day():
    with time_machine.travel(NOW, tick=False):
        yield


def body(viewer, address):
    response = viewer.get(address)
    assert response.status_code == 200, response.get("Location")
    return b"".join(response)


def table(data, delimiter=","):
    """The rows of a CSV file as dicts."""
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(StringIO(data.decode("utf-8-sig"), newline=""), delimiter=delimiter))


def book(data):
    """`{sheet: [dict of a row]}` of a workbook."""
    sheets = load_workbook(BytesIO(data))
    found = {}
    for sheet in sheets:
        head, *rows = sheet.iter_rows(values_only=True)
        found[sheet.title] = [dict(zip(head, row, strict=True)) for row in rows]
    return found


def test_the_entries_of_the_filter_are_in_the_file_and_no_others(viewer, client_row):
    project = ProjectFactory(client=client_row, name="Shop")
    for n in range(120):
        TimeEntryFactory(project=project, notes=f"piece {n}", start_time=NOW - timedelta(hours=n))
    TimeEntryFactory(project__client=client_row, notes="other project")
    TimeEntryFactory(notes="foreign")
    rows = table(body(viewer, f"{ENTRIES}?project_id={project.pk}&date_to=2026-03-10&page=2"))
    assert [row["Note"] for row in rows] == [f"piece {n}" for n in range(120)]
    assert sum(int(row["Seconds"]) for row in rows) == 120 * 3600


def test_an_entry_is_written_in_the_viewers_zone_as_dates_and_numbers(client_row):
    viewer = signed_in(PortalUserFactory(client=client_row, timezone="Pacific/Auckland"))
    task = TaskFactory(project=ProjectFactory(client=client_row, name="Shop"), name="Checkout")
    TimeEntryFactory(
        project=task.project,
        task=task,
        user=StaffFactory(first_name="Ada", last_name="Byron"),
        start_time=datetime(2026, 3, 9, 11, 30, tzinfo=UTC),
        duration_seconds=1234,
        notes="Two\nlines",
        billable=False,
    )
    (row,) = table(body(viewer, ENTRIES))
    assert row == {
        "Date": "2026-03-10",
        "From": "2026-03-10 00:30:00",
        "To": "2026-03-10 00:50:34",
        "Project": "Shop",
        "Task": "Checkout",
        "Person": "Ada Byron",
        "Note": "Two\nlines",
        "Billable": "no",
        "Hours": "0.3428",
        "Seconds": "1234",
    }
    ((written,),) = book(body(viewer, f"{ENTRIES}?format=xlsx")).values()
    assert written["Date"] == datetime(2026, 3, 10)  # noqa: DTZ001 (a day in a spreadsheet has no zone)
    assert written["From"] == datetime(2026, 3, 10, 0, 30)  # noqa: DTZ001
    assert written["Seconds"] == 1234
    assert written["Hours"] == pytest.approx(1234 / 3600)
    assert written["Note"] == "Two\nlines"


def test_instants_are_cut_to_the_second_before_1970_and_at_the_hour_that_comes_twice(viewer, client_row):
    project = ProjectFactory(client=client_row)
    half = timedelta(seconds=0.5)
    TimeEntryFactory(project=project, start_time=datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC) + half)
    TimeEntryFactory(project=project, start_time=datetime(2026, 10, 25, 0, 30, tzinfo=UTC) + half)
    TimeEntryFactory(project=project, start_time=datetime(2026, 10, 25, 1, 30, tzinfo=UTC), has_times=False)
    rows = table(body(viewer, f"{ENTRIES}?sort=oldest"))
    assert [(row["Date"], row["From"], row["To"]) for row in rows] == [
        ("1970-01-01", "1970-01-01 00:59:59", "1970-01-01 01:59:59"),
        ("2026-10-25", "2026-10-25 02:30:00", "2026-10-25 02:30:00"),
        ("2026-10-25", "", ""),
    ]


def test_more_rows_cost_a_file_neither_queries_nor_objects(viewer, client_row, monkeypatch):
    project = ProjectFactory(client=client_row)
    TimeEntryFactory(project=project)
    with CaptureQueriesContext(connection) as few:
        body(viewer, ENTRIES)
    TimeEntry.objects.bulk_create(TimeEntryFactory.build_batch(50, project=project, user=StaffFactory()))
    made = []
    monkeypatch.setattr(TimeEntry, "from_db", lambda *row: made.append(row))
    with CaptureQueriesContext(connection) as many:
        rows = table(body(viewer, ENTRIES))
    assert (len(rows), len(many), made) == (51, len(few), [])


def test_rates_and_names_are_in_the_file_where_the_client_sees_them(viewer, client_row):
    ada = StaffFactory(first_name="Ada")
    TimeEntryFactory(project__client=client_row, user=ada, hourly_rate=90, amount=Decimal("81.27"))
    (row,) = table(body(viewer, ENTRIES))
    assert "Amount" not in row
    Client.objects.filter(pk=client_row.pk).update(show_rates=True, show_staff_names=False)
    (row,) = table(body(viewer, ENTRIES))
    assert (row["Amount"], row["Hourly rate"], row["Currency"]) == ("81.27", "90.00", "EUR")
    assert row["Person"] == "Team"
    assert "Ada" not in body(viewer, f"{ENTRIES}?sort=longest").decode()


@pytest.mark.parametrize(
    ("locale", "asked", "line"),
    [
        ("en-GB", "", "2026-03-10,2026-03-10,Due today,EUR,1500.50"),
        ("de-DE", "", "2026-03-10;2026-03-10;Heute fällig;EUR;1500,50"),
        ("de-DE", "comma", "2026-03-10,2026-03-10,Heute fällig,EUR,1500.50"),
        ("en-GB", "semicolon", "2026-03-10;2026-03-10;Due today;EUR;1500,50"),
    ],
)
def test_separators_are_those_of_the_locale_or_as_asked_for(client_row, on_the_day, locale, asked, line):
    viewer = signed_in(PortalUserFactory(client=client_row, locale=locale))
    sent_invoice(client_row, "1500.50", due_date=TODAY)
    text = body(viewer, f"{INVOICES}?separators={asked}").decode("utf-8-sig")
    assert line in text


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1"])
def test_text_that_could_start_a_formula_is_made_harmless(text):
    sheet = Sheet("Notes", (Column("Note"), Column("Sum", Kind.MONEY)), [(text, Decimal("-1.50"))])
    (row,) = table(b"".join(as_csv(sheet, SEPARATORS["comma"])))
    assert row == {"Note": f"'{text}", "Sum": "-1.50"}
    cells = load_workbook(BytesIO(b"".join(as_xlsx([sheet]))))["Notes"][2]
    assert [cell.data_type for cell in cells] == ["s", "n"]
    assert cells[0].value.strip() == text.strip()
    assert cells[0].quotePrefix
    assert cells[1].value == -1.5


@pytest.mark.parametrize("text", ["a=b", "1-1", "http://example.com", "'quoted'", "−5"])
def test_other_text_stays_as_it_is(text):
    assert harmless(text) == text


def test_what_no_spreadsheet_takes_is_left_out():
    sheet = Sheet("A/B: [1]", (Column("Text"),), [("a\0b\x1f",), ("x" * 40_000,), (None,)])
    assert [row["Text"] for row in table(b"".join(as_csv(sheet, SEPARATORS["comma"])))] == ["ab", "x" * 40_000, ""]
    (rows,) = book(b"".join(as_xlsx([sheet]))).values()
    assert [row["Text"] for row in rows] == ["ab", "x" * 32_767]


@pytest.mark.parametrize(
    "text", ["<r>&</r>", '<b>Bold</b> & "more"', " before and after ", "one\n\ntwo", "ÄÖ 日本 🎉", "'"]
)
def test_a_workbook_holds_text_as_it_is(text):
    sheet = Sheet("N", (Column("Text"), Column("More")), [(text, "x"), (None, text)])
    (rows,) = book(b"".join(as_xlsx([sheet]))).values()
    assert rows == [{"Text": text, "More": "x"}, {"Text": None, "More": text}]


def test_a_text_is_cut_where_excel_takes_no_more_of_it():
    sheet = Sheet("N", (Column("Text"),), [("🎉" * 20_000,)])
    ((row,),) = book(b"".join(as_xlsx([sheet]))).values()
    assert row["Text"] == "🎉" * (32_767 // 2)


@pytest.mark.parametrize("made", [as_xlsx, partial(as_csv, separators=SEPARATORS["comma"])], ids=["xlsx", "csv"])
def test_more_rows_take_no_more_memory(made, monkeypatch):
    monkeypatch.setattr("billing.sheets.ROWS_AT_ONCE", 100)
    columns = (Column("Day", Kind.DAY), Column("Text"), Column("Sum", Kind.MONEY))

    def peak(count):
        rows = ((TODAY + timedelta(days=n % 400), f"Note {n}", Decimal(n) / 100) for n in range(count))
        sheet = Sheet("N", columns, rows)
        gc.collect()
        tracemalloc.start()
        try:
            size = sum(map(len, made([sheet] if made is as_xlsx else sheet)))
            return tracemalloc.get_traced_memory()[1], size
        finally:
            tracemalloc.stop()

    peak(1000)
    (few, small), (many, large) = peak(1000), peak(5000)
    assert large > 4 * small
    assert many < 1.2 * few


def test_more_rows_than_a_sheet_takes_go_on_in_the_next(monkeypatch):
    monkeypatch.setattr("billing.sheets.MOST_ROWS", 4)
    rows = [(n,) for n in range(7)]
    written = book(b"".join(as_xlsx([Sheet("N", (Column("n", Kind.COUNT),), rows)])))
    assert {name: [row["n"] for row in rows] for name, rows in written.items()} == {
        "N": [0, 1, 2],
        "N 2": [3, 4, 5],
        "N 3": [6],
    }


@pytest.mark.parametrize(("code", "amount"), [("EUR", "90.00"), ("JPY", "90"), ("KWD", "90.000")])
def test_money_has_the_decimals_of_its_currency(viewer, client_row, on_the_day, code, amount):
    invoice = sent_invoice(client_row, "100", currency_code=code)
    payments.record(invoice, amount=Decimal(10), paid_on=TODAY, by=None, now=NOW)
    (row,) = table(body(viewer, INVOICES))
    assert (row["Outstanding"], row["Currency"]) == (amount, code)
    ((written,),) = book(body(viewer, f"{INVOICES}?format=xlsx")).values()
    assert (written["Total"], written["Paid"], written["Outstanding"]) == (100, 10, 90)


def test_invoices_are_those_of_the_tab_and_their_sum_is_the_lists(viewer, client_row, on_the_day):
    late = sent_invoice(client_row, "70", issue_date=date(2026, 1, 1), due_date=date(2026, 1, 2))
    cancelled = invoicing.cancel(sent_invoice(client_row, "5"), by=None, now=NOW)
    overpaid = sent_invoice(client_row, "10")
    payments.record(overpaid, amount=Decimal(30), paid_on=TODAY, by=None, now=NOW)
    sent_invoice(ClientFactory(), "999")
    rows = table(body(viewer, INVOICES))
    assert [row["Number"] for row in rows] == [one.invoice_number for one in (overpaid, cancelled, late)]
    assert sum(Decimal(row["Outstanding"]) for row in rows) == 70
    assert [row["Number"] for row in table(body(viewer, f"{INVOICES}?status=overdue"))] == [late.invoice_number]


def test_a_report_is_a_workbook_of_its_blocks(viewer, client_row, on_the_day):
    task = TaskFactory(project=ProjectFactory(client=client_row, name="Shop", estimated_hours=10), name="Checkout")
    TimeEntryFactory(project=task.project, task=task, duration_seconds=5400)
    sent_invoice(client_row, "100")
    sheets = book(body(viewer, f"{REPORT}?format=xlsx&group=task"))
    assert list(sheets) == ["Projects", "Hours", "Invoices and payments", "Tasks"]
    assert sheets["Hours"] == [
        {"Task": "Checkout", "Project": "Shop", "Hours": 1.5, "Seconds": 5400}
        | {"Billable hours": 1.5, "Billable seconds": 5400}
    ]
    assert sheets["Projects"][0]["Estimated hours"] == 10
    assert sheets["Invoices and payments"][0]["Outstanding"] == 100
    assert sheets["Tasks"] == [{"Status": "To do", "Tasks": 1}]


@pytest.mark.parametrize("block", ["projects", "time", "money", "tasks"])
def test_each_block_of_a_report_is_a_csv_too(viewer, client_row, on_the_day, block):
    task = TaskFactory(project=ProjectFactory(client=client_row, name="Shop"))
    TimeEntryFactory(project=task.project, duration_seconds=5400)
    sent_invoice(client_row, "100")
    (row,) = table(body(viewer, f"{REPORT}?block={block}"))
    assert row


@pytest.mark.parametrize(
    ("address", "complaint"),
    [
        (f"{ENTRIES}?format=pdf", "There is no format “pdf”"),
        (f"{ENTRIES}?separators=tab", "There are no separators “tab”"),
        (f"{ENTRIES}?colour=red", "This list has no filter “colour”"),
        (f"{ENTRIES}?date_from=x&format=xlsx", "Write the date as year-month-day"),
        (f"{ENTRIES}?project_id=1", "This is not one of your projects."),
        (f"{REPORT}?block=all", "This report has no part “all”."),
        (f"{REPORT}?group=x", "Hours cannot be grouped by this."),
        (f"{INVOICES}?status=draft", "There is no state “draft”"),
    ],
)
def test_what_cannot_be_used_is_said_on_the_page(viewer, address, complaint):
    ProjectFactory(pk=1)
    response = viewer.get(address, follow=True)
    assert len(response.redirect_chain) == 1
    assert complaint in response.content.decode()


def test_a_page_offers_its_own_filter_as_a_file(viewer, client_row):
    project = ProjectFactory(client=client_row)
    TimeEntryFactory(project=project)
    page = viewer.get(f"/client-portal/time-entries?project_id={project.pk}&sort=oldest").content.decode()
    for kind in ("csv", "xlsx"):
        assert f'href="{ENTRIES}?project_id={project.pk}&amp;sort=oldest&amp;format={kind}"' in page


def test_a_file_has_a_quoted_name_and_is_kept_by_no_cache(viewer):
    response = viewer.get(f"{REPORT}?date_from=2026-03-01&date_to=2026-03-31&block=time")
    assert response["Content-Disposition"] == 'attachment; filename="report-2026-03-01-2026-03-31-time.csv"'
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Cache-Control"] == "private, no-store"
    assert response["X-Content-Type-Options"] == "nosniff"


def test_the_trail_tells_of_it_and_nothing_else_changes(viewer, client_row):
    body(viewer, f"{ENTRIES}?format=xlsx")
    (line,) = TrailEntry.objects.filter(kind="exported")
    assert (line.client_id, line.facts) == (client_row.pk, {"what": "time entries", "format": "xlsx"})
    viewer.get(f"{ENTRIES}?format=pdf")
    assert TrailEntry.objects.filter(kind="exported").count() == 1


def test_a_second_file_of_a_viewer_waits_and_says_so(client_row):
    user, colleague = PortalUserFactory(client=client_row), PortalUserFactory(client=client_row)
    with exports._seat(Viewer.of(user)):
        refused = signed_in(user).get(ENTRIES)
        assert signed_in(colleague).get(ENTRIES).status_code == 200
    assert (refused.status_code, refused["Retry-After"]) == (429, "15")
    assert "Another file is being made" in refused.content.decode()
    assert signed_in(user).get(ENTRIES).status_code == 200


def test_a_process_makes_two_files_at_once(viewer):
    makers = [Viewer.of(PortalUserFactory(client=ClientFactory())) for _n in range(2)]
    with exports._seat(makers[0]):
        assert viewer.get(ENTRIES).status_code == 200
        with exports._seat(makers[1]):
            assert viewer.get(ENTRIES).status_code == 429
    assert TrailEntry.objects.filter(kind="exported").count() == 1


def test_a_file_that_nobody_reads_keeps_no_seat(viewer, client_row):
    TimeEntryFactory(project__client=client_row)
    for _n in range(5):
        assert viewer.get(ENTRIES).status_code == 200
    half = iter(viewer.get(ENTRIES))
    next(half)
    del half
    gc.collect()
    assert viewer.get(ENTRIES).status_code == 200
    assert not exports._running


@pytest.mark.django_db(transaction=True)
def test_by_the_real_server_pieces_come_one_by_one_from_a_thread_of_their_own(client_row):
    project = ProjectFactory(client=client_row, name="Shöp")
    for n in range(3):
        TimeEntryFactory(project=project, start_time=NOW - timedelta(hours=n))
    user = PortalUserFactory(client=client_row, locale="de-DE")
    browser = AsyncClient()
    session = signed_in(user).cookies[settings.SESSION_COOKIE_NAME].value
    browser.cookies[settings.SESSION_COOKIE_NAME] = session

    @async_to_sync
    async def ask():
        response = await browser.get(ENTRIES)
        assert response.status_code == 200
        return [piece async for piece in response]

    pieces = ask()
    assert len(table(b"".join(pieces), ";")) == 3
    assert not exports._running

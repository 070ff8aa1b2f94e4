"""Everything of a viewer as one ZIP: what is in it, equal to the pages' figures, and nothing else."""

import csv
import json
import tracemalloc
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import BytesIO, StringIO
from zipfile import BadZipFile, ZipFile

import pytest
import time_machine

from accounts.models import Client, TrailEntry
from accounts.tests.factories import ClientFactory, PortalUserFactory, StaffFactory
from billing import approvals, invoicing, payments
from billing.models import TimeEntry
from billing.tests.factories import (
    NOW,
    TODAY,
    CommentFactory,
    ProjectFactory,
    TaskFactory,
    TimeEntryFactory,
    requested_approval,
    sent_invoice,
    sent_quote,
)
from portal import archive, exports
from portal.scope import Viewer
from portal.tests.browsers import sign_in, signed_in

pytestmark = pytest.mark.django_db
ADDRESS = "/client-portal/settings/export"
LISTS = (
    "projects tasks time-entries invoices invoice-lines payments credit-notes quotes quote-lines comments approvals "
    "approval-entries"
).split()


@pytest.fixture(autouse=True)
def on_the_day():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def furnished(client_row):
    """A client with a row of every list; the project is returned."""
    Client.objects.filter(pk=client_row.pk).update(portal_approvals_enabled=True)
    ada = StaffFactory(first_name="Ada", last_name="Byron")
    project = ProjectFactory(client=client_row, name="Shöp", budget_amount=Decimal(5000))
    task = TaskFactory(project=project, name="=Checkout")
    for hours in range(3):
        TimeEntryFactory(
            project=project,
            task=task,
            user=ada,
            start_time=NOW - timedelta(days=1, hours=hours),
            duration_seconds=1234,
            notes="“Two”\nlines",
            hourly_rate=90,
            amount=Decimal("30.85"),
        )
    paid = sent_invoice(client_row, "1500.50", project=project)
    payment = payments.record(paid, amount=Decimal("1500.50"), paid_on=TODAY, by=None, now=NOW)
    payments.reverse(payment, paid_on=TODAY, now=NOW)
    payments.credit(paid, amount=Decimal("0.50"), reason="Too much", by=None, now=NOW, today=TODAY)
    sent_invoice(client_row, "7.125", currency_code="KWD", due_date=TODAY)
    invoicing.cancel(sent_invoice(client_row, "5"), by=None, now=NOW)
    sent_quote(client_row, "250", title="An offer", project=project)
    CommentFactory(project=project, author=ada, content="A remark", created_at=NOW)
    CommentFactory(project=project, author=ada, content="Between us", is_internal=True)
    approval = requested_approval(project, user=ada, notes="Asked about")
    approvals.reject(approval, by=None, now=NOW, version=1, reason="Not ours")
    return project


def opened(viewer, query=""):
    """The members of the archive as `{name: bytes}`."""
    response = viewer.get(ADDRESS + query)
    assert response.status_code == 200, response.get("Location")
    with ZipFile(BytesIO(b"".join(response))) as found:
        assert found.testzip() is None
        return {name: found.read(name) for name in found.namelist()}


def as_tables(members, delimiter=","):
    """`({list: rows of its CSV}, {list: rows of its JSON})`."""
    sheets, codes = {}, {}
    for name, data in members.items():
        folder, _slash, file = name.partition("/")
        if folder == "csv":
            text = StringIO(data.decode("utf-8-sig"), newline="")
            sheets[file.removesuffix(".csv")] = list(csv.DictReader(text, delimiter=delimiter))
        elif folder == "json":
            codes[file.removesuffix(".json")] = json.loads(data.decode())
    return sheets, codes


def test_every_list_is_there_as_csv_and_json_with_the_same_rows(viewer, furnished):
    members = opened(viewer)
    sheets, codes = as_tables(members)
    assert list(sheets) == list(codes) == LISTS
    assert {name: len(rows) for name, rows in sheets.items()} == {name: len(rows) for name, rows in codes.items()}
    assert {name: len(rows) for name, rows in codes.items()} == dict(
        zip(LISTS, [1, 1, 4, 3, 3, 2, 1, 1, 1, 1, 1, 1], strict=True)
    )
    assert set(members) - {f"{kind}/{name}.{kind}" for kind in ("csv", "json") for name in LISTS} == {"README.txt"}


def test_an_entry_stands_in_it_for_people_and_for_programs(viewer, furnished):
    sheets, codes = as_tables(opened(viewer))
    entry = TimeEntry.objects.order_by("start_time").first()
    about = {"id": entry.pk, "project_id": furnished.pk, "task_id": entry.task_id, "project": "Shöp"}
    assert codes["time-entries"][-1] == about | {
        "date": "2026-03-09",
        "start": "2026-03-09T11:00:00+01:00",
        "end": "2026-03-09T11:20:34+01:00",
        "task": "=Checkout",
        "person": "Ada Byron",
        "note": "“Two”\nlines",
        "billable": True,
        "seconds": 1234,
    }
    row = sheets["time-entries"][-1]
    assert (row["Task"], row["From"], row["Billable"], row["Hours"]) == (
        "'=Checkout",
        "2026-03-09 11:00:00",
        "yes",
        "0.3428",
    )


def test_its_figures_are_those_of_the_pages(viewer, furnished):
    Client.objects.update(show_rates=True)
    _sheets, codes = as_tables(opened(viewer))
    (project,) = codes["projects"]
    assert project["seconds"] == sum(entry["seconds"] for entry in codes["time-entries"]) == 3 * 1234 + 3600
    assert (project["amount"], project["budget"]) == ("92.55", "5000.00")
    assert sum(Decimal(entry["amount"] or 0) for entry in codes["time-entries"]) == Decimal("92.55")
    invoices = {row["number"]: row for row in codes["invoices"]}
    paid, kuwaiti, cancelled = (invoices[f"INV-2026-000{n}"] for n in (1, 2, 3))
    assert (paid["total"], paid["paid"], paid["credited"], paid["outstanding"]) == (
        "1500.50",
        "0.00",
        "0.50",
        "1500.00",
    )
    assert (paid["state"], kuwaiti["state"], cancelled["state"]) == ("partially_paid", "unpaid", "cancelled")
    assert (kuwaiti["outstanding"], kuwaiti["currency"], cancelled["outstanding"]) == ("7.125", "KWD", "0.00")
    page = viewer.get("/client-portal/invoices").content.decode()
    assert "€1,500.00" in page
    assert [row["amount"] for row in codes["payments"]] == ["1500.50", "-1500.50"]
    assert [row["taken_back"] for row in codes["payments"]] == [False, True]
    assert [(row["amount"], row["reason"]) for row in codes["credit-notes"]] == [("0.50", "Too much")]
    lines = [(row["number"], row["line"], row["quantity"], row["amount"]) for row in codes["invoice-lines"]]
    assert ("INV-2026-0001", 1, "1", "1500.50") in lines
    assert [(row["state"], row["total"]) for row in codes["quotes"]] == [("sent", "250.00")]
    assert [row["unit_price"] for row in codes["quote-lines"]] == ["250.00"]


def test_what_was_said_and_asked_is_in_it(viewer, furnished):
    _sheets, codes = as_tables(opened(viewer))
    (comment,) = codes["comments"]
    assert (comment["author"], comment["written_at"], comment["text"]) == (
        "Ada Byron",
        "2026-03-10T13:00:00+01:00",
        "A remark",
    )
    (asked,) = codes["approvals"]
    assert (asked["status"], asked["answered_by"], asked["reason"], asked["seconds"]) == (
        "rejected",
        "the company login",
        "Not ours",
        3600,
    )
    (line,) = codes["approval-entries"]
    assert (line["approval_id"], line["note"], line["project"]) == (asked["id"], "Asked about", "Shöp")


def test_switches_of_the_client_hold_for_it(viewer, furnished):
    def words(members):
        return {
            word
            for word in ("Ada", "30.85", "90.00", "Between us")
            for data in members.values()
            if word.encode() in data
        }

    assert words(opened(viewer)) == {"Ada"}
    Client.objects.update(show_rates=True, show_staff_names=False)
    members = opened(viewer)
    assert words(members) == {"30.85", "90.00"}
    assert as_tables(members)[1]["time-entries"][0]["person"] == "Team"


def test_an_archived_project_is_not_named_in_it_by_the_documents_about_it(viewer, furnished):
    type(furnished).objects.update(status="archived")
    members = opened(viewer)
    assert [name for name, data in members.items() if "Shöp".encode() in data] == []
    _sheets, codes = as_tables(members)
    assert {(row["project_id"], row["project"]) for row in codes["invoices"]} == {(None, None)}
    assert [len(codes[name]) for name in ("projects", "time-entries", "comments", "approvals", "invoices")] == [
        0,
        0,
        0,
        0,
        3,
    ]


def test_another_viewer_gets_its_own(furnished):
    stranger = signed_in(PortalUserFactory(client=ClientFactory(name="Contoso")))
    members = opened(stranger)
    sheets, codes = as_tables(members)
    assert {name for name, rows in [*sheets.items(), *codes.items()] if rows} == set()
    assert members["json/projects.json"] == b"[]\n"
    assert "Contoso" in members["README.txt"].decode()
    assert not any(word.encode() in data for word in ("Shöp", "Northwind") for data in members.values())


def test_the_readme_says_in_the_readers_language_what_it_is(client_row, furnished):
    user = PortalUserFactory(client=client_row, first_name="Katrin", last_name="Brügge", locale="de-DE")
    members = opened(signed_in(user))
    readme = members["README.txt"].decode("utf-8-sig")
    assert "Katrin Brügge, Northwind" in readme
    assert "10. März 2026" in readme
    assert "13:00" in readme
    assert "Europe/Berlin" in readme
    assert "csv/time-entries.csv" in readme
    assert "[seconds]" in readme
    sheets, _codes = as_tables(members, ";")
    assert sheets["time-entries"][0]["Stunden"] == "1,0000"
    assert sheets["invoices"][-1]["Offen"] == "1500,00"


def test_the_company_login_has_it_too(company):
    project = ProjectFactory(client=company, name="Shop")
    browser, _answer = sign_in("contoso")
    assert "Download everything" in browser.get("/client-portal/settings").content.decode()
    _sheets, codes = as_tables(opened(browser, "?separators=semicolon"))
    assert [row["id"] for row in codes["projects"]] == [project.pk]


def test_its_name_is_safe_and_telling(client_row, viewer):
    Client.objects.update(name='Brü & Söhne "GmbH"/..')
    response = viewer.get(ADDRESS)
    assert response["Content-Disposition"] == 'attachment; filename="bru-sohne-gmbh-data-2026-03-10.zip"'
    assert response["Content-Type"] == "application/zip"
    Client.objects.update(name="株式会社")
    assert viewer.get(ADDRESS)["Content-Disposition"] == 'attachment; filename="data-2026-03-10.zip"'


def test_the_trail_tells_of_it_and_a_second_one_waits(client_row):
    user = PortalUserFactory(client=client_row)
    with exports._seat(Viewer.of(user)):
        assert signed_in(user).get(ADDRESS).status_code == 429
    opened(signed_in(user))
    (line,) = TrailEntry.objects.filter(kind="exported")
    assert (line.client_id, line.facts) == (client_row.pk, {"what": "all data", "format": "zip"})


@pytest.mark.parametrize(
    ("query", "complaint"),
    [("?separators=tab", "There are no separators “tab”"), ("?from=1", "This list has no filter “from”")],
)
def test_what_cannot_be_used_is_said_on_the_settings_page(viewer, query, complaint):
    response = viewer.get(ADDRESS + query, follow=True)
    assert [address for address, _status in response.redirect_chain] == ["/client-portal/settings"]
    assert complaint in response.content.decode()


def test_one_that_fails_in_the_middle_opens_nowhere(viewer, furnished, monkeypatch):
    def broken(scope, today):
        raise RuntimeError("The lists of comments cannot be read")

    monkeypatch.setitem(archive.TABLES, "comments", (broken, "Broken"))
    sent = BytesIO()
    with pytest.raises(RuntimeError, match="cannot be read"):
        for piece in viewer.get(ADDRESS):
            sent.write(piece)
    assert sent.tell() > 1000
    with pytest.raises(BadZipFile):
        ZipFile(sent)
    assert not exports._running


def test_a_long_list_goes_on_in_further_files(viewer, furnished, monkeypatch):
    monkeypatch.setattr(archive, "ROWS_A_FILE", 2)
    members = opened(viewer)
    sheets, codes = as_tables(members)
    assert {name: len(rows) for name, rows in sheets.items() if name.startswith("time")} == {
        "time-entries": 2,
        "time-entries-2": 2,
    }
    assert {name: len(rows) for name, rows in codes.items() if name.startswith("inv")} == {
        "invoices": 2,
        "invoices-2": 1,
        "invoice-lines": 2,
        "invoice-lines-2": 1,
    }
    assert "Rows: 4." in members["README.txt"].decode()


def test_odd_letters_are_kept_for_programs_and_harmless_for_spreadsheets(viewer, client_row):
    odd = '"]},\n\t\x1f\\ \U0001f600 =1+1 \N{LINE SEPARATOR}'
    project = ProjectFactory(client=client_row)
    TimeEntryFactory(project=project, notes=odd)
    TimeEntryFactory(project=project, start_time=datetime(1970, 1, 1, tzinfo=UTC), has_times=False, notes="=1+1")
    sheets, codes = as_tables(opened(viewer))
    assert [row["note"] for row in codes["time-entries"]] == [odd, "=1+1"]
    assert [row["Note"] for row in sheets["time-entries"]] == [odd.replace("\x1f", ""), "'=1+1"]
    assert (codes["time-entries"][1]["date"], codes["time-entries"][1]["start"]) == (str(date(1970, 1, 1)), None)


def test_memory_stays_flat_however_many_rows(viewer, client_row, monkeypatch):
    """Rows drawn from a made-up list: each of the database's own would only cost the test its time."""
    TimeEntryFactory(project__client=client_row)
    table, about = archive.TABLES["time-entries"]

    def most_for(rows):
        def long_table(scope, today):
            sheet = table(scope, today)
            (row,) = sheet.rows
            return sheet._replace(rows=((number, *row[1:]) for number in range(rows)))

        monkeypatch.setitem(archive.TABLES, "time-entries", (long_table, about))
        pieces = iter(viewer.get(ADDRESS))
        next(pieces)
        tracemalloc.start()
        assert max(map(len, pieces)) < 2**20
        _now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    # Once before, for what stays in memory anyway.
    most_for(2_000)
    assert most_for(16_000) < 1.5 * most_for(4_000)

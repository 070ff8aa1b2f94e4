"""What the readers of each tracker's export make of a row."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from accounts.models import Client, User
from billing.models import Task, TimeEntry
from billing.tests.factories import NOW, ProjectFactory
from billing.tests.import_files import (
    comma_hours,
    entry_row,
    generic,
    hours_in_database,
    plain_seconds,
    plain_sums,
    run,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("name", "tracker", "duration", "delimiter"),
    [
        ("toggl.csv", "toggl", lambda row: plain_seconds(row["Duration"]), ","),
        ("clockify_us.csv", "clockify", lambda row: plain_seconds(row["Duration (h)"]), ","),
        ("harvest_comma.csv", "harvest", lambda row: comma_hours(row["Hours"]), ","),
        ("generic_semicolon.csv", "generic", lambda row: comma_hours(row["Duration"] or "1,5"), ";"),
    ],
)
def test_totals_per_client_and_project_are_the_plain_sums_of_the_file(name, tracker, duration, delimiter):
    report = run(name)

    sums = plain_sums(name, duration=duration, delimiter=delimiter)
    assert hours_in_database() == sums
    assert {(total.client.lower(), total.project): total.seconds for total in report.totals} == sums
    assert (report.format_name, report.written) == (tracker, True)


def test_toggl_entries_keep_what_the_row_says():
    run("toggl.csv")

    night = TimeEntry.objects.get(task__name="Design")
    assert night.start_time == datetime(2025, 1, 31, 22, 30, tzinfo=UTC)
    assert night.end_time == datetime(2025, 2, 1, 0, 15, tzinfo=UTC)
    assert night.duration_seconds == 6300
    assert night.notes == 'Drew the "night" map,\nsecond draft'
    assert (night.has_times, night.billable, night.hourly_rate, night.amount) == (True, True, None, None)
    assert night.created_at == NOW
    empty = TimeEntry.objects.get(project__name="Studio upkeep")
    assert empty.client.name == "Inner Works"
    assert (empty.duration_seconds, empty.tags, empty.billable) == (0, "Admin, Internal", False)
    assert empty.start_time == empty.end_time
    assert Client.objects.get(name="Harbour Lights").currency_code == "USD"
    assert set(Task.objects.values_list("status", flat=True)) == {"in_progress"}


def test_clockify_rates_count_in_the_projects_currency():
    run("clockify_us.csv")

    night = TimeEntry.objects.get(task__name="Photos")
    assert (night.duration_seconds, night.hourly_rate, night.amount) == (1830, Decimal(90), Decimal("45.75"))
    assert night.notes == "C:\\\\menus\\ 'soup' \\"
    rota = TimeEntry.objects.get(project__name="Rota")
    assert (rota.duration_seconds, rota.hourly_rate, rota.amount) == (4800, Decimal(1250), Decimal("1666.67"))
    noon = TimeEntry.objects.get(duration_seconds=0)
    assert noon.start_time == datetime(2025, 5, 4, 10, 0, tzinfo=UTC)
    assert (noon.hourly_rate, noon.amount) == (None, None)


def test_hours_of_a_day_are_kept_from_its_local_noon():
    run("harvest_comma.csv")

    talks = TimeEntry.objects.filter(task__name="Concept")
    assert [(entry.duration_seconds, entry.has_times) for entry in talks] == [(1188, False), (1188, False)]
    assert {entry.start_time for entry in talks} == {datetime(2025, 6, 2, 10, 0, tzinfo=UTC)}
    assert {(entry.hourly_rate, entry.amount) for entry in talks} == {(Decimal("1120.5"), Decimal("369.77"))}
    assert Client.objects.get(name="Alpenglow").currency_code == "CHF"


def test_a_plain_file_may_use_semicolons_and_decimal_commas():
    run("generic_semicolon.csv")

    posters, programme = TimeEntry.objects.order_by("start_time")
    assert (posters.duration_seconds, posters.hourly_rate, posters.amount) == (
        9900,
        Decimal("72.5"),
        Decimal("199.38"),
    )
    assert posters.end_time == datetime(2025, 3, 1, 0, 5, tzinfo=UTC)
    assert (posters.tags, posters.billable, programme.billable) == ("außen", True, False)


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.encode(),
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.encode("utf-16"),
        lambda text: text.replace(",", ";").encode(),
        lambda text: text.replace(",", "\t").encode(),
        lambda text: ("sep=;\n" + text.replace(",", ";")).encode(),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: text.replace("\n", "\r").encode(),
        lambda text: (text + "\n\n,,,,,,,,,,\n").encode(),
    ],
)
def test_encodings_delimiters_and_line_ends(encode):
    report = run(encode(generic(entry_row(person="Åsa Öst"))))

    assert (report.entries, report.seconds, report.bad_count) == (1, 3600, 0)
    assert User.objects.get().display_name == "Åsa Öst"


def test_day_and_time_may_stand_in_one_cell_with_an_offset():
    run(
        "project,person,start,end,duration\n"
        "A,Ada,2025-03-04T09:00:00+01:00,2025-03-04T08:30:00Z,\n"
        "B,Ada,2025-03-04 09:00,2025-03-04 10:15,\n"
        "C,Ada,03/25/2025 9:00 PM,,0:30\n"
        "D,Ada,2025-03-04 23:00,01:00,\n"
    )

    starts = {entry.project.name: (entry.start_time, entry.duration_seconds) for entry in TimeEntry.objects.all()}
    assert starts == {
        "A": (datetime(2025, 3, 4, 8, 0, tzinfo=UTC), 1800),
        "B": (datetime(2025, 3, 4, 8, 0, tzinfo=UTC), 4500),
        "C": (datetime(2025, 3, 25, 20, 0, tzinfo=UTC), 1800),
        "D": (datetime(2025, 3, 4, 22, 0, tzinfo=UTC), 7200),
    }


def test_columns_that_are_not_needed_may_be_missing():
    run("Project,User,Start date,Start time,Duration\nSite,Ada Park,2025-03-04,09:00:00,00:10:00\n")

    entry = TimeEntry.objects.get()
    assert (entry.client.name, entry.notes, entry.tags, entry.task) == ("Inner Works", "", "", None)
    assert (entry.billable, entry.duration_seconds) == (True, 600)


def test_an_entry_without_a_flag_is_billable_as_its_project_is():
    ProjectFactory(client__name="Inner Works", name="Chores", billable=False)

    run("project,person,date,hours,billable\nChores,Ada,2025-03-04,1,\nSite,Ada,2025-03-04,1,\n")

    flags = dict(TimeEntry.objects.values_list("project__name", "billable"))
    assert flags == {"Chores": False, "Site": True}


def test_without_a_rate_of_its_own_an_entry_takes_the_projects():
    ProjectFactory(client__name="Inner Works", name="Site", hourly_rate=Decimal(60))

    run("project,person,date,hours\nSite,Ada,2025-03-04,1.5\n")

    entry = TimeEntry.objects.get()
    assert (entry.hourly_rate, entry.amount) == (Decimal(60), Decimal(90))


def test_a_rate_in_another_currency_is_left_out_with_one_warning():
    ProjectFactory(client__name="Acme", client__currency_code="EUR", name="Site", hourly_rate=Decimal(60))

    report = run("client,project,person,date,hours,rate (USD)\n" + "Acme,Site,Ada,2025-03-04,1,100\n" * 3)

    assert set(TimeEntry.objects.values_list("hourly_rate", "amount")) == {(Decimal(60), Decimal(60))}
    assert report.warnings == [
        "3 rows state a rate in another currency than their project's; the project's rate counts."
    ]


def test_a_currency_that_does_not_exist_is_left_out():
    report = run("client,project,person,date,hours,rate,currency\nAcme,Site,Ada,2025-03-04,1,100,XYZ\n")

    assert Client.objects.get().currency_code == "EUR"
    assert TimeEntry.objects.get().amount is None
    assert len(report.warnings) == 2

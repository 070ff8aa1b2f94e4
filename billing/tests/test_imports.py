"""What an import writes, and that it is all of the file or nothing."""

import csv
import io
from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Client, Event, User
from accounts.tests.factories import ClientFactory, PortalUserFactory, StaffFactory, UserFactory
from billing import imports, tracking
from billing.models import Project, Task, TimeEntry
from billing.tests.factories import NOW, ProjectFactory, TaskFactory

pytestmark = pytest.mark.django_db

EXPORTS = Path(__file__).parent / "exports"
BERLIN = ZoneInfo("Europe/Berlin")
GENERIC = "client,project,task,person,email,date,start,end,duration,notes,billable\n"
NOTHING = {Client: 0, Project: 0, Task: 0, User: 0, TimeEntry: 0, Event: 0}


def run(content, **options):
    """Import text, bytes or a fixture's name."""
    if isinstance(content, str) and content.endswith(".csv"):
        content = (EXPORTS / content).read_bytes()
    content = content.encode() if isinstance(content, str) else content
    options = {"zone": BERLIN, "by": None, "now": NOW, "client": "Inner Works"} | options
    return imports.run(io.BytesIO(content), **options)


def generic(*rows):
    return GENERIC + "".join(f"{row}\n" for row in rows)


def entry_row(start="09:00", end="10:00", duration="", date="2025-03-04", **cells):
    cells = {"client": "Acme", "project": "Site", "task": "", "person": "Ada Park", "email": ""} | cells
    return ",".join([*cells.values(), date, start, end, duration, cells.get("notes", ""), "yes"])


def counts():
    return {model: model.objects.count() for model in NOTHING}


def hours_in_database():
    sums = defaultdict(int)
    for entry in TimeEntry.objects.select_related("client", "project"):
        sums[entry.client.name.lower(), entry.project.name] += entry.duration_seconds
    return dict(sums)


def refusal(content, **options):
    with pytest.raises(imports.ImportRefused) as raised:
        run(content, **options)
    return str(raised.value)


def bad_rows(content, **options):
    with pytest.raises(imports.BadRows) as raised:
        run(content, **options)
    return {row.line: row.reason for row in raised.value.report.bad}


def plain_seconds(text):
    hours, minutes, seconds = (int(part) for part in text.split(":"))
    return hours * 3600 + minutes * 60 + seconds


def plain_sums(name, *, duration, delimiter=","):
    """Seconds by client and project, added up from the file without the importer."""
    sums = defaultdict(int)
    with (EXPORTS / name).open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file, delimiter=delimiter):
            sums[(row["Client"] or "Inner Works").lower(), row["Project"]] += duration(row)
    return dict(sums)


def comma_hours(text):
    return int(Decimal(text.replace(".", "").replace(",", ".")) * 3600)


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


# Clients, projects and people


def test_names_are_found_in_any_case():
    client = ClientFactory(name="ACME")
    project = ProjectFactory(client=client, name="Éclair")
    task = TaskFactory(project=project, name="Bake")
    user = UserFactory(email="Ada@Example.com")

    report = run(generic(entry_row(client="acme", project="éclair", task="BAKE", email="ada@example.COM")))

    entry = TimeEntry.objects.get()
    assert (entry.client, entry.project, entry.task, entry.user) == (client, project, task, user)
    assert (report.new_clients, report.new_projects, report.new_tasks, report.new_people) == ([], [], [], [])


def test_people_become_inactive_users_without_a_password():
    report = run(generic(entry_row(person="Ada B. Park", email="Ada.Park@example.com")))

    user = User.objects.get()
    assert (user.first_name, user.last_name, user.email) == ("Ada B.", "Park", "Ada.Park@example.com")
    assert (user.is_active, user.has_usable_password(), user.is_staff, user.username) == (
        False,
        False,
        False,
        "ada.park",
    )
    assert report.new_people == ["Ada B. Park"]


def test_a_user_name_is_free_in_any_case_and_no_companys():
    UserFactory(username="ADA", email="other@example.com")
    ClientFactory(portal_username="Ada2")

    run(generic(entry_row(person="Ada Park", email="ada@example.com")))

    assert User.objects.get(email="ada@example.com").username == "ada3"


def test_a_name_alone_means_the_one_person_of_that_name():
    user = StaffFactory(first_name="Ada", last_name="Park")

    run(generic(entry_row(person="ada park")))

    assert TimeEntry.objects.get().user == user


def test_a_name_with_another_address_is_another_person():
    StaffFactory(first_name="Ada", last_name="Park", email="one@example.com")

    run(generic(entry_row(email="two@example.com")))

    assert TimeEntry.objects.get().user.email == "two@example.com"


def test_a_name_never_means_someone_of_a_client():
    PortalUserFactory(first_name="Ada", last_name="Park")

    report = run(generic(entry_row(person="Ada Park")))

    assert report.new_people == ["Ada Park"]


def test_a_name_that_several_have_is_a_bad_row():
    StaffFactory(first_name="Ada", last_name="Park")
    StaffFactory(first_name="Ada", last_name="Park")

    assert "Several people" in bad_rows(generic(entry_row()))[2]


def test_rows_without_a_client_or_project_need_a_default():
    content = generic(entry_row(), entry_row(client=""), entry_row(project=""))

    reasons = bad_rows(content, client="")
    assert sorted(reasons) == [3, 4]
    assert "names no client" in reasons[3]
    assert "names no project" in reasons[4]
    assert run(content, client="Rest", project="Misc").entries == 3
    assert sorted(TimeEntry.objects.values_list("client__name", "project__name")) == [
        ("Acme", "Misc"),
        ("Acme", "Site"),
        ("Rest", "Site"),
    ]


def test_a_default_that_no_row_needs_is_not_made():
    run(generic(entry_row()), client="Unneeded", project="Unneeded too")

    assert list(Client.objects.values_list("name", flat=True)) == ["Acme"]
    assert list(Project.objects.values_list("name", flat=True)) == ["Site"]


# Days and clocks


def entry_at(start, end, duration="", date="2025-03-04", end_date=None):
    """`(start, end, seconds)` of one imported row."""
    header, cell = (",end date", f",{end_date}") if end_date is not None else ("", "")
    run(f"project,person,date,start,end,duration{header}\nSite,Ada,{date},{start},{end},{duration}{cell}\n")
    entry = TimeEntry.objects.get()
    return entry.start_time, entry.end_time, entry.duration_seconds


def utc(day, hour, minute=0, month=3):
    return datetime(2025, month, day, hour, minute, tzinfo=UTC)


def test_over_midnight_without_an_end_date():
    assert entry_at("23:00", "01:30") == (utc(4, 22), utc(5, 0, 30), 9000)


def test_over_midnight_where_the_duration_says_so():
    assert entry_at("23:00", "01:30", "2:30", end_date="2025-03-04") == (utc(4, 22), utc(5, 0, 30), 9000)


def test_an_end_before_its_start_on_the_same_day_is_a_bad_row():
    content = "project,person,date,start,end date,end\nSite,Ada,2025-03-04,23:00,2025-03-04,01:30\n"

    assert bad_rows(content) == {2: "The end lies before the start."}


def test_without_an_end_the_duration_makes_it():
    assert entry_at("23:00", "", "2:30") == (utc(4, 22), utc(5, 0, 30), 9000)


def test_a_rounded_duration_counts_beside_the_times():
    assert entry_at("09:00", "10:07", "1:15") == (utc(4, 8), utc(4, 9, 7), 4500)


@pytest.mark.parametrize(("duration", "fits"), [("0:00", True), ("2:00", True), ("2:00:01", False), ("23:00", False)])
def test_a_duration_may_be_an_hour_off_and_no_more(duration, fits):
    content = generic(entry_row("09:00", "10:00", duration))

    if fits:
        assert run(content).entries == 1
    else:
        assert "more than an hour off" in bad_rows(content)[2]


# On 26 October 2025 Berlin's clocks went from 3:00 back to 2:00, at 1:00 UTC.
@pytest.mark.parametrize(
    ("start", "end", "duration", "begins", "ends"),
    [
        ("01:30", "02:30", "1:00", (25, 23, 30), (26, 0, 30)),
        ("01:30", "02:30", "2:00", (25, 23, 30), (26, 1, 30)),
        ("02:30", "03:30", "1:00", (26, 1, 30), (26, 2, 30)),
        ("02:30", "03:30", "2:00", (26, 0, 30), (26, 2, 30)),
        ("02:15", "02:45", "0:30", (26, 0, 15), (26, 0, 45)),
        ("02:15", "02:45", "1:30", (26, 0, 15), (26, 1, 45)),
        ("02:45", "02:15", "0:30", (26, 0, 45), (26, 1, 15)),
        ("02:45", "02:15", "", (26, 0, 45), (26, 1, 15)),
        ("01:00", "04:00", "4:00", (25, 23, 0), (26, 3, 0)),
        ("02:30", "", "2:00", (26, 0, 30), (26, 2, 30)),
    ],
)
def test_in_the_doubled_hour_the_duration_decides(start, end, duration, begins, ends):
    begins, ends = utc(*begins, month=10), utc(*ends, month=10)

    found_start, found_end, seconds = entry_at(start, end, duration, date="2025-10-26")

    assert (found_start, found_end) == (begins, ends)
    assert seconds == (ends - begins).total_seconds()


def test_over_the_skipped_hour_real_time_counts():
    assert entry_at("01:30", "03:30", "1:00", date="2025-03-30") == (utc(30, 0, 30), utc(30, 1, 30), 3600)


def test_a_time_in_the_skipped_hour_is_a_bad_row():
    reasons = bad_rows(generic(entry_row("02:30", "04:00", date="2025-03-30")))

    assert "2:30 does not exist on this day in Europe/Berlin" in reasons[2]


def test_local_days_far_east_are_the_zones_own():
    run(generic(entry_row("23:30", "23:45")), zone=ZoneInfo("Pacific/Auckland"))

    assert TimeEntry.objects.get().start_time == utc(4, 10, 30)


def test_a_day_above_twelve_decides_the_order_for_the_whole_file():
    rows = [entry_row(date=date) for date in ("01/02/2025", "13/02/2025")]
    run(generic(*rows))

    assert sorted(entry.start_time.date().isoformat() for entry in TimeEntry.objects.all()) == [
        "2025-02-01",
        "2025-02-13",
    ]


def test_an_ambiguous_file_asks_for_the_order():
    content = generic(entry_row(date="01/02/2025"))

    assert "dmy (day first) or mdy (month first)" in refusal(content)
    run(content, dates="mdy")
    assert TimeEntry.objects.get().start_time.date().isoformat() == "2025-01-02"


def test_a_date_that_is_the_same_both_ways_asks_nothing():
    assert run(generic(entry_row(date="03/03/2025"))).entries == 1


def test_days_and_months_that_change_places_are_refused():
    content = generic(entry_row(date="13/02/2025"), entry_row(date="02/13/2025"))

    assert "“13/02/2025” in line 2, “02/13/2025” in line 3" in refusal(content)
    assert sorted(bad_rows(content, dates="dmy")) == [3]


def test_numbers_written_in_two_ways_are_refused():
    header = "project,person,date,hours\n"

    assert "line 2" in refusal(header + 'Site,Ada,2025-03-04,1.5\nSite,Ada,2025-03-04,"1,5"\n')
    assert "point or comma" in refusal(header + 'Site,Ada,2025-03-04,"1,000"\n')
    assert run(header + 'Site,Ada,2025-03-04,"1,000"\n', decimal="comma").seconds == 3600


# All or nothing


def test_a_broken_row_in_the_middle_leaves_nothing_behind(django_capture_on_commit_callbacks):
    content = generic(entry_row(client="One"), entry_row(date="2025-02-30", client="Two"), entry_row(client="Three"))

    with django_capture_on_commit_callbacks() as callbacks:
        reasons = bad_rows(content)

    assert reasons == {3: "“2025-02-30” is no day of the calendar."}
    assert counts() == NOTHING
    assert callbacks == []


def test_bad_rows_are_skipped_on_request_and_leave_no_names():
    content = generic(
        entry_row(client="One"),
        entry_row(client="Two", person="Bo", start="25:00"),
        entry_row(client="Three", person="", email=""),
    )

    report = run(content, skip_bad=True)

    assert (report.entries, report.bad_count, [row.line for row in report.bad]) == (1, 2, [3, 4])
    assert counts() == {Client: 1, Project: 1, Task: 0, User: 1, TimeEntry: 1, Event: 1}
    assert report.new_clients == ["One"]


def test_bad_rows_are_counted_beyond_the_hundred_that_are_kept():
    with pytest.raises(imports.BadRows) as raised:
        run(generic(*[entry_row(date="2025-02-30")] * 130))

    report = raised.value.report
    assert (report.bad_count, len(report.bad), report.bad_not_shown) == (130, 100, 30)


def test_a_row_is_named_by_the_line_where_it_begins():
    content = (
        GENERIC + 'Acme,Site,,Ada,,2025-03-04,09:00,10:00,,"two\nlines",yes\n\n'
        'Acme,Site,,Ada,,2025-03-04,nine,10:00,,"three\n\nlines",yes\n'
        "Acme,Site,,Ada,,2025-03-04,09:00,10:00,,,maybe\n"
    )

    assert bad_rows(content) == {5: "“nine” is not a time of day.", 8: "“maybe” is neither yes nor no."}


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"client": "C" * 201}, "longer than 200"),
        ({"project": "P" * 201}, "longer than 200"),
        ({"task": "T" * 201}, "longer than 200"),
        ({"person": "P" * 151}, "longer than 150"),
        ({"email": "e" * 250 + "@example.com"}, "longer than 254"),
        ({"email": "not an address"}, "not an e-mail address"),
        ({"project": "a\0b"}, "NUL"),
        ({"notes": "a\0b"}, "NUL"),
        ({"date": "0001-01-01"}, "outside the years"),
        ({"date": "9999-12-31"}, "outside the years"),
        ({"date": ""}, "no date"),
        ({"start": ""}, "an end but no start"),
        ({"end": ""}, "neither an end nor a duration"),
        ({"start": "", "end": ""}, "neither times nor a duration"),
        ({"end": "", "duration": "9000:00"}, "longer than a year"),
        ({"end": "", "duration": "1" * 40}, "too long"),
        ({"end": "", "duration": "-1"}, "less than no time"),
    ],
)
def test_what_the_tables_could_not_hold_is_a_bad_row(cells, reason):
    row = {"client": "Acme", "project": "Site", "task": "", "person": "Ada", "email": "", "date": "2025-03-04"}
    row |= {"start": "09:00", "end": "10:00", "duration": "", "notes": "", "billable": ""} | cells

    assert reason in bad_rows(GENERIC + ",".join(row.values()) + "\n")[2]
    assert counts() == NOTHING


def test_names_as_long_as_the_columns_go_in():
    run(generic(entry_row(client="C" * 200, project="P" * 200, task="T" * 200, person="P" * 150)))

    assert TimeEntry.objects.get().task.name == "T" * 200


def test_tags_have_a_longest_length():
    header = "project,person,date,hours,tags\n"

    assert "longer than 500" in bad_rows(f"{header}Site,Ada,2025-03-04,1,{'t' * 501}\n")[2]
    assert run(f"{header}Site,Ada,2025-03-04,1,{'t' * 500}\n").entries == 1


@pytest.mark.parametrize(("rate", "reason"), [("9" * 13, "rate is too large"), ("9" * 12, "amount is too large")])
def test_rates_have_a_largest_value(rate, reason):
    content = f"project,person,date,hours,rate (EUR)\nSite,Ada,2025-03-04,20,{rate}\n"

    assert reason in bad_rows(content)[2]


def test_time_on_an_archived_project_is_a_bad_row():
    ProjectFactory(client__name="Acme", name="Site", status=Project.Status.ARCHIVED)

    assert "archived" in bad_rows(generic(entry_row()))[2]


def test_rows_that_are_too_long_or_short_are_bad():
    content = GENERIC + "Acme,Site\n" + entry_row() + ",,\n" + entry_row() + ",more\n"

    reasons = bad_rows(content)

    assert reasons == {
        2: "The row has 2 cells, the first line 11.",
        4: "The row has 12 cells, the first line 11.",
    }


def test_quotation_marks_that_do_not_pair_up_are_a_bad_row():
    content = generic(entry_row(), entry_row().replace("Site", '"Site"s'), entry_row(), entry_row() + '"')

    assert sorted(bad_rows(content)) == [3, 5]


def test_a_missing_quotation_mark_swallows_no_rows_silently():
    content = generic(entry_row(), entry_row().replace("Site", '"Site'), *[entry_row()] * 50)

    assert bad_rows(content) == {3: "The quotation marks of this row do not pair up."}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty."),
        (b"\xef\xbb\xbf\r\n", "The file is empty."),
        (GENERIC.encode(), "a header and no rows"),
        (b"a,b,c\n1,2,3\n", "not the header of a known export; it reads: a, b, c"),
        (b"PK\x03\x04" + b"\0" * 500, "Excel"),
        (b"%PDF-1.7 ...", "PDF"),
        (bytes(range(256)) * 20, "UTF-8"),
        (generic(entry_row()).encode("utf-16-le"), "not text"),
        (generic(entry_row(person="Åsa")).encode("latin-1"), "not UTF-8 text near line"),
        (generic(*[entry_row()] * 3000, entry_row(person="Åsa")).encode("latin-1"), "not UTF-8 text near line"),
        (generic(entry_row()).encode() + b"\xed\xa0\x80", "not UTF-8 text near line"),
        (b'"' + b"x" * 200_000, "not the header of a known export"),
        (b"client,client,project,person,date,hours\na,b,c,d,2025-03-04,1\n", "“client” stands twice"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_words(content, words):
    assert words in refusal(content)
    assert counts() == NOTHING


def test_a_format_that_is_named_says_what_the_file_lacks():
    message = refusal("User,Project,Start date\nAda,Site,2025-03-04\n", format_name="toggl")

    assert message == "A detailed export of Toggl Track has columns that this file lacks: start time, duration."


# Twice


@pytest.mark.parametrize("name", ["toggl.csv", "clockify_us.csv", "harvest_comma.csv", "generic_semicolon.csv"])
def test_the_same_file_twice_adds_nothing(name):
    first = run(name)
    before = counts()

    second = run(name)

    assert (second.entries, second.known, second.rows) == (0, first.entries, first.rows)
    assert counts() == before


def test_equal_rows_of_one_file_all_count():
    report = run(generic(*[entry_row()] * 3))

    assert report.entries == 3
    assert run(generic(*[entry_row()] * 4)).entries == 1
    assert TimeEntry.objects.count() == 4


def test_two_exports_that_overlap_add_each_entry_once():
    days = [entry_row(date=f"2025-03-{day:02}") for day in range(1, 11)]

    assert run(generic(*days[:7])).entries == 7
    report = run(generic(*reversed(days[4:])))

    assert (report.entries, report.known) == (3, 3)
    assert TimeEntry.objects.count() == 10


def test_a_flag_changed_in_the_tracker_does_not_bring_the_work_in_twice():
    run(generic(entry_row()))

    assert run(generic(entry_row().replace(",yes", ",no"))).entries == 0


def test_an_entry_corrected_here_is_known_again():
    run(generic(entry_row()))
    entry = TimeEntry.objects.get()
    tracking.correct(entry, duration_seconds=60, notes="Corrected")

    assert run(generic(entry_row())).known == 1


def test_a_project_renamed_here_is_not_made_again():
    run(generic(entry_row(task="Build")))
    Project.objects.update(name="Site 2025")

    report = run(generic(entry_row(task="Build")))

    assert (report.known, report.new_projects) == (1, [])
    assert list(Project.objects.values_list("name", flat=True)) == ["Site 2025"]


def test_two_trackers_may_say_the_same_and_both_count():
    run("project,person,date,hours\nSite,Ada Park,2025-03-04,1\n")

    report = run("Project,First Name,Last Name,Date,Hours\nSite,Ada,Park,2025-03-04,1\n")

    assert (report.format_name, report.entries) == ("harvest", 1)


# Events, dry runs, size


def test_each_client_is_told_once_of_all_its_new_time():
    staff = StaffFactory()

    run(generic(entry_row(client="One"), entry_row(client="Two"), entry_row(client="One", start="08:00")), by=staff)

    facts = {event.client.name: event for event in Event.objects.select_related("client")}
    assert {name: (event.kind, event.number, event.facts) for name, event in facts.items()} == {
        "One": ("time_logged", 1, {"entries": 2, "seconds": 10_800}),
        "Two": ("time_logged", 1, {"entries": 1, "seconds": 3600}),
    }
    event = facts["One"]
    assert (event.actor, event.recorded_at, event.subject_type, event.subject_id) == (
        staff,
        NOW,
        "client",
        event.client_id,
    )


def test_a_client_without_new_time_hears_nothing():
    run(generic(entry_row(client="One")))

    run(generic(entry_row(client="One"), entry_row(client="Two")))

    assert sorted(Event.objects.values_list("client__name", "number")) == [("One", 1), ("Two", 1)]


def test_a_dry_run_says_all_and_changes_nothing():
    content = (EXPORTS / "toggl.csv").read_bytes()

    dry = run(content, dry_run=True)
    assert counts() == NOTHING
    done = run(content)

    assert (dry.written, done.written) == (False, True)
    assert dry.fingerprint == done.fingerprint
    assert dry.new_clients == ["Harbour Lights", "Inner Works"]


def test_an_import_that_would_come_out_otherwise_than_expected_is_refused():
    expected = run(generic(entry_row()), dry_run=True).fingerprint
    run(generic(entry_row()))

    with pytest.raises(imports.Changed) as raised:
        run(generic(entry_row()), expect=expected)
    assert raised.value.report.known == 1


def test_the_callers_file_stays_open_and_progress_ends_at_the_whole():
    heard = []
    file = io.BytesIO(generic(entry_row()).encode())

    imports.run(file, zone=BERLIN, by=None, now=NOW, progress=heard.append)

    assert not file.closed
    assert heard == sorted(heard)
    assert heard[-1] == 1


def test_more_rows_cost_the_same_queries():
    def queries_of(rows, date):
        minutes = [entry_row(f"{n // 60:02}:{n % 60:02}", "23:59", date=date) for n in range(rows)]
        with CaptureQueriesContext(connection) as queries:
            run(generic(*minutes))
        return [query["sql"].split()[:3] for query in queries if "SAVEPOINT" not in query["sql"]]

    run(generic(entry_row()))

    assert len(queries_of(10, "2025-03-05")) == len(queries_of(1_000, "2025-03-06"))


def test_no_temporary_table_is_left():
    run(generic(entry_row()))

    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
    assert not {"import_staged", "import_fresh"} & set(tables)

"""All of a file or nothing: bad rows and files that cannot be read."""

import pytest

from accounts.models import Client, Event, User
from billing import imports
from billing.models import Project, Task, TimeEntry
from billing.tests.factories import ProjectFactory
from billing.tests.import_files import GENERIC, NOTHING, bad_rows, counts, entry_row, generic, refusal, run

pytestmark = pytest.mark.django_db


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


def test_a_cell_beyond_all_measure_is_a_bad_row():
    reasons = bad_rows(generic(entry_row(), entry_row().replace("Site", "S" * 140_000), entry_row()))

    assert list(reasons) == [3]
    assert "longer than 131,072 characters" in reasons[3]


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

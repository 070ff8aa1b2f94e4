"""Rows that came in before come in no second time."""

import pytest

from billing import tracking
from billing.models import Project, TimeEntry
from billing.tests.factories import NOW
from billing.tests.import_files import counts, entry_row, generic, run

pytestmark = pytest.mark.django_db


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
    tracking.correct(entry, by=None, now=NOW, duration_seconds=60, notes="Corrected")

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

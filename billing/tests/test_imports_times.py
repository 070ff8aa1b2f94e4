"""When an imported entry was: dates, clocks, clock changes, durations."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from billing.models import TimeEntry
from billing.tests.import_files import bad_rows, entry_row, generic, refusal, run

pytestmark = pytest.mark.django_db


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


@pytest.mark.parametrize(
    ("start", "end", "duration", "reason"),
    [
        ("09:00", "10:00", "", "The row has no date."),
        ("2025-03-04", "2025-03-04 10:00", "", "has no time of day"),
        ("2025-03-04T09:00Z", "", "", "neither an end nor a duration"),
        ("2025-03-04T09:00Z", "2025-03-04T08:00Z", "", "The end lies before the start."),
        ("2025-03-04T09:00+19:00", "2025-03-04T10:00Z", "", "no offset that exists"),
    ],
)
def test_moments_that_say_too_little_are_bad_rows(start, end, duration, reason):
    content = f"project,person,start,end,duration\nSite,Ada,{start},{end},{duration}\n"

    assert reason in bad_rows(content)[2]


@pytest.mark.parametrize(
    ("start", "end", "duration", "begins", "ends"),
    [
        ("2025-03-04T09:00-05:00", "", "0:30", utc(4, 14), utc(4, 14, 30)),
        ("2025-03-04T23:00Z", "01:00Z", "", utc(4, 23), utc(5, 1)),
        ("2025-10-26T02:30+01:00", "2025-10-26T03:00+01:00", "", utc(26, 1, 30, 10), utc(26, 2, 0, 10)),
    ],
)
def test_an_offset_settles_the_instant(start, end, duration, begins, ends):
    run(f"project,person,start,end,duration\nSite,Ada,{start},{end},{duration}\n")

    entry = TimeEntry.objects.get()
    assert (entry.start_time, entry.end_time) == (begins, ends)

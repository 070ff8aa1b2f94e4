"""The import in the admin and on the command line."""

import io
import os
import stat
import time
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse

from accounts.models import Client, Event, User
from accounts.tests.factories import ClientFactory, StaffFactory, UserFactory
from billing.imports import waiting
from billing.models import TimeEntry
from billing.tests.factories import ProjectFactory

pytestmark = pytest.mark.django_db

EXPORTS = Path(__file__).parent / "exports"
UPLOAD = "/admin/billing/timeentry/import/"
CONFIRM = "/admin/billing/timeentry/import/confirm/"
ONE_ROW = b"project,client,person,date,hours\nP,A,Ada,2025-03-04,1\n"
BAD = b"project,person,date,hours\nSite,Ada,2025-02-30,1\nSite,Ada,2025-02-28,1.5\n"


@pytest.fixture(autouse=True)
def upload_directory(settings, tmp_path):
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    return tmp_path / f"timetracker-imports-{os.getuid()}"


@pytest.fixture
def staff():
    return StaffFactory(timezone="Europe/Berlin")


@pytest.fixture
def staff_client(client, staff):
    client.force_login(staff)
    return client


def upload(staff_client, content, **choices):
    form = {"timezone": "Europe/Berlin", "format_name": "auto", "dates": "auto", "decimal": "auto"} | choices
    return staff_client.post(UPLOAD, {"file": SimpleUploadedFile("export.csv", content), **form})


def toggl():
    return (EXPORTS / "toggl.csv").read_bytes()


def import_time(name, *options):
    """Run the command; returns what it wrote."""
    out, err = io.StringIO(), io.StringIO()
    call_command("import_time", str(EXPORTS / name), "--timezone", "Europe/Berlin", *options, stdout=out, stderr=err)
    return out.getvalue() + err.getvalue()


# The admin


def test_the_list_of_entries_leads_to_the_import(staff_client):
    assert reverse("admin:billing_timeentry_import") == UPLOAD
    assert f'href="{UPLOAD}"' in staff_client.get("/admin/billing/timeentry/").content.decode()


def test_the_form_starts_with_the_zone_of_the_person(staff_client):
    page = staff_client.get(UPLOAD)

    assert page.status_code == 200
    assert '<option value="Europe/Berlin" selected>' in page.content.decode()


def test_clients_are_searched_for_not_listed(staff_client):
    ClientFactory(name="One of thousands")

    assert "One of thousands" not in staff_client.get(UPLOAD).content.decode()


def test_upload_preview_and_confirm(staff_client, staff, upload_directory):
    house = ClientFactory(name="House")

    preview = upload(staff_client, toggl(), client=house.pk)

    page = preview.content.decode()
    assert "4 new entries with 3.08 h." in page
    assert "Ferry timetable" in page
    assert "Mara Lindqvist" in page
    assert TimeEntry.objects.count() == 0
    assert list(Client.objects.values_list("name", flat=True)) == ["House"]
    (kept,) = upload_directory.iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(upload_directory.stat().st_mode) == 0o700

    done = staff_client.post(CONFIRM, {"token": preview.context["token"]}, follow=True)

    assert done.redirect_chain == [("/admin/billing/timeentry/", 302)]
    assert "4 entries with 3.08 h were imported." in done.content.decode()
    assert TimeEntry.objects.count() == 4
    assert set(Event.objects.values_list("actor", flat=True)) == {staff.pk}
    assert list(upload_directory.iterdir()) == []


def test_a_preview_is_confirmed_once(staff_client):
    token = upload(staff_client, toggl(), client=ClientFactory().pk).context["token"]
    staff_client.post(CONFIRM, {"token": token})

    again = staff_client.post(CONFIRM, {"token": token}, follow=True)

    assert "not waiting any more" in again.content.decode()
    assert TimeEntry.objects.count() == 4


def test_two_previews_wait_side_by_side(staff_client):
    first = upload(staff_client, b"project,client,person,date,hours\nFirst,A,Ada,2025-03-04,1\n").context["token"]
    upload(staff_client, b"project,client,person,date,hours\nSecond,A,Ada,2025-03-04,1\n")

    staff_client.post(CONFIRM, {"token": first})

    assert list(TimeEntry.objects.values_list("project__name", flat=True)) == ["First"]


def test_only_a_few_files_wait_for_one_session(staff_client, upload_directory):
    tokens = [upload(staff_client, ONE_ROW).context["token"] for _n in range(7)]

    assert {path.name for path in upload_directory.iterdir()} == set(tokens[2:])


def test_what_changed_since_the_preview_is_shown_before_it_is_imported(staff_client):
    house = ClientFactory(name="House")
    token = upload(staff_client, toggl(), client=house.pk).context["token"]
    import_time("toggl.csv", "--client", "House")
    ProjectFactory(client=house, name="Other")

    page = staff_client.post(CONFIRM, {"token": token})

    assert "Meanwhile something changed" in page.content.decode()
    assert "4 are there already." in page.content.decode()
    assert TimeEntry.objects.count() == 4


def test_another_session_cannot_confirm(staff_client, client):
    token = upload(staff_client, toggl(), client=ClientFactory().pk).context["token"]
    client.logout()
    client.force_login(StaffFactory())

    page = client.post(CONFIRM, {"token": token}, follow=True)

    assert "not waiting any more" in page.content.decode()
    assert TimeEntry.objects.count() == 0


@pytest.mark.parametrize("token", ["", "../../etc/passwd", "0" * 32])
def test_a_made_up_token_confirms_nothing(staff_client, token):
    page = staff_client.post(CONFIRM, {"token": token}, follow=True)

    assert "not waiting any more" in page.content.decode()


def test_a_file_that_is_gone_is_said_to_be_gone(staff_client):
    token = upload(staff_client, toggl(), client=ClientFactory().pk).context["token"]
    waiting.discard(token)

    assert "not waiting any more" in staff_client.post(CONFIRM, {"token": token}, follow=True).content.decode()


def test_files_that_waited_for_a_day_are_dropped(staff_client, upload_directory):
    old = upload(staff_client, ONE_ROW).context["token"]
    two_days_ago = time.time() - 2 * 24 * 3600
    os.utime(upload_directory / old, (two_days_ago, two_days_ago))

    new = upload(staff_client, ONE_ROW).context["token"]

    assert [path.name for path in upload_directory.iterdir()] == [new]


def test_a_directory_that_is_open_to_others_is_not_used(staff_client, upload_directory):
    upload_directory.mkdir()
    upload_directory.chmod(0o777)

    assert "is open to others" in upload(staff_client, ONE_ROW).content.decode()


def test_bad_rows_are_shown_and_nothing_can_be_confirmed(staff_client, upload_directory):
    page = upload(staff_client, BAD, client=ClientFactory().pk)

    assert "1 row is bad; nothing was imported." in page.content.decode()
    assert "no day of the calendar" in page.content.decode()
    assert "token" not in page.context
    assert list(upload_directory.iterdir()) == []


def test_bad_rows_may_be_left_out(staff_client):
    preview = upload(staff_client, BAD, client=ClientFactory().pk, skip_bad="on")
    staff_client.post(CONFIRM, {"token": preview.context["token"]})

    assert list(TimeEntry.objects.values_list("duration_seconds", flat=True)) == [5400]


def test_a_file_that_cannot_be_read_is_answered_in_the_form(staff_client):
    page = upload(staff_client, b"PK\x03\x04 and so on")

    assert "save it as CSV first" in page.content.decode()


def test_an_ambiguous_file_can_be_settled_in_the_form(staff_client):
    content = b"project,person,date,hours\nSite,Ada,03/04/2025,1\n"
    house = ClientFactory().pk

    assert "Day and month cannot be told apart" in upload(staff_client, content, client=house).content.decode()
    assert "1 new entry" in upload(staff_client, content, client=house, dates="mdy").content.decode()


def test_words_from_the_file_are_shown_as_text(staff_client):
    page = upload(
        staff_client, b"project,client,person,date,hours\n<b>P</b>,<i>A</i>,Ada,2025-03-04,1\n"
    ).content.decode()

    assert "<b>P</b>" not in page
    assert "&lt;b&gt;P&lt;/b&gt;" in page


@pytest.mark.parametrize(("path", "method"), [(UPLOAD, "get"), (UPLOAD, "post"), (CONFIRM, "post")])
def test_staff_without_the_permission_may_not_import(client, path, method):
    client.force_login(UserFactory(is_staff=True))

    assert getattr(client, method)(path).status_code == 403


def test_the_permission_to_add_time_is_enough(client):
    user = UserFactory(is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="add_timeentry"))
    client.force_login(user)

    assert client.get(UPLOAD).status_code == 200


@pytest.mark.parametrize("path", [UPLOAD, CONFIRM])
def test_others_are_sent_to_sign_in(client, path):
    assert client.post(path).status_code == 302


def test_confirming_is_a_post(staff_client):
    assert staff_client.get(CONFIRM).status_code == 405


# The command


def test_the_command_imports_and_sums_up():
    out = import_time("toggl.csv", "--client", "House")

    assert TimeEntry.objects.count() == 4
    assert "Toggl Track: 4 rows read." in out
    assert "  Harbour Lights / Ferry timetable: 2 entries, 2.75 h" in out
    assert "4 entries with 3.08 h imported." in out
    assert "New clients (2): Harbour Lights, House" in out


def test_the_command_says_what_a_dry_run_would_do():
    out = import_time("toggl.csv", "--client", "House", "--dry-run")

    assert "4 entries with 3.08 h would be imported." in out
    assert "Nothing was changed." in out
    assert (TimeEntry.objects.count(), Client.objects.count(), User.objects.count()) == (0, 0, 0)


def test_the_command_draws_no_bar_without_a_terminal():
    assert "%" not in import_time("toggl.csv", "--client", "House")


def test_the_command_draws_a_bar_on_a_terminal():
    terminal = io.StringIO()
    terminal.isatty = lambda: True
    file = str(EXPORTS / "toggl.csv")

    call_command("import_time", file, "--timezone", "UTC", "--client", "House", stdout=io.StringIO(), stderr=terminal)

    assert f"[{'#' * 40}] 100%" in terminal.getvalue()
    assert terminal.getvalue().endswith(" \r")


def test_the_command_lists_a_hundred_bad_rows_and_fails(tmp_path):
    file = tmp_path / "bad.csv"
    file.write_text("project,person,date,hours\n" + "Site,Ada,2025-02-30,1\n" * 130)
    err = io.StringIO()

    with pytest.raises(CommandError, match="130 rows are bad"):
        call_command("import_time", str(file), "--timezone", "UTC", "--client", "House", stderr=err)

    lines = err.getvalue().splitlines()
    assert lines[0] == "line 2: “2025-02-30” is no day of the calendar."
    assert (len(lines), lines[-1]) == (101, "and 30 more")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["missing.csv", "--timezone", "UTC"], "missing.csv: No such file"),
        ([".", "--timezone", "UTC"], "Is a directory"),
        ([str(EXPORTS / "toggl.csv"), "--timezone", "Mars/Olympus"], "not a time zone"),
        ([str(EXPORTS / "toggl.csv"), "--timezone", "UTC", "--format", "harvest"], "columns that this file lacks"),
        ([str(EXPORTS / "toggl.csv"), "--timezone", "UTC"], "1 row is bad"),
        ([str(EXPORTS / "toggl.csv"), "--timezone", "UTC", "--client", "x" * 201], "longer than 200"),
    ],
)
def test_the_command_fails_in_words(options, words):
    with pytest.raises(CommandError, match=words):
        call_command("import_time", *options, stderr=io.StringIO())
    assert TimeEntry.objects.count() == 0

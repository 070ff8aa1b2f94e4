"""A backup is put back, and `manage.py restored` lets nothing of the lost time clash or live again."""

from datetime import timedelta

import pytest
from django.core import checks
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from accounts import events, invitations
from accounts.models import EventCounter, Invitation, QueuedTask, SignedInSession, TrailEntry
from accounts.queued_tasks import FAILED, READY
from accounts.tests.factories import ClientFactory, PortalUserFactory, StaffFactory
from accounts.tests.workers import work_queue
from billing import numbering, tracking
from billing.models import NumberSequence, ProjectTotal
from billing.tests.factories import NOW, ProjectFactory, sent_invoice
from portal import mailing, restoring
from portal.models import DigestItem
from portal.tests.backups import back_up, put_back
from portal.tests.browsers import signed_in

pytestmark = pytest.mark.django_db


def restored(capsys):
    call_command("restored")
    return capsys.readouterr().out


def begun_anew(**options):
    return "\n".join(restoring.begin_anew(now=timezone.now(), **options))


def glance(browser):
    return browser.get("/client-portal/projects").context["glance"]


def log(project, staff, seconds):
    details = {"start_time": NOW, "duration_seconds": seconds, "billable": False}
    return tracking.log(project, user=staff, by=staff, now=NOW, **details)


# The round trip


@pytest.fixture
def lost_time(tmp_path, transactional_db):
    """A database as it is some changes after its backup: the backup, a page of before and one of the lost time."""
    user, staff = PortalUserFactory(), StaffFactory()
    project = ProjectFactory(client=user.client)
    log(project, staff, 60)
    browser = signed_in(user)
    ended = signed_in(user)
    backup = tmp_path / "backup"
    back_up(backup)
    ended.logout()
    for _n in range(3):
        log(project, staff, 100)
    return backup, user, project, staff, browser, ended, glance(browser)


def test_a_backup_put_back_lets_nothing_of_the_lost_time_clash(lost_time, capsys):
    backup, user, project, staff, browser, ended, seen = lost_time
    assert seen.latest == 4
    with put_back(backup):
        said = restored(capsys)
        # Nobody is signed in, neither who was nor whose session had ended since.
        for each in (browser, ended):
            assert each.get("/client-portal/projects").status_code == 302
        # Numbers are given again, and no page of before takes them for what it knows.
        log(project, staff, 5)
        now = signed_in(user)
        answer = now.get(f"/client-portal/events?after={seen.latest}").json()
        assert answer["latest"] == 2 < seen.latest
        assert answer["epoch"] == glance(now).epoch != seen.epoch
        # Walls and totals stand.
        assert checks.run_checks(databases=["default"], tags=[checks.Tags.database]) == []
        assert ProjectTotal.objects.get(project=project).seconds == 65
        call_command("check_totals", verbosity=0)
    assert "All totals are right" in said
    assert "sessions ended" in said


@pytest.mark.postgresql
def test_the_wall_that_a_backup_does_not_hold_is_put_up(lost_time, settings, capsys):
    settings.PORTAL_ROLE = f"{connection.settings_dict['NAME']}_portal"
    with put_back(lost_time[0], portal_role=settings.PORTAL_ROLE):
        findings = checks.run_checks(databases=["default"], tags=[checks.Tags.database])
        assert [finding.msg for finding in findings] == [f"The role {settings.PORTAL_ROLE} does not exist."]
        assert "The wall is up." in restored(capsys)
        assert checks.run_checks(databases=["default"], tags=[checks.Tags.database]) == []


# What it does


def test_all_sessions_end_and_pages_are_of_a_new_epoch(viewer):
    before = glance(viewer)
    assert "1 sessions ended" in begun_anew()
    assert not SignedInSession.objects.exists()
    again = signed_in(PortalUserFactory())
    assert glance(again).epoch not in {"", before.epoch}
    assert TrailEntry.objects.filter(kind="restored").count() == 1


def test_links_that_may_have_been_used_since_set_no_password():
    user = PortalUserFactory(email="ada@northwind.example")
    invitations.invite(user, by=StaffFactory(), now=timezone.now())
    assert "1 links that set a password ended; invite anew: ada@northwind.example." in begun_anew()
    assert not Invitation.objects.exists()
    work_queue()


@pytest.fixture
def mails(settings):
    """A mail that waits, an event that is yet to be mailed, and one put aside for a daily mail."""
    user = PortalUserFactory(date_joined=NOW - timedelta(days=1))
    now = timezone.now()
    mailing.mail_notice.enqueue(user.client_id, user.pk, 1)
    sent_invoice(user.client)
    event = user.client.events.get()
    DigestItem.objects.create(client=user.client, user=user, event=event, added_at=now)


def test_mails_that_wait_are_told_and_stay(mails):
    said = begun_anew()
    assert "1 mails wait (mail_notice" in said
    assert "1 clients have events that are yet to be mailed of, 1 events wait for a daily mail" in said
    assert QueuedTask.objects.get().status == READY
    assert DigestItem.objects.exists()


def test_mails_that_wait_are_dropped_if_asked_for(mails):
    assert "1 mails dropped" in begun_anew(drop_mails=True)
    assert QueuedTask.objects.get().status == FAILED
    assert not DigestItem.objects.exists()
    counter = EventCounter.objects.get()
    assert counter.mailed == counter.last == 1


def test_a_number_that_went_out_is_not_given_again():
    numbering.next_number("INV", 2026)
    said = begun_anew(last_numbers=["INV-2026-0007", "Q-2026-0003"])
    assert "INV-2026-0007, Q-2026-0003" in said
    assert numbering.next_number("INV", 2026) == "INV-2026-0008"
    begun_anew(last_numbers=["INV-2026-0002"])
    assert str(NumberSequence.objects.get(kind="INV")) == "INV-2026-0008"


@pytest.mark.parametrize("odd", ["", "INV", "X-2026-0001", "INV-2026-1", "INV-2026-٠٠٠١"])
def test_what_is_no_number_is_refused_and_nothing_is_done(odd, viewer):
    with pytest.raises(numbering.NumberRefused, match="is no number"):
        begun_anew(last_numbers=[odd])
    assert glance(viewer).epoch == ""


def test_the_command_says_what_it_refuses():
    with pytest.raises(CommandError, match="is no number"):
        call_command("restored", last_number=["1"])


@pytest.mark.postgresql
def test_a_sequence_behind_its_rows_is_raised_and_none_is_lowered():
    client = ClientFactory()
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval('clients_id_seq', 1, false), setval('projects_id_seq', 5000)")
    assert "clients_id_seq is raised above its rows" in begun_anew()
    assert ClientFactory().pk == client.pk + 1
    assert ProjectFactory(client=client).pk == 5001


def test_it_says_of_when_the_backup_is(client_row):
    events.record("time_logged", client=client_row, subject=client_row, by=None, now=NOW, facts={"seconds": 1})
    assert f"The last that happened here was at {timezone.localtime(NOW):%Y-%m-%d %H:%M}" in begun_anew()

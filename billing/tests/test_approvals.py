"""Approvals of hours: asked for, answered once, withdrawn, and asked anew when the hours change."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from accounts.models import Event
from accounts.tests.at_once import at_once, times
from accounts.tests.factories import ClientFactory, PortalUserFactory, StaffFactory
from billing import approvals, projects, tracking
from billing.approvals import AnsweredMeanwhile, ApprovalRefused, ChangedMeanwhile
from billing.models import TimeApproval, TimeApprovalEntry, TimeEntry
from billing.tests.factories import NOW, TODAY, ProjectFactory, TaskFactory, TimeEntryFactory
from billing.tests.test_guards import refused

LATER = NOW + timedelta(hours=1)
LATEST = NOW + timedelta(hours=2)
REQUESTED, APPROVED, REJECTED, WITHDRAWN = TimeApproval.Status.values


@pytest.fixture
def project(db):
    return ProjectFactory(client__portal_approvals_enabled=True, client__timezone="Europe/Berlin")


@pytest.fixture
def person(project):
    return PortalUserFactory(client=project.client)


def ask(project, start=TODAY, end=TODAY, **more):
    how = {"by": StaffFactory(), "now": NOW, "period_start": start, "period_end": end}
    return approvals.ask(project, **(how | more)).approval


def asked_about(project, **fields):
    """A waiting request about one entry, and the entry."""
    entry = TimeEntryFactory(project=project, **fields)
    return ask(project), entry


def approve(approval, by=None, **more):
    return approvals.approve(approval, **{"by": by, "now": LATER, "version": approval.version, **more})


def reject(approval, by=None, **more):
    how = {"by": by, "now": LATER, "version": approval.version, "reason": "Too many hours"}
    return approvals.reject(approval, **(how | more))


def told(approval):
    """`(kind, status, entries, seconds)` of what the client heard of approvals."""
    heard = Event.objects.filter(client_id=approval.client_id, kind__startswith="approval").order_by("number")
    return [(one.kind, one.facts["status"], one.facts["entries"], one.facts["seconds"]) for one in heard]


def lines(approval):
    """`(number of the entry, seconds, notes)` of what a request is about."""
    return sorted(approval.lines.values_list("time_entry_id", "duration_seconds", "notes"))


# Asking


def test_a_period_asks_about_its_finished_entries_and_tells_the_client(project):
    task = TaskFactory(project=project, name="Build")
    entry = TimeEntryFactory(project=project, task=task, notes="Built it", hourly_rate=Decimal(90), amount=Decimal(90))
    TimeEntryFactory(project=project, duration_seconds=None)
    TimeEntryFactory(project=ProjectFactory(client=project.client))
    staff = StaffFactory()
    approval, left_out = approvals.ask(project, by=staff, now=NOW, period_start=TODAY, period_end=TODAY)

    assert (approval.status, approval.version, approval.requested_by, left_out) == (REQUESTED, 1, staff, 0)
    line = approval.lines.get()
    assert (line.time_entry_id, line.user, line.task_name, line.notes) == (entry.pk, entry.user, "Build", "Built it")
    assert (line.start_time, line.end_time, line.duration_seconds) == (entry.start_time, entry.end_time, 3600)
    assert (line.hourly_rate, line.amount, line.currency_code) == (90, 90, "EUR")
    event = Event.objects.get(kind="approval_requested")
    assert (event.client, event.project_id, event.actor) == (project.client, project.pk, staff)
    assert (event.subject_type, event.subject_id) == ("timeapproval", approval.pk)
    assert event.facts == {
        "approval_id": approval.pk,
        "status": "requested",
        "entries": 1,
        "seconds": 3600,
        "period_start": "2026-03-10",
        "period_end": "2026-03-10",
    }


@pytest.mark.parametrize(
    ("start", "within"),
    [
        (datetime(2026, 3, 9, 22, 59, 59, tzinfo=UTC), False),
        (datetime(2026, 3, 9, 23, 0, tzinfo=UTC), True),
        (datetime(2026, 3, 10, 22, 59, 59, tzinfo=UTC), True),
        (datetime(2026, 3, 10, 23, 0, tzinfo=UTC), False),
    ],
)
def test_a_period_is_of_the_clients_local_dates(project, start, within):
    TimeEntryFactory(project=project, start_time=start)
    if within:
        assert ask(project).lines.count() == 1
    else:
        with pytest.raises(ApprovalRefused, match="no finished time"):
            ask(project)
    assert TimeApproval.objects.count() == within


def test_chosen_entries_are_asked_about_in_one_request_a_project(project):
    other = ProjectFactory(client=project.client)
    for place in (project, project, other):
        TimeEntryFactory(project=place)
    TimeEntryFactory(project=other, duration_seconds=None)
    TimeEntryFactory(project=project, start_time=NOW + timedelta(days=3))
    asked = approvals.ask_for_entries(TimeEntry.objects.all(), by=StaffFactory(), now=NOW)

    found = [(one.approval.project, one.approval.lines.count(), one.approval.period_end.day) for one in asked]
    assert found == [(project, 3, 13), (other, 1, 10)]
    assert [kind for kind, *_facts in told(asked[0].approval)] == ["approval_requested"] * 2


def test_entries_of_two_clients_are_not_asked_about_at_once(project):
    TimeEntryFactory(project=project)
    TimeEntryFactory()
    with pytest.raises(ApprovalRefused, match="several clients"):
        approvals.ask_for_entries(TimeEntry.objects.all(), by=StaffFactory(), now=NOW)
    assert not TimeApproval.objects.exists()


def test_an_archived_project_is_not_asked_about(project):
    TimeEntryFactory(project=project)
    projects.change_status(project, "archived", by=None, now=NOW)
    with pytest.raises(ApprovalRefused, match="is archived"):
        ask(project)


def test_what_waits_or_is_approved_is_not_asked_about_again(project):
    asked_about(project)
    with pytest.raises(ApprovalRefused, match="already"):
        ask(project)
    approve(TimeApproval.objects.get())
    with pytest.raises(ApprovalRefused, match="already"):
        ask(project)
    second = TimeEntryFactory(project=project)
    approval, left_out = approvals.ask(project, by=StaffFactory(), now=NOW, period_start=TODAY, period_end=TODAY)
    assert ([entry for entry, *_rest in lines(approval)], left_out) == ([second.pk], 1)


@pytest.mark.parametrize("end", [reject, lambda approval: approvals.withdraw(approval, by=StaffFactory(), now=LATER)])
def test_what_was_rejected_or_withdrawn_may_be_asked_about_again(project, end):
    approval, entry = asked_about(project)
    end(approval)
    again = ask(project)
    assert [line[0] for line in lines(again)] == [entry.pk]


def test_a_request_has_no_more_entries_than_can_be_looked_through(project, monkeypatch):
    monkeypatch.setattr(approvals, "MOST_ENTRIES", 2)
    TimeEntryFactory.create_batch(2, project=project)
    assert ask(project).lines.count() == 2
    TimeEntryFactory(project=project)
    with pytest.raises(ApprovalRefused, match="More than 2 entries"):
        ask(project)


# Answering


def test_an_approval_keeps_who_and_when_and_is_told(project, person):
    approval, _entry = asked_about(project)
    approve(approval, by=person)
    approval.refresh_from_db()
    assert (approval.status, approval.answered_by, approval.answered_at) == (APPROVED, person, LATER)
    assert approval.answered_for_client is False
    assert told(approval) == [("approval_requested", "requested", 1, 3600), ("approval_approved", "approved", 1, 3600)]
    assert Event.objects.get(kind="approval_approved").actor == person


def test_a_rejection_keeps_its_reason_which_no_event_repeats(project):
    approval, _entry = asked_about(project)
    reject(approval, reason="  Meetings are not billed  ")
    approval.refresh_from_db()
    assert (approval.status, approval.answered_by, approval.reason) == (REJECTED, None, "Meetings are not billed")
    assert told(approval)[1:] == [("approval_rejected", "rejected", 1, 3600)]
    assert "Meetings" not in str(Event.objects.get(kind="approval_rejected").facts)


@pytest.mark.parametrize("reason", ["", " \n "])
def test_a_rejection_without_a_reason_is_refused(project, reason):
    approval, _entry = asked_about(project)
    with pytest.raises(ApprovalRefused, match="Say why"):
        reject(approval, reason=reason)
    assert TimeApproval.objects.waiting().exists()


def test_a_client_answers_only_where_its_portal_takes_answers_and_staff_always(project):
    approval, _entry = asked_about(project)
    project.client.portal_approvals_enabled = False
    project.client.save()
    with pytest.raises(ApprovalRefused, match="not answered in this portal"):
        approve(approval)
    staff = StaffFactory()
    approve(approval, by=staff, for_client=True)
    approval.refresh_from_db()
    assert (approval.status, approval.answered_by, approval.answered_for_client) == (APPROVED, staff, True)


def test_a_withdrawn_request_stays_with_its_events(project):
    approval, _entry = asked_about(project)
    staff = StaffFactory()
    approvals.withdraw(approval, by=staff, now=LATER)
    approval.refresh_from_db()
    assert (approval.status, approval.answered_by, approval.answered_at) == (WITHDRAWN, staff, LATER)
    assert told(approval) == [("approval_requested", "requested", 1, 3600)]


@pytest.mark.parametrize("first", [approve, reject, lambda a: approvals.withdraw(a, by=StaffFactory(), now=LATER)])
@pytest.mark.parametrize("second", [approve, reject, lambda a: approvals.withdraw(a, by=StaffFactory(), now=LATER)])
def test_the_first_answer_stands(project, first, second):
    approval, _entry = asked_about(project)
    first(TimeApproval.objects.get())
    before = TimeApproval.objects.values().get()
    with pytest.raises(AnsweredMeanwhile):
        second(approval)
    assert TimeApproval.objects.values().get() == before
    assert len(told(approval)) <= 2


def test_an_answer_to_an_older_version_is_refused(project):
    approval, entry = asked_about(project)
    tracking.correct(entry, by=StaffFactory(), now=LATER, duration_seconds=60)
    with pytest.raises(ChangedMeanwhile, match="look at them again"):
        approve(approval)
    approval.refresh_from_db()
    assert (approval.status, approval.version) == (REQUESTED, 2)
    approve(approval)
    assert told(approval)[-1] == ("approval_approved", "approved", 1, 60)


# Changes of what was asked about


def test_a_change_while_it_waits_is_the_next_version_and_is_told_again(project):
    approval, entry = asked_about(project)
    TimeEntryFactory(project=project, start_time=NOW - timedelta(days=30))
    tracking.correct(entry, by=StaffFactory(), now=LATER, notes="Said better", duration_seconds=1800)
    approval.refresh_from_db()
    assert (approval.version, approval.requested_at, lines(approval)) == (2, LATER, [(entry.pk, 1800, "Said better")])
    assert told(approval) == [
        ("approval_requested", "requested", 1, 3600),
        ("approval_requested", "requested", 1, 1800),
    ]


@pytest.mark.parametrize(
    ("shows_rates", "change", "version"),
    [
        (False, {"notes": "x"}, 2),
        (False, {"hourly_rate": Decimal(99)}, 1),
        (True, {"hourly_rate": Decimal(99)}, 2),
        (True, {"billable": False}, 2),
        (True, {"tags": "internal"}, 1),
        (True, {"notes": ""}, 1),
    ],
)
def test_only_a_change_of_what_the_client_sees_asks_anew(project, shows_rates, change, version):
    project.client.show_rates = shows_rates
    project.client.save()
    approval, entry = asked_about(project)
    tracking.correct(entry, by=None, now=LATER, **change)
    approval.refresh_from_db()
    assert (approval.version, len(told(approval))) == (version, version)


def test_an_entry_moved_to_another_day_widens_the_period(project):
    approval, entry = asked_about(project)
    tracking.correct(entry, by=None, now=LATER, start_time=NOW - timedelta(days=2), duration_seconds=60)
    approval.refresh_from_db()
    assert (approval.period_start, approval.period_end) == (date(2026, 3, 8), TODAY)


def test_an_entry_that_is_removed_or_moved_leaves_the_waiting_request(project):
    gone, moved, kept = (TimeEntryFactory(project=project) for _ in range(3))
    approval = ask(project)
    tracking.remove(gone, by=None, now=LATER)
    tracking.correct(moved, by=None, now=LATEST, project=ProjectFactory(client=project.client))
    approval.refresh_from_db()
    assert (approval.version, approval.requested_at) == (3, LATEST)
    assert [line[0] for line in lines(approval)] == [kept.pk]
    assert [entries for _kind, _status, entries, _seconds in told(approval)] == [3, 2, 1]


def test_many_entries_removed_at_once_are_told_once(project):
    rows = TimeEntryFactory.create_batch(4, project=project)
    approval = ask(project)
    tracking.remove(*rows[:3], by=None, now=LATER)
    assert [entries for _kind, _status, entries, _seconds in told(approval)] == [4, 1]


def test_a_request_of_which_nothing_is_left_is_withdrawn_and_keeps_what_it_asked(project):
    approval, entry = asked_about(project)
    staff = StaffFactory()
    tracking.remove(entry, by=staff, now=LATER)
    approval.refresh_from_db()
    assert (approval.status, approval.answered_by, approval.answered_at) == (WITHDRAWN, staff, LATER)
    assert approval.lines.get().duration_seconds == 3600


def test_approved_hours_that_change_are_asked_about_in_a_new_request(project):
    approval, entry = asked_about(project)
    approve(approval)
    staff = StaffFactory()
    tracking.correct(entry, by=staff, now=LATEST, duration_seconds=7200)
    old, new = TimeApproval.objects.order_by("pk")
    assert (old.status, lines(old)) == (APPROVED, [(entry.pk, 3600, "")])
    assert (new.status, new.renews, new.requested_by, lines(new)) == (REQUESTED, old, staff, [(entry.pk, 7200, "")])
    assert told(new)[-1] == ("approval_requested", "requested", 1, 7200)


def test_several_approved_entries_that_change_are_asked_about_together(project):
    first, second = TimeEntryFactory.create_batch(2, project=project)
    approve(ask(project))
    tracking.correct(first, by=None, now=LATER, notes="x")
    tracking.correct(second, by=None, now=LATEST, notes="y")
    tracking.correct(second, by=None, now=LATEST, notes="z")
    old, new = TimeApproval.objects.order_by("pk")
    assert (new.version, lines(new)) == (3, [(first.pk, 3600, "x"), (second.pk, 3600, "z")])
    approve(new)
    tracking.correct(first, by=None, now=LATEST, notes="x again")
    assert TimeApproval.objects.waiting().get().renews == new
    assert old.renewals.get() == new


def test_approved_hours_that_are_removed_or_go_to_another_client_ask_for_nothing(project):
    gone, moved = TimeEntryFactory.create_batch(2, project=project)
    approval = approve(ask(project))
    tracking.remove(gone, by=None, now=LATER)
    tracking.correct(moved, by=None, now=LATER, project=ProjectFactory())
    assert TimeApproval.objects.get() == approval
    assert approval.lines.count() == 2


def test_approved_hours_moved_to_another_project_are_asked_about_there(project):
    approval, entry = asked_about(project)
    approve(approval)
    other = ProjectFactory(client=project.client)
    tracking.correct(entry, by=None, now=LATER, project=other)
    new = TimeApproval.objects.waiting().get()
    assert (new.project, new.renews, new.lines.get().time_entry_id) == (other, approval, entry.pk)


@pytest.mark.parametrize("end", [reject, lambda approval: approvals.withdraw(approval, by=StaffFactory(), now=LATER)])
def test_after_a_rejection_or_withdrawal_a_change_asks_for_nothing(project, end):
    approval, entry = asked_about(project)
    end(approval)
    tracking.correct(entry, by=None, now=LATEST, notes="Other words")
    tracking.remove(entry, by=None, now=LATEST)
    assert TimeApproval.objects.get().version == 1
    assert approval.lines.get().notes == ""


def test_an_entry_that_runs_again_is_asked_about_when_it_stops(project):
    approval, entry = asked_about(project)
    approve(approval)
    timer = tracking.correct(entry, by=None, now=LATER, end_time=None)
    assert not TimeApproval.objects.waiting().exists()
    tracking.stop_timer(timer, by=None, now=LATEST)
    assert TimeApproval.objects.waiting().get().lines.get().duration_seconds == 7200


# What the database keeps


@pytest.mark.parametrize("end", [approve, reject])
def test_an_answered_request_and_its_content_cannot_change(project, end):
    approval, _entry = asked_about(project)
    line = approval.lines.get()
    assert not refused(lambda: TimeApprovalEntry.objects.filter(pk=line.pk).update(notes="Same"))
    end(approval)
    for table in (TimeApproval.objects, TimeApprovalEntry.objects):
        assert refused(lambda table=table: table.update(client=project.client))
    for change in ({"status": REQUESTED, "answered_at": None}, {"reason": "Other"}, {"answered_by": StaffFactory()}):
        assert refused(lambda change=change: TimeApproval.objects.update(**change))
    assert refused(lambda: TimeApprovalEntry.objects.filter(pk=line.pk).delete())
    line.pk, line.time_entry_id = None, 0
    assert refused(lambda: line.save(force_insert=True))
    assert refused(lambda: TimeApproval.objects.filter(pk=approval.pk)._raw_delete(TimeApproval.objects.db))


def test_requests_and_their_lines_lie_under_their_own_client(project):
    approval, _entry = asked_about(project)
    for table in (TimeApproval.objects, TimeApprovalEntry.objects):
        assert refused(lambda table=table: table.update(client=ClientFactory()))
    foreign, _entry = asked_about(ProjectFactory())
    assert refused(lambda: TimeApproval.objects.filter(pk=approval.pk).update(renews=foreign))
    assert refused(lambda: TimeApproval.objects.filter(pk=approval.pk).update(status=REJECTED, answered_at=NOW))


# Two at once


@pytest.mark.django_db(transaction=True)
def test_of_two_answers_at_once_one_wins_and_the_other_is_told(project):
    approval, _entry = asked_about(project)
    results = at_once([lambda: approve(approval), lambda: reject(approval)] * 3)
    assert sorted(type(result).__name__ for result in results) == ["AnsweredMeanwhile"] * 5 + ["TimeApproval"]
    assert len(told(approval)) == 2


@pytest.mark.django_db(transaction=True)
def test_two_who_ask_at_once_make_one_request(project):
    TimeEntryFactory.create_batch(3, project=project)
    staff = StaffFactory()
    results = at_once(times(4, lambda: ask(project, by=staff)))
    assert sorted(type(result).__name__ for result in results) == ["ApprovalRefused"] * 3 + ["TimeApproval"]
    assert TimeApprovalEntry.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_an_answer_is_never_about_other_hours_than_were_shown(project):
    """An answer and a correction at once: approved as shown and asked about anew, or changed and not approved."""
    staff = StaffFactory()
    for number in range(4):
        entry = TimeEntryFactory(project=project, start_time=NOW + timedelta(days=number))
        day = TODAY + timedelta(days=number)
        shown = ask(project, start=day, end=day, by=staff)
        answer, corrected = at_once(
            [
                lambda shown=shown: approve(shown),
                lambda entry=entry: tracking.correct(entry, by=staff, now=LATEST, duration_seconds=60),
            ]
        )
        assert isinstance(corrected, TimeEntry)
        stored = TimeApproval.objects.get(pk=shown.pk)
        if isinstance(answer, ChangedMeanwhile):
            assert (stored.status, stored.version, lines(stored)[0][1]) == (REQUESTED, 2, 60)
        else:
            assert (stored.status, stored.version, lines(stored)[0][1]) == (APPROVED, 1, 3600)
            assert stored.renewals.get().lines.get().duration_seconds == 60
        approvals.withdraw(TimeApproval.objects.waiting().get(), by=staff, now=LATEST)


@pytest.mark.django_db(transaction=True)
def test_entries_of_one_approval_corrected_at_once_are_all_asked_about_anew(project):
    rows = TimeEntryFactory.create_batch(4, project=project)
    staff = StaffFactory()
    approve(ask(project, by=staff))
    at_once([lambda row=row: tracking.correct(row, by=staff, now=LATEST, duration_seconds=60) for row in rows])
    (new,) = TimeApproval.objects.waiting()
    assert sorted(line[0] for line in lines(new)) == sorted(row.pk for row in rows)

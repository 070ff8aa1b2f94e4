"""Activity, notifications, read marks, and the way to missed events."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client as Browser

from accounts import events
from accounts.models import Client, Event, EventKind, SignedInSession, User
from accounts.tests.factories import ClientFactory, CompanyLoginFactory, PortalUserFactory, StaffFactory
from billing import approvals, payments, projects, tracking
from billing.models import TimeEntry
from billing.tests.factories import (
    NOW,
    TODAY,
    ProjectFactory,
    sent_invoice,
    sent_quote,
)
from portal import parts, widgets
from portal.notices import COUNTED
from portal.tests.browsers import sign_in, signed_in
from portal.tests.test_pages import text

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(days=1)


@pytest.fixture(autouse=True)
def on_the_day():
    with time_machine.travel(LATER, tick=False):
        yield


@pytest.fixture
def client_row(db):
    return ClientFactory(name="Northwind", locale="en-GB", timezone="Europe/Berlin", created_at=NOW)


@pytest.fixture
def viewer(client_row):
    return signed_in(PortalUserFactory(client=client_row, date_joined=NOW))


@pytest.fixture
def staff(db):
    return StaffFactory(first_name="Ada", last_name="Lovelace")


@pytest.fixture
def project(client_row, staff):
    return projects.open_project(client_row, name="Relaunch", by=staff, now=NOW)


def log(project, staff, now=NOW, seconds=5400):
    return tracking.log(project, user=staff, start_time=now, duration_seconds=seconds, by=staff, now=now, notes="n")


def missed(browser, after=0):
    return browser.get(f"/client-portal/events?after={after}").json()


def kinds(browser):
    return [event["kind"] for event in missed(browser)["events"]]


# Activity


def test_activity_says_what_happened_where_and_by_whom(viewer, project, staff):
    log(project, staff)
    page = text(viewer.get("/client-portal/activity"))
    assert "New project" in page
    assert "1.50 hours logged" in page
    assert "Relaunch" in page
    assert "Ada Lovelace" in page


def test_activity_names_nobody_where_staff_are_not_named(viewer, client_row, project, staff):
    Client.objects.update(show_staff_names=False)
    page = text(viewer.get("/client-portal/activity"))
    assert "Ada" not in page
    assert "Team" in page


def test_activity_is_grouped_by_the_viewers_days(viewer, project, staff):
    late = datetime(2026, 3, 10, 23, 30, tzinfo=UTC)
    log(project, staff, now=late)
    assert "Wed, 11 Mar 2026" in text(viewer.get("/client-portal/activity"))


def test_activity_can_be_narrowed_to_a_kind_and_a_project(viewer, client_row, project, staff):
    other = projects.open_project(client_row, name="Support", by=staff, now=NOW)
    log(project, staff, seconds=3600)
    log(other, staff, seconds=7200)
    page = text(viewer.get(f"/client-portal/activity?kind=time_logged&project_id={other.pk}"))
    assert "2.00 hours" in page
    assert "1.00 hours" not in page
    assert "New project</a>" not in page


@pytest.mark.parametrize("query", ["kind=rate_changed", "project_id=999999", "kind=TIME_LOGGED", "project_id=1%00"])
def test_a_filter_that_cannot_be_used_shows_nothing_and_says_so(viewer, project, query):
    page = text(viewer.get(f"/client-portal/activity?{query}"))
    assert "Nothing is shown" in page
    assert "New project</a>" not in page


def test_activity_is_paged_by_event_number(viewer, client_row):
    for _n in range(60):
        events.record("project_created", client=client_row, subject=client_row, by=None, now=NOW, project=None)
    Event.objects.update(kind="time_logged", facts={"seconds": 3600, "entries": 1})
    first = viewer.get("/client-portal/activity")
    assert [notice["number"] for notice in first.context["notices"]] == list(range(60, 10, -1))
    assert "before=11" in text(first)
    second = viewer.get("/client-portal/activity?before=11")
    assert [notice["number"] for notice in second.context["notices"]] == list(range(10, 0, -1))
    assert second.context["page"].older is None


@pytest.mark.parametrize("before", ["0", "-1", "x", "9" * 30, "١", ""])
def test_a_malformed_event_number_shows_the_first_page(viewer, project, before):
    page = text(viewer.get("/client-portal/activity", {"before": before}))
    assert "New project" in page
    assert ("is no event number" in page) == (before != "")


def hide_comment(comment, staff):
    projects.change_comment(comment, by=staff, now=NOW, is_internal=True)


def test_what_told_of_a_comment_goes_when_it_becomes_internal_and_comes_back(viewer, project, staff):
    comment = projects.comment(project, content="Secret", by=staff, now=NOW, is_internal=False)
    assert "comment_added" in kinds(viewer)
    hide_comment(comment, staff)
    assert "comment_added" not in kinds(viewer)
    assert "New comment</a>" not in text(viewer.get("/client-portal/activity"))
    projects.change_comment(comment, by=staff, now=NOW, is_internal=False)
    assert kinds(viewer).count("comment_added") == 1


def test_what_told_of_an_entry_goes_when_it_is_deleted(viewer, project, staff):
    entry = log(project, staff)
    assert "time_logged" in kinds(viewer)
    tracking.remove(entry, by=staff, now=NOW)
    assert "time_logged" not in kinds(viewer)


def test_what_told_of_an_entry_goes_when_it_moves_to_another_client(viewer, project, staff):
    entry = log(project, staff)
    tracking.correct(entry, by=staff, now=NOW, project=ProjectFactory())
    assert "time_logged" not in kinds(viewer)


def test_what_told_of_a_project_goes_when_it_is_archived(viewer, project, staff):
    log(project, staff)
    projects.change_status(project, "archived", by=staff, now=NOW, reason="Did not pay")
    assert kinds(viewer) == []
    assert missed(viewer)["latest"] == 3


def test_what_told_of_an_import_stays(viewer, client_row):
    facts = {"entries": 20, "seconds": 72000}
    events.record("time_logged", client=client_row, subject=client_row, by=None, now=NOW, facts=facts)
    page = text(viewer.get("/client-portal/activity"))
    assert "20.00 hours logged" in page
    assert "In 20 entries" in page


# Notifications and read marks


def test_notifications_are_the_events_that_ask_for_attention(viewer, client_row, project, staff):
    log(project, staff)
    invoice = sent_invoice(client_row)
    page = text(viewer.get("/client-portal/notifications"))
    assert f"New invoice {invoice.invoice_number}" in page
    assert "hours logged" not in page


def unread(browser):
    return browser.get("/client-portal/projects").context["glance"].unread


def test_the_header_counts_what_is_unread_on_every_page(viewer, client_row):
    sent_invoice(client_row)
    sent_quote(client_row)
    for address in ("", "/projects", "/invoices", "/quotes", "/time-entries", "/activity", "/devices", "/password"):
        assert '<span class="bell-count">2<' in text(viewer.get(f"/client-portal{address}")), address


def test_reading_one_leads_to_its_page_and_counts_it_off(viewer, client_row):
    first, second = sent_invoice(client_row), sent_invoice(client_row)
    answer = viewer.post("/client-portal/notifications/1/read")
    assert (answer.status_code, answer["Location"]) == (302, f"/client-portal/invoices/{first.pk}")
    assert unread(viewer) == 1
    viewer.post("/client-portal/notifications/1/read")
    assert unread(viewer) == 1
    page = viewer.get("/client-portal/notifications")
    assert [notice["title"] for notice in page.context["unread"]] == [f"New invoice {second.invoice_number}"]
    assert [notice["title"] for notice in page.context["notices"]] == [f"New invoice {first.invoice_number}"]


def test_reading_all_counts_what_came_after_the_page_as_unread(viewer, client_row):
    sent_invoice(client_row)
    shown = missed(viewer)["latest"]
    sent_invoice(client_row)
    assert viewer.post("/client-portal/notifications/read", {"up_to": shown}).status_code == 302
    assert unread(viewer) == 1
    viewer.post("/client-portal/notifications/read", {"up_to": 2})
    assert unread(viewer) == 0
    viewer.post("/client-portal/notifications/read", {"up_to": 1})
    assert unread(viewer) == 0


def test_nobody_reads_ahead(viewer, client_row):
    viewer.post("/client-portal/notifications/read", {"up_to": 9000})
    sent_invoice(client_row)
    assert unread(viewer) == 1


@pytest.mark.parametrize("up_to", ["", "-1", "x", "9" * 30, "1.0", "\0", "²"])
def test_a_malformed_mark_is_not_there(viewer, client_row, up_to):
    sent_invoice(client_row)
    assert viewer.post("/client-portal/notifications/read", {"up_to": up_to}).status_code == 404
    assert unread(viewer) == 1


def test_a_notice_that_does_not_exist_cannot_be_read(viewer, client_row, project, staff):
    sent_invoice(ClientFactory())
    for number in ("1", "2", "0", "x", "9" * 19, "9" * 40):
        assert viewer.post(f"/client-portal/notifications/{number}/read").status_code == 404


def test_read_marks_are_each_viewers_own():
    client_row = CompanyLoginFactory(portal_username="northwind", created_at=NOW)
    viewer = signed_in(PortalUserFactory(client=client_row, date_joined=NOW))
    browser, _page = sign_in("northwind")
    colleague = signed_in(PortalUserFactory(client=client_row, date_joined=NOW))
    sent_invoice(client_row)
    viewer.post("/client-portal/notifications/read", {"up_to": 1})
    assert [unread(viewer), unread(colleague), unread(browser)] == [0, 1, 1]
    browser.post("/client-portal/notifications/1/read")
    assert [unread(viewer), unread(colleague), unread(browser)] == [0, 1, 0]
    browser.post("/client-portal/notifications/read", {"up_to": 1})
    assert [unread(viewer), unread(colleague), unread(browser)] == [0, 1, 0]


def test_what_was_there_before_the_account_is_not_unread(client_row):
    sent_invoice(client_row)
    newcomer = signed_in(PortalUserFactory(client=client_row, date_joined=LATER))
    assert unread(newcomer) == 0
    page = newcomer.get("/client-portal/notifications")
    assert len(page.context["notices"]) == 1


def test_the_count_stops_where_nobody_counts_on(viewer, client_row):
    for _n in range(COUNTED + 5):
        events.record("invoice_sent", client=client_row, subject=client_row, by=None, now=NOW)
    assert unread(viewer) == COUNTED
    assert '<span class="bell-count">99+<' in text(viewer.get("/client-portal/projects"))


# The way to missed events


def test_missed_events_come_in_order_after_the_number(viewer, client_row, project, staff):
    log(project, staff)
    sent_invoice(client_row)
    answer = missed(viewer, after=1)
    assert [(event["id"], event["type"]) for event in answer["events"]] == [
        (2, "activity"),
        (3, "client_notification"),
    ]
    assert (answer["latest"], answer["unread"], answer["pending"]) == (3, 1, 0)
    assert "more" not in answer
    assert missed(viewer, after=3)["events"] == []


def test_the_answer_says_in_which_epoch_its_numbers_are(viewer):
    assert missed(viewer)["epoch"] == ""
    events.begin_epoch()
    first = missed(viewer)["epoch"]
    events.begin_epoch()
    assert "" != first != missed(viewer)["epoch"]


def test_a_hundred_missed_events_come_at_once_and_the_rest_is_announced(viewer, client_row):
    for _n in range(101):
        events.record("time_logged", client=client_row, subject=client_row, by=None, now=NOW, facts={"seconds": 1})
    answer = missed(viewer)
    assert [event["id"] for event in answer["events"]] == list(range(1, 101))
    assert answer["more"] is True
    rest = missed(viewer, after=100)
    assert ([event["id"] for event in rest["events"]], "more" in rest) == ([101], False)
    exactly = missed(viewer, after=1)
    assert (len(exactly["events"]), "more" in exactly) == (100, False)


@pytest.mark.parametrize("after", ["", "x", "-1", "1.5", "9" * 20, "9" * 5000, "\0", "١", "1 "])
def test_a_malformed_number_is_named(viewer, after):
    answer = viewer.get("/client-portal/events", {"after": after})
    assert answer.status_code == 400
    assert set(answer.json()) == {"error"}


def test_a_missing_number_is_named(viewer):
    assert viewer.get("/client-portal/events").status_code == 400


def test_scripts_are_told_in_json_why_they_may_not(client_row):
    stranger = Browser().get("/client-portal/events?after=0")
    assert (stranger.status_code, set(stranger.json())) == (401, {"error"})
    user = PortalUserFactory(client=client_row)
    browser = signed_in(user)
    User.objects.filter(pk=user.pk).update(client_portal_enabled=False)
    refused = browser.get("/client-portal/events?after=0")
    assert refused.status_code in {401, 403}
    staff = signed_in(StaffFactory())
    refused = staff.get("/client-portal/events?after=0")
    assert (refused.status_code, set(refused.json())) == (403, {"error"})


def test_what_a_page_asks_for_by_itself_keeps_no_session_alive(viewer):
    before = SignedInSession.objects.values_list("expire_date", "seen_at").get()
    with time_machine.travel(LATER + timedelta(hours=1), tick=False):
        viewer.get("/client-portal/events?after=0", headers={"X-Asked-By": "page"})
        viewer.get("/client-portal/projects", headers={"X-Asked-By": "page"})
        assert SignedInSession.objects.values_list("expire_date", "seen_at").get() == before
        viewer.get("/client-portal/projects")
        assert SignedInSession.objects.values_list("expire_date", "seen_at").get() != before


# Words and parts


def test_an_invoice_sent_says_what_is_due_when(viewer, client_row):
    invoice = sent_invoice(client_row)
    (event,) = missed(viewer)["events"]
    assert event["message"].startswith("€")
    assert ", due on " in event["message"]
    assert event["url"] == f"/client-portal/invoices/{invoice.pk}"


def test_payments_and_credits_are_told_apart(viewer, client_row):
    invoice = sent_invoice(client_row)
    half = invoice.total_amount / 2
    payments.record(invoice, amount=half, paid_on=TODAY, by=None, now=NOW)
    payments.credit(invoice, amount=half, reason="r", by=None, now=NOW, today=TODAY)
    _sent, paid, credited = missed(viewer)["events"]
    assert (paid["kind"], paid["message"].split()[-1]) == ("invoice_partially_paid", "received")
    assert (credited["kind"], credited["message"].split()[-1]) == ("invoice_paid", "credited")


def test_every_kind_makes_something_stale_and_nothing_is_stale_for_an_unknown_kind():
    stale_on = {name: set(kinds) for name, kinds in parts.STALE_ON.items()}
    stale_on |= {widget.id: set(widget.stale_on) for widget in widgets.WIDGETS.values()}
    assert set().union(*stale_on.values()) == {*EventKind.values, "timers"}


_WORK = """
    activity activity_list budget_burn entry_list hours_chart project project_list projects report stats summary
    time_entries timers
"""
_INVOICES = """
    activity activity_list bell invoice invoice_list invoices notifications pending_actions report statement stats
    summary upcoming
"""
_APPROVALS = "activity activity_list approval approval_lines approval_list bell notifications pending_actions"
STALE = {
    "project_created": _WORK + "upcoming",
    "project_status_changed": _WORK + "upcoming",
    "project_completed": _WORK + "upcoming",
    "time_logged": _WORK,
    "comment_added": "activity activity_list project",
    "invoice_sent": _INVOICES,
    "invoice_partially_paid": _INVOICES,
    "invoice_paid": _INVOICES,
    "invoice_cancelled": _INVOICES,
    "quote_sent": "activity activity_list bell notifications pending_actions quote quote_list upcoming",
    "approval_requested": _APPROVALS,
    "approval_approved": _APPROVALS,
    "approval_rejected": _APPROVALS,
    "document_shared": "activity activity_list",
    "timers": "timers",
}


def test_no_part_has_the_name_of_a_widget():
    assert not parts.STALE_ON.keys() & widgets.WIDGETS.keys()


@pytest.mark.parametrize("kind", STALE)
def test_a_kind_makes_these_parts_stale_and_no_other(kind):
    stale_on = parts.STALE_ON | {widget.id: widget.stale_on for widget in widgets.WIDGETS.values()}
    assert sorted(name for name, kinds in stale_on.items() if kind in kinds) == STALE[kind].split()


def test_the_header_counts_the_requests_that_wait_for_an_answer(viewer, project, staff):
    assert "bell-waits" not in text(viewer.get("/client-portal/projects"))
    entry = log(project, staff)
    approvals.ask_for_entries(TimeEntry.objects.filter(pk=entry.pk), by=staff, now=NOW)
    assert '<span class="bell-count bell-waits">1<' in text(viewer.get("/client-portal/projects"))
    assert missed(viewer)["pending"] == 1
    assert [event["type"] for event in missed(viewer, after=2)["events"]] == ["client_approval_update"]

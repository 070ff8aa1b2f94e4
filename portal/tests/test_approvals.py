"""The pages of approval requests: whose they are, what they show, and the one answer that each takes."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Client, Event
from accounts.tests.factories import CompanyLoginFactory, PortalUserFactory, StaffFactory
from billing import approvals, projects, tracking
from billing.models import TimeApproval, TimeEntry
from billing.tests.factories import NOW, TODAY, ProjectFactory, TaskFactory, TimeEntryFactory, requested_approval
from portal.tests.browsers import sign_in, signed_in
from portal.tests.test_pages import queries_of, text

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(hours=1)
LIST = "/client-portal/approvals"


@pytest.fixture(autouse=True)
def on_the_day():
    with time_machine.travel(LATER, tick=False):
        yield


@pytest.fixture
def client_row(client_row):
    Client.objects.filter(pk=client_row.pk).update(portal_approvals_enabled=True)
    client_row.refresh_from_db()
    return client_row


@pytest.fixture
def person(client_row):
    return PortalUserFactory(client=client_row, first_name="Katrin", last_name="Berger")


@pytest.fixture
def viewer(person):
    return signed_in(person)


@pytest.fixture
def project(client_row):
    return ProjectFactory(client=client_row, name="Online shop")


@pytest.fixture
def asked(project):
    return requested_approval(project, notes="Built the cart")


def address(approval):
    return f"{LIST}/{approval.pk}"


def answer(browser, approval, said="approved", **fields):
    sent = {"answer": said, "version": approval.version, **fields}
    return browser.post(address(approval), sent, follow=True)


def stored(approval):
    return TimeApproval.objects.get(pk=approval.pk)


# Looking


def test_the_list_has_waiting_requests_first(viewer, project, asked):
    approvals.reject(asked, reason="No", by=None, now=NOW, version=1)
    waiting = requested_approval(ProjectFactory(client=project.client, name="Wholesale"), duration_seconds=5400)
    page = text(viewer.get(LIST))
    assert "2 requests, <strong>1 waiting</strong>" in page
    assert page.index(address(waiting)) < page.index(address(asked))
    assert "1.50" in page
    assert "Rejected by the company login on 10 Mar 2026 at 13:00" in page


def test_an_empty_list_says_what_will_appear(viewer):
    assert "No requests yet" in text(viewer.get(LIST))


def test_a_request_shows_its_entries_by_day_with_totals(viewer, project):
    staff = StaffFactory(first_name="Nora", last_name="Albers")
    task = TaskFactory(project=project, name="Checkout")
    TimeEntryFactory(project=project, task=task, user=staff, notes="Built the cart", duration_seconds=5400)
    TimeEntryFactory(project=project, user=staff, start_time=NOW - timedelta(days=1), notes="Sketched")
    TimeEntryFactory(project=project, user=staff, start_time=NOW - timedelta(hours=3), has_times=False)
    days = {"period_start": TODAY - timedelta(days=7), "period_end": TODAY}
    made = approvals.ask(project, by=staff, now=NOW, **days).approval
    page = text(viewer.get(address(made)))
    for shown in (
        "Hours of Online shop",
        "3.50 hours",
        "Waiting for your answer",
        "10 Mar 2026, 13:00",
        "Nora Albers",
        "Built the cart",
        "Checkout",
        "13:00–14:30",
        "not noted",
        '>Tue, 10 Mar 2026</time></th><td class="figure cell-hours">2.50</td>',
        '>Mon, 9 Mar 2026</time></th><td class="figure cell-hours">1.00</td>',
    ):
        assert shown in page, shown
    assert page.index("Sketched") < page.index("Built the cart")


@pytest.mark.parametrize("shows", [True, False])
def test_rates_are_shown_where_the_client_sees_rates(viewer, project, shows):
    Client.objects.update(show_rates=shows)
    made = requested_approval(project, hourly_rate=Decimal(90), amount=Decimal("123.45"))
    page = text(viewer.get(address(made)))
    assert ("€123.45" in page, "€90.00" in page) == (shows, shows)


def test_without_staff_names_the_team_asks_and_has_worked(viewer, project):
    Client.objects.update(show_staff_names=False)
    staff = StaffFactory(first_name="Nora", last_name="Albers")
    TimeEntryFactory(project=project, user=staff)
    made = approvals.ask(project, by=staff, now=NOW, period_start=TODAY, period_end=TODAY).approval
    approvals.withdraw(made, by=staff, now=NOW)
    page = text(viewer.get(address(made)))
    assert "Withdrawn by Team on 10 Mar 2026 at 13:00" in page
    assert "Nora" not in page
    assert '<form method="post" >' not in page


def test_the_content_stays_as_it_was_approved(viewer, asked):
    approvals.approve(asked, by=None, now=NOW, version=1)
    tracking.correct(TimeEntry.objects.get(), by=StaffFactory(), now=LATER, notes="Said otherwise")
    old, new = (text(viewer.get(address(one))) for one in TimeApproval.objects.order_by("pk"))
    assert "Built the cart" in old
    assert "Said otherwise" not in old
    assert "Said otherwise" in new
    assert f'You approved these hours before; they changed afterwards. <a href="{address(asked)}">' in new


def test_a_request_of_an_archived_project_is_not_there(viewer, project, asked):
    projects.change_status(project, "archived", by=None, now=NOW)
    assert viewer.get(address(asked)).status_code == 404
    assert address(asked) not in text(viewer.get(LIST))


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_foreign_request_and_a_missing_one_give_the_same_404(viewer, method):
    foreign = requested_approval(ProjectFactory(client__portal_approvals_enabled=True))
    sent = {"answer": "approved", "version": 1}
    answers = [
        getattr(viewer, method)(f"{LIST}/{number}", sent)
        for number in (foreign.pk, foreign.pk + 1000, 0, "9" * 30, "x")
    ]
    assert {one.status_code for one in answers} == {404}
    assert len({one.content for one in answers}) == 1
    assert stored(foreign).is_waiting


def test_long_requests_are_paged_and_each_day_has_its_whole_total(viewer, project):
    TimeEntryFactory.create_batch(60, project=project)
    made = approvals.ask(project, by=StaffFactory(), now=NOW, period_start=TODAY, period_end=TODAY).approval
    first, second = (text(viewer.get(f"{address(made)}?page={page}")) for page in (1, 2))
    assert "Page 2 of 2" in second
    assert all('cell-hours">60.00<' in page for page in (first, second))
    assert (first.count('cell-hours">1.00<'), second.count('cell-hours">1.00<')) == (50, 10)


def test_the_pages_cost_the_same_queries_for_few_rows_and_for_many(viewer, project, asked):
    few = [queries_of(viewer, path) for path in (LIST, address(asked), "/client-portal")]
    for number in range(40):
        made = requested_approval(ProjectFactory(client=project.client), start_time=NOW - timedelta(minutes=number))
    TimeEntryFactory.create_batch(40, project=made.project)
    big = approvals.ask(made.project, by=StaffFactory(), now=NOW, period_start=TODAY, period_end=TODAY).approval
    assert [queries_of(viewer, path) for path in (LIST, address(big), "/client-portal")] == few
    assert max(few[:2]) <= 12


def test_the_dashboard_leads_to_what_waits(viewer, asked):
    page = text(viewer.get("/client-portal"))
    assert f'<a href="{address(asked)}">Look at 1.00 hours of Online shop</a>' in page


# Answering


def test_a_person_approves_once(viewer, person, asked):
    page = answer(viewer, asked)
    assert "Thank you: you approved 1.00 hours." in text(page)
    assert "Approved by Katrin Berger on 10 Mar 2026 at 14:00" in text(page)
    kept = stored(asked)
    assert (kept.status, kept.answered_by, kept.answered_at) == ("approved", person, LATER)
    assert Event.objects.get(kind="approval_approved").actor == person
    assert 'name="answer"' not in text(page)


def test_the_page_has_a_form_with_a_button_for_each_answer(viewer, asked):
    page = text(viewer.get(address(asked)))
    forms = [part.split("</form>")[0] for part in page.split("<form")[1:] if 'name="answer"' in part]
    assert [('value="approved"' in form, 'name="reason"' in form) for form in forms] == [(True, False), (False, True)]
    for form, words in zip(forms, ("Approve these hours", "Reject these hours"), strict=True):
        assert words in form.split("<button")[1]
        assert 'name="version" value="1"' in form
        assert 'name="csrfmiddlewaretoken"' in form


def test_a_person_rejects_with_a_reason(viewer, person, asked):
    page = answer(viewer, asked, "rejected", reason="<b>Too</b> long")
    assert "Rejected by Katrin Berger on" in text(page)
    assert "&lt;b&gt;Too&lt;/b&gt; long" in text(page)
    kept = stored(asked)
    assert (kept.status, kept.answered_by, kept.reason) == ("rejected", person, "<b>Too</b> long")


def test_the_company_login_answers_too(client_row, asked):
    login = CompanyLoginFactory.build(portal_username="northwind")
    fields = ("portal_enabled", "portal_username", "portal_password")
    Client.objects.filter(pk=client_row.pk).update(**{name: getattr(login, name) for name in fields})
    browser, _answer = sign_in("northwind")
    assert "Approved by the company login on" in text(answer(browser, asked))
    assert stored(asked).answered_by is None


@pytest.mark.parametrize("reason", ["", "  ", "x" * 2001, "a\x00b"])
def test_a_reason_that_cannot_be_kept_is_asked_for_again(viewer, asked, reason):
    page = answer(viewer, asked, "rejected", reason=reason)
    assert page.status_code == 200
    assert 'class="field field-wrong"' in text(page)
    assert "<details open>" in text(page)
    assert stored(asked).is_waiting


def test_a_reason_of_the_greatest_length_is_kept(viewer, asked):
    answer(viewer, asked, "rejected", reason="é" * 2000)
    assert stored(asked).reason == "é" * 2000


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"answer": "approved"},
        {"answer": "withdrawn", "version": 1},
        {"answer": "APPROVED", "version": 1},
        {"answer": "approved", "version": "x"},
        {"answer": "approved", "version": "9" * 5000},
        {"answer": "approved", "version": -1},
        {"answer": ["approved", "x"], "version": 1},
    ],
)
def test_what_no_form_of_ours_sends_is_a_bad_request(viewer, asked, sent):
    assert viewer.post(address(asked), sent).status_code == 400
    assert stored(asked).is_waiting


def test_an_answer_to_hours_that_changed_shows_them_anew_and_keeps_what_was_typed(viewer, asked):
    tracking.correct(TimeEntry.objects.get(), by=StaffFactory(), now=LATER, notes="Said otherwise")
    page = answer(viewer, asked, "rejected", reason="Too long")
    assert page.status_code == 409
    for shown in ("The hours changed since this page was opened", "Said otherwise", "Too long", 'value="2"'):
        assert shown in text(page)
    assert stored(asked).is_waiting
    assert answer(viewer, stored(asked), "rejected", reason="Too long").status_code == 200
    assert stored(asked).status == "rejected"


def test_the_second_answer_is_told_who_was_first(viewer, person, asked):
    colleague = PortalUserFactory(client=person.client, first_name="Ole", last_name="Janssen")
    answer(signed_in(colleague), asked)
    page = text(answer(viewer, asked, "rejected", reason="No"))
    assert "Your answer was not kept" in page
    assert "answered meanwhile: Approved by Ole Janssen on 10 Mar 2026 at 14:00." in page
    assert stored(asked).answered_by == colleague


def test_an_answer_by_staff_is_marked_as_such(viewer, asked):
    staff = StaffFactory(first_name="Nora", last_name="Albers")
    approvals.approve(asked, by=staff, now=NOW, version=1, for_client=True)
    assert "Approved on 10 Mar 2026 at 13:00, noted for you by Nora Albers" in text(viewer.get(address(asked)))


def test_where_answers_are_not_taken_the_page_says_whom_to_tell(viewer, asked):
    Client.objects.update(portal_approvals_enabled=False)
    page = text(viewer.get(address(asked)))
    assert "Answers are not given in this portal: please tell" in page
    assert 'name="answer"' not in page
    assert viewer.post(address(asked), {"answer": "approved", "version": 1}).status_code == 403
    assert stored(asked).is_waiting


def test_one_who_left_for_another_client_is_still_named(viewer, person, asked):
    colleague = PortalUserFactory(client=person.client, first_name="Ole", last_name="Janssen")
    approvals.approve(asked, by=colleague, now=NOW, version=1)
    colleague.client = CompanyLoginFactory()
    colleague.save()
    assert "Approved by Ole Janssen on" in text(viewer.get(address(asked)))


def test_an_answer_costs_few_queries(viewer, asked):
    with CaptureQueriesContext(connection) as queries:
        viewer.post(address(asked), {"answer": "approved", "version": 1})
    assert len([query for query in queries if query["sql"].startswith(("SELECT", "UPDATE", "INSERT"))]) <= 20

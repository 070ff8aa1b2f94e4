"""The staff's side of approvals: asking from a project and from entries, answering for the client, withdrawing."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.urls import reverse

from accounts.tests.factories import PortalUserFactory, StaffFactory
from accounts.tests.forms import change, errors, said, sent_by
from billing import approvals, projects, tracking
from billing.models import TimeApproval, TimeEntry
from billing.tests.factories import NOW, ProjectFactory, TimeEntryFactory, requested_approval

pytestmark = pytest.mark.django_db

ENTRIES = "admin:billing_timeentry_changelist"


@pytest.fixture(autouse=True)
def on_the_day():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def staff(client):
    person = StaffFactory()
    client.force_login(person)
    return person


@pytest.fixture
def project():
    return ProjectFactory(name="Online shop", client__name="Northwind")


@pytest.fixture
def asked(project):
    return requested_approval(project, notes="Built the cart")


def page_of(approval):
    return reverse("admin:billing_timeapproval_change", args=[approval.pk])


def ask(client, project, date_from="2026-03-01", date_to="2026-03-31"):
    url = reverse("admin:billing_project_ask", args=[project.pk])
    fields = sent_by(client.get(url), "ask_form") | {"date_from": date_from, "date_to": date_to}
    return client.post(url, fields, follow=True)


def ask_for(client, *entries):
    sent = {"action": "ask_for_approval", "_selected_action": [entry.pk for entry in entries]}
    return client.post(reverse(ENTRIES), sent, follow=True)


def test_a_project_asks_about_a_period(client, staff, project):
    TimeEntryFactory.create_batch(2, project=project)
    assert reverse("admin:billing_project_ask", args=[project.pk]) in (
        client.get(reverse("admin:billing_project_change", args=[project.pk])).content.decode()
    )
    page = ask(client, project)
    made = TimeApproval.objects.get()
    assert (made.requested_by, made.requested_at, made.lines.count()) == (staff, NOW, 2)
    assert said(page) == ["Asked for approval of 2 entries of Online shop, 2.00 h."]
    assert page.request["PATH_INFO"] == page_of(made)
    assert LogEntry.objects.get().object_id == str(made.pk)


@pytest.mark.parametrize(
    ("dates", "words"),
    [
        (("2026-03-31", "2026-03-01"), "The last day lies before the first."),
        (("0001-01-01", "2026-03-01"), "Give a date between 1970 and 2199."),
        (("2026-03-01", "9999-12-31"), "Give a date between 1970 and 2199."),
        (("2026-03-01", "x\x00"), "Enter a valid date."),
        (("2026-04-01", "2026-04-02"), "There is no finished time to ask about."),
    ],
)
def test_a_period_that_cannot_be_asked_about_is_refused(client, staff, project, dates, words):
    TimeEntryFactory(project=project)
    assert words in ask(client, project, *dates).content.decode()
    assert not TimeApproval.objects.exists()


def test_chosen_entries_are_asked_about_together(client, staff, project, asked):
    other = ProjectFactory(client=project.client, name="Wholesale")
    rows = [TimeEntry.objects.get(), TimeEntryFactory(project=project), TimeEntryFactory(project=other)]
    assert said(ask_for(client, *rows)) == [
        "Asked for approval of 1 entry of Online shop, 1.00 h. Left out, because they wait or are approved already: 1.",
        "Asked for approval of 1 entry of Wholesale, 1.00 h.",
    ]
    assert TimeApproval.objects.count() == 3


def test_entries_of_several_clients_are_refused(client, staff):
    page = ask_for(client, TimeEntryFactory(), TimeEntryFactory())
    assert said(page) == ["These entries belong to several clients; ask one client at a time."]
    assert not TimeApproval.objects.exists()


def test_one_entry_is_asked_about_from_its_page(client, staff):
    entry = TimeEntryFactory()
    client.post(reverse("admin:billing_timeentry_ask_for_approval", args=[entry.pk]))
    assert TimeApproval.objects.get().lines.get().time_entry_id == entry.pk


def test_nobody_asks_without_the_right_to(client, project):
    person = StaffFactory(is_superuser=False)
    person.user_permissions.set(Permission.objects.filter(codename__in=["change_timeentry", "change_project"]))
    client.force_login(person)
    entry = TimeEntryFactory(project=project)
    url = reverse("admin:billing_project_ask", args=[project.pk])
    assert client.get(url).status_code == client.post(url).status_code == 403
    assert client.post(reverse("admin:billing_timeentry_ask_for_approval", args=[entry.pk])).status_code == 403
    ask_for(client, entry)
    page = client.get(reverse("admin:billing_project_change", args=[project.pk])).content.decode()
    assert "Ask for approval" not in page
    assert not TimeApproval.objects.exists()


def test_an_archived_project_offers_no_asking(client, staff, project):
    TimeEntryFactory(project=project)
    projects.change_status(project, "archived", by=None, now=NOW)
    page = client.get(reverse("admin:billing_project_change", args=[project.pk])).content.decode()
    assert "Ask for approval" not in page
    assert "is archived" in ask(client, project).content.decode()


def test_waiting_requests_are_found_by_a_filter(client, staff, project, asked):
    answered = requested_approval(ProjectFactory(name="Done already"))
    approvals.approve(answered, by=staff, now=NOW, version=1, for_client=True)
    found = client.get(reverse("admin:billing_timeapproval_changelist"), {"status__exact": "requested"})
    assert list(found.context["cl"].queryset) == [asked]


def test_a_request_shows_what_was_asked_about(client, staff, asked):
    page = client.get(page_of(asked)).content.decode()
    for shown in ("Built the cart", "1.00", "Answer for the client", "Withdraw"):
        assert shown in page


@pytest.mark.parametrize(("answer", "reason"), [("approved", ""), ("rejected", "Told by telephone: too many")])
def test_staff_answer_for_the_client(client, staff, asked, answer, reason):
    change(client, asked, answer=answer, reason=reason)
    asked.refresh_from_db()
    assert (asked.status, asked.reason, asked.answered_by, asked.answered_at) == (answer, reason, staff, NOW)
    assert asked.answered_for_client
    assert "Answer for the client" not in client.get(page_of(asked)).content.decode()


def test_a_rejection_for_the_client_needs_a_reason(client, staff, asked):
    page = change(client, asked, answer="rejected", reason=" ")
    assert errors(page) == {"reason": ["Say why the hours are rejected."]}
    assert TimeApproval.objects.get().is_waiting


def test_an_answer_to_hours_that_changed_is_refused(client, staff, asked):
    form = sent_by(client.get(page_of(asked)), "timeapproval_form") | {"answer": "approved"}
    tracking.correct(TimeEntry.objects.get(), by=staff, now=NOW + timedelta(hours=1), notes="Said otherwise")
    page = client.post(page_of(asked), form, follow=True)
    assert said(page) == ["The hours changed since this page was opened. Please look at them again."]
    assert TimeApproval.objects.get().is_waiting


def test_an_answer_that_comes_second_is_told_so(client, staff, asked):
    form = sent_by(client.get(page_of(asked)), "timeapproval_form") | {"answer": "approved"}
    approvals.reject(asked, reason="No", by=PortalUserFactory(), now=NOW, version=1, for_client=True)
    assert said(client.post(page_of(asked), form, follow=True)) == [
        "This request was answered or withdrawn meanwhile; nothing was changed."
    ]
    assert TimeApproval.objects.get().status == "rejected"


def test_a_request_is_withdrawn_once(client, staff, asked):
    url = reverse("admin:billing_timeapproval_withdraw", args=[asked.pk])
    client.post(url)
    assert TimeApproval.objects.get().status == "withdrawn"
    assert "answered or withdrawn meanwhile" in said(client.post(url, follow=True))[-1]


def test_who_may_only_look_answers_nothing(client, asked):
    person = StaffFactory(is_superuser=False)
    person.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client.force_login(person)
    assert "Answer for the client" not in client.get(page_of(asked)).content.decode()
    assert client.post(page_of(asked), {"answer": "approved", "shown_version": "1"}).status_code == 403
    assert client.post(reverse("admin:billing_timeapproval_withdraw", args=[asked.pk])).status_code == 403
    assert TimeApproval.objects.get().is_waiting

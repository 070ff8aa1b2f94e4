"""The staff's pages of projects, tasks and comments: each save is one domain call, each refusal is shown."""

from datetime import date
from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from accounts.models import Event
from accounts.tests.factories import ClientFactory, StaffFactory
from accounts.tests.forms import add, change, errors, sent_by
from billing.models import Comment, Project, Task
from billing.tests.factories import CommentFactory, ProjectFactory, TaskFactory, TimeEntryFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client):
    person = StaffFactory(username="sam", first_name="Sam", last_name="Smith")
    client.force_login(person)
    return person


def told():
    return list(Event.objects.order_by("pk").values_list("kind", "actor__username"))


def test_a_project_is_opened_once_and_told(client, staff):
    kyoto = ClientFactory(currency_code="JPY")

    add(client, Project, client=kyoto.pk, name="Website", estimated_hours="12.5")

    project = Project.objects.get()
    assert (project.client, project.name, project.estimated_hours) == (kyoto, "Website", Decimal("12.5"))
    assert (project.currency_code, project.status) == ("JPY", "active")
    assert told() == [("project_created", "sam")]
    assert LogEntry.objects.get().object_id == str(project.pk)


def test_a_project_of_a_name_in_use_is_refused_in_words(client, staff):
    project = ProjectFactory(name="Website")
    other = ProjectFactory(name="Shop", client=project.client)

    added = add(client, Project, client=project.client_id, name="WEBSITE")
    renamed = change(client, other, name="website")

    assert errors(added)["__all__"] == ["This client has a project of this name."]
    assert errors(renamed)["__all__"] == ["This client has a project of this name."]
    assert not told()


def test_details_of_a_project_are_changed_without_telling(client, staff):
    project = ProjectFactory()

    change(client, project, name="Shop", budget_amount="500", start_date="2026-03-01")

    project.refresh_from_db()
    assert (project.name, project.budget_amount, project.start_date) == ("Shop", Decimal(500), date(2026, 3, 1))
    assert not told()


def test_the_status_of_a_project_is_changed_and_told_once(client, staff):
    project = ProjectFactory()

    change(client, project, status="completed")
    change(client, project, name="Renamed")

    project.refresh_from_db()
    assert (project.status, project.name) == ("completed", "Renamed")
    assert told() == [("project_completed", "sam")]


def test_archiving_asks_for_the_reason(client, staff):
    project = ProjectFactory()

    refused = change(client, project, status="archived")
    assert errors(refused) == {"archived_reason": ["Say why it is archived; the client does not see it."]}
    assert not told()

    change(client, project, status="archived", archived_reason="They never paid")
    project.refresh_from_db()
    assert (project.status, project.archived_reason) == ("archived", "They never paid")
    assert told() == [("project_status_changed", "sam")]
    assert "never paid" not in str(Event.objects.get().facts)


def test_another_currency_is_refused_once_time_is_logged(client, staff):
    project = ProjectFactory()
    TimeEntryFactory(project=project)

    response = change(client, project, currency_code="USD", name="Renamed")

    assert errors(response)["__all__"] == ["Time is logged on this project; its currency cannot change any more."]
    project.refresh_from_db()
    assert (project.currency_code, project.name) == ("EUR", project.name)
    assert 'value="Renamed"' in response.content.decode()


@pytest.mark.parametrize(
    ("field", "value"),
    [("hourly_rate", "-1"), ("estimated_hours", "0"), ("budget_amount", "-5"), ("budget_amount", "x")],
)
def test_impossible_numbers_of_a_project_are_shown_at_their_field(client, staff, field, value):
    response = change(client, ProjectFactory(), **{field: value})

    assert list(errors(response)) == [field]


def test_hours_so_far_stand_beside_the_estimate(client, staff):
    project = ProjectFactory(estimated_hours=2)
    TimeEntryFactory(project=project, duration_seconds=5400)
    TimeEntryFactory(project=project, duration_seconds=None)

    page = client.get(reverse("admin:billing_project_change", args=[project.pk])).content.decode()
    listed = client.get(reverse("admin:billing_project_changelist")).content.decode()

    assert "1:30 (75%)" in page
    assert "1:30 (75%)" in listed


def test_hours_over_the_estimate_stand_out(client, staff):
    project = ProjectFactory(estimated_hours=1)
    TimeEntryFactory(project=project, duration_seconds=5400)

    page = client.get(reverse("admin:billing_project_changelist")).content.decode()

    assert '<span class="badge badge-warn">1:30 (150%)</span>' in page


def test_tasks_are_added_and_changed_on_the_projects_page(client, staff):
    project = ProjectFactory()
    design = TaskFactory(project=project, name="Design")
    new = {"tasks-1-id": "", "tasks-1-project": project.pk, "tasks-1-name": "Build", "tasks-1-status": "review"}
    more = {"tasks-1-due_date": "2026-04-01", "tasks-1-estimated_hours": "3"}

    change(client, project, **{"tasks-TOTAL_FORMS": 2, "tasks-0-status": "done"}, **new, **more)

    build = project.tasks.get(name="Build")
    assert (build.status, build.due_date, build.estimated_hours) == ("review", date(2026, 4, 1), Decimal(3))
    assert build.client == project.client
    design.refresh_from_db()
    assert design.status == "done"


def test_two_new_tasks_of_one_name_are_refused_in_words(client, staff):
    project = ProjectFactory()
    rows = {
        f"tasks-{row}-{field}": value
        for row in (0, 1)
        for field, value in {"id": "", "project": project.pk, "name": "Build", "status": "todo"}.items()
    }

    response = change(client, project, **{"tasks-TOTAL_FORMS": 2}, **rows)

    assert "Nothing was saved" in errors(response)["__all__"][0]
    assert not Task.objects.exists()


def test_a_task_is_added_and_changed_on_its_own_page(client, staff):
    project = ProjectFactory()

    add(client, Task, f"?project={project.pk}", name="Design")
    task = Task.objects.get()
    change(client, task, name="Drafts", status="in_progress")

    task.refresh_from_db()
    assert (task.project, task.client, task.name, task.status) == (project, project.client, "Drafts", "in_progress")


def test_a_task_for_an_archived_project_is_refused_in_words(client, staff):
    project = ProjectFactory(name="Website", status="archived")

    response = add(client, Task, project=project.pk, name="Design")

    assert errors(response)["__all__"] == ["“Website” is archived; make it active first."]
    assert not Task.objects.exists()


def test_a_task_of_a_name_in_use_is_refused_in_words(client, staff):
    task = TaskFactory(name="Design")
    other = TaskFactory(name="Build", project=task.project)

    assert errors(change(client, other, name="DESIGN"))["__all__"] == ["This project has a task of this name."]


def test_a_comment_is_internal_unless_said_otherwise(client, staff):
    project = ProjectFactory()

    add(client, Comment, f"?project={project.pk}", content="Thin margin")

    comment = Comment.objects.get()
    assert (comment.is_internal, comment.author, comment.project) == (True, staff, project)
    assert not told()


def test_a_public_comment_is_told_once(client, staff):
    comment = CommentFactory(is_internal=True)
    url = reverse("admin:billing_comment_change", args=[comment.pk])
    public = sent_by(client.get(url), "comment_form")
    del public["is_internal"]

    client.post(url, public)
    client.post(url, public | {"content": "Reworded"})

    comment.refresh_from_db()
    assert (comment.is_internal, comment.content) == (False, "Reworded")
    assert told() == [("comment_added", "sam")]


def test_the_list_of_comments_shows_who_reads_each(client, staff):
    CommentFactory(is_internal=True)
    CommentFactory(is_internal=False)

    page = client.get(reverse("admin:billing_comment_changelist")).content.decode()

    assert page.count('<span class="badge badge-off">Internal</span>') == 1
    assert page.count('<span class="badge">The client, too</span>') == 1


def test_a_comment_on_a_task_of_another_project_is_refused_at_its_field(client, staff):
    response = add(client, Comment, project=ProjectFactory().pk, task=TaskFactory().pk, content="Hello")

    assert errors(response) == {"task": ["This task belongs to another project."]}


@pytest.mark.parametrize("factory", [ProjectFactory, TaskFactory, CommentFactory])
def test_work_is_not_deleted(client, staff, factory):
    row = factory()
    url = reverse(f"admin:billing_{row._meta.model_name}_delete", args=[row.pk])

    assert client.post(url, {"post": "yes"}).status_code == 403


def test_a_project_leads_to_its_comments_and_time(client, staff):
    project = CommentFactory().project
    page = client.get(reverse("admin:billing_project_change", args=[project.pk])).content.decode()

    for label, address in {
        "1 comment": f"{reverse('admin:billing_comment_changelist')}?project__id__exact={project.pk}",
        "Add comment": f"{reverse('admin:billing_comment_add')}?project={project.pk}",
        "Time entries": f"{reverse('admin:billing_timeentry_changelist')}?project__id__exact={project.pk}",
        "Log time": f"{reverse('admin:billing_timeentry_add')}?project={project.pk}",
    }.items():
        assert f'<a href="{address}">{label}</a>' in page
        assert client.get(address).status_code == 200


def test_projects_to_choose_are_named_with_their_client(client, staff):
    ProjectFactory(name="Website", client__name="Brightwater")
    ProjectFactory(name="Website", client__name="Kyoto")
    ProjectFactory(name="Website", client__name="Archive", status="archived")
    query = {"app_label": "billing", "model_name": "timeentry", "field_name": "project", "term": "web"}

    rows = client.get(reverse("admin:billing_project_choices"), query).json()["results"]

    assert [row["text"] for row in rows] == ["Website (Brightwater)", "Website (Kyoto)"]


def test_tasks_to_choose_are_named_with_project_and_client_in_two_queries(client, staff, django_assert_max_num_queries):
    project = ProjectFactory(name="Website", client__name="Brightwater")
    for number in range(10):
        TaskFactory(project=project, name=f"Design {number}")
    query = {"app_label": "billing", "model_name": "timeentry", "field_name": "task", "term": "website design"}

    with django_assert_max_num_queries(4):
        rows = client.get(reverse("admin:billing_task_choices"), query).json()["results"]

    assert rows[0]["text"] == "Design 0 – Website (Brightwater)"
    assert len(rows) == 10

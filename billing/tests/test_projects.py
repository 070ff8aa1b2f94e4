"""Projects, their tasks, and the comments on them."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from accounts.models import Event
from accounts.tests.at_once import at_once
from accounts.tests.factories import ClientFactory, StaffFactory
from billing import projects
from billing.models import Comment, Project, Task
from billing.projects import ProjectRefused
from billing.tests.factories import NOW, ProjectFactory, TaskFactory, TimeEntryFactory


def told():
    return [(event.kind, event.facts) for event in Event.objects.order_by("number")]


def remark(project=None, **details):
    details.setdefault("is_internal", False)
    return projects.comment(project or ProjectFactory(), content="A remark", by=StaffFactory(), now=NOW, **details)


@pytest.mark.django_db
def test_a_project_opens_active_in_its_clients_currency_and_is_told():
    client, staff = ClientFactory(currency_code="JPY"), StaffFactory()
    project = projects.open_project(client, name="Site", by=staff, now=NOW)
    assert (project.status, project.currency_code, project.created_at) == ("active", "JPY", NOW)
    event = Event.objects.get()
    assert (event.kind, event.client, event.subject_id, event.project_id) == (
        "project_created",
        client,
        project.pk,
        project.pk,
    )
    assert (event.actor, event.facts) == (staff, {})


@pytest.mark.django_db
def test_a_clients_projects_have_different_names_in_any_case():
    project = ProjectFactory(name="Site")
    with pytest.raises(IntegrityError), transaction.atomic():
        projects.open_project(project.client, name="SITE", by=None, now=NOW)
    assert not Event.objects.exists()
    assert projects.open_project(ClientFactory(), name="Site", by=None, now=NOW).pk


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ("active", "on_hold", "project_status_changed"),
        ("on_hold", "active", "project_status_changed"),
        ("active", "completed", "project_completed"),
        ("completed", "active", "project_status_changed"),
        ("completed", "archived", "project_status_changed"),
    ],
)
def test_a_change_of_status_is_told_once(before, after, kind):
    project = ProjectFactory(status=before)
    projects.change_status(project, after, by=None, now=NOW)
    projects.change_status(project, after, by=None, now=NOW)
    assert told() == [(kind, {"from": before, "to": after})]
    assert Project.objects.get().status == after


@pytest.mark.django_db
def test_the_stored_status_counts_and_not_the_callers_copy():
    project = ProjectFactory(status="on_hold")
    stale = Project.objects.get(pk=project.pk)
    projects.change_status(project, "active", by=None, now=NOW)
    projects.change_status(stale, "completed", by=None, now=NOW)
    assert told()[1] == ("project_completed", {"from": "active", "to": "completed"})


@pytest.mark.django_db
def test_an_unknown_status_is_refused():
    with pytest.raises(ValueError, match="lost"):
        projects.change_status(ProjectFactory(), "lost", by=None, now=NOW)


@pytest.mark.django_db
def test_the_reason_for_archiving_is_kept_and_never_told():
    project = ProjectFactory()
    projects.change_status(project, "archived", by=None, now=NOW, reason="Never pays")
    assert Project.objects.get().archived_reason == "Never pays"
    assert told() == [("project_status_changed", {"from": "active", "to": "archived"})]


@pytest.mark.django_db
def test_a_reason_is_kept_for_archived_projects_only():
    project = ProjectFactory()
    projects.change_status(project, "on_hold", by=None, now=NOW, reason="Holidays")
    assert Project.objects.get().archived_reason == ""


@pytest.mark.django_db
def test_details_change_without_a_word():
    project = ProjectFactory(client=ClientFactory(hourly_rate=Decimal(50)))
    projects.change_project(project, name="Renamed", hourly_rate=Decimal(75))
    stored = Project.objects.get()
    assert (stored.name, stored.rate) == ("Renamed", Decimal(75))
    assert not told()


@pytest.mark.django_db
def test_a_projects_currency_changes_until_time_is_logged_on_it():
    project = ProjectFactory()
    projects.change_project(project, currency_code="USD")
    TimeEntryFactory(project=project)
    with pytest.raises(ProjectRefused, match="currency"):
        projects.change_project(project, currency_code="JPY")
    assert Project.objects.get().currency_code == "USD"
    projects.change_project(project, currency_code="USD", name="Renamed")
    assert Project.objects.get().name == "Renamed"


@pytest.mark.django_db
def test_tasks_are_added_to_projects_that_are_not_archived():
    project = ProjectFactory(status="completed")
    task = projects.add_task(project, name="Launch", now=NOW)
    assert (task.client, task.status, task.created_at) == (project.client, "todo", NOW)
    with pytest.raises(ProjectRefused, match="archived"):
        projects.add_task(ProjectFactory(status="archived"), name="Launch", now=NOW)


@pytest.mark.django_db
def test_a_task_changes_without_a_word():
    task = TaskFactory()
    projects.change_task(task, status="done", name="Launched")
    assert [(task.status, task.name) for task in Task.objects.all()] == [("done", "Launched")]
    assert not told()


@pytest.mark.django_db
def test_a_public_comment_is_told_without_its_words():
    comment = remark()
    event = Event.objects.get()
    assert (event.kind, event.subject_id, event.actor, event.facts) == ("comment_added", comment.pk, comment.author, {})


@pytest.mark.django_db
def test_an_internal_comment_is_told_to_nobody():
    remark(is_internal=True)
    assert not told()


@pytest.mark.django_db
def test_a_comment_is_told_once_when_it_becomes_public_and_not_again():
    comment = remark(is_internal=True)
    for is_internal in [False, True, False]:
        projects.change_comment(comment, by=comment.author, now=NOW, is_internal=is_internal)
    assert told() == [("comment_added", {})]
    assert Comment.objects.get().is_internal is False


@pytest.mark.django_db
def test_a_comment_that_was_public_from_the_start_is_not_told_again():
    comment = remark()
    projects.change_comment(comment, by=None, now=NOW, is_internal=True)
    projects.change_comment(comment, by=None, now=NOW, is_internal=False)
    assert len(told()) == 1


@pytest.mark.django_db
def test_rewording_a_comment_tells_nobody_and_leaves_it_as_internal_as_it_was():
    comment = remark(is_internal=True)
    projects.change_comment(comment, by=None, now=NOW, content="Other words")
    stored = Comment.objects.get()
    assert (stored.content, stored.is_internal, told()) == ("Other words", True, [])


@pytest.mark.django_db
def test_a_comment_changed_on_a_form_is_told_by_what_is_stored():
    comment = remark(is_internal=True)
    comment.is_internal = False
    projects.change_comment(comment, by=None, now=NOW, is_internal=False)
    assert told() == [("comment_added", {})]


@pytest.mark.django_db(transaction=True)
def test_a_comment_made_public_twice_at_once_is_told_once():
    comment = remark(is_internal=True)
    results = at_once(
        [
            lambda: (
                projects.change_comment(
                    Comment.objects.get(pk=comment.pk), by=None, now=NOW, is_internal=False
                ).is_internal
            )
        ]
        * 3
    )
    assert results == [False, False, False]
    assert told() == [("comment_added", {})]


@pytest.mark.django_db
def test_a_comment_belongs_to_a_task_of_its_project():
    task = TaskFactory()
    assert remark(task.project, task=task).task == task
    with pytest.raises(ProjectRefused, match="another project"):
        remark(ProjectFactory(client=task.client), task=task)
    assert Comment.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("field", ["status", "client"])
def test_a_projects_status_and_client_do_not_change_by_the_way(field):
    project = ProjectFactory()
    with pytest.raises(TypeError, match=field):
        projects.change_project(project, **{field: getattr(project, field)})


@pytest.mark.django_db
def test_a_task_stays_in_its_project():
    task = TaskFactory()
    with pytest.raises(TypeError, match="project"):
        projects.change_task(task, project=task.project)

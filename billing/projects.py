"""What can happen to projects, their tasks and the comments on them."""

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import events
from accounts.errors import Refused
from billing.models import Comment, Project, Task


class ProjectRefused(Refused):
    """A project, task or comment may not be changed so."""


@transaction.atomic
def open_project(client, *, name, by, now, **details):
    """Open an active project for a client and tell it. `details` are further fields of Project; returns it.

    Without a currency the project takes the client's.
    """
    details.setdefault("currency_code", client.currency_code)
    project = Project(client=client, name=name, created_at=now, **details)
    project.save(force_insert=True)
    events.record("project_created", client=client, subject=project, project=project, by=by, now=now)
    return project


@transaction.atomic
def change_project(project, **details):
    """Change a project's details, not its status or client; its currency only while no time is logged on it."""
    _refuse_fields(details, "status", "client", "client_id")
    other_currency = details.get("currency_code", project.currency_code) != _stored(project).currency_code
    if other_currency and project.time_entries.exists():
        raise ProjectRefused(_("Time is logged on this project; its currency cannot change any more."))
    for field, value in details.items():
        setattr(project, field, value)
    project.save(update_fields=list(details))
    return project


@transaction.atomic
def change_status(project, status, *, by, now, reason=""):
    """Move a project to another status and tell the client; to the same status does nothing.

    `reason` is the staff's own note on why it is archived and is never shown to the client.
    """
    before = _stored(project, lock=True).status
    if before == status:
        return project
    project.status = Project.Status(status)
    if project.status == Project.Status.ARCHIVED:
        project.archived_reason = reason
    project.save(update_fields=["status", "archived_reason"])
    kind = "project_completed" if project.status == Project.Status.COMPLETED else "project_status_changed"
    events.record(
        kind,
        client=project.client,
        subject=project,
        project=project,
        by=by,
        now=now,
        facts={"from": before, "to": project.status.value},
    )
    return project


@transaction.atomic
def add_task(project, *, name, now, **details):
    """Add a task to a project that is not archived; returns it."""
    _require_open(project)
    task = Task(client_id=project.client_id, project=project, name=name, created_at=now, **details)
    task.save(force_insert=True)
    return task


@transaction.atomic
def change_task(task, **details):
    """Change a task's fields, but not its project."""
    _refuse_fields(details, "project", "project_id", "client", "client_id")
    for field, value in details.items():
        setattr(task, field, value)
    task.save(update_fields=list(details))
    return task


@transaction.atomic
def comment(project, *, content, by, now, is_internal, task=None):
    """Write a comment; the client is told of it unless it is internal. Returns the Comment."""
    if task is not None and task.project_id != project.pk:
        raise ProjectRefused(_("This task belongs to another project."))
    written = Comment.objects.create(
        client_id=project.client_id,
        project=project,
        task=task,
        author=by,
        content=content,
        is_internal=is_internal,
        created_at=now,
    )
    if not is_internal:
        _tell_of_comment(written, by=by, now=now)
    return written


@transaction.atomic
def change_comment(written, *, by, now, content=None, is_internal=None):
    """Reword a comment, make it internal or public; the client is told the first time it becomes public."""
    written.refresh_from_db(from_queryset=Comment.objects.select_for_update())
    becomes_public = written.is_internal and is_internal is False
    written.content = written.content if content is None else content
    written.is_internal = written.is_internal if is_internal is None else is_internal
    written.save(update_fields=["content", "is_internal"])
    if becomes_public and not events.told_of("comment_added", written):
        _tell_of_comment(written, by=by, now=now)
    return written


def _tell_of_comment(written, *, by, now):
    events.record(
        "comment_added", client=written.project.client, subject=written, project=written.project, by=by, now=now
    )


def _refuse_fields(details, *names):
    if set(names) & set(details):
        raise TypeError(f"Not changed this way: {', '.join(sorted(set(names) & set(details)))}")


def _require_open(project):
    if project.status == Project.Status.ARCHIVED:
        raise ProjectRefused(_("“%(project)s” is archived; make it active first.") % {"project": project})


def _stored(project, lock=False):
    rows = Project.objects.select_for_update() if lock else Project.objects
    return rows.get(pk=project.pk)

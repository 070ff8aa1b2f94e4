"""The table of the queue; `accounts.queue` alone writes it."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_tasks import TaskResultStatus

READY, RUNNING = TaskResultStatus.READY, TaskResultStatus.RUNNING
FAILED, SUCCESSFUL = TaskResultStatus.FAILED, TaskResultStatus.SUCCESSFUL


class QueuedTaskQuerySet(models.QuerySet):
    def open(self):
        """What waits or is being done."""
        return self.filter(status__in=[READY, RUNNING])

    def due(self, now):
        """What a worker may take: waiting and its time come, or in the hands of a worker whose lease ran out."""
        return self.filter(Q(status=READY, run_after__lte=now) | Q(status=RUNNING, leased_until__lte=now))

    def next_first(self):
        return self.order_by("-priority", "run_after", "pk")

    def held(self, row):
        """The row, as long as it is still in the hands of the worker that claimed it as `row`."""
        return self.filter(pk=row.pk, status=RUNNING, leased_by=row.leased_by, attempts=row.attempts)


class QueuedTask(models.Model):
    """One call of a task, to be made by a worker; its arguments are kept no longer than they are needed.

    `key` names it outside, in results and in the Message-ID of a mail. Of two with one `dedupe_key` only the first is
    queued, as long as its row is kept.
    """

    key = models.UUIDField(_("key"), default=uuid.uuid4, unique=True, editable=False)
    task = models.CharField(_("task"), max_length=200)
    arguments = models.JSONField(default=dict)
    dedupe_key = models.CharField(_("what it is about"), max_length=200, null=True, unique=True)
    priority = models.SmallIntegerField(_("priority"), default=0)
    status = models.CharField(_("status"), max_length=10, choices=TaskResultStatus, default=READY)
    enqueued_at = models.DateTimeField(_("queued"))
    run_after = models.DateTimeField(_("not before"))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    leased_by = models.CharField(_("worker"), max_length=100, blank=True)
    leased_until = models.DateTimeField(_("worker's until"), null=True)
    started_at = models.DateTimeField(_("first tried"), null=True)
    last_attempted_at = models.DateTimeField(_("last tried"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    error_class = models.CharField(_("kind of error"), max_length=200, blank=True)
    error = models.TextField(_("last error"), blank=True)

    objects = QueuedTaskQuerySet.as_manager()

    class Meta:
        db_table = "queued_tasks"
        verbose_name = _("queued task")
        verbose_name_plural = _("queued tasks")
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["READY", "RUNNING", "FAILED", "SUCCESSFUL"]), name="queued_tasks_status_known"
            ),
            models.CheckConstraint(
                condition=Q(status="RUNNING", leased_until__isnull=False) | ~Q(status="RUNNING") & Q(leased_until=None),
                name="queued_tasks_running_is_leased",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["READY", "RUNNING"], finished_at=None)
                | Q(status__in=["FAILED", "SUCCESSFUL"], finished_at__isnull=False),
                name="queued_tasks_finished_has_time",
            ),
        ]
        indexes = [
            models.Index(fields=["run_after"], condition=Q(status__in=["READY", "RUNNING"]), name="queued_tasks_open"),
            models.Index(fields=["enqueued_at"], name="queued_tasks_enqueued"),
        ]

    def __str__(self):
        return self.dedupe_key or self.name

    @property
    def name(self):
        """The task's own name, without its module."""
        return self.task.rpartition(".")[2]

"""The queue in the staff's pages: what waits, what failed, and trying that again."""

from django.contrib import admin
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from accounts import queue
from accounts.queued_tasks import FAILED, QueuedTask
from accounts.staff_pages import ReadOnlyPage, deed


@admin.register(QueuedTask)
class QueuedTaskPage(ReadOnlyPage):
    """Arguments are not shown; what a task is about is."""

    list_display = ("enqueued_at", "name", "dedupe_key", "status", "attempts", "run_after", "finished_at", "error")
    list_filter = ("status", ("enqueued_at", admin.DateFieldListFilter))
    search_fields = ("task", "dedupe_key", "error")
    ordering = ("-enqueued_at", "-pk")
    show_full_result_count = False
    fields = (
        *("task", "dedupe_key", "key", "status", "priority", "enqueued_at", "run_after", "attempts", "leased_by"),
        *("leased_until", "started_at", "last_attempted_at", "finished_at", "error_class", "error"),
    )
    actions = []
    deeds = ("try_again",)

    @admin.display(description=_("task"), ordering="task")
    def name(self, row):
        return row.name

    @deed(_("Try again"), done=_("Will be tried again: %(rows)s."), when=lambda row: row.status == FAILED)
    def try_again(self, request, row):
        queue.try_again(row, now=now())

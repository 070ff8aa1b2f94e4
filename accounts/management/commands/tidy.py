"""Delete what is over: sessions, counts of failures, links that nobody can use, finished tasks. Safe at any time."""

from datetime import timedelta

from axes.models import AccessAttempt
from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from accounts.models import Invitation, SignedInSession
from accounts.queued_tasks import FAILED, SUCCESSFUL, QueuedTask

LINKS_KEPT = timedelta(days=90)
TASKS_KEPT = timedelta(days=14)
FAILED_TASKS_KEPT = timedelta(days=90)


class Command(BaseCommand):
    help = (
        "Delete expired sessions, forgotten counts of failed sign-ins, and links that expired 90 days ago, old tasks."
    )

    def handle(self, **options):
        now = timezone.now()
        for what, rows in [
            ("sessions", SignedInSession.objects.filter(expire_date__lte=now)),
            ("counts of failures", AccessAttempt.objects.filter(attempt_time__lte=now - settings.AXES_COOLOFF_TIME)),
            ("links", Invitation.objects.filter(expires_at__lte=now - LINKS_KEPT)),
            ("tasks", QueuedTask.objects.filter(status=SUCCESSFUL, finished_at__lte=now - TASKS_KEPT)),
            ("failed tasks", QueuedTask.objects.filter(status=FAILED, finished_at__lte=now - FAILED_TASKS_KEPT)),
        ]:
            deleted, _by_table = rows.delete()
            if options["verbosity"]:
                self.stdout.write(f"{deleted} {what} deleted")

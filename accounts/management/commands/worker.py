"""Do what is queued, in a process of its own."""

import signal

from django.core.management.base import BaseCommand

from accounts import patience
from accounts.working import Worker


class Command(BaseCommand):
    help = "Work the queue until SIGTERM or SIGINT, then finish the task in hand."

    def handle(self, **options):
        patience.bound()
        worker = Worker()
        for ending in (signal.SIGTERM, signal.SIGINT):
            signal.signal(ending, lambda *_: worker.stop())
        if options["verbosity"]:
            self.stdout.write(f"Worker {worker.name} is waiting for tasks.")
        worker.run()

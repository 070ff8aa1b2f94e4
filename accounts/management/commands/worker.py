"""Do what is queued, in a process of its own."""

import signal

from django.core.management.base import BaseCommand
from prometheus_client import start_http_server

from accounts import patience
from accounts.working import Worker


class Command(BaseCommand):
    help = "Work the queue until SIGTERM or SIGINT, then finish the task in hand."

    def add_arguments(self, parser):
        parser.add_argument("--metrics-port", type=int, help="Tell Prometheus about this worker on 127.0.0.1, here.")

    def handle(self, **options):
        patience.bound()
        worker = Worker()
        for ending in (signal.SIGTERM, signal.SIGINT):
            signal.signal(ending, lambda *_: worker.stop())
        if options["metrics_port"] is not None:
            start_http_server(options["metrics_port"], addr="127.0.0.1")
        if options["verbosity"]:
            self.stdout.write(f"Worker {worker.name} is waiting for tasks.")
        worker.run()

"""`manage.py await_ready 8001`: return once the web process on a port of this machine is able to answer pages."""

import http.client
from contextlib import closing
from time import monotonic, sleep

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

LOOK_SECONDS = 0.1


class Command(BaseCommand):
    help = "Wait until the web process on this port of 127.0.0.1 says on /readyz that it can answer pages."

    def add_arguments(self, parser):
        parser.add_argument("port", type=int)
        parser.add_argument("--seconds", type=float, default=60, help="Give up after so long, 60 by default.")

    def handle(self, *, port, seconds, **_options):
        deadline = monotonic() + seconds
        while not _is_ready(port):
            if monotonic() > deadline:
                raise CommandError(f"The process on port {port} was not ready within {seconds:g} seconds.")
            sleep(LOOK_SECONDS)


def _is_ready(port):
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        try:
            connection.request("GET", "/readyz", headers={"Host": settings.ALLOWED_HOSTS[0]})
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False

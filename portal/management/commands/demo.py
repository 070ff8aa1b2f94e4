"""`manage.py demo`: a small agency to look at, in a database file of its own."""

import asyncio
import logging
import socket

from daphne.cli import CommandLineInterface
from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.errors import Refused
from accounts.models import Client
from billing.models import Invoice, TimeEntry
from portal import answered
from portal.demo import database, live, story
from portal.demo.agency import CUSTOMERS, LEAD, PASSWORD, PORTAL_PEOPLE

HOST = "127.0.0.1"


class Command(BaseCommand):
    help = "Fill a database of its own with a small agency and serve it on this machine."

    def add_arguments(self, parser):
        parser.add_argument("--port", type=int, default=8000, help="Serve on this port instead of 8000.")
        parser.add_argument("--no-serve", action="store_true", help="Only fill the database and print the sign-ins.")
        parser.add_argument("--live", action="store_true", help="Keep the agency at work while it is served.")
        parser.add_argument("--reset", action="store_true", help="Throw the demo's data away and fill it anew.")

    def handle(self, **options):
        try:
            path = database.own_file()
            if not options["no_serve"]:
                _require_free(options["port"])
            if options["reset"]:
                database.remove(path)
            database.create(path)
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        call_command("migrate", verbosity=0, interactive=False)
        self._fill(timezone.now())
        self._print_sign_ins()
        connection.close()
        if not options["no_serve"]:
            self.stdout.write(_("Serving on %(url)s; stop with Ctrl+C.") % {"url": settings.SITE_URL})
            _serve(options["port"], at_work=options["live"])

    def _fill(self, now):
        day, today = database.filled_on(), timezone.localdate(now)
        if day is None:
            self.stdout.write(_("Filling the demo; this takes a few seconds …"))
            with transaction.atomic():
                story.tell(now=now)
                database.note_filled(today)
        elif day != today:
            self.stdout.write(
                _("The demo's data ends on %(day)s; “manage.py demo --reset” renews it.") % {"day": day.isoformat()}
            )

    def _print_sign_ins(self):
        portal, admin = f"{settings.SITE_URL}/client-portal", f"{settings.SITE_URL}/admin/"
        rows = [(_("Who"), _("Name"), _("Password"), _("Address")), (_("Staff"), LEAD, PASSWORD, admin)]
        for customer in CUSTOMERS:
            company = customer.fields["name"]
            rows += [
                (
                    _("%(person)s of %(company)s") % {"person": person.first_name, "company": company},
                    person.username,
                    PASSWORD,
                    portal,
                )
                for person in PORTAL_PEOPLE
                if person.client == customer.key and person.portal
            ]
            if customer.company_login:
                rows.append((_("%(company)s itself") % {"company": company}, customer.company_login, PASSWORD, portal))
        self.stdout.write("\n" + _counts() + "\n")
        self.stdout.write(_table(rows) + "\n")


def _counts():
    clients, entries, invoices = Client.objects.count(), TimeEntry.objects.count(), Invoice.objects.count()
    return _("The demo is ready: %(clients)s, %(entries)s, %(invoices)s.") % {
        "clients": ngettext("%(count)s client", "%(count)s clients", clients) % {"count": clients},
        "entries": ngettext("%(count)s time entry", "%(count)s time entries", entries)
        % {"count": number_format(entries, force_grouping=True)},
        "invoices": ngettext("%(count)s invoice", "%(count)s invoices", invoices) % {"count": invoices},
    }


def _table(rows):
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:]])


def _require_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError) as error:
            raise CommandError(
                _("Port %(port)s cannot be used; choose another with --port.") % {"port": port}
            ) from error


def _serve(port, *, at_work):
    module, name = settings.ASGI_APPLICATION.rsplit(".", 1)
    # The address is printed already.
    logging.getLogger("daphne").setLevel(logging.WARNING)
    if at_work:
        _work_while_serving()
    with answered.in_silence():
        CommandLineInterface().run(["-v", "0", "--no-server-name", "-b", HOST, "-p", str(port), f"{module}:{name}"])


def _work_while_serving():
    """Let the agency work in the server's own process, whose pages are told in memory."""
    from twisted.internet import reactor

    reactor.callWhenRunning(lambda: asyncio.ensure_future(live.work()))

"""`manage.py load_demo`: fill an empty database with as many made-up rows as a measurement needs."""

from time import monotonic

from django.core.management import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from accounts.errors import Refused
from portal.demo.agency import PASSWORD
from portal.demo.load import load


class Command(BaseCommand):
    help = "Fill an empty database with made-up clients, work and invoices, to measure on."

    def add_arguments(self, parser):
        parser.add_argument("--clients", type=int, default=100, help="Clients (100).")
        parser.add_argument("--entries", type=int, default=100_000, help="Time entries of all of them (100,000).")
        parser.add_argument(
            "--whale",
            action="store_true",
            help="And one client with 20 projects, 50,000 entries and 1,000 invoices.",
        )
        parser.add_argument(
            "--until", help="The moment at which the data ends, as 2026-11-22T12:00:00Z, instead of now."
        )

    def handle(self, *, clients, entries, whale, until, **_options):
        if clients < 1 or entries < 0:
            raise CommandError(_("There must be a client at least, and no less than no entries."))
        now = parse_datetime(until) if until else timezone.now()
        if now is None or now.tzinfo is None:
            raise CommandError(_("Write the moment as 2026-11-22T12:00:00Z."))
        began = monotonic()
        try:
            names = load(clients=clients, entries=entries, whale=whale, now=now)
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        told = {"seconds": round(monotonic() - began), "password": PASSWORD}
        self.stdout.write(_("Loaded in %(seconds)s s. All sign in with the password “%(password)s”:") % told)
        for what, name in names.items():
            self.stdout.write(f"  {what:6} {name}")

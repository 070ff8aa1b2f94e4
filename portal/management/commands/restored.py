"""`manage.py restored`: to be run once after a backup was put back, before the site starts."""

from django.core.management import BaseCommand, CommandError, call_command
from django.utils import timezone

from accounts.errors import Refused
from portal import restoring


class Command(BaseCommand):
    help = (
        "After a backup was put back: migrate it, end all sessions and links, have open pages begin anew, put the "
        "wall up, make totals and sequences right, and say what only people can know."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--drop-mails", action="store_true", help="drop the mails that wait; they may have gone out before"
        )
        parser.add_argument(
            "--last-number",
            action="append",
            default=[],
            metavar="NUMBER",
            help="the last invoice, credit note or quote that really went out, as INV-2026-0042; may be given often",
        )

    def handle(self, *, drop_mails, last_number, **_options):
        call_command("migrate", interactive=False, verbosity=0)
        try:
            lines = restoring.begin_anew(now=timezone.now(), drop_mails=drop_mails, last_numbers=last_number)
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write("\n".join(lines))
        call_command("check_totals", repair=True, stdout=self.stdout, stderr=self.stderr)

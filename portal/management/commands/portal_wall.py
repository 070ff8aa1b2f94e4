"""`manage.py portal_wall`: put up or audit the second wall between clients, the portal's role in PostgreSQL."""

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils.translation import gettext as _

from portal import wall_sql


class Command(BaseCommand):
    help = "Put up the portal's database role, its grants and row policies, or say what of them is missing or too much."

    def add_arguments(self, parser):
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument(
            "--install",
            action="store_true",
            help="put the wall up; where the database user may not make roles, print the SQL for somebody who may",
        )
        what.add_argument("--check", action="store_true", help="list what is not as it should be; exit 1 on a finding")

    def handle(self, *, install, **_options):
        if connection.vendor != "postgresql":
            raise CommandError(_("The wall stands in PostgreSQL only; SQLite has no roles and guards writes alone."))
        if install and not wall_sql.put_up():
            self.stdout.write("\n".join(f"{statement};" for statement in wall_sql.statements()))
            self.stderr.write(_("This user may not make roles: let a database administrator run the lines above."))
            return
        findings = wall_sql.audit()
        for finding in findings:
            self.stdout.write(finding)
        if findings:
            raise CommandError(
                _("The portal's wall is not up as it should be: %(count)s findings.") % {"count": len(findings)}
            )
        self.stdout.write(_("The portal's wall is up."))

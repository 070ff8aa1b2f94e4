"""`manage.py portal_access NAME`: does this person or company get into the portal, and what would they see?"""

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from accounts import signin
from accounts.access import why_not
from portal.scope import Scope, Viewer


class Command(BaseCommand):
    help = "Say whether a user name or company login name gets into the client portal, and if not, why."

    def add_arguments(self, parser):
        parser.add_argument("name", help="a user name or a company's portal name, in any case")

    def handle(self, *, name, **_options):
        account = signin.account_named(name)
        if account is None:
            raise CommandError(
                _("Nobody signs in as “%(name)s”: no such user and no such company login.") % {"name": name}
            )
        reason = why_not(account) or self._password_missing(account)
        if reason:
            raise CommandError(_("“%(name)s” does not get in. %(reason)s") % {"name": name, "reason": reason})
        viewer = Viewer.of(account)
        scope = Scope.of(viewer)
        counts = {
            "name": name,
            "client": viewer.client,
            "projects": scope.projects.count(),
            "invoices": scope.invoices.count(),
            "entries": scope.entries.count(),
        }
        self.stdout.write(
            _(
                "“%(name)s” gets in and sees %(client)s: %(projects)s projects, %(invoices)s invoices, "
                "%(entries)s time entries."
            )
            % counts
        )

    @staticmethod
    def _password_missing(account):
        if signin.has_password(account):
            return None
        return _("No password is set yet; send an invitation.")

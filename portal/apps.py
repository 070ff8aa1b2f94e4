"""What a client sees and may do."""

import logging

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from accounts import guards

log = logging.getLogger(__name__)


class PortalConfig(AppConfig):
    name = "portal"
    verbose_name = _("Client portal")
    guards = [
        guards.Tie("client_event_reads", "event_id", "client_events"),
        guards.Tie("client_portal_digest_items", "event_id", "client_events"),
    ]

    def ready(self):
        from accounts import working
        from portal import checks, mailing  # noqa: F401 (registers them)

        guards.keep(self)
        working.regularly(mailing.queue_mails, seconds=working.LOOK_SECONDS)
        working.regularly(mailing.queue_digests, seconds=60)
        post_migrate.connect(_put_up_wall, sender=self, dispatch_uid="portal_wall")


def _put_up_wall(using, **_signal):
    """After each migrate: a migration may have made tables anew, or the golden list may have changed."""
    from portal import wall_sql

    if using != "default" or connections[using].vendor != "postgresql":
        return
    if {"clients", "client_time_approvals"} <= set(
        connections[using].introspection.table_names()
    ) and not wall_sql.put_up():
        log.warning(
            "The portal's wall is not up, and this database user may not make roles: see manage.py portal_wall."
        )

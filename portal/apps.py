"""What a client sees and may do."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from accounts import guards


class PortalConfig(AppConfig):
    name = "portal"
    verbose_name = _("Client portal")
    guards = [
        guards.Tie("client_time_approvals", "project_id", "projects"),
        guards.Tie("client_event_reads", "event_id", "client_events"),
    ]

    def ready(self):
        guards.keep(self)

"""Work and money."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from accounts import guards


class BillingConfig(AppConfig):
    name = "billing"
    verbose_name = _("Work and money")

    def ready(self):
        from billing.guards import GUARDS

        self.guards = GUARDS
        guards.keep(self)

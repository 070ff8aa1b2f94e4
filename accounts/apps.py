"""Who takes part, and the journal of what happened."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from accounts import guards


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("People and clients")
    guards = [
        guards.Counted(
            "users",
            "access_number",
            ("is_active", "client_portal_enabled", "client_id", "password", "is_staff", "is_superuser"),
        ),
        guards.Counted(
            "clients", "access_number", ("is_active", "portal_enabled", "portal_username", "portal_password")
        ),
        # Numbers without a gap, whoever counts: the portal's role may raise the counter, too. The mark of what was
        # mailed moves by itself.
        guards.Refusal(
            "event_counters_step",
            "client_event_counters",
            "UPDATE",
            "NEW.last <> OLD.last + 1 AND (NEW.last <> OLD.last OR NEW.mailed = OLD.mailed)",
        ),
        guards.Refusal("access_trail_update", "access_trail", "UPDATE", "TRUE"),
        guards.Refusal("access_trail_delete", "access_trail", "DELETE", "TRUE"),
    ]

    def ready(self):
        from django.contrib.auth.signals import user_logged_in, user_logged_out

        from accounts import signin

        guards.keep(self)
        user_logged_in.connect(signin.person_signed_in, dispatch_uid="accounts.signed_in")
        user_logged_out.connect(signin.person_signed_out, dispatch_uid="accounts.signed_out")

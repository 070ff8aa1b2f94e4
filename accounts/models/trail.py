"""The trail of access."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class TrailEntry(models.Model):
    """One line of the trail of access, written by `accounts.trail.record` alone: append-only, for staff, no secrets.

    Whom it is about and who did it are kept by id and name, not by reference: what happens to them changes no row.
    `kind` is one of `accounts.trail.TrailKind`.
    """

    kind = models.CharField(_("what"), max_length=40)
    user_id = models.BigIntegerField(_("number of the user"), null=True)
    user_name = models.CharField(_("user"), max_length=200, blank=True)
    client_id = models.BigIntegerField(_("number of the client"), null=True)
    client_name = models.CharField(_("client"), max_length=200, blank=True)
    by_id = models.BigIntegerField(_("number of whom it was by"), null=True)
    by_name = models.CharField(_("by"), max_length=200, blank=True)
    address = models.GenericIPAddressField(_("network address"), null=True)
    user_agent = models.CharField(_("browser"), max_length=300, blank=True)
    facts = models.JSONField(_("facts"), default=dict)
    recorded_at = models.DateTimeField(_("recorded"))

    class Meta:
        db_table = "access_trail"
        verbose_name = _("entry of the trail")
        verbose_name_plural = _("trail of access")
        indexes = [
            models.Index(fields=["recorded_at"], name="access_trail_recorded"),
            models.Index(fields=["kind", "address", "recorded_at"], name="access_trail_kind_address"),
            models.Index(fields=["user_id", "recorded_at"], name="access_trail_user"),
            models.Index(fields=["client_id", "recorded_at"], name="access_trail_client"),
        ]

    def __str__(self):
        return f"{self.user_name or self.client_name} {self.recorded_at:%Y-%m-%d %H:%M} UTC".strip()

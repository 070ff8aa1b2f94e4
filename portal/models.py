"""What belongs to the viewers themselves: dashboard layouts, read marks and answers to approval requests."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Client, Event, User
from billing.models import Project


class DashboardPreference(models.Model):
    """One viewer's dashboard: which widgets, in which order; without a user, the company login's."""

    client = models.ForeignKey(Client, models.CASCADE, related_name="+")
    user = models.ForeignKey(User, models.CASCADE, null=True, blank=True, related_name="+")
    widget_ids = models.JSONField(default=list)
    widget_order = models.JSONField(default=list)

    class Meta:
        db_table = "client_portal_dashboard_preferences"
        constraints = [
            models.UniqueConstraint(
                fields=["client", "user"], condition=Q(user__isnull=False), name="dashboard_preferences_one_per_user"
            ),
            models.UniqueConstraint(
                fields=["client"], condition=Q(user=None), name="dashboard_preferences_one_per_company"
            ),
        ]

    def __str__(self):
        return f"{self.client} / {self.user or '—'}"


class EventRead(models.Model):
    """A viewer has read an event; without a user, the company login has."""

    client = models.ForeignKey(Client, models.CASCADE, related_name="+", db_index=False)
    user = models.ForeignKey(User, models.CASCADE, null=True, blank=True, related_name="+")
    event = models.ForeignKey(Event, models.CASCADE, related_name="+")
    read_at = models.DateTimeField()

    class Meta:
        db_table = "client_event_reads"
        constraints = [
            models.UniqueConstraint(
                fields=["client", "user", "event"], condition=Q(user__isnull=False), name="event_reads_one_per_user"
            ),
            models.UniqueConstraint(
                fields=["client", "event"], condition=Q(user=None), name="event_reads_one_per_company"
            ),
        ]

    def __str__(self):
        return f"{self.event} / {self.user or '—'}"


class TimeApproval(models.Model):
    """A request to a client to approve the hours of a project in a period (local dates, both inclusive)."""

    class Status(models.TextChoices):
        REQUESTED = "requested", _("Waiting")
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    client = models.ForeignKey(Client, models.PROTECT, related_name="time_approvals", verbose_name=_("client"))
    project = models.ForeignKey(Project, models.PROTECT, related_name="time_approvals", verbose_name=_("project"))
    period_start = models.DateField(_("from"))
    period_end = models.DateField(_("to"))
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.REQUESTED)
    requested_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("asked by"))
    requested_at = models.DateTimeField(_("asked"))
    answered_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("answered by")
    )
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    reason = models.TextField(_("reason"), blank=True)

    class Meta:
        db_table = "client_time_approvals"
        verbose_name = _("approval of hours")
        verbose_name_plural = _("approvals of hours")
        constraints = [
            models.CheckConstraint(
                condition=Q(period_end__gte=F("period_start")), name="time_approvals_period_in_order"
            ),
            models.CheckConstraint(
                condition=Q(status="requested", answered_at=None)
                | Q(~Q(status="requested"), answered_at__isnull=False),
                name="time_approvals_answered_has_time",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["requested", "approved", "rejected", "withdrawn"]),
                name="time_approvals_status_known",
            ),
        ]
        indexes = [models.Index(fields=["client", "status"], name="time_approvals_waiting")]

    def __str__(self):
        return f"{self.project} {self.period_start} – {self.period_end}"

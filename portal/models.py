"""What belongs to the viewers themselves: dashboard layouts, read marks, and what they want by e-mail."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import NOTIFIED, Client, Event, User


class DashboardPreference(models.Model):
    """One viewer's dashboard: which widgets, in which order; without a user, the company login's."""

    client = models.ForeignKey(Client, models.CASCADE, related_name="+", verbose_name=_("client"))
    user = models.ForeignKey(User, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("user"))
    widget_ids = models.JSONField(_("widgets"), default=list)
    widget_order = models.JSONField(_("widgets in their order"), default=list)

    class Meta:
        db_table = "client_portal_dashboard_preferences"
        verbose_name = _("dashboard layout")
        verbose_name_plural = _("dashboard layouts")
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

    client = models.ForeignKey(Client, models.CASCADE, related_name="+", db_index=False, verbose_name=_("client"))
    user = models.ForeignKey(User, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("user"))
    event = models.ForeignKey(Event, models.CASCADE, related_name="+", verbose_name=_("event"))
    read_at = models.DateTimeField(_("read"))

    class Meta:
        db_table = "client_event_reads"
        verbose_name = _("event read")
        verbose_name_plural = _("events read")
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


class EventReadMark(models.Model):
    """A viewer has read everything up to an event number; what it read beyond stands in EventRead."""

    client = models.ForeignKey(Client, models.CASCADE, related_name="+", db_index=False, verbose_name=_("client"))
    user = models.ForeignKey(User, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("user"))
    up_to = models.BigIntegerField(default=0)

    class Meta:
        db_table = "client_event_read_marks"
        verbose_name = _("read mark")
        verbose_name_plural = _("read marks")
        constraints = [
            models.UniqueConstraint(
                fields=["client", "user"], condition=Q(user__isnull=False), name="event_read_marks_one_per_user"
            ),
            models.UniqueConstraint(fields=["client"], condition=Q(user=None), name="event_read_marks_one_per_company"),
        ]

    def __str__(self):
        return f"{self.up_to} / {self.user or '—'}"


class MailTime(models.TextChoices):
    """When a viewer is mailed of something."""

    AT_ONCE = "at_once", _("At once")
    DAILY = "daily", _("Once a day")
    NEVER = "never", _("Never")


class MailChoice(models.Model):
    """When a viewer wants to be mailed of one kind of event; without a user, the company's address."""

    client = models.ForeignKey(Client, models.CASCADE, related_name="+", db_index=False, verbose_name=_("client"))
    user = models.ForeignKey(User, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("user"))
    kind = models.CharField(_("what"), max_length=30, choices=[(kind.value, kind.label) for kind in NOTIFIED])
    choice = models.CharField(_("when"), max_length=10, choices=MailTime)

    class Meta:
        db_table = "client_portal_mail_choices"
        verbose_name = _("choice of e-mails")
        verbose_name_plural = _("choices of e-mails")
        constraints = [
            models.UniqueConstraint(
                fields=["client", "user", "kind"], condition=Q(user__isnull=False), name="mail_choices_one_per_user"
            ),
            models.UniqueConstraint(
                fields=["client", "kind"], condition=Q(user=None), name="mail_choices_one_per_company"
            ),
            models.CheckConstraint(
                condition=Q(choice__in=["at_once", "daily", "never"]), name="mail_choices_choice_known"
            ),
        ]

    def __str__(self):
        return f"{self.get_kind_display()}: {self.get_choice_display()}"


class DigestItem(models.Model):
    """An event that waits for a viewer's next daily e-mail; without a user, for that of the company's address."""

    client = models.ForeignKey(Client, models.CASCADE, related_name="+", db_index=False, verbose_name=_("client"))
    user = models.ForeignKey(User, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("user"))
    event = models.ForeignKey(Event, models.CASCADE, related_name="+", verbose_name=_("event"))
    added_at = models.DateTimeField()

    class Meta:
        db_table = "client_portal_digest_items"
        verbose_name = _("line of a daily e-mail")
        verbose_name_plural = _("lines of daily e-mails")
        constraints = [
            models.UniqueConstraint(
                fields=["client", "user", "event"], condition=Q(user__isnull=False), name="digest_items_one_per_user"
            ),
            models.UniqueConstraint(
                fields=["client", "event"], condition=Q(user=None), name="digest_items_one_per_company"
            ),
        ]

    def __str__(self):
        return f"{self.event} / {self.user or '—'}"

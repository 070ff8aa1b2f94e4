"""What happened, as a client may know it: the journal of events."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models.people import Client, User


class EventKind(models.TextChoices):
    """What a client may be told of, and nothing else."""

    PROJECT_CREATED = "project_created", _("project created")
    PROJECT_STATUS_CHANGED = "project_status_changed", _("project status changed")
    PROJECT_COMPLETED = "project_completed", _("project completed")
    TIME_LOGGED = "time_logged", _("time logged")
    COMMENT_ADDED = "comment_added", _("comment added")
    INVOICE_SENT = "invoice_sent", _("invoice sent")
    INVOICE_PARTIALLY_PAID = "invoice_partially_paid", _("invoice paid in part")
    INVOICE_PAID = "invoice_paid", _("invoice paid")
    INVOICE_CANCELLED = "invoice_cancelled", _("invoice cancelled")
    QUOTE_SENT = "quote_sent", _("quote sent")
    APPROVAL_REQUESTED = "approval_requested", _("approval requested")
    APPROVAL_APPROVED = "approval_approved", _("approval given")
    APPROVAL_REJECTED = "approval_rejected", _("approval rejected")
    DOCUMENT_SHARED = "document_shared", _("document shared")


# Those that ask for attention; the others are activity only.
NOTIFIED = (
    EventKind.APPROVAL_APPROVED,
    EventKind.APPROVAL_REJECTED,
    EventKind.APPROVAL_REQUESTED,
    EventKind.INVOICE_CANCELLED,
    EventKind.INVOICE_PAID,
    EventKind.INVOICE_PARTIALLY_PAID,
    EventKind.INVOICE_SENT,
    EventKind.QUOTE_SENT,
)


class EventCounter(models.Model):
    """The last event number of each client; its row is the lock that keeps numbers in the order of commits."""

    client = models.OneToOneField(Client, models.CASCADE, primary_key=True, related_name="event_counter")
    last = models.BigIntegerField(default=0)
    # Up to here the portal has queued what is to be mailed.
    mailed = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        db_table = "client_event_counters"

    def __str__(self):
        return str(self.last)


class Epoch(models.Model):
    """In one row, which life of the database the event numbers belong to: another one since each restored backup.

    Numbers are given again after that, so that they mean something within an epoch alone. A database that was never
    restored has no row; its epoch is the empty text.
    """

    code = models.CharField(max_length=32)

    class Meta:
        db_table = "journal_epoch"
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="journal_epoch_one_row")]

    def __str__(self):
        return self.code


class EventQuerySet(models.QuerySet):
    def for_client(self, client):
        return self.filter(client=client)

    def notified(self):
        """Those that ask for attention."""
        return self.filter(kind__in=NOTIFIED)

    def after(self, number):
        """Those recorded later than the client's event of this number."""
        return self.filter(number__gt=number)

    def oldest_first(self):
        return self.order_by("number")

    def newest_first(self):
        return self.order_by("-number")


class Event(models.Model):
    """One line of a client's journal: append-only, written by `accounts.events.record` alone.

    `number` runs 1, 2, 3 for each client, in the order of commits. The subject is named by type and id, because the
    tables of work and money stand above this one; `facts` holds figures and states, never free text.
    """

    client = models.ForeignKey(Client, models.PROTECT, related_name="events", db_index=False, verbose_name=_("client"))
    number = models.BigIntegerField(_("number"))
    kind = models.CharField(_("kind"), max_length=30, choices=EventKind)
    subject_type = models.CharField(_("about"), max_length=30)
    subject_id = models.BigIntegerField(_("number of what it is about"), null=True)
    project_id = models.BigIntegerField(_("number of the project"), null=True)
    actor = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+", verbose_name=_("by"))
    facts = models.JSONField(_("facts"), default=dict)
    recorded_at = models.DateTimeField(_("recorded"))

    objects = EventQuerySet.as_manager()

    class Meta:
        db_table = "client_events"
        verbose_name = _("event")
        verbose_name_plural = _("events")
        constraints = [
            models.UniqueConstraint(fields=["client", "number"], name="client_events_number_unique"),
            models.UniqueConstraint(fields=["id", "client"], name="client_events_id_client"),
            models.CheckConstraint(condition=Q(number__gt=0), name="client_events_number_positive"),
            models.CheckConstraint(condition=Q(kind__in=EventKind.values), name="client_events_kind_known"),
        ]
        indexes = [
            models.Index(fields=["client", "kind", "subject_id"], name="client_events_subject"),
            models.Index(fields=["client", "number"], name="client_events_notified", condition=Q(kind__in=NOTIFIED)),
        ]

    def __str__(self):
        return f"{self.number} {self.get_kind_display()}"

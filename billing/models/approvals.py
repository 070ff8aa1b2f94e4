"""Requests to clients to approve hours, and what exactly each of them was asked about."""

from django.db import models
from django.db.models import Case, Exists, F, IntegerField, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from accounts.models import Client, User
from billing.addresses import portal_page
from billing.models.exact import AMOUNT_DIGITS
from billing.models.work import Project


class TimeApprovalQuerySet(models.QuerySet):
    def for_client(self, client):
        return self.filter(client=client)

    def visible(self):
        """Those about projects that a client may see."""
        return self.exclude(project__status=Project.Status.ARCHIVED)

    def waiting(self):
        """Those that nobody has answered yet."""
        return self.filter(status=TimeApproval.Status.REQUESTED)

    def left_rejected(self):
        """Rejected ones after which the client was not asked about the project again."""
        asked_later = TimeApproval.objects.filter(project=OuterRef("project"), requested_at__gt=OuterRef("answered_at"))
        return self.filter(~Exists(asked_later), status=TimeApproval.Status.REJECTED)

    def waiting_first(self):
        """The waiting ones, longest waiting first; then the others, latest answer first."""
        answered = Case(
            When(status=TimeApproval.Status.REQUESTED, then=Value(0)), default=Value(1), output_field=IntegerField()
        )
        return self.order_by(answered, F("answered_at").desc(nulls_last=True), "requested_at", "pk")

    def with_seconds(self):
        """With `seconds`, all the time that a request is about."""
        lines = TimeApprovalEntry.objects.filter(approval=OuterRef("pk")).order_by().values("approval")
        total = lines.annotate(total=Sum("duration_seconds")).values("total")
        return self.annotate(seconds=Coalesce(Subquery(total), Value(0), output_field=IntegerField()))


class TimeApproval(models.Model):
    """A request to a client to approve hours of a project in a period (the client's local dates, both inclusive).

    Its lines are the content asked about; `version` rises each time that they change while it waits. Once it was
    answered or withdrawn the database changes neither. Without `answered_by` the company login answered;
    `answered_for_client` says that staff passed on what the client told them. A request about hours that changed
    after an approval `renews` the approved one.
    """

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
    version = models.PositiveIntegerField(_("version"), default=1)
    requested_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("asked by"))
    requested_at = models.DateTimeField(_("asked"))
    answered_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("answered by")
    )
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    answered_for_client = models.BooleanField(_("answered by staff for the client"), default=False)
    reason = models.TextField(_("reason"), blank=True)
    renews = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="renewals", verbose_name=_("asks anew about")
    )

    objects = TimeApprovalQuerySet.as_manager()

    class Meta:
        db_table = "client_time_approvals"
        verbose_name = _("approval of hours")
        verbose_name_plural = _("approvals of hours")
        constraints = [
            models.UniqueConstraint(fields=["id", "client"], name="time_approvals_id_client"),
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
            models.CheckConstraint(
                condition=~Q(status="rejected", reason=""), name="time_approvals_rejected_with_reason"
            ),
        ]
        indexes = [models.Index(fields=["client", "status"], name="time_approvals_waiting")]

    def __str__(self):
        return f"{self.project} {self.period_start} – {self.period_end}"

    def get_absolute_url(self):
        return portal_page("approval", self.pk)

    @property
    def is_waiting(self):
        return self.status == self.Status.REQUESTED


class TimeApprovalEntryQuerySet(models.QuerySet):
    def for_client(self, client):
        return self.filter(client=client)

    def visible(self):
        """Those of requests about projects that a client may see."""
        return self.exclude(approval__project__status=Project.Status.ARCHIVED)

    def in_order(self):
        return self.order_by("start_time", "pk")


class TimeApprovalEntry(models.Model):
    """One time entry as a request showed it: a copy that stays when the entry changes, moves or goes.

    `time_entry_id` and `task_id` are plain numbers, because what they name may be gone.
    """

    client = models.ForeignKey(
        Client, models.PROTECT, related_name="+", verbose_name=_("client"), editable=False, db_index=False
    )
    approval = models.ForeignKey(
        TimeApproval, models.PROTECT, related_name="lines", verbose_name=_("approval of hours"), db_index=False
    )
    time_entry_id = models.BigIntegerField(_("number of the time entry"))
    user = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("person"))
    start_time = models.DateTimeField(_("start"))
    end_time = models.DateTimeField(_("end"))
    duration_seconds = models.PositiveIntegerField(_("seconds"))
    has_times = models.BooleanField(_("start and end are known"))
    task_id = models.BigIntegerField(null=True)
    task_name = models.CharField(_("task"), max_length=200, blank=True)
    notes = models.TextField(_("notes"), blank=True)
    billable = models.BooleanField(_("billable"))
    hourly_rate = models.DecimalField(_("hourly rate"), null=True, blank=True, **AMOUNT_DIGITS)
    amount = models.DecimalField(_("amount"), null=True, blank=True, **AMOUNT_DIGITS)
    currency_code = models.CharField(_("currency"), max_length=3)

    objects = TimeApprovalEntryQuerySet.as_manager()

    class Meta:
        db_table = "client_time_approval_entries"
        verbose_name = _("time entry asked about")
        verbose_name_plural = _("time entries asked about")
        constraints = [
            models.UniqueConstraint(fields=["approval", "time_entry_id"], name="time_approval_entries_once"),
        ]
        indexes = [
            models.Index(fields=["client", "approval", "start_time"], name="time_approval_entries_listed"),
            models.Index(fields=["time_entry_id"], name="time_approval_entries_entry"),
        ]

    def __str__(self):
        return f"{self.start_time:%Y-%m-%d}"

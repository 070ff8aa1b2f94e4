"""Projects, tasks, time entries and comments."""

import re

from django.db import connection, models
from django.db.models import Case, F, FloatField, IntegerField, Q, Value, When
from django.db.models.functions import Cast, Coalesce, Greatest, Lower
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Client, User
from billing.addresses import portal_page
from billing.models.exact import AMOUNT_DIGITS

# From this share of an estimate or budget on it is running out; floats come this near to it.
RUNNING_OUT = 0.8
NEARLY = 1e-9


class ProjectQuerySet(models.QuerySet):
    def for_client(self, client):
        return self.filter(client=client)

    def visible(self):
        """Those a client may see: every project that is not archived."""
        return self.exclude(status=Project.Status.ARCHIVED)

    def active(self):
        return self.filter(status=Project.Status.ACTIVE)

    def under_way(self):
        """Those with work still to come: active or on hold."""
        return self.filter(status__in=Project.UNDER_WAY)

    def with_used(self):
        """Annotate `used`: the larger share of estimate and budget that is used, 1 for all of it, 0 without either."""
        hours = _share_of(F("totals__seconds"), F("estimated_hours"), 3600.0)
        money = _share_of(F("totals__amount"), F("budget_amount"), 1.0)
        return self.annotate(used=Greatest(hours, money))

    def running_out(self):
        """Those under way of whose estimate or budget RUNNING_OUT is used, or more."""
        return self.under_way().with_used().filter(used__gte=RUNNING_OUT - NEARLY)

    def in_working_order(self):
        """Active first, then on hold, completed, archived; by name within each."""
        place = Case(
            *(When(status=status, then=Value(place)) for place, status in enumerate(Project.Status.values)),
            output_field=IntegerField(),
        )
        return self.order_by(place, Lower("name"), "pk")


def _share_of(used, limit, unit):
    return Coalesce(Cast(used, FloatField()) / (Cast(limit, FloatField()) * Value(unit)), 0.0)


class Project(models.Model):
    """A piece of work for one client, with an estimate in hours, a budget in money, both or neither."""

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        ON_HOLD = "on_hold", _("On hold")
        COMPLETED = "completed", _("Completed")
        ARCHIVED = "archived", _("Archived")

    UNDER_WAY = (Status.ACTIVE, Status.ON_HOLD)

    client = models.ForeignKey(Client, models.PROTECT, related_name="projects", verbose_name=_("client"))
    name = models.CharField(_("name"), max_length=200)
    description = models.TextField(_("description"), blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.ACTIVE)
    start_date = models.DateField(_("start"), null=True, blank=True)
    due_date = models.DateField(_("due"), null=True, blank=True)
    currency_code = models.CharField(_("currency"), max_length=3)
    billable = models.BooleanField(_("billable"), default=True)
    hourly_rate = models.DecimalField(_("hourly rate"), null=True, blank=True, **AMOUNT_DIGITS)
    estimated_hours = models.DecimalField(_("estimated hours"), max_digits=9, decimal_places=2, null=True, blank=True)
    budget_amount = models.DecimalField(_("budget"), null=True, blank=True, **AMOUNT_DIGITS)
    internal_notes = models.TextField(_("internal notes"), blank=True, help_text=_("Never shown in the portal."))
    archived_reason = models.TextField(_("why archived"), blank=True, help_text=_("Never shown in the portal."))
    created_at = models.DateTimeField(_("created"), default=now, editable=False)

    objects = ProjectQuerySet.as_manager()

    class Meta:
        db_table = "projects"
        verbose_name = _("project")
        verbose_name_plural = _("projects")
        constraints = [
            models.UniqueConstraint(
                "client",
                Lower("name"),
                name="projects_name_unique",
                violation_error_message=_("This client has a project of this name."),
            ),
            models.UniqueConstraint(fields=["id", "client"], name="projects_id_client"),
            models.CheckConstraint(
                condition=Q(status__in=["active", "on_hold", "completed", "archived"]), name="projects_status_known"
            ),
            models.CheckConstraint(
                condition=Q(hourly_rate=None) | Q(hourly_rate__gte=0), name="projects_hourly_rate_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(estimated_hours=None) | Q(estimated_hours__gt=0), name="projects_estimate_positive"
            ),
            models.CheckConstraint(
                condition=Q(budget_amount=None) | Q(budget_amount__gt=0), name="projects_budget_positive"
            ),
        ]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return portal_page("project", self.pk)

    @property
    def is_under_way(self):
        return self.status in self.UNDER_WAY

    @property
    def rate(self):
        """The rate an hour that new entries take: the project's, else the client's, else None."""
        return self.client.hourly_rate if self.hourly_rate is None else self.hourly_rate


class TaskQuerySet(models.QuerySet):
    def for_client(self, client):
        return self.filter(client=client)

    def visible(self):
        return self.exclude(project__status=Project.Status.ARCHIVED)

    def open(self):
        return self.filter(status__in=Task.OPEN)

    def in_working_order(self):
        """By status in the order of work, then due date (none last), then name."""
        place = Case(
            *(When(status=status, then=Value(place)) for place, status in enumerate(Task.Status.values)),
            output_field=IntegerField(),
        )
        return self.order_by(place, F("due_date").asc(nulls_last=True), Lower("name"), "pk")


class Task(models.Model):
    """A part of a project that time is logged on."""

    class Status(models.TextChoices):
        IN_PROGRESS = "in_progress", _("In progress")
        REVIEW = "review", _("In review")
        TODO = "todo", _("To do")
        DONE = "done", _("Done")
        CANCELLED = "cancelled", pgettext_lazy("task", "Cancelled")

    OPEN = (Status.IN_PROGRESS, Status.REVIEW, Status.TODO)

    client = models.ForeignKey(Client, models.PROTECT, related_name="tasks", verbose_name=_("client"), editable=False)
    project = models.ForeignKey(Project, models.PROTECT, related_name="tasks", verbose_name=_("project"))
    name = models.CharField(_("name"), max_length=200)
    description = models.TextField(_("description"), blank=True)
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.TODO)
    due_date = models.DateField(_("due"), null=True, blank=True)
    estimated_hours = models.DecimalField(_("estimated hours"), max_digits=9, decimal_places=2, null=True, blank=True)
    created_at = models.DateTimeField(_("created"), default=now, editable=False)

    objects = TaskQuerySet.as_manager()

    class Meta:
        db_table = "tasks"
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        constraints = [
            models.UniqueConstraint(
                "project",
                Lower("name"),
                name="tasks_name_unique",
                violation_error_message=_("This project has a task of this name."),
            ),
            models.UniqueConstraint(fields=["id", "project"], name="tasks_id_project"),
            models.CheckConstraint(
                condition=Q(status__in=["in_progress", "review", "todo", "done", "cancelled"]),
                name="tasks_status_known",
            ),
            models.CheckConstraint(
                condition=Q(estimated_hours=None) | Q(estimated_hours__gt=0), name="tasks_estimate_positive"
            ),
        ]
        indexes = [models.Index(fields=["client", "project", "status"], name="tasks_by_status")]

    def __str__(self):
        return self.name


class TimeEntryQuerySet(models.QuerySet):
    def for_client(self, client):
        return self.filter(client=client)

    def visible(self):
        """Those of projects that a client may see."""
        # Not by a join: PostgreSQL would take few entries to be left, and read all of them for the newest.
        return self.exclude(project__in=Project.objects.filter(status=Project.Status.ARCHIVED).values("pk"))

    def finished(self):
        return self.filter(end_time__isnull=False)

    def running(self):
        return self.filter(end_time__isnull=True)

    def starting_between(self, start, end):
        """Those that began at or after `start` and before `end` (aware datetimes or None for no bound)."""
        bounded = self if start is None else self.filter(start_time__gte=start)
        return bounded if end is None else bounded.filter(start_time__lt=end)

    def mentioning(self, text):
        """Those whose notes hold `text` as it is, in small letters or capitals."""
        if connection.vendor == "sqlite":
            # SQLite's own LIKE knows the capitals of ASCII alone.
            return self.filter(notes__iregex=re.escape(text))
        return self.filter(notes__icontains=text)

    def newest_first(self):
        return self.order_by("-start_time", "-pk")

    def oldest_first(self):
        return self.order_by("start_time", "pk")

    def longest_first(self):
        return self.order_by("-duration_seconds", "-start_time", "-pk")

    def cut(self, start, stop):
        """A slice, found by an index alone: what is joined to entries is read for those of the slice."""
        return self.filter(pk__in=self.select_related(None).values("pk")[start:stop])


class TimeEntry(models.Model):
    """Work of one person from `start_time` to `end_time` (both UTC); without an end it is a running timer.

    `duration_seconds` is what counts and is billed; a tracker that rounds may state it apart from the two instants.
    Without `has_times` only the day and the duration are known, and `start_time` is noon of that day.
    `hourly_rate` and `amount` (in the project's currency) are kept as they were when the time was logged.
    """

    client = models.ForeignKey(
        Client, models.PROTECT, related_name="time_entries", verbose_name=_("client"), editable=False, db_index=False
    )
    project = models.ForeignKey(Project, models.PROTECT, related_name="time_entries", verbose_name=_("project"))
    task = models.ForeignKey(
        Task, models.PROTECT, null=True, blank=True, related_name="time_entries", verbose_name=_("task")
    )
    user = models.ForeignKey(User, models.PROTECT, related_name="time_entries", verbose_name=_("person"))
    start_time = models.DateTimeField(_("start"))
    end_time = models.DateTimeField(_("end"), null=True, blank=True)
    duration_seconds = models.PositiveIntegerField(_("seconds"), null=True, blank=True)
    has_times = models.BooleanField(_("start and end are known"), default=True)
    notes = models.TextField(_("notes"), blank=True)
    tags = models.CharField(_("tags"), max_length=500, blank=True, help_text=_("Never shown in the portal."))
    billable = models.BooleanField(_("billable"), default=True)
    hourly_rate = models.DecimalField(_("hourly rate"), null=True, blank=True, **AMOUNT_DIGITS)
    amount = models.DecimalField(_("amount"), null=True, blank=True, **AMOUNT_DIGITS)
    import_key = models.CharField(max_length=64, null=True, editable=False)
    created_at = models.DateTimeField(_("created"), default=now, editable=False)

    objects = TimeEntryQuerySet.as_manager()

    class Meta:
        db_table = "time_entries"
        verbose_name = _("time entry")
        verbose_name_plural = _("time entries")
        constraints = [
            models.CheckConstraint(
                condition=Q(end_time=None) | Q(end_time__gte=F("start_time")), name="time_entries_end_after_start"
            ),
            models.CheckConstraint(
                condition=Q(end_time=None, duration_seconds=None)
                | Q(end_time__isnull=False, duration_seconds__isnull=False),
                name="time_entries_finished_has_duration",
            ),
            models.CheckConstraint(
                condition=Q(billable=True) | Q(amount=None), name="time_entries_amount_only_billable"
            ),
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(end_time=None),
                name="time_entries_one_timer",
                violation_error_message=_("This person's timer is running already."),
            ),
            models.UniqueConstraint(
                fields=["client", "import_key"],
                condition=Q(import_key__isnull=False),
                name="time_entries_import_key_unique",
            ),
        ]
        indexes = [
            models.Index(F("client"), F("start_time").desc(), F("id").desc(), name="time_entries_newest"),
            models.Index(F("client"), F("user"), F("start_time").desc(), F("id").desc(), name="time_entries_of_person"),
            # Holds all that a range of days adds up, so that it is read from the index alone, and no row beyond it.
            models.Index(
                fields="client project start_time end_time duration_seconds amount".split(),
                name="time_entries_summed",
            ),
        ]

    def __str__(self):
        return f"{self.project} {self.start_time:%Y-%m-%d}"

    @property
    def task_name(self):
        """What its task is called; empty without one."""
        return self.task.name if self.task else ""

    @property
    def currency_code(self):
        """The currency of its rate and amount."""
        return self.project.currency_code


class CommentQuerySet(models.QuerySet):
    def for_client(self, client):
        return self.filter(client=client)

    def visible(self):
        """Those written for the client to read, on projects that it may see."""
        return self.filter(is_internal=False).exclude(project__status=Project.Status.ARCHIVED)

    def newest_first(self):
        return self.order_by("-created_at", "-pk")


class Comment(models.Model):
    """A remark on a project or one of its tasks; internal ones are the staff's own."""

    client = models.ForeignKey(
        Client, models.PROTECT, related_name="comments", verbose_name=_("client"), editable=False
    )
    project = models.ForeignKey(Project, models.PROTECT, related_name="comments", verbose_name=_("project"))
    task = models.ForeignKey(
        Task, models.PROTECT, null=True, blank=True, related_name="comments", verbose_name=_("task")
    )
    author = models.ForeignKey(User, models.PROTECT, related_name="comments", verbose_name=_("author"))
    content = models.TextField(_("text"))
    is_internal = models.BooleanField(
        _("internal"), default=True, help_text=_("Internal comments are never shown in the portal.")
    )
    created_at = models.DateTimeField(_("written"), default=now, editable=False)

    objects = CommentQuerySet.as_manager()

    class Meta:
        db_table = "comments"
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        indexes = [models.Index(fields=["project", "-created_at"], name="comments_newest")]

    def __str__(self):
        return self.content[:60]

"""The staff's pages of projects, tasks and comments."""

from decimal import Decimal

from django import forms
from django.contrib import admin
from django.db.models import Count, IntegerField, OuterRef, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.timezone import now
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.staff_choices import ChosenFields, TypedFilter, YesNoFilter
from accounts.staff_pages import StaffPage, adopt
from billing import projects
from billing.admin.approvals import AskForPeriod
from billing.admin.columns import hours_text, money_column
from billing.admin.forms import ClientsCurrencyForm
from billing.models import Comment, Project, Task, TimeEntry

SMALLEST_ESTIMATE = Decimal("0.01")


class FixedOwnerForm(forms.ModelForm):
    """A form that also checks rules naming a field that it does not let change: a name is unique in its project."""

    owner = ""

    def _get_validation_exclusions(self):
        return super()._get_validation_exclusions() - {self.owner}


class ProjectForm(ClientsCurrencyForm, FixedOwnerForm):
    owner = "client"

    def clean(self):
        cleaned = super().clean()
        archives = "status" in self.changed_data and cleaned.get("status") == Project.Status.ARCHIVED
        if archives and not cleaned.get("archived_reason", "").strip():
            self.add_error("archived_reason", _("Say why it is archived; the client does not see it."))
        return cleaned


class TaskForm(FixedOwnerForm):
    owner = "project"


class TaskInline(ChosenFields, admin.TabularInline):
    model = Task
    form = TaskForm
    fields = ("name", "status", "due_date", "estimated_hours")
    extra = 0
    can_delete = False
    show_change_link = True
    at_least = {"estimated_hours": SMALLEST_ESTIMATE}

    def get_queryset(self, request):
        return super().get_queryset(request).in_working_order()


def _seconds_logged(rows, points_by):
    """The finished seconds on each row of another table, as a subquery."""
    logged = TimeEntry.objects.finished().filter(**{points_by: OuterRef("pk")}).order_by()
    total = logged.values(points_by).annotate(total=Sum("duration_seconds")).values("total")
    return rows.annotate(seconds=Coalesce(Subquery(total), Value(0), output_field=IntegerField()))


class HoursColumns:
    """Hours so far and their share of the estimate, for lists and pages of what time is logged on."""

    points_by = ""

    def get_queryset(self, request):
        rows = super().get_queryset(request)
        choosing = request.resolver_match and request.resolver_match.url_name.endswith("_choices")
        return rows if choosing else _seconds_logged(rows, self.points_by)

    @admin.display(description=_("hours so far"), ordering="seconds")
    def hours(self, row):
        if not row.estimated_hours:
            return hours_text(row.seconds)
        share = round(row.seconds / float(row.estimated_hours) / 36)
        text = gettext("%(hours)s (%(share)s%%)") % {"hours": hours_text(row.seconds), "share": share}
        return format_html('<span class="badge badge-warn">{}</span>', text) if share > 100 else text

    @admin.display(description=_("estimate"), ordering="estimated_hours")
    def estimate(self, row):
        return hours_text(None if row.estimated_hours is None else row.estimated_hours * 3600)


class RunningOutFilter(YesNoFilter):
    title = _("budget")
    parameter_name = "running_out"
    words = (_("Four fifths used, or more"), _("Others"))

    def narrow(self, rows, yes):
        tight = Project.objects.running_out().values("pk")
        return rows.filter(pk__in=tight) if yes else rows.exclude(pk__in=tight)


@admin.register(Project)
class ProjectPage(AskForPeriod, HoursColumns, StaffPage):
    points_by = "project"
    form = ProjectForm
    list_display = (
        "name",
        "client",
        "status",
        "hours",
        "estimate",
        money_column("budget_amount", _("budget")),
        "due_date",
        "billable",
    )
    list_filter = ("status", RunningOutFilter, ("client", TypedFilter), "billable")
    list_select_related = ("client",)
    search_fields = ("name", "client__name")
    ordering = ("name", "pk")
    autocomplete_fields = ("client",)
    at_least = {"hourly_rate": 0, "estimated_hours": SMALLEST_ESTIMATE, "budget_amount": Decimal("0.001")}
    inlines = [TaskInline]

    def choice_label(self, row):
        return f"{row.name} ({row.client})"

    def offered_for(self, field, rows):
        return rows if field.model is Comment else rows.exclude(status=Project.Status.ARCHIVED)

    def get_fieldsets(self, request, obj=None):
        status = [(_("Status"), {"fields": ("status", "archived_reason")}), (_("So far"), {"fields": ("hours",)})]
        return (
            (None, {"fields": ("client", "name", "description", ("start_date", "due_date"), "internal_notes")}),
            *(status if obj else []),
            (
                _("Billing"),
                {
                    "fields": ("billable", ("currency_code", "hourly_rate"), ("estimated_hours", "budget_amount")),
                    "description": _(
                        "The client sees what is left of the estimate, or of the budget in money where there is no "
                        "estimate or rates are shown."
                    ),
                },
            ),
        )

    def get_readonly_fields(self, request, obj=None):
        return ("client", "hours") if obj else ()

    def get_inlines(self, request, obj):
        return self.inlines if obj else []

    def has_delete_permission(self, request, obj=None):
        return False

    def links(self, request, row):
        count = row.comments.aggregate(count=Count("pk"))["count"]
        found = [
            ("view", "comment", ngettext("%(n)s comment", "%(n)s comments", count) % {"n": count}),
            ("add", "comment", gettext("Add comment")),
            ("view", "timeentry", gettext("Time entries")),
            ("add", "timeentry", gettext("Log time")),
        ]
        return [
            (label, self._of_project(act, model, row))
            for act, model, label in found
            if request.user.has_perm(f"billing.{act}_{model}")
        ] + self.ask_links(request, row)

    def _of_project(self, act, model, project):
        page, parameter = ("add", "project") if act == "add" else ("changelist", "project__id__exact")
        return f"{reverse(f'{self.admin_site.name}:billing_{model}_{page}')}?{parameter}={project.pk}"

    def save_model(self, request, obj, form, change):
        fields = dict(form.cleaned_data)
        if not change:
            client, name = fields.pop("client"), fields.pop("name")
            adopt(obj, projects.open_project(client, name=name, by=request.user, now=now(), **fields))
            return
        status, reason = fields.pop("status"), fields.get("archived_reason", "")
        stored = Project.objects.get(pk=obj.pk)
        changes = {name: value for name, value in fields.items() if name in form.changed_data}
        if changes:
            projects.change_project(stored, **changes)
        if "status" in form.changed_data:
            projects.change_status(stored, status, by=request.user, now=now(), reason=reason)

    def save_formset(self, request, form, formset, change):
        formset.save(commit=False)
        for task in formset.new_objects:
            values = {name: getattr(task, name) for name in ("description", "status", "due_date", "estimated_hours")}
            adopt(task, projects.add_task(form.instance, name=task.name, now=now(), **values))
        for task, changed in formset.changed_objects:
            projects.change_task(task, **{name: getattr(task, name) for name in changed})


@admin.register(Task)
class TaskPage(HoursColumns, StaffPage):
    points_by = "task"
    form = TaskForm
    list_display = ("name", "project", "client", "status", "due_date", "hours", "estimate")
    list_filter = ("status", ("project", TypedFilter), ("client", TypedFilter), ("due_date", admin.DateFieldListFilter))
    list_select_related = ("project__client", "client")
    search_fields = ("name", "project__name", "client__name")
    ordering = ("name", "pk")
    autocomplete_fields = ("project",)
    at_least = {"estimated_hours": SMALLEST_ESTIMATE}

    def choice_label(self, row):
        return f"{row.name} – {row.project} ({row.project.client})"

    def offered_for(self, field, rows):
        return rows if field.model is Comment else rows.exclude(project__status=Project.Status.ARCHIVED)

    def get_fields(self, request, obj=None):
        fields = ("project", "name", "description", "status", "due_date", "estimated_hours")
        return (*fields, "hours") if obj else fields

    def get_readonly_fields(self, request, obj=None):
        return ("project", "hours") if obj else ()

    def has_delete_permission(self, request, obj=None):
        return False

    def save_model(self, request, obj, form, change):
        if change:
            changes = {name: form.cleaned_data[name] for name in form.changed_data}
            projects.change_task(Task.objects.get(pk=obj.pk), **changes)
            return
        fields = dict(form.cleaned_data)
        project, name = fields.pop("project"), fields.pop("name")
        adopt(obj, projects.add_task(project, name=name, now=now(), **fields))


class CommentForm(forms.ModelForm):
    def clean(self):
        cleaned = super().clean()
        task, project = cleaned.get("task"), cleaned.get("project")
        if task and project and task.project_id != project.pk:
            self.add_error("task", _("This task belongs to another project."))
        return cleaned


class AudienceFilter(YesNoFilter):
    title = _("who reads it")
    parameter_name = "internal"
    words = (_("Internal"), _("The client, too"))

    def narrow(self, rows, yes):
        return rows.filter(is_internal=yes)


@admin.register(Comment)
class CommentPage(StaffPage):
    form = CommentForm
    list_display = ("created_at", "audience", "project", "client", "author", "text")
    list_display_links = ("created_at", "text")
    list_filter = (AudienceFilter, ("project", TypedFilter), ("client", TypedFilter), ("author", TypedFilter))
    list_select_related = ("project", "client", "author")
    search_fields = ("content", "project__name", "client__name")
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-pk")
    autocomplete_fields = ("project", "task")

    def get_fields(self, request, obj=None):
        fields = ("project", "task", "content", "is_internal")
        return (*fields, "author", "created_at") if obj else fields

    def get_readonly_fields(self, request, obj=None):
        return ("project", "task", "author", "created_at") if obj else ()

    def has_delete_permission(self, request, obj=None):
        return False

    @admin.display(description=_("who reads it"), ordering="is_internal")
    def audience(self, comment):
        if comment.is_internal:
            return format_html('<span class="badge badge-off">{}</span>', _("Internal"))
        return format_html('<span class="badge">{}</span>', _("The client, too"))

    @admin.display(description=_("text"))
    def text(self, comment):
        return Truncator(comment.content).chars(100)

    def save_model(self, request, obj, form, change):
        fields = dict(form.cleaned_data)
        if change:
            changes = {name: fields[name] for name in form.changed_data}
            projects.change_comment(Comment.objects.get(pk=obj.pk), by=request.user, now=now(), **changes)
            return
        adopt(obj, projects.comment(fields.pop("project"), by=request.user, now=now(), **fields))

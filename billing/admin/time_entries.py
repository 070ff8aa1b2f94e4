"""The staff's page of time: logged, corrected and removed, timers started and stopped."""

import re
from datetime import datetime, timedelta
from decimal import Decimal

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminSplitDateTime
from django.core.exceptions import ValidationError
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.timezone import make_naive, now
from django.utils.translation import gettext_lazy as _

from accounts.staff_choices import TypedFilter, YesNoFilter
from accounts.staff_pages import StaffPage, adopt, deed
from billing import tracking
from billing.admin.approvals import AskForEntries
from billing.admin.columns import hours_text, money_column
from billing.admin.documents import LARGEST_AMOUNT, YEARS
from billing.admin.time_import import TimeImportMixin
from billing.models import Project, TimeEntry

START_TIMER = "_start_timer"
CLOCK = re.compile(r"(?P<hours>\d{1,5}):(?P<minutes>[0-5]\d)(?::(?P<seconds>[0-5]\d))?")
DECIMAL = re.compile(r"\d{1,5}(?:[.,]\d{1,6})?|[.,]\d{1,6}")


class InstantField(forms.SplitDateTimeField):
    """A date and time in the current zone; typed again as it is stored, it stays that very instant.

    Without that an entry in the hour that a clock change repeats could not be saved any more.
    """

    widget = AdminSplitDateTime
    stored = None

    def compress(self, data_list):
        typed = datetime.combine(*data_list) if len(data_list) == 2 and None not in data_list else None
        if typed and self.stored and typed == make_naive(self.stored).replace(microsecond=0):
            return self.stored
        if typed and typed.year not in YEARS:
            raise ValidationError(
                _("Give a date between %(first)s and %(last)s.") % {"first": YEARS[0], "last": YEARS[-1]}
            )
        return super().compress(data_list)


class DurationField(forms.CharField):
    """Hours as `1:30`, `1:30:15`, `1.5` or `1,5`; cleaned to whole seconds, or None when empty."""

    def clean(self, value):
        text = super().clean(value).replace(" ", "")
        if not text:
            return None
        clock = CLOCK.fullmatch(text)
        if clock:
            return sum(
                int(clock[part] or 0) * size for part, size in (("hours", 3600), ("minutes", 60), ("seconds", 1))
            )
        if DECIMAL.fullmatch(text):
            return round(Decimal(text.replace(",", ".")) * 3600)
        raise ValidationError(_("Write hours like 1:30 or 1.5."))


def duration_as_typed(seconds):
    """`1:30`, with seconds only where there are some."""
    if seconds is None:
        return ""
    return hours_text(seconds) + (f":{seconds % 60:02}" if seconds % 60 else "")


class TimeEntryForm(forms.ModelForm):
    start_time = InstantField(label=_("Start"))
    end_time = InstantField(label=_("End"), required=False)
    duration = DurationField(
        label=_("Duration"),
        required=False,
        help_text=_("Hours as 1:30 or 1.5, instead of the end; or beside it where a break does not count."),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.starts_timer = self.instance._state.adding and START_TIMER in self.data
        if self.starts_timer and "start_time" in self.fields:
            self.fields["start_time"].required = False
        if not self.instance.has_times:
            self.fields.pop("end_time", None)
        for name in ("start_time", "end_time"):
            if name in self.fields:
                self.fields[name].stored = getattr(self.instance, name)
        self.initial["duration"] = duration_as_typed(self.instance.duration_seconds)
        if "hourly_rate" in self.fields:
            self.fields["hourly_rate"].help_text = _("Empty: the project's.")

    def clean(self):
        cleaned = super().clean()
        self._check_work(cleaned.get("project"), cleaned.get("task"))
        if not self.starts_timer and cleaned.get("start_time") and "duration" in cleaned:
            self._check_span(cleaned)
            self._check_amount(cleaned)
        return cleaned

    def _check_work(self, project, task):
        if project and task and task.project_id != project.pk:
            self.add_error("task", _("This task belongs to another project."))
        if project and project.status == Project.Status.ARCHIVED:
            self.add_error("project", _("This project is archived; no time can be logged on it."))

    def _check_span(self, cleaned):
        start, end, seconds = cleaned["start_time"], cleaned.get("end_time"), cleaned["duration"]
        stays_running = self.instance.pk and self.instance.end_time is None
        if seconds is not None and seconds > tracking.MAX_SECONDS:
            self.add_error("duration", _("The duration must lie between zero and a year."))
        elif seconds is not None and (end is None or self._only_duration_changed()):
            cleaned["end_time"] = start + timedelta(seconds=seconds)
        elif end is None and seconds is None and not stays_running and "end_time" not in self.errors:
            self.add_error("end_time" if "end_time" in self.fields else "duration", _("Give the end or the duration."))
        elif end is not None and end < start:
            self.add_error("end_time", _("The end lies before the start."))

    def _only_duration_changed(self):
        changed = set(self.changed_data)
        return self.instance.pk and "duration" in changed and "end_time" not in changed

    def _check_amount(self, cleaned):
        if self.errors or not cleaned.get("end_time"):
            return
        project, seconds = cleaned["project"], cleaned["duration"]
        if seconds is None:
            seconds = int((cleaned["end_time"] - cleaned["start_time"]).total_seconds())
        billable, rate = cleaned.get("billable"), cleaned.get("hourly_rate")
        _rate, amount = tracking.priced(project, billable=billable, hourly_rate=rate, seconds=seconds)
        if amount is not None and amount >= LARGEST_AMOUNT:
            self.add_error("hourly_rate", _("This rate makes the amount larger than can be kept."))


class TimeEntryAddForm(TimeEntryForm):
    billable = forms.TypedChoiceField(
        label=_("Billable"),
        choices=[("", _("As the project says")), ("yes", _("Yes")), ("no", _("No"))],
        coerce=lambda value: value == "yes",
        empty_value=None,
        required=False,
    )

    def clean(self):
        if self.cleaned_data.get("billable") is None and self.cleaned_data.get("project"):
            self.cleaned_data["billable"] = self.cleaned_data["project"].billable
        return super().clean()


class RunningFilter(YesNoFilter):
    title = _("timer")
    parameter_name = "running"
    words = (_("Running"), _("Finished"))

    def narrow(self, rows, yes):
        return rows.running() if yes else rows.finished()


@admin.register(TimeEntry)
class TimeEntryAdmin(TimeImportMixin, AskForEntries, StaffPage):
    list_display = (
        "start_time",
        "duration",
        "project_of_client",
        "work",
        "user",
        money_column("amount", _("amount"), currency="project.currency_code"),
    )
    list_filter = (
        ("client", TypedFilter),
        ("project", TypedFilter),
        ("user", TypedFilter),
        ("start_time", admin.DateFieldListFilter),
        RunningFilter,
        "billable",
    )
    list_select_related = ("client", "project", "task", "user")
    search_fields = ("notes", "project__name", "task__name", "client__name", "tags")
    ordering = ("-start_time", "-pk")
    # Counting all of a million entries beside the ones found costs more than it tells.
    show_full_result_count = False
    autocomplete_fields = ("project", "task", "user")
    at_least = {"hourly_rate": 0}
    deeds = ("stop_timer", "ask_for_approval")
    change_form_template = "admin/billing/timeentry/change_form.html"

    def get_fieldsets(self, request, obj=None):
        times_known = obj is None or obj.has_times
        when = ("start_time", "end_time", "duration") if times_known else ("start_time", "duration", "times_unknown")
        money = ("billable", "hourly_rate", "amount_kept") if obj else ("billable", "hourly_rate")
        return (
            (None, {"fields": ("project", "task", "user")}),
            (_("When"), {"fields": when}),
            (_("What"), {"fields": ("notes", "tags")}),
            (_("Billing"), {"fields": money}),
        )

    readonly_fields = ("amount_kept", "times_unknown")

    def get_form(self, request, obj=None, **kwargs):
        kwargs.setdefault("form", TimeEntryForm if obj else TimeEntryAddForm)
        return super().get_form(request, obj, **kwargs)

    def get_changeform_initial_data(self, request):
        return {"user": request.user.pk, **super().get_changeform_initial_data(request)}

    def save_model(self, request, obj, form, change):
        fields = dict(form.cleaned_data)
        fields["duration_seconds"] = fields.pop("duration")
        if change:
            self._correct(request, obj, form, fields)
            return
        project, user = fields.pop("project"), fields.pop("user")
        if form.starts_timer:
            details = {name: fields[name] for name in ("task", "notes", "tags", "billable", "hourly_rate")}
            entry = tracking.start_timer(project, user=user, now=now(), **details)
        else:
            entry = tracking.log(project, user=user, by=request.user, now=now(), **fields)
        adopt(obj, entry)

    def _correct(self, request, obj, form, fields):
        changed = {"duration_seconds" if name == "duration" else name for name in form.changed_data}
        stored = TimeEntry.objects.get(pk=obj.pk)
        end_time = fields.get("end_time")
        if not stored.has_times and "start_time" in changed:
            changed.add("duration_seconds")
        finishes = stored.end_time is None and end_time is not None
        stated = {"duration_seconds"} & changed if finishes else set()
        if finishes:
            changed -= {"end_time", "duration_seconds"}
        if changed:
            tracking.correct(stored, by=request.user, now=now(), **{name: fields[name] for name in changed})
        if finishes:
            stopped = tracking.stop_timer(stored, by=request.user, now=now(), end_time=end_time)
            if stated:
                spans = {"end_time": end_time, "duration_seconds": fields["duration_seconds"]}
                tracking.correct(stopped, by=request.user, now=now(), **spans)

    def delete_model(self, request, obj):
        tracking.remove(obj, by=request.user, now=now())

    def delete_queryset(self, request, queryset):
        tracking.remove(*queryset, by=request.user, now=now())

    @deed(_("Stop timer"), done=_("Stopped: %(rows)s."), when=lambda entry: entry.end_time is None)
    def stop_timer(self, request, entry):
        return tracking.stop_timer(entry, by=request.user, now=now())

    @admin.display(description=_("hours"), ordering="duration_seconds")
    def duration(self, entry):
        return _("running") if entry.end_time is None else hours_text(entry.duration_seconds)

    @admin.display(description=_("project"), ordering="project__name")
    def project_of_client(self, entry):
        return format_html('{}<br><span class="quiet">{}</span>', entry.project, entry.client)

    @admin.display(description=_("work"))
    def work(self, entry):
        note = Truncator(entry.notes).chars(80)
        return format_html('{}<br><span class="quiet">{}</span>', note, entry.task) if entry.task else note

    @admin.display(description=_("amount"))
    def amount_kept(self, entry):
        return money_column("amount", "", currency="project.currency_code")(entry)

    @admin.display(description=_("times"))
    def times_unknown(self, entry):
        return _("Only the day and the duration are known; the time of the start stands for the day.")

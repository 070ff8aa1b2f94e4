"""Filters of the portal's lists; their choices come from the viewer's scope."""

import re
from urllib.parse import urlencode

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Div, Layout, Submit
from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts.events import EventKind
from billing import breakdowns
from portal import periods
from portal.filter_links import tags_of
from portal.narrowing import Narrowing
from portal.prepared import ask


class IsoDateField(forms.DateField):
    """A date as `2026-11-22`, between the years that a local day can be worked out for."""

    def __init__(self, **options):
        super().__init__(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **options)

    def to_python(self, value):
        if value and not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", str(value)):
            raise ValidationError(_("Write the date as year-month-day, such as 2026-11-22."))
        day = super().to_python(value)
        if day and not periods.EARLIEST <= day <= periods.LATEST:
            raise ValidationError(_("Choose a date between the years 1900 and 2999."))
        return day

    @classmethod
    def read(cls, text):
        """The date that `text` spells, None where it is none that the field takes."""
        try:
            return cls(required=False).clean(text)
        except ValidationError:
            return None


class ListFilter(forms.Form):
    """What of a list to show; a row of fields that is sent by GET, so that the address is the state.

    What is in ALWAYS is asked for even if the address does not say it; what DEPENDING names for a field goes with it.
    """

    ALWAYS = ()
    DEPENDING = {}
    # What leaves nothing out.
    ARRANGING = ("sort", "group")

    def __init__(self, params, *, scope):
        super().__init__(params)
        self.scope = scope
        self.offer()
        self.helper = FormHelper()
        self.helper.form_method = "get"
        self.helper.form_class = "filter"
        self.helper.layout = Layout(Div(*self.names, Submit("", _("Show")), css_class="filter-fields"))

    def offer(self):
        """Fill the fields' choices from the viewer's scope."""
        self.fields["project_id"].choices = _project_choices(self.scope)

    @property
    def names(self):
        """The parameters that it knows."""
        return tuple(self.fields)

    @property
    def is_used(self):
        """Whether anything is filtered."""
        return any(self.data.get(name) for name in self.names if name not in self.ARRANGING)

    @property
    def state(self):
        """What of the address is in use, as it must stand in a link that keeps the view; nothing while not valid."""
        return {name: self.data[name] for name in self.names if self.data.get(name)} if self.is_valid() else {}

    @property
    def query(self):
        """The same as an address writes it."""
        return urlencode(self.state)

    def state_but(self, *names):
        """The same without some parameters."""
        return {name: value for name, value in self.state.items() if name not in names}

    @property
    def tags(self):
        """What is in use, each with the way to drop it."""
        return tags_of(self)

    def _id(self, name):
        """The id that was chosen, None where none was."""
        chosen = self.cleaned_data.get(name)
        return int(chosen) if chosen else None


def project_field():
    return forms.ChoiceField(
        label=_("Project"),
        required=False,
        error_messages={"invalid_choice": _("This is not one of your projects.")},
    )


def person_field():
    return forms.ChoiceField(
        label=_("Person"),
        required=False,
        error_messages={"invalid_choice": _("Nobody of this number worked for you.")},
    )


class ActivityFilter(ListFilter):
    """Which events to list: of one kind or all, of one project or all."""

    kind = forms.ChoiceField(
        label=_("What"),
        required=False,
        choices=[("", _("Everything")), *((kind.value, capfirst(kind.label)) for kind in EventKind)],
        error_messages={"invalid_choice": _("There is no such kind of activity.")},
    )
    project_id = project_field()

    @property
    def kind_and_project(self):
        """What is asked for, a word and an id, each None for any."""
        return self.cleaned_data["kind"] or None, self._id("project_id")


class DaysFilter(ListFilter):
    """A range of local dates, both inclusive."""

    def clean(self):
        cleaned = super().clean()
        first, last = cleaned.get("date_from"), cleaned.get("date_to")
        if first and last and last < first:
            self.add_error("date_to", _("The last day lies before the first."))
        return cleaned

    @property
    def period(self):
        """The Period asked for; only a valid filter with both days has one."""
        return periods.Period(self.cleaned_data["date_from"], self.cleaned_data["date_to"])


class WorkFilter(DaysFilter):
    """A range of local dates, both inclusive, of one project or all, of one person or all."""

    def offer(self):
        """People can be chosen by names that the client may see, and not at all where it sees none."""
        super().offer()
        if self.scope.viewer.client.show_staff_names:
            self.fields["person_id"].choices = _person_choices(self.scope)
        else:
            del self.fields["person_id"]


class EntryFilter(WorkFilter):
    """Which time entries to list, and in which order."""

    DEPENDING = {"project_id": ("task_id",)}
    ORDERS = {
        "": (_("Newest first"), lambda entries: entries.newest_first()),
        "oldest": (_("Oldest first"), lambda entries: entries.oldest_first()),
        "longest": (_("Longest first"), lambda entries: entries.longest_first()),
    }

    q = forms.CharField(label=_("Note contains"), required=False, max_length=200)
    project_id = project_field()
    task_id = forms.ChoiceField(
        label=_("Task"),
        required=False,
        error_messages={"invalid_choice": _("This is not a task of the chosen project.")},
    )
    person_id = person_field()
    date_from = IsoDateField(label=_("From"), required=False)
    date_to = IsoDateField(label=_("To (inclusive)"), required=False)
    sort = forms.ChoiceField(
        label=_("Order"),
        required=False,
        choices=[(name, title) for name, (title, _order) in ORDERS.items()],
        error_messages={"invalid_choice": _("There is no such order.")},
    )

    def offer(self):
        """Tasks can be chosen once their project is."""
        super().offer()
        project = self.data.get("project_id")
        known = project in dict(self.fields["project_id"].choices)
        self.fields["task_id"].choices = _task_choices(self.scope, project if known else "")

    def narrowing(self, zone):
        """The Narrowing to what a valid filter asks for, but for the text."""
        first, last = self.cleaned_data["date_from"], self.cleaned_data["date_to"]
        return Narrowing(
            self._id("project_id"),
            self._id("task_id"),
            self._id("person_id"),
            first and periods.day_start(first, zone),
            last and periods.day_end(last, zone),
        )

    def narrow(self, entries, zone):
        """The entries that the filter asks for, in no order, none while it is not valid."""
        if not self.is_valid():
            return entries.none()
        return mentioning(self.narrowing(zone).of(entries), self.text)

    @property
    def text(self):
        """What notes must mention; empty for any."""
        return self.cleaned_data["q"]

    @property
    def order(self):
        """The name of the order asked for."""
        return self.cleaned_data.get("sort", "")

    @property
    def order_title(self):
        """What the order asked for is called."""
        return self.ORDERS[self.order][0]

    def in_order(self, entries):
        """The same entries in the order asked for."""
        return self.ORDERS[self.order][1](entries)

    @property
    def is_by_day(self):
        """Whether entries of one day stand together."""
        return self.order != "longest"

    @property
    def asks_for_some(self):
        """Whether it leaves out some of a project's time."""
        partial = ("task_id", "person_id", "date_from", "date_to", "q")
        return self.is_valid() and any(self.cleaned_data.get(name) for name in partial)


class ReportFilter(WorkFilter):
    """What a report is about; the last 30 days where no day is given."""

    ALWAYS = ("date_from", "date_to")
    DAYS = 30
    GROUPS = {
        "": _("Day"),
        "week": _("Week"),
        "month": _("Month"),
        "project": _("Project"),
        "task": _("Task"),
        "person": _("Person"),
    }
    HEADINGS = {
        "": _("Hours by day"),
        "week": _("Hours by week"),
        "month": _("Hours by month"),
        "project": _("Hours by project"),
        "task": _("Hours by task"),
        "person": _("Hours by person"),
    }

    date_from = IsoDateField(label=_("From"), required=False)
    date_to = IsoDateField(label=_("To (inclusive)"), required=False)
    project_id = project_field()
    person_id = person_field()
    group = forms.ChoiceField(
        label=_("Hours by"),
        required=False,
        error_messages={"invalid_choice": _("Hours cannot be grouped by this.")},
    )

    def __init__(self, params, *, scope, today):
        super().__init__(with_days(params, today, self._begin), scope=scope)

    @classmethod
    def _begin(cls, last):
        return max(periods.EARLIEST, periods.last_days(last, cls.DAYS).first)

    def offer(self):
        super().offer()
        groups = [
            (name, title) for name, title in self.GROUPS.items() if name != "person" or "person_id" in self.fields
        ]
        self.fields["group"].choices = groups

    def clean_group(self):
        return self.cleaned_data["group"] or "day"

    @property
    def group_title(self):
        return str(self.GROUPS[self.data.get("group", "")])

    @property
    def group_heading(self):
        return self.HEADINGS[self.data.get("group", "")]

    def narrowing(self, zone, period):
        """The Narrowing to what a valid filter asks for, in a Period."""
        return Narrowing(self._id("project_id"), None, self._id("person_id"), *period.bounds(zone))

    @property
    def chosen_project(self):
        """The id of the project asked for, None for all."""
        return self._id("project_id")


def mentioning(entries, text):
    """Those whose notes mention a text, all where there is none."""
    return entries.mentioning(text) if text else entries


def with_days(params, today, begin):
    """`params` with both days of a range: a missing last one is today, a missing first one is `begin` of the last."""
    params = params.copy()
    if not params.get("date_to"):
        first = IsoDateField.read(params.get("date_from"))
        params["date_to"] = max(today, first or today).isoformat()
    if not params.get("date_from"):
        last = IsoDateField.read(params.get("date_to")) or today
        params["date_from"] = begin(last).isoformat()
    return params


def _project_choices(scope):
    return [("", _("All projects")), *((str(pk), name) for pk, name in ask(_projects, scope))]


def _task_choices(scope, project):
    names = ask(_tasks, scope, int(project)) if project else ()
    return [("", _("All tasks")), *((str(pk), name) for pk, name in names)]


def _person_choices(scope):
    people = ask(_people, scope)
    return [("", _("Everybody")), *((str(pk), f"{first} {last}".strip()) for pk, first, last in people)]


def _projects(scope):
    return scope.projects.in_working_order().values_list("pk", "name")


def _tasks(scope, project_id):
    return scope.tasks.filter(project=project_id).in_working_order().values_list("pk", "name")


def _people(scope):
    return breakdowns.people(scope.entries)

"""Filters of the portal's lists; their choices come from the viewer's scope."""

import re

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Div, Layout, Submit
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal import periods


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


class EntryFilter(forms.Form):
    """Which time entries to list: of one project or all, in a range of local dates, both inclusive."""

    NAMES = ("project_id", "date_from", "date_to")

    project_id = forms.ChoiceField(
        label=_("Project"),
        required=False,
        error_messages={"invalid_choice": _("This is not one of your projects.")},
    )
    date_from = IsoDateField(label=_("From"), required=False)
    date_to = IsoDateField(label=_("To (inclusive)"), required=False)

    def __init__(self, params, *, scope):
        super().__init__(params)
        names = scope.projects.in_working_order().values_list("pk", "name")
        self.fields["project_id"].choices = [("", _("All projects")), *((str(pk), name) for pk, name in names)]
        self.helper = FormHelper()
        self.helper.form_method = "get"
        self.helper.form_class = "filter"
        self.helper.layout = Layout(Div(*self.NAMES, Submit("", _("Show")), css_class="filter-fields"))

    def clean(self):
        cleaned = super().clean()
        first, last = cleaned.get("date_from"), cleaned.get("date_to")
        if first and last and last < first:
            self.add_error("date_to", _("The last day lies before the first."))
        return cleaned

    def narrow(self, entries, zone):
        """The entries that the filter asks for, none while it is not valid."""
        if not self.is_valid():
            return entries.none()
        chosen = self.cleaned_data
        if chosen["project_id"]:
            entries = entries.filter(project_id=int(chosen["project_id"]))
        return entries.starting_between(
            chosen["date_from"] and periods.day_start(chosen["date_from"], zone),
            chosen["date_to"] and periods.day_end(chosen["date_to"], zone),
        )

    @property
    def is_used(self):
        """Whether anything is filtered."""
        return any(self.data.get(name) for name in self.NAMES)

"""Forms of what viewers choose for themselves: when mail comes, and what their dashboard shows."""

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Div, Field, Layout, Submit
from django import forms
from django.utils.translation import gettext_lazy as _

from portal.models import MailTime
from portal.widgets import WIDGETS


class MailChoicesForm(forms.Form):
    """When each kind of notification comes by e-mail; a field is named as its kind."""

    def __init__(self, data, *, subjects, choices):
        super().__init__(data, initial=choices)
        for kind, words in subjects.items():
            self.fields[str(kind)] = forms.ChoiceField(label=words, choices=MailTime.choices)
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True
        self.helper.layout = Layout(Div(*map(str, subjects), css_class="choices"), Submit("", _("Save")))


class LayoutForm(forms.Form):
    """Which widgets the dashboard shows: those ticked, in the order of the page; `move` puts one a place up or down."""

    widget_ids = forms.MultipleChoiceField(
        required=False,
        error_messages={"invalid_choice": _("There is no widget “%(value)s”.")},
    )
    move = forms.ChoiceField(required=False, error_messages={"invalid_choice": _("This cannot be moved.")})

    def __init__(self, data, *, shown):
        super().__init__(data)
        self.shown = [WIDGETS[name] for name in shown]
        self.available = [widget for widget in WIDGETS.values() if widget not in self.shown]
        self.fields["widget_ids"].choices = [(widget.id, widget.title) for widget in WIDGETS.values()]
        self.fields["move"].choices = [(f"{way}:{name}", name) for way in _WAYS for name in WIDGETS]
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True
        self.helper.layout = Layout(Field("widget_ids", template="portal/_layout_rows.html"))

    @property
    def order(self):
        """The ids ticked, after the move."""
        names = [*self.cleaned_data["widget_ids"]]
        way, _colon, name = self.cleaned_data["move"].partition(":")
        if name in names:
            place = names.index(name)
            names.remove(name)
            names.insert(max(0, place + _WAYS[way]), name)
        return names


_WAYS = {"up": -1, "down": 1}

"""Choices on the staff's pages: rows are found by typing, zones, formats and currencies by name."""

from decimal import Decimal
from functools import cache

from babel.numbers import get_currency_name
from django import forms
from django.contrib import admin
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.contrib.admin.widgets import AdminTextareaWidget, AutocompleteSelect, RelatedFieldWidgetWrapper
from django.db import models
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts import regions


class TypedChoice(AutocompleteSelect):
    """A row found by typing, whichever of them there are; asks the page of the model that it points to."""

    def get_url(self):
        pointed_to = self.field.remote_field.model._meta
        return reverse(f"{self.admin_site.name}:{pointed_to.app_label}_{pointed_to.model_name}_choices")


class TypedFilterChoice(TypedChoice):
    """As in a form, but offers what is no longer to be chosen there, too: archived projects, inactive clients."""

    def get_url(self):
        return super().get_url() + "?all=1"


class Choices(AutocompleteJsonView):
    """The rows that a TypedChoice offers for what was typed, each named by its own page's `choice_label`."""

    def get_queryset(self):
        rows = _with_names(super().get_queryset(), self.model_admin)
        return rows if "all" in self.request.GET else self.model_admin.offered_for(self.source_field, rows)

    def serialize_result(self, obj, to_field_name):
        return {**super().serialize_result(obj, to_field_name), "text": self.model_admin.choice_label(obj)}


class TypedFilter(admin.RelatedFieldListFilter):
    """Filter a list by a row found by typing; unlike Django's own it loads no rows to choose from."""

    template = "admin/typed_filter.html"

    def __init__(self, field, request, params, model, model_admin, field_path):
        super().__init__(field, request, params, model, model_admin, field_path)
        self.site = model_admin.admin_site
        self.request = request

    def field_choices(self, field, request, model_admin):
        return []

    def has_output(self):
        return True

    def choices(self, changelist):
        self.kept = [(name, value) for name, value in changelist.params.items() if name != self.lookup_kwarg]
        self.chosen = self.lookup_val is not None
        self.without = changelist.get_query_string(remove=[self.lookup_kwarg])
        self.choice = self._field()
        return []

    def _field(self):
        widget = TypedFilterChoice(self.field, self.site, attrs={"aria-label": str(self.title)})
        field = forms.ModelChoiceField(None, required=False, widget=widget)
        choose_from(field, self.site.get_model_admin(self.field.remote_field.model), self.request)
        form = forms.Form(auto_id="filter_%s", initial={self.lookup_kwarg: self.lookup_val and self.lookup_val[-1]})
        form.fields[self.lookup_kwarg] = field
        return form[self.lookup_kwarg]


class KeepingSelect(forms.Select):
    """A select that also offers the value it was given, so that an old or rare one is not lost by saving."""

    def optgroups(self, name, value, attrs=None):
        groups = super().optgroups(name, value, attrs)
        missing = [
            one for one in value if one and not any(option["selected"] for group in groups for option in group[1])
        ]
        options = [self.create_option(name, one, one, True, index) for index, one in enumerate(missing)]
        return groups + [(None, [option], index) for index, option in enumerate(options, start=len(groups))]


@cache
def _currency_choices(language):
    return [
        (code, f"{code} · {get_currency_name(code, locale=language.replace('-', '_'))}")
        for code in regions.currency_codes()
    ]


def currency_choices():
    """Select choices: each currency by its code and name."""
    return [("", "—"), *_currency_choices(get_language() or "en")]


# Fields of these names are chosen from lists wherever they stand.
SELECTS = {
    "timezone": regions.zone_choices,
    "locale": regions.locale_choices,
    "currency_code": currency_choices,
}


class PlainDecimalField(forms.DecimalField):
    """Shows `19` where `19.000` is stored."""

    def prepare_value(self, value):
        return f"{value.normalize():f}" if isinstance(value, Decimal) and value.is_finite() else value


class ChosenFields:
    """For pages and their inlines: foreign keys found by typing, regional fields as selects, numbers with a floor."""

    at_least = {}  # field name: smallest value allowed

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if db_field.name in self.at_least:
            kwargs["min_value"] = self.at_least[db_field.name]
        if db_field.name in SELECTS:
            kwargs["widget"] = KeepingSelect(choices=SELECTS[db_field.name])
        if isinstance(db_field, models.TextField):
            kwargs["widget"] = AdminTextareaWidget(attrs={"rows": 3})
        if isinstance(db_field, models.DecimalField):
            kwargs["form_class"] = PlainDecimalField
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if isinstance(field and field.widget, RelatedFieldWidgetWrapper):
            field.widget.can_delete_related = False  # too easily taken for "remove from here"
        return field

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name not in self.get_autocomplete_fields(request):
            return super().formfield_for_foreignkey(db_field, request, **kwargs)
        field = super().formfield_for_foreignkey(
            db_field, request, **{**kwargs, "widget": TypedChoice(db_field, self.admin_site)}
        )
        choose_from(field, self.admin_site.get_model_admin(db_field.remote_field.model), request)
        return field


def choose_from(field, page, request):
    """Let a ModelChoiceField name the rows of a page as the page itself does."""
    field.queryset = _with_names(page.get_queryset(request), page)
    field.label_from_instance = page.choice_label


def _with_names(rows, page):
    return rows.select_related(*page.list_select_related) if page.list_select_related else rows


class YesNoFilter(admin.SimpleListFilter):
    """A filter of two answers; subclasses give `title`, `parameter_name`, `words` (yes, no) and `narrow(rows, yes)`."""

    words = (_("Yes"), _("No"))

    def lookups(self, request, model_admin):
        return [("yes", self.words[0]), ("no", self.words[1])]

    def queryset(self, request, queryset):
        return self.narrow(queryset, self.value() == "yes") if self.value() in ("yes", "no") else queryset

"""What the staff's pages share: writes that may be refused, what can be done to a row, and pages to read only."""

import logging
from functools import partial
from typing import NamedTuple

from django.contrib import admin, messages
from django.contrib.admin.actions import delete_selected as delete_selected_rows
from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.admin.utils import unquote
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, models, transaction
from django.http import HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.timezone import get_default_timezone, localdate, now
from django.utils.translation import gettext_lazy as _

from accounts.errors import Refused
from accounts.staff_choices import Choices, ChosenFields, TypedFilter

log = logging.getLogger(__name__)

CLASH = _(
    "Nothing was saved: this clashes with another row, or with a change that somebody made at the same time. "
    "Look at the values and try again."
)


def agency_today():
    """The agency's local date, read at the edge for the domain functions that want one."""
    return localdate(now(), get_default_timezone())


class Deed(NamedTuple):
    """Something staff can do to a row; `asks` is the question put before it is done, `when` says for which rows.

    One that `leads_to` another page is done to one row at a time.
    """

    label: str
    done: str
    permission: str
    asks: str
    when: object
    leads_to: str


def deed(label, *, done, permission="change", asks="", when=lambda row: True, leads_to=""):
    """Mark a page's method `(request, row)` as a Deed; it makes one domain call and may return the changed row.

    `done` is the message afterwards, with `%(rows)s`. `permission` is the model permission it needs. `leads_to` names
    the URL pattern of the page to go to afterwards, instead of the row's own.
    """

    def mark(method):
        method.deed = Deed(label, done, permission, asks, when, leads_to)
        return method

    return mark


@admin.action(permissions=["delete"], description=_("Delete selected %(verbose_name_plural)s"))
def delete_selected(page, request, queryset):
    """Django's own, all or nothing: its log is written before a row can be refused."""
    with transaction.atomic():
        return delete_selected_rows(page, request, queryset)


class StaffPage(ChosenFields, admin.ModelAdmin):
    """A page whose writes are domain calls: what they refuse is shown, in the form where there is one.

    Methods named in `deeds` become buttons of the row's page and actions of the list.
    """

    view_on_site = False
    list_select_related = ()
    list_per_page = 50
    actions = [delete_selected]
    deeds = ()

    @property
    def media(self):
        media = super().media
        typed = any(isinstance(one, tuple) and one[1] is TypedFilter for one in self.list_filter)
        return media + AutocompleteSelect(None, self.admin_site).media if typed else media

    def choice_label(self, row):
        """What names a row where it is to be chosen."""
        return str(row)

    def offered_for(self, field, rows):
        """Narrow what is offered where `field` of another model points here."""
        return rows

    def links(self, request, row):
        """`(label, address)` pairs beside the buttons of a row's page."""
        return []

    def url_of(self, page, *args):
        return reverse(f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_{page}", args=args)

    def get_urls(self):
        wrap = self.admin_site.admin_view
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        choices = path("choices/", wrap(Choices.as_view(admin_site=self.admin_site)), name=f"{name}_choices")
        deeds = [
            path(f"<path:object_id>/{one}/", wrap(partial(self.deed_view, name=one)), name=f"{name}_{one}")
            for one in self.deeds
        ]
        return [choices, *deeds, *super().get_urls()]

    # Writes that may be refused

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        """After a refusal everything is rolled back, and the form is drawn again with the refusal as its error."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except (Refused, IntegrityError) as error:
            request.refusal = _words(error)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def get_form(self, request, obj=None, **kwargs):
        form = super().get_form(request, obj, **kwargs)
        return _refused(form, request.refusal) if hasattr(request, "refusal") else form

    def delete_view(self, request, object_id, extra_context=None):
        try:
            return super().delete_view(request, object_id, extra_context)
        except (Refused, IntegrityError) as error:
            self.message_user(request, _words(error), messages.ERROR)
            return HttpResponseRedirect(self.url_of("change", object_id))

    def changelist_view(self, request, extra_context=None):
        try:
            return super().changelist_view(request, extra_context)
        except (Refused, IntegrityError) as error:
            self.message_user(request, _words(error), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def get_deleted_objects(self, objs, request):
        """What is only to be read goes with the row that it belongs to, without a permission of its own.

        Where rows forbid the deletion, the page names them, and no permissions that would not help.
        """
        to_delete, counts, needed, protected = super().get_deleted_objects(objs, request)
        pages = self.admin_site._registry.values()
        goes_along = {page.opts.verbose_name for page in pages if isinstance(page, ReadOnlyPage)}
        return to_delete, counts, set() if protected else needed - goes_along, protected

    def get_changeform_initial_data(self, request):
        """From the address; what cannot be a row's number is left out."""
        initial = super().get_changeform_initial_data(request)
        pointers = {field.name for field in self.opts.fields if isinstance(field, models.ForeignKey)}
        return {name: value for name, value in initial.items() if name not in pointers or str(value).isdecimal()}

    # What can be done to a row

    def may_do(self, request, name):
        permission = getattr(self, name).deed.permission
        return request.user.has_perm(f"{self.opts.app_label}.{permission}_{self.opts.model_name}")

    def get_actions(self, request):
        actions = super().get_actions(request)
        if self.actions is None or IS_POPUP_VAR in request.GET:
            return actions
        here = [name for name in self.deeds if not getattr(self, name).deed.leads_to]
        deeds = [name for name in here if self.may_do(request, name)]
        return actions | {name: (_on_selected(name), name, getattr(self, name).deed.label) for name in deeds}

    def deed_view(self, request, object_id, name):
        """One deed on one row, by POST alone."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.may_do(request, name):
            raise PermissionDenied
        row = self.get_object(request, unquote(object_id))
        if row is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        elsewhere = getattr(self, name).deed.leads_to
        if self.do(request, name, [row]) and elsewhere:
            return HttpResponseRedirect(reverse(elsewhere))
        return HttpResponseRedirect(self.url_of("change", row.pk))

    def do(self, request, name, rows):
        """One deed on each of some rows: a row that is refused is named with the reason, the others go on.

        Returns the names of those it was done to.
        """
        act = getattr(self, name)
        done = []
        for row in rows:
            try:
                with transaction.atomic():
                    changed = act(request, row) or row
                    self.log_change(request, changed, str(act.deed.label))
            except (Refused, IntegrityError) as error:
                self.message_user(request, f"{self.choice_label(row)}: {_words(error)}", messages.ERROR)
            else:
                done.append(self.choice_label(changed))
        if done and act.deed.done:
            self.message_user(request, act.deed.done % {"rows": ", ".join(done)}, messages.SUCCESS)
        return done

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        if obj is not None:
            context["buttons"] = [
                {"url": self.url_of(name, obj.pk), "name": name, "deed": getattr(self, name).deed}
                for name in self.deeds
                if self.may_do(request, name) and getattr(self, name).deed.when(obj)
            ]
            context["links"] = self.links(request, obj)
        return super().render_change_form(request, context, add, change, form_url, obj)


class ReadOnlyPage(StaffPage):
    """Rows that staff look at and the product writes."""

    actions = None

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


class ReadOnlyInline(admin.TabularInline):
    """Rows of a page that are looked at there; each is joined with the page's own row, which names it."""

    extra = 0
    can_delete = False
    owner = ""

    def get_queryset(self, request):
        return super().get_queryset(request).select_related(self.owner)

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False


def adopt(row, stored):
    """Make the form's instance the row that a domain function wrote."""
    row.pk = stored.pk
    row._state.adding = False
    row.refresh_from_db()


def _on_selected(name):
    def act(page, request, queryset):
        page.do(request, name, queryset.order_by("pk"))

    return act


def _refused(form, refusal):
    class RefusedForm(form):
        def clean(self):
            super().clean()
            raise ValidationError(refusal)

    return RefusedForm


def _words(error):
    if isinstance(error, Refused):
        return str(error)
    log.error("A change by staff was refused by the database", exc_info=error)
    return CLASH

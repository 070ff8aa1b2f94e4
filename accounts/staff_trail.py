"""The trail of access in the staff's pages: read there, and written by the pages that change access."""

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from accounts import passwords, trail
from accounts.models import TrailEntry
from accounts.staff_pages import ReadOnlyPage
from accounts.trail import TrailKind


class AccessTold:
    """A staff page of accounts whose changes of access, `watched`, go into the trail with what was and what is."""

    watched = ()

    def save_model(self, request, obj, form, change):
        before = type(obj).objects.filter(pk=obj.pk).values(*self.watched).first() or {}
        super().save_model(request, obj, form, change)
        facts = _differences(before, {name: getattr(obj, name) for name in self.watched})
        for name in ("groups", "user_permissions"):
            if name in form.changed_data:
                facts[name] = [_keys(form.initial.get(name)), _keys(form.cleaned_data[name])]
        if facts:
            self.tell(TrailKind.ACCESS_CHANGED, request, obj, **facts)

    def delete_model(self, request, obj):
        self.tell(TrailKind.ACCOUNT_DELETED, request, obj)
        super().delete_model(request, obj)

    def delete_queryset(self, request, queryset):
        for row in queryset:
            self.tell(TrailKind.ACCOUNT_DELETED, request, row)
        super().delete_queryset(request, queryset)

    def user_change_password(self, request, id, form_url=""):  # noqa: A002 (Django's own name)
        user = self.get_object(request, unquote(id))
        response = super().user_change_password(request, id, form_url)
        passwords.tell_if_changed(request, user, how="staff", now=now())
        return response

    def tell(self, kind, request, account, **facts):
        trail.record(kind, account=account, by=request.user, request=request, now=now(), **facts)


class KindFilter(admin.SimpleListFilter):
    title = _("what")
    parameter_name = "kind"

    def lookups(self, request, model_admin):
        return TrailKind.choices

    def queryset(self, request, queryset):
        return queryset.filter(kind=self.value()) if self.value() in TrailKind.values else queryset


@admin.register(TrailEntry)
class TrailPage(ReadOnlyPage):
    list_display = ("recorded_at", "what", "user_name", "client_name", "by_name", "address", "facts")
    list_filter = (KindFilter, ("recorded_at", admin.DateFieldListFilter))
    search_fields = ("user_name", "client_name", "by_name", "address")
    ordering = ("-recorded_at", "-pk")
    show_full_result_count = False
    fields = (
        "recorded_at",
        "what",
        "user_name",
        "user_id",
        "client_name",
        "client_id",
        "by_name",
        "by_id",
        "address",
        "user_agent",
        "facts",
    )

    @admin.display(description=_("what"), ordering="kind")
    def what(self, entry):
        return TrailKind(entry.kind).label


def _differences(before, after):
    """`{field: [what was, what is]}`; of a new row only what it has."""
    return {
        name: [before.get(name), value]
        for name, value in after.items()
        if before.get(name) != value and (before or value)
    }


def _keys(rows):
    return sorted(row.pk for row in rows or [])

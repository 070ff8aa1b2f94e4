"""What viewers keep for themselves, for staff who help them: to be read only."""

from django.contrib import admin

from accounts.staff_choices import TypedFilter
from accounts.staff_pages import ReadOnlyPage
from portal.models import DashboardPreference, EventRead, TimeApproval


@admin.register(TimeApproval)
class TimeApprovalPage(ReadOnlyPage):
    list_display = ("project", "client", "period_start", "period_end", "status", "requested_by", "answered_by")
    list_filter = ("status", ("client", TypedFilter), ("project", TypedFilter))
    list_select_related = ("project", "client", "requested_by", "answered_by")
    search_fields = ("project__name", "client__name")
    date_hierarchy = "requested_at"
    ordering = ("-requested_at", "-pk")


@admin.register(DashboardPreference)
class DashboardPreferencePage(ReadOnlyPage):
    list_display = ("client", "user", "widget_ids")
    list_filter = (("client", TypedFilter),)
    list_select_related = ("client", "user")
    search_fields = ("client__name", "user__username")
    ordering = ("client__name", "pk")


@admin.register(EventRead)
class EventReadPage(ReadOnlyPage):
    list_display = ("read_at", "client", "user", "event")
    list_filter = (("client", TypedFilter), ("user", TypedFilter))
    list_select_related = ("client", "user", "event")
    search_fields = ("client__name", "user__username")
    ordering = ("-read_at", "-pk")
    show_full_result_count = False

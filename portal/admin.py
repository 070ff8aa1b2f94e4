"""What viewers keep for themselves, for staff who help them: to be read only."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from accounts.admin import ClientPage
from accounts.staff_choices import ChosenFields, TypedFilter
from accounts.staff_pages import ReadOnlyPage
from portal.models import DashboardPreference, EventRead, MailChoice
from portal.widgets import WIDGETS


class CompanyMailInline(ChosenFields, admin.TabularInline):
    """What is mailed to a client's own address, beside what its people choose for theirs."""

    model = MailChoice
    verbose_name = _("e-mail to the company's address")
    verbose_name_plural = _(
        "E-mails to the company's address, while the company login is enabled (where nothing is chosen: "
        "new invoices, quotes and hours to approve at once, the rest never)"
    )
    fields = ("kind", "choice")
    extra = 0
    max_num = len(MailChoice._meta.get_field("kind").choices)

    def get_queryset(self, request):
        return super().get_queryset(request).filter(user=None).select_related("client").order_by("kind")


# From here, because accounts knows nothing of the portal.
ClientPage.inlines.append(CompanyMailInline)


@admin.register(MailChoice)
class MailChoicePage(ReadOnlyPage):
    list_display = ("client", "user", "kind", "choice")
    list_filter = ("choice", "kind", ("client", TypedFilter), ("user", TypedFilter))
    list_select_related = ("client", "user")
    search_fields = ("client__name", "user__username")
    ordering = ("client__name", "pk")


@admin.register(DashboardPreference)
class DashboardPreferencePage(ReadOnlyPage):
    list_display = fields = ("client", "user", "shown")
    list_filter = (("client", TypedFilter),)
    list_select_related = ("client", "user")
    search_fields = ("client__name", "user__username")
    ordering = ("client__name", "pk")

    @admin.display(description=_("widgets in their order"))
    def shown(self, preference):
        return ", ".join(str(WIDGETS[one].title) for one in preference.widget_order if one in WIDGETS)


@admin.register(EventRead)
class EventReadPage(ReadOnlyPage):
    list_display = ("read_at", "client", "user", "event")
    list_filter = (("client", TypedFilter), ("user", TypedFilter))
    list_select_related = ("client", "user", "event")
    search_fields = ("client__name", "user__username")
    ordering = ("-read_at", "-pk")
    show_full_result_count = False

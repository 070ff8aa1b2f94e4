"""The staff's page of clients: who gets in, how their portal looks, and the company login."""

from django import forms
from django.contrib import admin
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import password_validators_help_text_html, validate_password
from django.db.models import Count, Q
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters

from accounts import devices, invitations, looking, staff_look, trail
from accounts.access import access_in_words
from accounts.models import Client, User
from accounts.staff_access import NextStepTold, who_may_enter
from accounts.staff_choices import YesNoFilter
from accounts.staff_look import LookForm, LookPage
from accounts.staff_pages import ReadOnlyInline, StaffPage, deed
from accounts.staff_trail import AccessTold

# What a switch means to the client's people, where its name does not say all of it.
HINTS = {
    "is_active": _("Inactive: nobody of the client gets in, and it is offered nowhere; its rows stay."),
    "email": _("Invitations and notices of the company login go here."),
    "hourly_rate": _("For projects without a rate of their own."),
    "payment_terms_days": _("From the date of an invoice to the day it is due."),
    "locale": _("Of the portal, the e-mails and the PDFs; people may choose another for themselves."),
    "timezone": _("Empty: the agency's."),
    "show_rates": _("Beside each time entry, and in reports and files."),
    "show_staff_names": _("Otherwise the portal says “Team”."),
    "show_running_timers": _("What somebody works on at the moment, before it is finished."),
    "portal_approvals_enabled": _("Otherwise you note the answers that you are told."),
}


class ClientForm(LookForm):
    new_portal_password = forms.CharField(
        label=_("New company password"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in HINTS.keys() & self.fields.keys():
            self.fields[name].help_text = HINTS[name]
        if "new_portal_password" in self.fields:
            self.fields["new_portal_password"].help_text = format_html(
                "{}{}",
                _("Replaces the password of the company login and ends its sessions. Empty leaves it as it is."),
                password_validators_help_text_html(),
            )

    def clean_new_portal_password(self):
        password = self.cleaned_data["new_portal_password"]
        if password:
            validate_password(password, self.instance)
        return password


class PortalUsersInline(ReadOnlyInline):
    model = User
    owner = "client"
    verbose_name_plural = _("portal users")
    fields = ("person", "username", "email", "gets_in", "last_login")
    readonly_fields = fields
    ordering = ("username", "pk")

    @admin.display(description=_("name"))
    def person(self, user):
        address = reverse(f"{self.admin_site.name}:accounts_user_change", args=[user.pk])
        return format_html('<a href="{}">{}</a>', address, user.display_name)

    @admin.display(description=_("gets in"))
    def gets_in(self, user):
        return access_in_words(user)


class NeverUsedFilter(YesNoFilter):
    title = _("portal")
    parameter_name = "never_used"
    words = (_("Never used"), _("Used, or switched off"))

    def narrow(self, rows, yes):
        unused = Client.objects.never_entered().values("pk")
        return rows.filter(pk__in=unused) if yes else rows.exclude(pk__in=unused)


@admin.register(Client)
class ClientPage(NextStepTold, LookPage, AccessTold, StaffPage):
    form = ClientForm
    list_display = ("name", "contact_name", "email", "currency_code", "is_active", "portal_enabled", "portal_users")
    list_filter = ("is_active", "portal_enabled", NeverUsedFilter, "currency_code")
    search_fields = ("name", "contact_name", "email", "portal_username")
    ordering = ("name", "pk")
    readonly_fields = ("who_may_enter", "portal_access", "sample", "created_at")
    at_least = {"hourly_rate": 0}
    fieldsets = (
        (None, {"fields": ("name", "is_active", "contact_name", "email", "phone", "address", "internal_notes")}),
        (_("Billing"), {"fields": ("tax_id", "currency_code", "hourly_rate", "payment_terms_days")}),
        (_("Language, formats and time zone"), {"fields": ("locale", "timezone")}),
        (
            _("Client Portal"),
            {
                "fields": (
                    *("who_may_enter", "show_rates", "show_staff_names", "show_running_timers"),
                    "portal_approvals_enabled",
                ),
                "description": _("Who sees the portal, and what they see beside their projects, time and bills."),
            },
        ),
        (
            _("Company login"),
            {
                "fields": ("portal_enabled", "portal_username", "new_portal_password", "portal_access"),
                "description": _("One sign-in for the whole company, beside those of its people."),
            },
        ),
        (
            _("Portal's look"),
            {
                "fields": staff_look.FIELDS,
                "description": _("What the client's people see once they are signed in; each of it may stay empty."),
            },
        ),
    )
    inlines = [PortalUsersInline]
    deeds = ("look", "invite", "sign_out")
    watched = ("is_active", "portal_enabled", "portal_username")

    def get_queryset(self, request):
        enabled = Count("users", filter=Q(users__client_portal_enabled=True))
        return super().get_queryset(request).annotate(portal_user_count=enabled)

    def offered_for(self, field, rows):
        return rows.filter(is_active=True)

    @method_decorator(sensitive_post_parameters("new_portal_password"))
    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        return super().changeform_view(request, object_id, form_url, extra_context)

    def get_inlines(self, request, obj):
        return self.inlines if obj else []

    def save_model(self, request, obj, form, change):
        password = form.cleaned_data["new_portal_password"]
        if password:
            obj.portal_password = make_password(password)
        super().save_model(request, obj, form, change)
        if password:
            self.tell(trail.TrailKind.PASSWORD_SET, request, obj, how="staff")

    def links(self, request, row):
        if not request.user.has_perm("accounts.add_user"):
            return []
        address = reverse(f"{self.admin_site.name}:accounts_user_add")
        return [(_("Add portal user"), f"{address}?client={row.pk}&client_portal_enabled=1")]

    @admin.display(description=_("portal users"), ordering="portal_user_count")
    def portal_users(self, client):
        return client.portal_user_count

    @admin.display(description=_("who may enter"))
    def who_may_enter(self, client):
        return who_may_enter(client, people=getattr(client, "portal_user_count", 0), site=self.admin_site)

    @deed(_("View as client"), done="", permission="view", leads_to="portal:home", when=lambda client: client.is_active)
    def look(self, request, client):
        looking.begin(request, client, now=now())

    @deed(
        _("Send portal invitation"), done=_("Invited by e-mail: %(rows)s."), when=lambda client: client.portal_enabled
    )
    def invite(self, request, client):
        invitations.invite(client, by=request.user, request=request, now=now())

    @deed(
        _("Sign out everywhere"),
        done=_("The company login and all people are signed out: %(rows)s."),
        asks=_("Sign the company login and all people of this client out on all devices? They can sign in again."),
    )
    def sign_out(self, request, client):
        devices.sign_out_everywhere(client, by=request.user, request=request, now=now())

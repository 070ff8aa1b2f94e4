"""The staff's pages of people, clients, the agency, invitations and the journal."""

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm, UserCreationForm
from django.contrib.auth.password_validation import password_validators_help_text_html
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.text import format_lazy
from django.utils.timezone import localtime, now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts import devices, invitations, second_factor, trail
from accounts.access import why_not
from accounts.errors import Refused
from accounts.models import Agency, Event, Invitation, User
from accounts.staff_access import NextStepTold
from accounts.staff_choices import TypedFilter, YesNoFilter
from accounts.staff_clients import ClientPage  # noqa: F401 (registers it)
from accounts.staff_pages import ReadOnlyPage, StaffPage, deed
from accounts.staff_queue import QueuedTaskPage  # noqa: F401 (registers it)
from accounts.staff_trail import AccessTold

# Their own pages show the secrets of phones; staff only take second factors away.
admin.site.unregister([TOTPDevice, StaticDevice])

admin.site.site_header = _("TimeTracker")
admin.site.site_title = _("TimeTracker")
admin.site.index_title = _("Work, people and money")


def second_factor_in_words(user):
    """Whether a person has a second factor, since when, and how many recovery codes are left."""
    device = second_factor.device_of(user)
    if device is None:
        demanded = second_factor.required_for(user)
        return gettext("Off; the agency demands one, and the admin waits for it.") if demanded else gettext("Off")
    facts = {"day": date_format(localtime(device.created_at)), "left": second_factor.codes_left(user)}
    return gettext("On since %(day)s; recovery codes left: %(left)s") % facts


class PersonCreationForm(UserCreationForm):
    """A new person, who may be invited to choose a password instead of being given one."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in ("password1", "password2"):
            self.fields[name].required = False
        self.fields["password1"].help_text = format_html(
            "{}{}",
            _("Leave it empty for somebody who is to choose a password by the e-mailed invitation."),
            password_validators_help_text_html(),
        )

    def validate_passwords(self, *args, **kwargs):
        super().validate_passwords(*args, **kwargs)
        first, second = self.cleaned_data.get("password1"), self.cleaned_data.get("password2")
        if bool(first) != bool(second) and "password2" not in self.errors:
            self.add_error("password2", self.error_messages["password_mismatch"])

    def set_password_and_save(self, user, *args, **kwargs):
        if self.cleaned_data["password1"]:
            return super().set_password_and_save(user, *args, **kwargs)
        user.set_unusable_password()
        if kwargs.get("commit", True):
            user.save()
        return user


class PasswordGivenForm(AdminPasswordChangeForm):
    """Sets or takes away somebody's password; Django's own has words that no catalogue knows."""

    usable_password_help_text = format_lazy(
        '{}<ul id="id_unusable_warning" class="messagelist"><li class="warning">{}</li></ul>',
        _("Without a password nobody signs in as this user until an invitation or you set one."),
        _("The password that is set now is lost."),
    )

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        if "usable_password" in self.fields:
            self.fields["usable_password"].label = _("Password")
            self.fields["usable_password"].choices = [("true", _("Set it to this:")), ("false", _("Take it away"))]


class PortalFilter(YesNoFilter):
    title = _("client portal")
    parameter_name = "portal"
    words = (_("Portal users"), _("Others"))

    def narrow(self, rows, yes):
        return rows.filter(client_portal_enabled=yes)


PORTAL_ACCESS = (
    _("Client Portal Access"),
    {
        "fields": ("client_portal_enabled", "client", "portal_access"),
        "description": _("Switching the portal off keeps the client for the next time."),
    },
)


RIGHTS = ("is_staff", "is_superuser", "groups", "user_permissions")


@admin.register(User)
class PersonPage(NextStepTold, AccessTold, StaffPage, UserAdmin):
    add_form = PersonCreationForm
    change_password_form = PasswordGivenForm
    add_form_template = None
    list_display = ("username", "display_name", "email", "portal_badge", "is_staff", "is_active", "last_login")
    list_filter = (PortalFilter, ("client", TypedFilter), "is_active", "is_staff", "is_superuser", "groups")
    list_select_related = ("client",)
    search_fields = ("username", "first_name", "last_name", "email", "client__name")
    ordering = ("username", "pk")
    autocomplete_fields = ("client",)
    readonly_fields = ("portal_access", "second_factor_state", "last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Personal info"), {"fields": ("first_name", "last_name", "email", "timezone", "locale")}),
        PORTAL_ACCESS,
        (
            _("Second factor"),
            {
                "fields": ("second_factor_state",),
                "description": _("People set it up themselves; here it can be taken away from who has lost the phone."),
            },
        ),
        (_("Permissions"), {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        (_("Important dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"fields": ("username", "email", "first_name", "last_name")}),
        (
            _("Client Portal Access"),
            {
                "fields": ("client_portal_enabled", "client"),
                "description": _("For somebody of a client; save, and the next page has the button of the invitation."),
            },
        ),
        (_("Password"), {"fields": ("password1", "password2")}),
    )
    deeds = ("invite", "sign_out", "take_second_factor")
    watched = ("is_active", "client_portal_enabled", "client_id", "is_staff", "is_superuser")

    def choice_label(self, row):
        return row.display_name if row.display_name == row.username else f"{row.display_name} ({row.username})"

    def offered_for(self, field, rows):
        return rows.filter(is_active=True)

    def get_readonly_fields(self, request, obj=None):
        """Only those who may do everything may give rights away."""
        fields = super().get_readonly_fields(request, obj)
        return fields if request.user.is_superuser else (*fields, *RIGHTS)

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and _not_above(request.user, obj)

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and _not_above(request.user, obj)

    def links(self, request, row):
        if row.client_id is None or not request.user.has_perm("accounts.view_client"):
            return []
        return [(_("Client"), reverse(f"{self.admin_site.name}:accounts_client_change", args=[row.client_id]))]

    @admin.display(description=_("name"), ordering="last_name")
    def display_name(self, user):
        return user.get_full_name()

    @admin.display(description=_("Portal"), ordering="client__name", empty_value="")
    def portal_badge(self, user):
        if not user.client_portal_enabled:
            return None
        reason = why_not(user)
        if reason is not None:
            return format_html(
                '<span class="badge badge-off" title="{}">{}</span>', reason, user.client or _("no client")
            )
        return format_html('<span class="badge">{}</span>', user.client)

    @deed(_("Send portal invitation"), done=_("Invited by e-mail: %(rows)s."))
    def invite(self, request, user):
        invitations.invite(user, by=request.user, request=request, now=now())

    @deed(
        _("Sign out everywhere"),
        done=_("Signed out on all devices: %(rows)s."),
        asks=_("Sign this person out on all devices? They can sign in again."),
    )
    def sign_out(self, request, user):
        if not _not_above(request.user, user):
            raise Refused(gettext("Only a superuser may do this for a superuser."))
        devices.sign_out_everywhere(user, by=request.user, request=request, now=now())

    @admin.display(description=_("second factor"))
    def second_factor_state(self, user):
        return second_factor_in_words(user)

    @deed(
        _("Take the second factor away"),
        done=_("Without a second factor, and signed out everywhere: %(rows)s."),
        asks=_(
            "For a lost phone, once you are sure who is asking. The password alone signs this person in afterwards."
        ),
        when=second_factor.is_on,
    )
    def take_second_factor(self, request, user):
        second_factor.take_away(user, by=request.user, request=request, now=now())


def _not_above(staff, person):
    return person is None or staff.is_superuser or not person.is_superuser


@admin.register(Agency)
class AgencyPage(StaffPage):
    list_display = ("name", "email", "phone")
    ordering = ("pk",)

    def has_add_permission(self, request):
        return super().has_add_permission(request) and not Agency.objects.exists()

    def has_delete_permission(self, request, obj=None):
        return False

    def save_model(self, request, obj, form, change):
        obj.pk = 1  # the one row that there is
        obj.save()
        if "second_factor_required" in form.changed_data:
            required = {"required": obj.second_factor_required}
            trail.record(
                trail.TrailKind.SECOND_FACTOR_REQUIRED, by=request.user, request=request, now=now(), **required
            )


class UsedFilter(YesNoFilter):
    title = _("used")
    parameter_name = "used"

    def narrow(self, rows, yes):
        return rows.filter(used_at__isnull=not yes)


@admin.register(Invitation)
class InvitationPage(ReadOnlyPage):
    list_display = ("email", "account", "purpose", "created_at", "expires_at", "used_at", "created_by")
    list_filter = (("client", TypedFilter), ("user", TypedFilter), "purpose", UsedFilter)
    list_select_related = ("user", "client", "created_by")
    search_fields = ("email", "user__username", "client__name")
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-pk")
    fields = ("purpose", "user", "client", "email", "created_at", "expires_at", "used_at", "created_by")

    @admin.display(description=_("account"))
    def account(self, invitation):
        return invitation.account


@admin.register(Event)
class EventPage(ReadOnlyPage):
    list_display = ("recorded_at", "client", "number", "kind", "subject", "actor")
    list_filter = (("client", TypedFilter), "kind", ("recorded_at", admin.DateFieldListFilter))
    list_select_related = ("client", "actor")
    search_fields = ("client__name", "=subject_id", "actor__username", "actor__last_name")
    ordering = ("-recorded_at", "-pk")
    show_full_result_count = False
    fields = ("client", "number", "kind", "subject", "project_id", "actor", "facts", "recorded_at")

    @admin.display(description=_("about"))
    def subject(self, event):
        names = {model._meta.model_name: model._meta.verbose_name for model in apps.get_models()}
        return f"{names.get(event.subject_type, event.subject_type)} {event.subject_id or ''}"

"""Forms of the pages around signing in."""

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout, Submit
from django import forms
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts import passwords, regions, signin
from accounts.models import Client, User

LONGEST_PASSWORD = 4096


class SignInForm(forms.Form):
    """After validation `account` is the User or Client that signs in."""

    name = forms.CharField(
        label=_("User name"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "autofocus": True}),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=LONGEST_PASSWORD,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    account = None

    def __init__(self, *args, request=None, **options):
        super().__init__(*args, **options)
        self.request = request
        self.helper = layout_helper(Layout("name", "password", Submit("", _("Sign in"))))

    def clean(self):
        cleaned = super().clean()
        if self.errors:
            return cleaned
        self.account = signin.attempt(self.request, cleaned["name"], cleaned["password"])
        if self.account is None:
            raise ValidationError(
                _("User name and password do not match. Both letters and capitals count in passwords.")
            )
        return cleaned


class ForgottenForm(forms.Form):
    email = forms.EmailField(label=_("E-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "email"}))

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.helper = layout_helper(Layout("email", Submit("", _("Send me a link"))))


class SetPasswordForm(forms.Form):
    """A new password, twice; Django's validators judge it."""

    password = forms.CharField(
        label=_("New password"),
        max_length=LONGEST_PASSWORD,
        strip=False,
        help_text=_("At least 10 characters; several unrelated words are both strong and easy to remember."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("The same again"),
        max_length=LONGEST_PASSWORD,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args, account, **options):
        super().__init__(*args, **options)
        self.account = account
        self.helper = layout_helper(Layout("password", "again", Submit("", _("Set password"))))

    def clean_password(self):
        password = self.cleaned_data["password"]
        password_validation.validate_password(password, user=_as_user(self.account))
        return password

    def clean(self):
        cleaned = super().clean()
        if "password" in cleaned and cleaned["password"] != cleaned.get("again"):
            self.add_error("again", _("The two passwords differ."))
        return cleaned


class OwnPasswordForm(SetPasswordForm):
    """The same by the account itself, which gives the present password as well, within the limits of signing in."""

    current = forms.CharField(
        label=_("Present password"),
        max_length=LONGEST_PASSWORD,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    field_order = ["current", "password", "again"]

    def __init__(self, *args, request, **options):
        super().__init__(*args, **options)
        self.request = request
        self.helper = layout_helper(Layout("current", "password", "again", Submit("", _("Change password"))))

    def clean(self):
        cleaned = super().clean()
        if not self.errors and not passwords.is_right(self.request, self.account, cleaned["current"]):
            self.add_error("current", _("This is not your present password."))
        return cleaned


def _as_user(account):
    """What the validators compare a password with: a company's names stand in for a person's."""
    if isinstance(account, Client):
        return User(username=account.portal_username or "", first_name=account.name, email=account.email)
    return account


class RegionForm(forms.Form):
    """Somebody's own language, formats and time zone, or as their client has them."""

    locale = forms.ChoiceField(
        label=_("Language and formats"),
        required=False,
        help_text=_("Where the portal does not speak the language, words are English, numbers and dates as chosen."),
    )
    zone = forms.ChoiceField(label=_("Time zone"), required=False)

    def __init__(self, *args, user, **options):
        super().__init__(*args, initial={"locale": user.locale, "zone": user.timezone}, **options)
        self.fields["locale"].choices = _with_own(regions.locale_choices(), user.locale)
        self.fields["zone"].choices = _with_own(regions.zone_choices(), user.timezone)
        self.helper = layout_helper(Layout("locale", "zone", Submit("", _("Save"))))


def _with_own(choices, own):
    """A select's choices, as the client has it first, and somebody's own one last if it is none of them."""
    _nothing, *others = choices
    offered = {name for label, group in others for name in (dict(group) if isinstance(group, list) else [label])}
    return [("", _("as the company has it")), *others, *([] if not own or own in offered else [(own, own)])]


def layout_helper(layout):
    helper = FormHelper()
    helper.layout = layout
    helper.form_tag = False
    helper.disable_csrf = True
    return helper

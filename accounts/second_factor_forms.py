"""Forms of the second factor: they clean what was typed; whether a code is right is not theirs to say."""

from crispy_forms.layout import Layout, Submit
from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import LONGEST_PASSWORD, layout_helper


def _code_field(label, *, digits=True, **options):
    attrs = {"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"}
    if digits:
        attrs |= {"inputmode": "numeric"}
    return forms.CharField(label=label, max_length=40, widget=forms.TextInput(attrs=attrs), **options)


class CodeForm(forms.Form):
    """Six digits after the password."""

    code = _code_field(_("Six digits from your app"))

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.fields["code"].widget.attrs["autofocus"] = True
        self.helper = layout_helper(Layout("code", Submit("", _("Sign in"))))


class RecoveryForm(CodeForm):
    """A recovery code instead of the phone."""

    code = _code_field(_("Recovery code"), digits=False, help_text=_("One of the ten you kept. It works once."))


class _PasswordForm(forms.Form):
    password = forms.CharField(
        label=_("Your password"),
        max_length=LONGEST_PASSWORD,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class SetUpForm(_PasswordForm):
    """The first code, which shows that the phone has the secret, and the password again."""

    code = _code_field(_("Six digits from your app"))

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.helper = layout_helper(Layout("code", "password", Submit("", _("Switch it on"))))

    def clean_code(self):
        return "".join(self.cleaned_data["code"].split())


class ProofForm(_PasswordForm):
    """Password and code together, before something of the second factor is changed."""

    code = _code_field(_("Six digits from your app, or a recovery code"), digits=False)

    def __init__(self, *args, deed, **options):
        super().__init__(*args, **options)
        self.helper = layout_helper(Layout("password", "code", Submit("", deed)))

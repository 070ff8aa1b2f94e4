"""What several forms of the staff share."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts import regions


class ClientsCurrencyForm(forms.ModelForm):
    """A form of a client's row with a currency; left empty on a new row it is the client's own."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.instance._state.adding and "currency_code" in self.fields:
            self.fields["currency_code"].required = False
            self.fields["currency_code"].help_text = _("Empty: the client's.")

    def clean_currency_code(self):
        code = self.cleaned_data["currency_code"]
        if code:
            regions.check_currency(code)
        return code

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("client") and cleaned.get("currency_code") == "":
            cleaned["currency_code"] = cleaned["client"].currency_code
        return cleaned

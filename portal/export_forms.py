"""What an export is asked for besides its page's own filter."""

from functools import partial

from babel import Locale
from django import forms
from django.utils.translation import gettext_lazy as _

from billing.sheets import SEPARATORS, as_csv, as_xlsx
from portal.exports import Export

FORMATS = {"csv": "CSV", "xlsx": "XLSX"}


class SeparatorsForm(forms.Form):
    """The separators of CSV, by default those of the viewer's locale."""

    # What of a page's own filter it knows.
    names = ()

    separators = forms.ChoiceField(
        required=False,
        choices=[(name, name) for name in SEPARATORS],
        error_messages={"invalid_choice": _("There are no separators “%(value)s”; choose comma or semicolon.")},
    )

    def __init__(self, params, *, viewer):
        super().__init__(params)
        self.viewer = viewer

    def clean_separators(self):
        return self.cleaned_data["separators"] or default_separators(self.viewer.locale)

    @property
    def chosen_separators(self):
        """The Separators asked for."""
        return SEPARATORS[self.cleaned_data["separators"]]


class ExportForm(SeparatorsForm):
    """The kind of file, for CSV its separators, and of a report which block."""

    format = forms.ChoiceField(
        required=False,
        choices=FORMATS.items(),
        error_messages={"invalid_choice": _("There is no format “%(value)s”; choose csv or xlsx.")},
    )
    block = forms.ChoiceField(
        required=False, error_messages={"invalid_choice": _("This report has no part “%(value)s”.")}
    )

    def __init__(self, params, *, viewer, blocks=(), formats=tuple(FORMATS)):
        super().__init__(params, viewer=viewer)
        self.fields["format"].choices = [(name, name) for name in formats]
        if blocks:
            self.fields["block"].choices = [(name, name) for name in blocks]
        else:
            del self.fields["block"]

    def clean_format(self):
        return self.cleaned_data["format"] or "csv"

    def clean_block(self):
        return self.cleaned_data["block"] or self.fields["block"].choices[0][0]

    @property
    def is_csv(self):
        return self.cleaned_data["format"] == "csv"

    def export(self, what, name, sheets):
        """The Export of `sheets(scope)`: a workbook of them all, or the first as CSV."""
        if self.is_csv:
            return Export(what, name, "csv", partial(_csv, sheets, self.chosen_separators))
        return Export(what, name, "xlsx", lambda scope: as_xlsx(sheets(scope)))


def default_separators(locale):
    """Semicolons where a comma begins the decimals, because spreadsheets there expect them."""
    return "semicolon" if Locale.parse(locale, sep="-").number_symbols["latn"]["decimal"] == "," else "comma"


def _csv(sheets, separators, scope):
    return as_csv(sheets(scope)[0], separators)

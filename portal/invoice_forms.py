"""The filter of the list of invoices: its tab, a number or an amount, a year."""

import re
from decimal import Decimal

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.forms import ListFilter

# An amount as people type it: a currency before or after it, figures with their marks between.
TYPED = re.compile(r"[^0-9-]{0,5}([0-9][0-9.,'’\s]*)[^0-9-]{0,5}")
MOST_DIGITS = 11


class InvoiceFilter(ListFilter):
    """Which tab of invoices to show, and of it those of a number, an amount or a year."""

    ALWAYS = ("status",)
    TABS = {
        "all": (_("All"), lambda invoices, _today: invoices),
        "paid": (_("Paid"), lambda invoices, _today: invoices.paid()),
        "unpaid": (_("Unpaid"), lambda invoices, _today: invoices.unpaid()),
        "overdue": (_("Overdue"), lambda invoices, today: invoices.overdue(today)),
    }

    q = forms.CharField(label=_("Number or amount"), required=False, max_length=40)
    year = forms.ChoiceField(
        label=_("Year"),
        required=False,
        error_messages={"invalid_choice": _("There are no invoices of this year.")},
    )
    status = forms.ChoiceField(
        required=False,
        choices=[(name, title) for name, (title, _narrow) in TABS.items()],
        widget=forms.HiddenInput,
    )

    @classmethod
    def shown(cls, params, *, scope):
        """For the page, and what of its state was unknown: that of all invoices stands for it."""
        asked = params.get("status", "all")
        if asked in cls.TABS:
            return cls(params, scope=scope), ""
        params = params.copy()
        params["status"] = "all"
        return cls(params, scope=scope), asked

    def offer(self):
        """All years from the first invoice to the last."""
        years = [(str(year), str(year)) for year in self.scope.invoices.years()]
        self.fields["year"].choices = [("", _("All years")), *years]

    @property
    def tab(self):
        """The name of the tab."""
        return self.data.get("status") or "all"

    @property
    def asks_for_some(self):
        """Whether it leaves out some of a tab's invoices, or cannot be used."""
        return not self.is_valid() or any(self.cleaned_data[name] for name in ("q", "year"))

    def search(self, invoices):
        """The invoices of all tabs that it asks for, none while it is not valid."""
        if not self.is_valid():
            return invoices.none()
        words, year = self.cleaned_data["q"], self.cleaned_data["year"]
        if words:
            invoices = invoices.matching(words, amounts_meant(words))
        return invoices.filter(issue_date__year=int(year)) if year else invoices

    def narrow(self, invoices, today):
        """The invoices of the tab that it asks for, with overdue as of `today`."""
        return self.TABS[self.tab][1](self.search(invoices), today)


def amounts_meant(text):
    """The ranges `(from, below)` of amounts that begin as typed, with a point or a comma for decimals.

    `1.234,5` is 1234.50 to 1234.59, and `1,234` is 1.234 as well as 1234.00 to 1234.99; what is no amount is none.
    """
    typed = TYPED.fullmatch(text)
    if typed is None:
        return []
    figures = re.sub(r"['’\s]", "", typed[1]).rstrip(".,")
    return [_range(figures, *marks) for marks in ((",", "."), (".", ",")) if _is_written(figures, *marks)]


def _is_written(figures, group, point):
    whole = rf"(?:[0-9]{{1,{MOST_DIGITS}}}|[0-9]{{1,3}}(?:\{group}[0-9]{{2,3}}){{1,3}})"
    return re.fullmatch(rf"{whole}(?:\{point}[0-9]{{1,3}})?", figures)


def _range(figures, group, point):
    low = Decimal(figures.replace(group, "").replace(point, "."))
    return low, low + Decimal(1).scaleb(low.as_tuple().exponent)

"""What a reader knows of its tracker's export: which header means which field."""

import re
from dataclasses import dataclass
from operator import itemgetter
from typing import NamedTuple

from django.utils.translation import gettext as _

from billing.imports.refusals import ImportRefused

_WITH_CURRENCY = re.compile(r"(.*\S)\s*\(([A-Z]{3})\)")


class Cells(NamedTuple):
    """One row's cells by meaning, as text; a column that the file lacks is an empty cell."""

    client: str
    project: str
    task: str
    person: str
    first_name: str
    last_name: str
    email: str
    notes: str
    tags: str
    billable: str
    date: str
    start: str
    end_date: str
    end: str
    duration: str
    hours: str
    rate: str
    currency: str


@dataclass(frozen=True)
class Layout:
    """One tracker's export.

    `columns` gives each field its headers, in small letters and without a currency in brackets, the first that is
    there counts; `marks` are headers that together only this tracker writes; of each group in `needs` one field must
    be there.
    """

    name: str
    label: str
    columns: dict[str, tuple[str, ...]]
    marks: tuple[tuple[str, ...], ...]
    needs: tuple[tuple[str, ...], ...]

    def recognises(self, header):
        """Whether a header is this tracker's: one of each group of marks is there."""
        names = set(header.names)
        return all(names.intersection(group) for group in self.marks)

    def missing(self, header):
        """The first header of each group of fields that the file needs and does not have."""
        names = set(header.names)
        return [
            self.columns[group[0]][0]
            for group in self.needs
            if not any(names.intersection(self.columns[field]) for field in group)
        ]

    def cells(self, header):
        """A function from a row, with one empty cell put after its last, to its Cells."""
        places = [self._place(header, field) for field in Cells._fields]
        pick = itemgetter(*places)
        return lambda row: Cells._make(pick(row))

    def currency(self, header):
        """The one currency that the headers name, the rate's before the others; None for none or several."""
        rate = self._place(header, "rate")
        named = {header.currencies[rate]} if rate < len(header.names) else set()
        named = {code for code in named if code} or {code for code in header.currencies if code}
        return named.pop() if len(named) == 1 else None

    def _place(self, header, field):
        for name in self.columns.get(field, ()):
            if header.names.count(name) > 1:
                raise ImportRefused(_("The column “%(name)s” stands twice in the first line.") % {"name": name})
            if name in header.names:
                return header.names.index(name)
        return len(header.names)


class Header:
    """The first row of a file: names in small letters, and the currency that each has in brackets."""

    def __init__(self, row):
        self.shown = [name.strip() for name in row]
        parts = [_WITH_CURRENCY.fullmatch(name) for name in self.shown]
        self.currencies = [part[2] if part else None for part in parts]
        self.names = [
            " ".join((part[1] if part else name).lower().replace("_", " ").split())
            for part, name in zip(parts, self.shown, strict=True)
        ]

    def __len__(self):
        return len(self.names)

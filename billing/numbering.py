"""Numbers of documents: without gaps in a year, and each given once."""

import re

from django.db.models import F
from django.utils.translation import gettext as _

from accounts.errors import Refused
from billing.models import NumberSequence

_NUMBER = re.compile(r"([A-Z]{1,3})-([0-9]{4})-([0-9]{4,9})")


class NumberRefused(Refused):
    """This is no number of a document."""


def next_number(kind, year):
    """The next number of a kind of document in a year, such as `INV-2026-0007`.

    Locks the sequence's row until the transaction ends: a rollback gives the number back, and two transactions cannot
    take the same.
    """
    row = NumberSequence.objects.filter(kind=kind, year=year)
    if not row.update(last=F("last") + 1):
        NumberSequence.objects.get_or_create(kind=kind, year=year)
        row.update(last=F("last") + 1)
    return str(row.get())


def skip_to(number):
    """Give neither this number nor one before it: a document that is not in the database has it."""
    match = _NUMBER.fullmatch(number)
    if match is None or match[1] not in NumberSequence.Kind.values:
        raise NumberRefused(_("“%(text)s” is no number like INV-2026-0042.") % {"text": number})
    row, _created = NumberSequence.objects.get_or_create(kind=match[1], year=int(match[2]))
    NumberSequence.objects.filter(pk=row.pk, last__lt=int(match[3])).update(last=int(match[3]))

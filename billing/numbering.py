"""Numbers of documents: without gaps in a year, and each given once."""

from django.db.models import F

from billing.models import NumberSequence


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

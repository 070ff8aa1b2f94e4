"""What drafting an invoice and drafting a quote share: lines, sums, and the parties' details at the time of issue."""

from decimal import Decimal
from typing import NamedTuple

from django.utils.translation import gettext as _

from accounts import regions
from accounts.errors import Refused
from accounts.models import Agency
from billing import money


class DocumentRefused(Refused):
    """The lines do not make an invoice or a quote."""


class Line(NamedTuple):
    """A line to be written: quantity × unit price in the document's currency; a tax rate of None is the document's."""

    description: str
    quantity: Decimal
    unit_price: Decimal
    tax_rate: Decimal | None = None


def write_lines(document, lines):
    """Replace a draft's lines and work its sums out anew; saves the document."""
    document.items.all().delete()
    document.save()
    items = [
        document.items.model(
            **{document._meta.model_name: document},
            client_id=document.client_id,
            position=position,
            amount=money.line_amount(line.quantity, line.unit_price, document.currency_code),
            **line._asdict(),
        )
        for position, line in enumerate(lines, start=1)
    ]
    document.items.bulk_create(items)
    sums = totals_of(document, items)
    if sums.total < 0:
        raise DocumentRefused(_("The total is negative; the deductions are more than the other lines come to."))
    document.subtotal, document.tax_amount, document.total_amount = sums.subtotal, sums.tax, sums.total
    document.save()
    return document


def lines_of(document):
    """A document's lines as Lines, in order."""
    return [
        Line(item.description, item.quantity, item.unit_price, item.tax_rate)
        for item in document.items.order_by("position", "pk")
    ]


def totals_of(document, items):
    """The money.Totals of a document's items, with its tax by rate."""
    return money.totals(
        [(item.amount, document.tax_rate if item.tax_rate is None else item.tax_rate) for item in items],
        document.currency_code,
    )


def parties(client):
    """What an issued document copies of its seller and buyer, as fields of the document."""
    agency = Agency.current()
    return {
        "seller_name": agency.name,
        "seller_details": _block(agency.address, agency.tax_id, agency.email, agency.phone),
        "payment_instructions": agency.payment_instructions,
        "buyer_name": client.name,
        "buyer_details": _block(client.contact_name, client.address, client.tax_id),
        "locale": regions.first_locale(client.locale),
    }


def as_if_issued(draft):
    """A draft with the parties' details that it would be issued with now; to be looked at, not saved."""
    for field, value in parties(draft.client).items():
        setattr(draft, field, value)
    return draft


def _block(*lines):
    return "\n".join(line.strip() for line in lines if line.strip())

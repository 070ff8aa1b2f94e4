"""What stands on the PDF of an invoice or a quote, in words and figures ready to print.

The paper is the document as it was sent, in the language and formats that its client had then: payments and credit
notes that came later do not stand on it (the portal's page shows them), nor does anything else that may change, but for
the mark of a cancelled one. Whoever reads it gets the same.
"""

from functools import partial
from typing import NamedTuple

from django.utils import translation
from django.utils.translation import gettext as _

from accounts import regions
from billing import drafting, formats, money


class Paper(NamedTuple):
    """The words of a document: `content` as the template names them; `name` is its file's, `made_at` its own time."""

    content: dict
    locale: str
    name: str
    made_at: object


def invoice_paper(invoice, items):
    """An invoice as it was sent, or a draft of one (see `drafting.as_if_issued`)."""
    with translation.override(_language(invoice)):
        number = invoice.invoice_number
        payable = invoice.payment_instructions and invoice.total_amount and invoice.status != "cancelled"
        return _paper(
            invoice,
            items,
            number=number,
            title=_("Invoice %(number)s") % {"number": number} if number else _("Invoice"),
            sentence=_invoice_sentence(invoice),
            last_day=(_("Due"), invoice.due_date),
            sections=[(_("How to pay"), _how_to_pay(invoice))] if payable else [],
        )


def quote_paper(quote, items):
    """A quote as it was sent, or a draft of one (see `drafting.as_if_issued`)."""
    with translation.override(_language(quote)):
        number = quote.quote_number
        return _paper(
            quote,
            items,
            number=number,
            title=_("Quote %(number)s") % {"number": number} if number else _("Quote"),
            subject=quote.title,
            sentence=_quote_sentence(quote),
            last_day=(_("Valid until"), quote.valid_until),
        )


def _paper(document, items, *, number, title, sentence, last_day, subject="", sections=()):
    items = list(items)
    priced = partial(formats.format_money, currency_code=document.currency_code, locale=_locale(document))
    columns, rows = _table(document, items)
    content = {
        "title": title,
        "subject": subject,
        "sentence": sentence,
        "tone": "late" if document.status == "cancelled" else "plain",
        "mark": {"draft": _("Draft"), "cancelled": _("Cancelled")}.get(document.status, ""),
        "seller": {"name": document.seller_name, "details": document.seller_details},
        "buyer": {"name": document.buyer_name, "details": document.buyer_details},
        "amount": priced(document.total_amount),
        "facts": _facts(document, number, last_day),
        "columns": columns,
        "rows": rows,
        "sums": _sums(document, items, priced),
        "total": [_("Total"), priced(document.total_amount)],
        "sections": _sections([*sections, (_("Notes"), document.notes), (_("Terms"), document.terms)]),
        "pages": _("Page %(page)s of %(pages)s") % {"page": "{page}", "pages": "{pages}"},
    }
    return Paper(content, _locale(document), number or "draft", document.sent_at or document.created_at)


def _locale(document):
    return regions.first_locale(document.locale)


def _language(document):
    return regions.language_of(_locale(document))


def _invoice_sentence(invoice):
    if invoice.status == "draft":
        return _("A draft, not sent yet")
    if invoice.status == "cancelled":
        return _("Cancelled: there is nothing to pay")
    if not invoice.total_amount:
        return _("There is nothing to pay")
    return _("Due on %(day)s") % {"day": formats.format_long_day(invoice.due_date, _locale(invoice))}


def _quote_sentence(quote):
    if quote.status == "draft":
        return _("A draft, not sent yet")
    if quote.valid_until is None:
        return ""
    return _("Valid until %(day)s") % {"day": formats.format_long_day(quote.valid_until, _locale(quote))}


def _how_to_pay(invoice):
    if not invoice.invoice_number:
        return invoice.payment_instructions
    reference = _("Reference: %(number)s") % {"number": invoice.invoice_number}
    return f"{invoice.payment_instructions}\n\n{reference}"


def _facts(document, number, last_day):
    days = [(_("Issued"), document.issue_date), last_day]
    shown = [[label, formats.format_day(day, _locale(document))] for label, day in days if day]
    return [[_("Number"), number or _("Draft")], *shown]


def _table(document, items):
    """The columns' titles and the rows; with a column of tax rates where the lines do not all have the same."""
    locale, smallest = _locale(document), formats.decimals_of(money.smallest_unit(document.currency_code))
    rates = [document.tax_rate if item.tax_rate is None else item.tax_rate for item in items]
    columns = {
        _("Description"): [item.description for item in items],
        _("Quantity"): formats.format_figures([item.quantity for item in items], locale, places=0),
        _("Unit price"): formats.format_figures([item.unit_price for item in items], locale, places=smallest),
        _("Tax (%)"): formats.format_figures(rates, locale, places=0) if len(set(rates)) > 1 else None,
        _("Amount (%(currency)s)") % {"currency": document.currency_code}: formats.format_figures(
            [item.amount for item in items], locale, places=smallest
        ),
    }
    shown = {title: column for title, column in columns.items() if column is not None}
    return list(shown), [list(row) for row in zip(*shown.values(), strict=True)]


def _sums(document, items, priced):
    groups = drafting.totals_of(document, items).groups
    rates = [
        [
            _("%(rate)s %% tax on %(net)s")
            % {"rate": formats.format_number(group.rate, _locale(document)), "net": priced(group.net)},
            priced(group.tax),
        ]
        for group in groups
        if group.rate or len(groups) > 1
    ]
    return [[_("Subtotal"), priced(document.subtotal)], *rates]


def _sections(sections):
    return [[title, words.strip()] for title, words in sections if words.strip()]

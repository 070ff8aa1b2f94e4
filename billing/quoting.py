"""What can happen to quotes: drafted, revised, discarded, sent, accepted or declined."""

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import events
from accounts.errors import Refused
from billing import drafting, numbering
from billing.drafting import Line
from billing.models import NumberSequence, Quote

__all__ = ["Line", "QuoteRefused", "close", "discard", "draft", "revise", "send"]


class QuoteRefused(Refused):
    """This may not happen to the quote as it stands."""


@transaction.atomic
def draft(client, *, title, lines, now, currency_code=None, **details):
    """Draft a quote of `lines` (Lines); no currency means the client's. Clients do not see drafts."""
    quote = Quote(
        client=client, title=title, currency_code=currency_code or client.currency_code, created_at=now, **details
    )
    _require_own_project(quote)
    quote.save(force_insert=True)
    return drafting.write_lines(quote, lines)


@transaction.atomic
def revise(quote, *, lines=None, **details):
    """Change a draft's details and, where given, all of its lines; sums are worked out anew."""
    _require_status(quote, Quote.Status.DRAFT)
    for field, value in details.items():
        setattr(quote, field, value)
    _require_own_project(quote)
    return drafting.write_lines(quote, drafting.lines_of(quote) if lines is None else lines)


@transaction.atomic
def discard(quote):
    """Delete a draft."""
    _require_status(quote, Quote.Status.DRAFT)
    quote.delete()


@transaction.atomic
def send(quote, *, by, now, today):
    """Issue a draft under its number and tell the client; `today` is the agency's local date."""
    issue_date = Quote.objects.filter(pk=quote.pk).values_list("issue_date", flat=True).first() or today
    number = numbering.next_number(NumberSequence.Kind.QUOTE, issue_date.year)
    _require_status(quote, Quote.Status.DRAFT)
    quote.refresh_from_db()
    if not quote.items.exists():
        raise QuoteRefused(_("A quote without lines cannot be sent."))
    quote.issue_date = issue_date
    quote.quote_number = number
    quote.status = Quote.Status.SENT
    quote.sent_at = now
    for field, value in drafting.parties(quote.client).items():
        setattr(quote, field, value)
    quote.save()
    events.record(
        "quote_sent",
        client=quote.client,
        subject=quote,
        project=quote.project,
        by=by,
        now=now,
        facts={"number": number, "amount": str(quote.total_amount), "currency": quote.currency_code},
    )
    return quote


@transaction.atomic
def close(quote, outcome):
    """Note a client's answer to a sent quote: `outcome` is Quote.Status.ACCEPTED or DECLINED."""
    if outcome not in {Quote.Status.ACCEPTED, Quote.Status.DECLINED}:
        raise ValueError(f"Not an answer to a quote: {outcome!r}")
    _require_status(quote, Quote.Status.SENT)
    quote.status = Quote.Status(outcome)
    quote.save(update_fields=["status"])
    return quote


def _require_status(quote, status):
    stored = Quote.objects.select_for_update().filter(pk=quote.pk).values_list("status", flat=True).first()
    if stored != status:
        raise QuoteRefused(
            _("This quote is no draft any more.") if status == Quote.Status.DRAFT else _("This quote awaits no answer.")
        )


def _require_own_project(quote):
    if quote.project is not None and quote.project.client_id != quote.client_id:
        raise QuoteRefused(_("This project belongs to another client."))

"""The statement of account: what was owed, what moved it, what is owed then, and how old it is."""

from urllib.parse import urlencode

from django.shortcuts import render
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from portal import periods, wording
from portal.filter_links import presets_of
from portal.lists import listing, unused
from portal.scope import portal_view
from portal.statement_forms import StatementFilter
from portal.statement_pages import statement as statement_of

# How many lines stand on one page where all are asked for, to be printed.
MOST_LINES = 2000


@require_GET
@portal_view
def statement(request, scope):
    """The accounts over a range of days, one a currency; the address is the state."""
    today = scope.viewer.today(timezone.now())
    chosen = StatementFilter(request.GET, scope=scope, today=today)
    here = chosen.period if chosen.is_valid() else None
    known = (*chosen.names, "lines")
    facts = {
        "filter": chosen,
        "address": {"complaints": [*unused(request.GET, known), *_unknown_lines(request.GET)]},
        "presets": presets_of(chosen, periods.accounting_presets(today)),
    }
    if here:
        facts |= _shown(request.GET, scope, here, today, known)
    return render(request, "portal/statement.html", facts)


def _shown(params, scope, period, today, known):
    found = statement_of(scope, period, today)
    whole = params.get("lines") == "all"
    rows = listing(params, found, count=found.count, filters=known, per_page=MOST_LINES if whole else None)
    as_of = min(period.last, today)
    return {
        "period": period,
        "as_of": as_of,
        "listing": rows,
        "address": {"complaints": [*rows.complaints, *_unknown_lines(params)]},
        "statement": found,
        "summary": wording.balance_on(as_of, found.accounts, scope.viewer),
        "age_titles": wording.AGES.values(),
        "ages": [(account, _amounts(account.ageing)) for account in found.accounts],
        "blocks": found.blocks(rows.page, scope.viewer),
        "whole_query": urlencode({"date_from": period.first, "date_to": period.last, "lines": "all"}),
        "query": urlencode({"date_from": period.first, "date_to": period.last}),
        "letterhead": scope.invoices.filter(issue_date__lte=period.last).newest_first().first(),
    }


def _amounts(ageing):
    """`[(title, amount, tone)]` of an Ageing."""
    tones = {"not_due": "", "overpaid": "attention"}
    return [(title, getattr(ageing, field), tones.get(field, "late")) for field, title in wording.AGES.items()]


def _unknown_lines(params):
    text = params.get("lines", "")
    if text not in {"", "all"}:
        yield _("“%(text)s” is no number of lines; they are shown page by page.") % {"text": Truncator(text).chars(40)}

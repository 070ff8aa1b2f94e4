"""What stands in the file of a statement of account: every line of the page, from opening to closing balance."""

from itertools import groupby

from django.utils.translation import gettext as _

from billing.sheets import Column, Kind, Sheet
from portal import wording
from portal.export_rows import in_currency
from portal.statement_pages import statement, with_balance


def sheets(scope, period, today):
    """The lines of a Period, and the age of what is open at its end; both from one Statement."""
    found = statement(scope, period, today)
    return [_lines(found, scope.viewer), _ages(found)]


def _lines(found, viewer):
    columns = (
        Column(_("Currency")),
        Column(_("Date"), Kind.DAY),
        Column(_("Document")),
        Column(_("Number")),
        Column(_("Invoice")),
        Column(_("Due"), Kind.DAY),
        Column(_("Details")),
        Column(_("Amount"), Kind.MONEY),
        Column(_("Balance"), Kind.MONEY),
    )
    return Sheet(_("Statement"), columns, _rows(found, viewer))


def _rows(found, viewer):
    """The lines as they come from a cursor, between the balances of their accounts."""
    groups = groupby(found.lines(), key=lambda line: line.currency_code)
    code, lines = next(groups, (None, ()))
    for account in found.accounts:
        balance = account.opening
        yield _balance_row(account, found.period.first, _("Opening balance"), balance)
        if code == account.currency_code:
            for line, after in with_balance(lines, balance):
                balance = after
                yield _line_row(line, after, viewer)
            code, lines = next(groups, (None, ()))
        yield _balance_row(account, found.period.last, _("Closing balance"), balance)


def _balance_row(account, day, words, balance):
    code = account.currency_code
    return code, day, words, None, None, None, None, None, in_currency(balance, code)


def _line_row(line, balance, viewer):
    code, words = line.currency_code, wording.move(line, viewer)
    about = (words.what, words.number, line.number, line.due_date, words.detail)
    return code, line.day, *about, in_currency(line.change, code), in_currency(balance, code)


def _ages(found):
    titles = [*wording.AGES.values(), _("Balance")]
    columns = (Column(_("Currency")), *(Column(str(title), Kind.MONEY) for title in titles))
    rows = (
        (one.currency_code, *(in_currency(amount, one.currency_code) for amount in (*one.ageing, one.closing)))
        for one in found.accounts
    )
    return Sheet(_("Age of the balance"), columns, rows)

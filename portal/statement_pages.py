"""A statement of account as it is shown: a page of its lines with the balance after each, an account a currency."""

from dataclasses import dataclass

from django.db.models import QuerySet

from billing import statements
from billing.statements import Account, Line
from portal import wording
from portal.table_rows import line_rows


@dataclass(frozen=True)
class Block:
    """What a page shows of one account: its lines there, the rows of their table, and the balances around them.

    `begins` and `ends` say whether these are the account's opening and closing balance, or carried from page to page.
    """

    account: Account
    before: object
    lines: list
    rows: list
    begins: bool
    ends: bool

    @property
    def after(self):
        return self.lines[-1].balance if self.lines else self.before


@dataclass(frozen=True)
class ShownLine:
    """A line, its words, and the balance after it."""

    line: Line
    words: wording.Move
    balance: object


@dataclass(frozen=True)
class Statement:
    """The accounts of a range of days and their lines, an account after the other."""

    accounts: list[Account]
    rows: QuerySet
    moved: tuple
    period: object

    @property
    def count(self):
        return sum(account.lines for account in self.accounts)

    def lines(self):
        """Every Line."""
        return map(statements.line, self.rows.iterator(chunk_size=2000))

    def blocks(self, page, viewer):
        """The Blocks of one page of `rows`."""
        lines = [statements.line(row) for row in page.object_list]
        start, shown = max(page.start_index() - 1, 0), []
        end, last = start + len(lines), 0
        for account in self.accounts:
            first, last = last, last + account.lines
            # An account without a line stands where its lines would.
            alone = first == last and first >= start and (first < end or end == self.count)
            if alone or (start < last and first < end):
                own = lines[max(first - start, 0) : last - start]
                shown.append(self._block(account, own, viewer, begins=first >= start, ends=last <= end))
        return shown

    def _block(self, account, lines, viewer, *, begins, ends):
        before = account.opening
        if not begins:
            before += statements.change_before(self.moved, lines[0], first=self.period.first)
        with_balances = [
            ShownLine(line, wording.move(line, viewer), balance) for line, balance in with_balance(lines, before)
        ]
        rows = line_rows(with_balances, account.currency_code, viewer)
        return Block(account, before, with_balances, rows, begins, ends)


def statement(scope, period, today):
    """The Statement of a Period, as of `today` (the reader's local date)."""
    moved = statements.moves(scope.invoices, scope.payments, scope.credit_notes, zone=scope.viewer.zone)
    first, last = period
    found = statements.accounts(
        moved, totals=scope.invoice_totals, invoices=scope.invoices, first=first, last=last, today=today
    )
    return Statement(found, statements.lines(moved, first=first, last=last), moved, period)


def with_balance(lines, before):
    """`(line, balance after it)` of the lines of one account."""
    balance = before
    for line in lines:
        balance += line.change
        yield line, balance

"""A statement of account as it is shown: a page of its lines with the balance after each, an account a currency."""

from dataclasses import dataclass

from billing import statements
from billing.statements import Account, Line
from portal import wording
from portal.periods import Period
from portal.prepared import ask
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
    """The accounts of a range of days; a slice of it is a list of their Lines, an account after the other."""

    accounts: list[Account]
    scope: object
    period: Period

    def __getitem__(self, cut):
        if cut.start >= cut.stop:
            return []
        rows = ask(_lines, self.scope, self.scope.viewer.zone, (cut.start, cut.stop), *self.period)
        return [statements.line(row) for row in rows]

    @property
    def count(self):
        return sum(account.lines for account in self.accounts)

    def lines(self):
        """Every Line."""
        rows = _lines(self.scope, self.scope.viewer.zone, (0, None), *self.period)
        return map(statements.line, rows.iterator(chunk_size=2000))

    def blocks(self, page, viewer):
        """The Blocks of one page of its lines."""
        lines = page.object_list
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
            moved = _moves(self.scope, self.scope.viewer.zone)
            before += statements.change_before(moved, lines[0], first=self.period.first)
        with_balances = [
            ShownLine(line, wording.move(line, viewer), balance) for line, balance in with_balance(lines, before)
        ]
        rows = line_rows(with_balances, account.currency_code, viewer)
        return Block(account, before, with_balances, rows, begins, ends)


def statement(scope, period, today):
    """The Statement of a Period, as of `today` (the reader's local date).

    What is late is so on its last day, or today where that is still to come.
    """
    zone, as_of = scope.viewer.zone, min(period.last, today)
    sums = statements.sums_of(ask(_sums, scope, zone, *period))
    moved_later = any(one.later for one in sums.values())
    ages = ask(_ages, scope, zone, moved_later, period.last if moved_later else None, as_of, *statements.edges(as_of))
    return Statement(statements.accounts(sums, ages), scope, period)


def _moves(scope, zone):
    return statements.moves(scope.invoices, scope.payments, scope.credit_notes, zone=zone)


def _lines(scope, zone, cut, first, last):
    return statements.lines(_moves(scope, zone), first=first, last=last)[slice(*cut)]


def _sums(scope, zone, first, last):
    return statements.sum_rows(_moves(scope, zone), scope.invoice_totals, first=first, last=last)


def _ages(scope, zone, moved_later, last, as_of, *edges):
    return statements.age_rows(
        _moves(scope, zone), scope.invoices, last=last, moved_later=moved_later, as_of=as_of, edges=edges
    )


def with_balance(lines, before):
    """`(line, balance after it)` of the lines of one account."""
    balance = before
    for line in lines:
        balance += line.change
        yield line, balance

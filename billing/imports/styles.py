"""How a whole file writes its dates and numbers, found out before the first row is read."""

from django.utils.translation import gettext as _

from billing.imports import values
from billing.imports.refusals import ImportRefused

_REMEMBERED = 50_000


class Question:
    """One thing to find out from many cells: which answer they give, and where the first of each answer stands."""

    def __init__(self):
        self.answers = {}
        self.open_at = None
        self.seen = set()

    def hear(self, text, line, evidence, is_open):
        """Weigh one cell; a text heard before says nothing new."""
        if not text or text in self.seen:
            return
        if len(self.seen) >= _REMEMBERED:
            self.seen.clear()
        self.seen.add(text)
        text = text.strip()
        answer = evidence(text)
        if answer:
            self.answers.setdefault(answer, (line, text))
        elif self.open_at is None and is_open(text):
            self.open_at = (line, text)


def find(rows, cells, *, dates, decimal):
    """`(order of dates, decimal sign)` of the rows of a file, asking for what they leave open.

    `dates` is one of DATE_ORDERS, `decimal` one of DECIMAL_SIGNS; `auto` finds it out.
    """
    date_order, decimal_sign = Question(), Question()
    if "auto" in (dates, decimal):
        for line, row, error in rows:
            if error is None:
                _weigh([*row, ""], line, cells, date_order, decimal_sign)
    return (
        _date_order(date_order) if dates == "auto" else dates,
        _decimal_sign(decimal_sign) if decimal == "auto" else values.DECIMAL_SIGNS[decimal],
    )


def _weigh(row, line, cells, date_order, decimal_sign):
    cell = cells(row)
    for date, moment in ((cell.date, cell.start), (cell.end_date, cell.end)):
        if date and date not in date_order.seen:
            date_order.hear(date, line, values.date_evidence, values.needs_date_order)
        if len(moment) > values.LONGEST_CLOCK:
            day = values.split_moment(moment.strip())[0]
            date_order.hear(day, line, values.date_evidence, values.needs_date_order)
    for text in (cell.hours, cell.duration, cell.rate):
        if text and ":" not in text and text not in decimal_sign.seen:
            decimal_sign.hear(text, line, _decimal_sign_of, _is_open_number)


def _decimal_sign_of(text):
    evidence = values.decimal_evidence(text)
    return None if evidence == "?" else evidence


def _is_open_number(text):
    return values.decimal_evidence(text) == "?"


def _date_order(question):
    return _settled(
        question,
        differing=_(
            "Days and months change places: “%(text)s” in line %(line)s, “%(other_text)s” in line %(other_line)s."
        ),
        unclear=_(
            "Day and month cannot be told apart in this file (line %(line)s: “%(text)s”). "
            "Say how dates are written (--dates): dmy (day first) or mdy (month first)."
        ),
        # Every date is ISO, or reads the same both ways.
        otherwise="dmy",
    )


def _decimal_sign(question):
    return _settled(
        question,
        differing=_(
            "Numbers are written in two ways: “%(text)s” in line %(line)s, “%(other_text)s” in line %(other_line)s."
        ),
        unclear=_(
            "“%(text)s” in line %(line)s may be thousands or decimals. "
            "Say which sign stands before decimals (--decimal): point or comma."
        ),
        otherwise=".",
    )


def _settled(question, *, differing, unclear, otherwise):
    """The one answer that the file gives, `otherwise` where nothing asks for one; refused in these words if unsure."""
    _require_agreement(question, differing)
    if question.answers:
        return next(iter(question.answers))
    if question.open_at:
        line, text = question.open_at
        raise ImportRefused(unclear % {"line": line, "text": text})
    return otherwise


def _require_agreement(question, words):
    if len(question.answers) > 1:
        (line, text), (other_line, other_text) = list(question.answers.values())[:2]
        raise ImportRefused(words % {"line": line, "text": text, "other_line": other_line, "other_text": other_text})

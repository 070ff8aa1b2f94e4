"""Figures and states in words: what waits for whom, how long a budget lasts; a tone is never colour alone."""

from datetime import timedelta
from typing import NamedTuple

from babel.lists import format_list
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from billing import formats
from billing.models import Payment, Quote
from billing.models.invoices import Standing
from billing.statements import Kind

# Further ahead nobody's pace says anything.
DAYS_FORESEEN = 365


class State(NamedTuple):
    """A sentence, its tone (`good`, `attention`, `late` or `quiet`) and its icon's name."""

    text: str
    tone: str
    icon: str


def invoice_state(invoice, viewer, today):
    """The State of an invoice (with its balance) on the viewer's local date."""
    standing = invoice.standing(today)
    if standing == Standing.CANCELLED:
        return State(_("Cancelled"), "quiet", "ban")
    if standing == Standing.OVERPAID:
        surplus = formats.format_money(-invoice.outstanding, invoice.currency_code, viewer.locale)
        return State(_("Overpaid by %(amount)s") % {"amount": surplus}, "attention", "circle-alert")
    if standing == Standing.PAID:
        return State(_paid(invoice, viewer), "good", "circle-check")
    if standing == Standing.OVERDUE:
        return State(_late((today - invoice.due_date).days), "late", "circle-alert")
    due = _due((invoice.due_date - today).days)
    if standing == Standing.PARTIALLY_PAID:
        return State(_("Paid in part, %(due)s") % {"due": due[0].lower() + due[1:]}, "attention", "clock")
    return State(due, "attention", "clock")


def quote_state(quote, viewer, today):
    """The State of a quote on the viewer's local date."""
    if quote.status == Quote.Status.ACCEPTED:
        return State(_("Accepted"), "good", "circle-check")
    if quote.status == Quote.Status.DECLINED:
        return State(_("Declined"), "quiet", "ban")
    if quote.valid_until is not None and quote.valid_until < today:
        last_day = formats.format_day(quote.valid_until, viewer.locale)
        return State(_("Lapsed on %(day)s") % {"day": last_day}, "quiet", "ban")
    return offer_state(quote.valid_until, viewer)


def offer_state(last_day, viewer):
    """The State of an offer that may be accepted until a date, or, without one, as long as it stands."""
    if last_day is None:
        return State(_("Waiting for your answer"), "attention", "clock")
    words = {"day": formats.format_day(last_day, viewer.locale)}
    return State(_("Waiting for your answer until %(day)s") % words, "attention", "clock")


# Whose answer it is: the person's, the company login's, or one that staff passed on.
_ANSWERS = {
    "approved": (
        gettext_lazy("Approved by %(person)s on %(day)s at %(time)s"),
        gettext_lazy("Approved by the company login on %(day)s at %(time)s"),
        gettext_lazy("Approved on %(day)s at %(time)s, noted for you by %(person)s"),
    ),
    "rejected": (
        gettext_lazy("Rejected by %(person)s on %(day)s at %(time)s"),
        gettext_lazy("Rejected by the company login on %(day)s at %(time)s"),
        gettext_lazy("Rejected on %(day)s at %(time)s, noted for you by %(person)s"),
    ),
}
_WITHDRAWN = gettext_lazy("Withdrawn by %(person)s on %(day)s at %(time)s")


def request_state(viewer):
    """The State of a request to approve hours that waits."""
    waits = _("Waiting for your answer") if viewer.client.portal_approvals_enabled else _("Not answered yet")
    return State(waits, "attention", "clock")


def approval_state(approval, viewer):
    """The State of a request to approve hours: whether it waits, or who answered or withdrew it when."""
    if approval.is_waiting:
        return request_state(viewer)
    when = {
        "day": formats.format_day(approval.answered_at.astimezone(viewer.zone), viewer.locale),
        "time": formats.format_clock(approval.answered_at, viewer.zone, viewer.locale),
    }
    if approval.status not in _ANSWERS:
        return State(_WITHDRAWN % {"person": person_name(approval.answered_by, viewer), **when}, "quiet", "ban")
    own, company, passed_on = _ANSWERS[approval.status]
    tone, icon = ("good", "circle-check") if approval.status == "approved" else ("late", "circle-x")
    if approval.answered_for_client:
        return State(passed_on % {"person": person_name(approval.answered_by, viewer), **when}, tone, icon)
    if approval.answered_by is None:
        return State(company % when, tone, icon)
    person = approval.answered_by.get_full_name() or _("one of your people")
    return State(own % {"person": person, **when}, tone, icon)


def who_answered(approval, viewer):
    """Who answered or withdrew a request to approve hours, as this client may see it; empty while it waits."""
    if approval.is_waiting:
        return ""
    if approval.answered_for_client or approval.status not in _ANSWERS:
        return person_name(approval.answered_by, viewer)
    if approval.answered_by is None:
        return _("the company login")
    return approval.answered_by.get_full_name() or _("one of your people")


def standings():
    """`{Standing: word}` of what a client may see of invoices."""
    return {
        Standing.UNPAID: _("Unpaid"),
        Standing.PARTIALLY_PAID: _("Paid in part"),
        Standing.OVERDUE: _("Overdue"),
        Standing.PAID: _("Paid"),
        Standing.OVERPAID: _("Overpaid"),
        Standing.CANCELLED: _("Cancelled"),
    }


# The fields of an Ageing in words.
AGES = {
    "not_due": gettext_lazy("Not yet due"),
    "late_30": gettext_lazy("1–30 days late"),
    "late_60": gettext_lazy("31–60 days late"),
    "late_90": gettext_lazy("61–90 days late"),
    "older": gettext_lazy("Over 90 days late"),
    "overpaid": gettext_lazy("Paid too much"),
}


class Move(NamedTuple):
    """What a line of a statement says: what happened, the number it is told by, and what there is to add."""

    what: str
    number: str
    detail: str


def move(line, viewer):
    """The words of a Line of a statement."""
    if line.kind == Kind.INVOICE:
        day = formats.format_day(line.due_date, viewer.locale)
        return Move(_("Invoice"), line.number, _("due on %(day)s") % {"day": day})
    if line.kind == Kind.CANCELLATION:
        return Move(_("Cancellation of"), line.number, "")
    if line.kind == Kind.CREDIT_NOTE:
        about = _("on %(number)s: %(reason)s") % {"number": line.number, "reason": line.about}
        return Move(_("Credit note"), line.own_number, about)
    what = _("Payment taken back for") if line.is_taken_back else _("Payment for")
    return Move(what, line.number, str(Payment.Method(line.about).label))


def balance_on(day, accounts, viewer):
    """The sentences above a statement: what was to pay at the end of a day, how much of it late, what overpaid."""
    words = {"day": formats.format_long_day(day, viewer.locale)}
    ages = [(one.currency_code, one.ageing) for one in accounts]
    due, late, over = (
        [(code, amount) for code, amount in figures if amount]
        for figures in (
            [(code, age.owed) for code, age in ages],
            [(code, age.late) for code, age in ages],
            [(code, -age.overpaid) for code, age in ages],
        )
    )
    words |= {"due": _amounts(due, viewer), "late": _amounts(late, viewer), "over": _amounts(over, viewer)}
    sentences = [_("Nothing to pay on %(day)s.") % words]
    if due and due == late:
        sentences = [_("%(due)s to pay on %(day)s, all of it late.") % words]
    elif due and late:
        sentences = [_("%(due)s to pay on %(day)s, %(late)s of it late.") % words]
    elif due:
        sentences = [_("%(due)s to pay on %(day)s.") % words]
    if over:
        sentences.append(_("%(over)s paid too much.") % words)
    return sentences


def person_name(user, viewer):
    """The name of one of the staff as this client may see it; never the user name, which signs in."""
    return (viewer.client.show_staff_names and user.get_full_name()) or _("Team")


def summary(overview):
    """The client's standing in sentences: what is to pay, this month's hours, and the budget that ends first."""
    viewer, today = overview.viewer, overview.today
    sentences = [_to_pay(overview.invoice_sums, viewer), _hours_this_month(overview.month_seconds, viewer)]
    if overview.burning:
        sentences.append(_budget_left(overview.burning[0], viewer, today))
    return sentences


def burn(burn, viewer, today):
    """What there is to say of a Burn (or None): its pace, and how long it lasts."""
    return [words for words in (pace(burn, viewer), outlook(burn, viewer, today)) if words] if burn else []


def pace(burn, viewer):
    """How much of a budget goes in a week: `12.5 hours a week over the last four weeks`."""
    if burn.recent <= 0:
        return _("No work in the last four weeks")
    return _("%(amount)s a week over the last four weeks") % {"amount": _measured(burn.a_week, burn.budget, viewer)}


def outlook(burn, viewer, today):
    """How long a budget lasts at its pace; empty where there is no pace, or nothing left."""
    days = burn.days_left
    if days is None:
        return ""
    if days > DAYS_FORESEEN:
        return _("for more than a year")
    last = today + timedelta(days=days)
    say = formats.format_day_of_year if last.year == today.year else formats.format_long_day
    return _("until about %(day)s") % {"day": say(last, viewer.locale)}


def _to_pay(sums, viewer):
    due = [(one.currency_code, one.outstanding) for one in sums if one.outstanding]
    late = [(one.currency_code, one.overdue) for one in sums if one.overdue]
    if not due:
        return _("Nothing to pay.")
    if not late:
        return _("%(due)s to pay.") % {"due": _amounts(due, viewer)}
    if late == due:
        return _("%(due)s to pay, all of it overdue.") % {"due": _amounts(due, viewer)}
    return _("%(due)s to pay, %(late)s of it overdue.") % {"due": _amounts(due, viewer), "late": _amounts(late, viewer)}


def _amounts(figures, viewer):
    return _listed([formats.format_money(amount, code, viewer.locale) for code, amount in figures])


def _hours_this_month(seconds, viewer):
    if not seconds:
        return _("No hours this month yet.")
    return _("%(hours)s this month.") % {"hours": _hours(seconds, viewer)}


def _budget_left(row, viewer, today):
    budget, words = row.burn.budget, {"project": row.project.name}
    words["limit"] = _measured(budget.limit, budget, viewer)
    if budget.is_over:
        words["over"] = _measured(budget.over_by, budget, viewer)
        return _("%(project)s is %(over)s over its %(limit)s.") % words
    if not budget.left:
        return _("All %(limit)s of %(project)s are used.") % words
    words["left"] = _figure(budget.left, budget, viewer)
    words["outlook"] = outlook(row.burn, viewer, today)
    if not words["outlook"]:
        return _("%(left)s of %(limit)s left in %(project)s.") % words
    return _("%(left)s of %(limit)s left in %(project)s, %(outlook)s.") % words


def _figure(amount, budget, viewer):
    """An amount of a budget without its unit, which the sentence says beside another; money has it always."""
    if budget.currency_code:
        return formats.format_money(amount, budget.currency_code, viewer.locale)
    return formats.format_number(formats.hours_of(amount), viewer.locale)


def _measured(amount, budget, viewer):
    """An amount of a budget with its unit."""
    return _figure(amount, budget, viewer) if budget.currency_code else _hours(amount, viewer)


def _hours(seconds, viewer):
    hours = formats.hours_of(seconds)
    words = {"hours": formats.format_number(hours, viewer.locale)}
    return ngettext("%(hours)s hour", "%(hours)s hours", 1 if hours == 1 else 2) % words


def _listed(texts):
    """`a`, `a and b`, `a, b and c`, in the language of the words around it."""
    return format_list(texts, locale=get_language().replace("-", "_"))


def _paid(invoice, viewer):
    if invoice.settled_on is None:
        return _("Paid")
    return _("Paid on %(day)s") % {"day": formats.format_day(invoice.settled_on, viewer.locale)}


def _late(days):
    return ngettext("%(days)s day late", "%(days)s days late", days) % {"days": days}


def _due(days):
    if days == 0:
        return _("Due today")
    return ngettext("Due in %(days)s day", "Due in %(days)s days", days) % {"days": days}

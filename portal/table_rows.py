"""Rows of tables as their templates show them: dictionaries of words and figures, written for one viewer.

A template finds things in dictionaries several times faster than in objects, and a list has hundreds of them.
"""

from django.utils.translation import gettext as _

from billing import formats
from billing.addresses import portal_page
from portal import wording


def entry_rows(entries, viewer, *, with_project=True):
    """A row for each of a page of time entries, or of copies of them as a request to approve hours keeps them.

    `starts_on` is the local date on which it began.
    """
    return [_entry_row(entry, viewer, with_project=with_project) for entry in entries]


def invoice_rows(invoices, viewer, today):
    """A row for each of a page of invoices, and how it stands on the viewer's `today`."""
    return [_invoice_row(invoice, wording.invoice_state(invoice, viewer, today), viewer) for invoice in invoices]


def notice_rows(notices, viewer):
    """A row for each of a page of Notices; `day` is the local date on which it was recorded."""
    return [_notice_row(notice, viewer) for notice in notices]


def line_rows(lines, code, viewer):
    """A row for each of a page of ShownLines of a statement in the currency `code`."""
    return [_line_row(shown, code, viewer) for shown in lines]


def budgets(row, viewer):
    """How much is left of the estimate and of the budget of a project with its figures: over is said, not hidden.

    Money is shown where it was agreed on, with an estimate in hours beside it only to those who see rates.
    """
    rows, locale = [], viewer.locale
    hours, money = row.hours_budget, row.money_budget
    if hours:
        rows.append(_hours_left(hours, locale))
    if money and (viewer.client.show_rates or not hours):
        rows.append(_money_left(money, locale))
    return rows


def project_rows(projects, viewer):
    """A row for each of the ProjectPieces of a report, with its share of the largest."""
    largest = max((project.seconds for project in projects), default=0) or 1
    return [_project_row(project, viewer) | {"share": project.seconds / largest} for project in projects]


def _hours_left(budget, locale):
    limit = {"limit": formats.format_hours(budget.limit, locale)}
    if budget.is_over:
        said = _("%(over)s h over") % {"over": formats.format_hours(budget.over_by, locale)}
        return _left(budget, said, _("of %(limit)s h estimated") % limit)
    said = _("%(left)s h left") % {"left": formats.format_hours(budget.left, locale)}
    return _left(budget, said, _("of %(limit)s h") % limit)


def _money_left(budget, locale):
    code = budget.currency_code
    limit = {"limit": formats.format_money(budget.limit, code, locale)}
    if budget.is_over:
        said = _("%(over)s over") % {"over": formats.format_money(budget.over_by, code, locale)}
        return _left(budget, said, _("of a budget of %(limit)s") % limit)
    said = _("%(left)s left") % {"left": formats.format_money(budget.left, code, locale)}
    return _left(budget, said, _("of %(limit)s") % limit)


def _left(budget, said, of):
    return {"share": budget.share, "is_over": budget.is_over, "said": said, "of": of}


def _project_row(project, viewer):
    locale, billable = viewer.locale, project.billable_seconds
    return {
        "url": portal_page("project", project.project_id),
        "name": project.name,
        "status": project.status_name,
        "seconds": project.seconds,
        "hours": formats.format_hours(project.seconds, locale),
        "billable": formats.format_hours(billable, locale) if billable else "",
        "amount": formats.format_money(project.amount, project.currency_code, locale) if project.amount else "",
        "budgets": budgets(project, viewer),
    }


def _notice_row(notice, viewer):
    recorded_at = notice.recorded_at.astimezone(viewer.zone)
    day, locale = recorded_at.date(), viewer.locale
    clock = formats.format_clock(notice.recorded_at, viewer.zone, locale)
    return {
        "number": notice.number,
        "title": notice.title,
        "message": notice.message,
        "url": notice.url,
        "read_url": portal_page("mark_read", notice.number),
        "icon": notice.icon,
        "project": notice.project,
        "person": notice.person,
        "day": day,
        "iso": recorded_at.isoformat(),
        "clock": clock,
        "when": f"{formats.format_weekday(day, locale)}, {clock}",
    }


def _line_row(shown, code, viewer):
    line, words = shown.line, shown.words
    return {
        "day": _day(line.day, viewer.locale),
        "what": words.what,
        "number": words.number,
        "detail": words.detail,
        "url": portal_page("invoice", line.invoice_id),
        "change": formats.format_money(line.change, code, viewer.locale),
        "balance": formats.format_money(shown.balance, code, viewer.locale) if shown.balance else "",
    }


def _invoice_row(invoice, state, viewer):
    code, locale = invoice.currency_code, viewer.locale
    return {
        "url": invoice.get_absolute_url(),
        "number": invoice.invoice_number,
        "issued": _day(invoice.issue_date, locale),
        "due": _day(invoice.due_date, locale),
        "state": state,
        "total": formats.format_money(invoice.total_amount, code, locale),
        "open": formats.format_money(invoice.outstanding, code, locale) if invoice.is_open else "",
    }


def _entry_row(entry, viewer, *, with_project):
    locale, zone = viewer.locale, viewer.zone
    starts_on = entry.start_time.astimezone(zone).date()
    row = {
        "starts_on": starts_on,
        "iso_day": starts_on.isoformat(),
        "day": formats.format_weekday(starts_on, locale),
        "note": entry.notes,
        "task": entry.task_name,
        "person": wording.person_name(entry.user, viewer),
        "times": _times(entry, zone, locale),
        "hours": formats.format_hours(entry.duration_seconds or 0, locale),
        "project": "",
    }
    if with_project:
        row |= {"project": entry.project.name, "url": entry.project.get_absolute_url()}
    return row | _price(entry, locale) if viewer.client.show_rates else row


def _times(entry, zone, locale):
    if not entry.has_times:
        return ""
    return "–".join(formats.format_clock(moment, zone, locale) for moment in (entry.start_time, entry.end_time))


def _price(entry, locale):
    """Rate and amount; `unpriced` says why there is no amount."""
    code = entry.currency_code
    rate, amount = (
        "" if figure is None else formats.format_money(figure, code, locale)
        for figure in (entry.hourly_rate, entry.amount)
    )
    return {"rate": rate, "amount": amount, "unpriced": "" if amount else "–" if entry.billable else _("not billed")}


def _day(day, locale):
    return {"iso": day.isoformat(), "shown": formats.format_day(day, locale)}

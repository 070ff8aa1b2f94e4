"""Rows of tables as their templates show them: dictionaries of words and figures, written for one viewer.

A template finds things in dictionaries several times faster than in objects, and a list has hundreds of them.
"""

from django.utils.translation import gettext as _

from billing import formats
from portal import wording


def entry_rows(entries, viewer, *, with_project=True):
    """A row for each of a page of time entries, or of copies of them as a request to approve hours keeps them.

    `starts_on` is the local date on which it began.
    """
    return [_entry_row(entry, viewer, with_project=with_project) for entry in entries]


def invoice_rows(invoices, viewer, today):
    """A row for each of a page of invoices, and how it stands on the viewer's `today`."""
    return [_invoice_row(invoice, wording.invoice_state(invoice, viewer, today), viewer) for invoice in invoices]


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

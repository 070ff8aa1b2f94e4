"""The staff's page of quotes."""

from django.contrib import admin
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from accounts.staff_choices import TypedFilter
from accounts.staff_pages import adopt, agency_today, deed
from billing import papers, quoting
from billing.admin.columns import money_column
from billing.admin.documents import DocumentPage, LineInline
from billing.admin.invoices import SUMS
from billing.models import Quote, QuoteItem


class QuoteLineInline(LineInline):
    model = QuoteItem
    owner = "quote"


def _is_draft(quote):
    return quote.status == Quote.Status.DRAFT


def _is_sent(quote):
    return quote.status == Quote.Status.SENT


@admin.register(Quote)
class QuotePage(DocumentPage):
    domain = quoting
    paper_of = staticmethod(papers.quote_paper)
    list_display = (
        "number",
        "title",
        "client",
        "issue_date",
        "valid_until",
        money_column("total_amount", _("total")),
        "status",
    )
    list_filter = ("status", ("client", TypedFilter), "currency_code")
    search_fields = ("quote_number", "title", "client__name")
    inlines = [QuoteLineInline]
    deeds = ("send", "accept", "decline")

    def get_fieldsets(self, request, obj=None):
        rate = "tax_rate" if obj is None or _is_draft(obj) else "plain_rate"
        first = ("client", "project", "title", ("issue_date", "valid_until"), ("currency_code", rate))
        return (
            (None, {"fields": first if obj is None else (("number", "status"), *first)}),
            *([] if obj is None else [(_("Sums"), {"fields": (SUMS,)})]),
            (_("Words"), {"fields": ("notes", "terms", "internal_notes")}),
        )

    def get_readonly_fields(self, request, obj=None):
        return () if obj is None else ("number", "status", "client", "plain_rate", *SUMS)

    def write(self, quote, fields, lines, change):
        if change:
            quoting.revise(Quote.objects.get(pk=quote.pk), lines=lines, **fields)
        else:
            client, title = fields.pop("client"), fields.pop("title")
            adopt(quote, quoting.draft(client, title=title, lines=lines, now=now(), **fields))

    @deed(
        _("Send"),
        done=_("Sent: %(rows)s."),
        asks=_("It takes its number, the client is told, and it cannot change any more."),
        when=_is_draft,
    )
    def send(self, request, quote):
        return quoting.send(quote, by=request.user, now=now(), today=agency_today())

    @deed(_("Accepted"), done=_("Accepted: %(rows)s."), asks=_("Note that the client accepts it."), when=_is_sent)
    def accept(self, request, quote):
        return quoting.close(quote, Quote.Status.ACCEPTED)

    @deed(_("Declined"), done=_("Declined: %(rows)s."), asks=_("Note that the client declines it."), when=_is_sent)
    def decline(self, request, quote):
        return quoting.close(quote, Quote.Status.DECLINED)

    @admin.display(description=_("number"), ordering="quote_number")
    def number(self, quote):
        return quote.quote_number or _("Draft")

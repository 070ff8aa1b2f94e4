"""The staff's page of invoices."""

from django.contrib import admin, messages
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from accounts.staff_choices import TypedFilter
from accounts.staff_pages import ReadOnlyInline, adopt, agency_today, deed
from billing import invoicing, papers
from billing.admin.columns import money_column, money_text
from billing.admin.documents import DocumentPage, LineInline
from billing.models import CreditNote, Invoice, InvoiceItem, Payment
from billing.models.invoices import Standing

STANDINGS = {
    Standing.DRAFT: _("Draft"),
    Standing.CANCELLED: _("Cancelled"),
    Standing.PAID: _("Paid"),
    Standing.OVERPAID: _("Overpaid"),
    Standing.OVERDUE: _("Overdue"),
    Standing.PARTIALLY_PAID: _("Paid in part"),
    Standing.UNPAID: _("Unpaid"),
}
SUMS = (
    money_column("subtotal", _("subtotal")),
    money_column("tax_amount", _("tax")),
    money_column("total_amount", _("total")),
)
BALANCE = (
    money_column("paid_amount", _("paid")),
    money_column("credited_amount", _("credited")),
    money_column("outstanding", _("outstanding")),
)


class InvoiceLineInline(LineInline):
    model = InvoiceItem
    owner = "invoice"


class PaymentInline(ReadOnlyInline):
    model = Payment
    owner = "invoice"
    fields = ("paid_on", money_column("amount", _("amount"), currency="invoice.currency_code"), "method", "status")
    fields = (*fields, "reference")
    readonly_fields = fields
    show_change_link = True
    ordering = ("paid_on", "pk")


class CreditNoteInline(ReadOnlyInline):
    model = CreditNote
    owner = "invoice"
    fields = ("credit_number", "issue_date", money_column("amount", _("amount"), currency="invoice.currency_code"))
    fields = (*fields, "reason")
    readonly_fields = fields
    show_change_link = True
    ordering = ("issue_date", "pk")


class StandingFilter(admin.SimpleListFilter):
    title = _("payment")
    parameter_name = "standing"

    def lookups(self, request, model_admin):
        return [("paid", _("Paid")), ("unpaid", _("Unpaid")), ("overdue", _("Overdue"))]

    def queryset(self, request, queryset):
        narrowed = {
            "paid": queryset.paid,
            "unpaid": queryset.unpaid,
            "overdue": lambda: queryset.overdue(agency_today()),
        }
        return narrowed[self.value()]() if self.value() in narrowed else queryset


def _is_draft(invoice):
    return invoice.status == Invoice.Status.DRAFT


def _is_sent(invoice):
    return invoice.status == Invoice.Status.SENT


@admin.register(Invoice)
class InvoicePage(DocumentPage):
    domain = invoicing
    paper_of = staticmethod(papers.invoice_paper)
    list_display = (
        "number",
        "client",
        "standing",
        "due_date",
        money_column("total_amount", _("total")),
        money_column("outstanding", _("outstanding")),
        "issue_date",
    )
    list_filter = (StandingFilter, "status", ("client", TypedFilter), "currency_code")
    search_fields = ("invoice_number", "client__name", "buyer_name")
    deeds = ("send", "cancel")
    actions = ["delete_drafts", "record_payment", "credit"]

    def choice_label(self, row):
        return f"{row} – {row.client} – {money_text(row.outstanding, row.currency_code)}" if _is_sent(row) else str(row)

    def offered_for(self, field, rows):
        return rows.sent()

    def get_queryset(self, request):
        return super().get_queryset(request)

    def get_fieldsets(self, request, obj=None):
        draft = obj is None or _is_draft(obj)
        parties = ("seller_name", "seller_details", "buyer_name", "buyer_details", "payment_instructions")
        rate = "tax_rate" if draft else "plain_rate"
        first = ("client", "project", ("issue_date", "due_date"), ("currency_code", rate))
        return (
            (None, {"fields": first if obj is None else (("number", "standing"), *first)}),
            *([] if obj is None else [(_("Sums"), {"fields": (SUMS,) if draft else (SUMS, BALANCE)})]),
            (_("Words"), {"fields": ("notes", "terms", "internal_notes")}),
            *([] if draft else [(_("As issued"), {"fields": (*parties, "sent_at"), "classes": ("collapse",)})]),
        )

    def get_readonly_fields(self, request, obj=None):
        if obj is None:
            return ()
        own = ("number", "standing", "client", "plain_rate", *SUMS, *BALANCE)
        parties = ("seller_name", "seller_details", "buyer_name", "buyer_details", "payment_instructions", "sent_at")
        return (*own, *parties)

    def get_inlines(self, request, obj):
        issued = obj is not None and not _is_draft(obj)
        return [InvoiceLineInline, PaymentInline, CreditNoteInline] if issued else [InvoiceLineInline]

    def links(self, request, row):
        found = [("payment", _("Record payment")), ("creditnote", _("Credit"))] if _is_sent(row) else []
        allowed = [(model, label) for model, label in found if request.user.has_perm(f"billing.add_{model}")]
        return [*((label, self._new(model, row)) for model, label in allowed), *super().links(request, row)]

    def _new(self, model, invoice):
        return f"{reverse(f'{self.admin_site.name}:billing_{model}_add')}?invoice={invoice.pk}"

    def write(self, invoice, fields, lines, change):
        if change:
            invoicing.revise(Invoice.objects.get(pk=invoice.pk), lines=lines, **fields)
        else:
            adopt(invoice, invoicing.draft(fields.pop("client"), lines=lines, now=now(), **fields))

    @deed(
        _("Send"),
        done=_("Sent: %(rows)s."),
        asks=_("It takes its number, the client is told, and it cannot change any more."),
        when=_is_draft,
    )
    def send(self, request, invoice):
        sent = invoicing.send(invoice, by=request.user, now=now(), today=agency_today())
        return self.get_queryset(request).get(pk=sent.pk)

    @deed(
        _("Cancel invoice"),
        done=_("Cancelled: %(rows)s."),
        asks=_("It keeps its number and counts in no total; the client is told. This cannot be undone."),
        when=_is_sent,
    )
    def cancel(self, request, invoice):
        return invoicing.cancel(invoice, by=request.user, now=now())

    @admin.action(permissions=["pay"], description=_("Record payment"))
    def record_payment(self, request, queryset):
        return self._one(request, queryset, "payment")

    @admin.action(permissions=["credit"], description=_("Credit"))
    def credit(self, request, queryset):
        return self._one(request, queryset, "creditnote")

    def has_pay_permission(self, request):
        return request.user.has_perm("billing.add_payment")

    def has_credit_permission(self, request):
        return request.user.has_perm("billing.add_creditnote")

    def _one(self, request, queryset, model):
        chosen = list(queryset[:2])
        if len(chosen) == 1:
            return HttpResponseRedirect(self._new(model, chosen[0]))
        self.message_user(request, _("Choose one invoice for this."), messages.ERROR)
        return None

    @admin.display(description=_("number"), ordering="invoice_number")
    def number(self, invoice):
        return invoice.invoice_number or _("Draft")

    @admin.display(description=_("standing"))
    def standing(self, invoice):
        standing = invoice.standing(agency_today())
        if standing == Standing.OVERDUE:
            return format_html('<span class="badge badge-warn">{}</span>', STANDINGS[standing])
        if standing == Standing.OVERPAID:
            over = money_text(-invoice.outstanding, invoice.currency_code)
            return _("Overpaid by %(amount)s") % {"amount": over}
        return STANDINGS[standing]

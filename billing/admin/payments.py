"""The staff's pages of payments and credit notes: rows of money are added, and never changed or deleted."""

from django import forms
from django.contrib import admin
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from accounts.staff_choices import TypedFilter
from accounts.staff_pages import StaffPage, adopt, agency_today, deed
from billing import money, payments
from billing.admin.columns import NOTHING, money_column
from billing.models import CreditNote, Invoice, Payment

INVOICE_AMOUNT = money_column("amount", _("amount"), currency="invoice.currency_code")


class MoneyPage(StaffPage):
    """Rows about an invoice: the form begins with what is outstanding, and leads back to the invoice."""

    list_select_related = ("invoice", "client")
    autocomplete_fields = ("invoice",)
    actions = []

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def get_changeform_initial_data(self, request):
        initial = super().get_changeform_initial_data(request)
        invoice = Invoice.objects.sent().filter(pk=initial.get("invoice")).first()
        if invoice is not None and invoice.outstanding > 0:
            initial.setdefault("amount", money.rounded(invoice.outstanding, invoice.currency_code))
        return initial

    def response_post_save_add(self, request, obj):
        if not request.user.has_perm("billing.view_invoice"):
            return super().response_post_save_add(request, obj)
        return HttpResponseRedirect(reverse(f"{self.admin_site.name}:billing_invoice_change", args=[obj.invoice_id]))


class PaymentForm(forms.ModelForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "status" in self.fields:
            self.fields["status"].choices = [
                (status, status.label) for status in (Payment.Status.COMPLETED, Payment.Status.PENDING)
            ]
            self.fields["status"].help_text = _("Pending ones count, and the client hears of them, once completed.")


class ReversedFilter(admin.SimpleListFilter):
    title = _("reversal")
    parameter_name = "reversal"

    def lookups(self, request, model_admin):
        return [("reversed", _("Reversed")), ("reversals", _("Reversals"))]

    def queryset(self, request, queryset):
        narrowed = {"reversed": {"reversal__isnull": False}, "reversals": {"reversal_of__isnull": False}}
        return queryset.filter(**narrowed.get(self.value(), {}))


def _is_pending(payment):
    return payment.status == Payment.Status.PENDING


def _can_be_reversed(payment):
    return (
        payment.status == Payment.Status.COMPLETED
        and payment.reversal_of_id is None
        and not hasattr(payment, "reversal")
    )


@admin.register(Payment)
class PaymentPage(MoneyPage):
    form = PaymentForm
    list_display = ("paid_on", "invoice", "client", INVOICE_AMOUNT, "method", "status", "reversed", "reference")
    list_filter = ("status", "method", ReversedFilter, ("client", TypedFilter), ("invoice", TypedFilter))
    list_select_related = ("invoice", "client", "reversal")
    search_fields = ("invoice__invoice_number", "client__name", "reference")
    date_hierarchy = "paid_on"
    ordering = ("-paid_on", "-pk")
    deeds = ("complete", "fail", "reverse")

    def get_fields(self, request, obj=None):
        if obj is None:
            return ("invoice", "amount", "paid_on", "method", "status", "reference", "internal_notes")
        more = ("reversed", "created_at")
        return ("invoice", INVOICE_AMOUNT, "paid_on", "method", "status", "reference", "internal_notes", *more)

    def get_readonly_fields(self, request, obj=None):
        return () if obj is None else (INVOICE_AMOUNT, "reversed", "created_at")

    def get_changeform_initial_data(self, request):
        return {"paid_on": agency_today(), **super().get_changeform_initial_data(request)}

    def save_model(self, request, obj, form, change):
        fields = dict(form.cleaned_data)
        invoice, pending = fields.pop("invoice"), fields.pop("status") == Payment.Status.PENDING
        adopt(obj, payments.record(invoice, by=request.user, now=now(), pending=pending, **fields))

    @deed(_("Mark as completed"), done=_("Completed: %(rows)s."), when=_is_pending)
    def complete(self, request, payment):
        payments.complete(payment, by=request.user, now=now())

    @deed(_("Mark as failed"), done=_("Failed: %(rows)s."), when=_is_pending)
    def fail(self, request, payment):
        payments.fail(payment)

    @deed(
        _("Reverse"),
        done=_("Reversed: %(rows)s."),
        permission="add",
        asks=_("A payment of the negative amount takes it back, as of today."),
        when=_can_be_reversed,
    )
    def reverse(self, request, payment):
        payments.reverse(payment, paid_on=agency_today(), now=now())

    @admin.display(description=_("reversal"))
    def reversed(self, payment):
        if payment.reversal_of_id is not None:
            return _("Takes another payment back")
        return _("Reversed") if hasattr(payment, "reversal") else NOTHING


@admin.register(CreditNote)
class CreditNotePage(MoneyPage):
    list_display = ("credit_number", "issue_date", "invoice", "client", INVOICE_AMOUNT, "reason")
    list_filter = (("client", TypedFilter), ("invoice", TypedFilter))
    search_fields = ("credit_number", "invoice__invoice_number", "client__name", "reason")
    date_hierarchy = "issue_date"
    ordering = ("-issue_date", "-pk")

    def get_fields(self, request, obj=None):
        if obj is None:
            return ("invoice", "amount", "reason")
        return ("credit_number", "issue_date", "invoice", INVOICE_AMOUNT, "reason", "created_at")

    def get_readonly_fields(self, request, obj=None):
        return () if obj is None else ("credit_number", "issue_date", INVOICE_AMOUNT, "created_at")

    def save_model(self, request, obj, form, change):
        fields = dict(form.cleaned_data)
        invoice = fields.pop("invoice")
        adopt(obj, payments.credit(invoice, by=request.user, now=now(), today=agency_today(), **fields))

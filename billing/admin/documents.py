"""What the pages of invoices and quotes share: lines beside the form, drafts that change, documents that do not."""

from decimal import Decimal

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import F
from django.forms.models import BaseInlineFormSet
from django.http import HttpResponseRedirect
from django.urls import path
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from accounts.staff_choices import ChosenFields
from accounts.staff_pages import StaffPage, delete_selected
from billing import drafting, money
from billing.admin.columns import money_text, number_text
from billing.admin.forms import ClientsCurrencyForm
from billing.downloads import PdfDownload
from billing.drafting import Line

# Stored amounts have fifteen digits, three of them decimals.
LARGEST_AMOUNT = Decimal(10) ** 12
YEARS = range(1970, 2200)


class DocumentForm(ClientsCurrencyForm):
    HINTS = {
        "issue_date": _("Empty: the day of sending."),
        "due_date": _("Empty: after the client's days to pay."),
        "tax_rate": _("Of lines that state no rate of their own."),
        "notes": _("The client reads them on the document, below the sums."),
    }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in self.HINTS.keys() & self.fields.keys():
            self.fields[name].help_text = self.HINTS[name]

    def clean(self):
        cleaned = super().clean()
        client = cleaned.get("client") or getattr(self.instance, "client", None)
        if client and cleaned.get("project") and cleaned["project"].client_id != client.pk:
            self.add_error("project", _("This project belongs to another client."))
        if cleaned.get("issue_date") and cleaned["issue_date"].year not in YEARS:
            message = _("Give a date between %(first)s and %(last)s.")
            self.add_error("issue_date", message % {"first": YEARS[0], "last": YEARS[-1]})
        issued, due = cleaned.get("issue_date"), cleaned.get("due_date")
        if issued and due and due < issued:
            self.add_error("due_date", _("The due date lies before the issue date."))
        return cleaned


class LineForm(forms.ModelForm):
    position = forms.IntegerField(label=_("Position"), required=False, min_value=1)

    def clean_position(self):
        return self.cleaned_data["position"] or 0


class LineFormSet(BaseInlineFormSet):
    """A draft's lines, written anew all together; the sums are looked at before."""

    def lines(self):
        """The lines as they are to be: by position, those without one last."""
        rows = [form.cleaned_data for form in self.forms if form.cleaned_data and not self._should_delete_form(form)]
        rows.sort(key=lambda row: row["position"] or float("inf"))
        return [Line(row["description"], row["quantity"], row["unit_price"], row["tax_rate"]) for row in rows]

    def clean(self):
        super().clean()
        if any("id" in form.errors for form in self.forms):
            raise ValidationError(
                _("Somebody changed these lines meanwhile. Open the page again and repeat your change.")
            )
        document = self.instance
        if any(self.errors) or not document.currency_code or document.tax_rate is None:
            return
        amounts = [
            (
                money.line_amount(line.quantity, line.unit_price, document.currency_code),
                document.tax_rate if line.tax_rate is None else line.tax_rate,
            )
            for line in self.lines()
        ]
        total = money.totals(amounts, document.currency_code).total
        if total < 0:
            raise ValidationError(_("The total is negative; the deductions are more than the other lines come to."))
        if max([total, *(abs(amount) for amount, _rate in amounts)]) >= LARGEST_AMOUNT:
            raise ValidationError(_("The amounts are larger than can be kept."))


class LineInline(ChosenFields, admin.TabularInline):
    form = LineForm
    formset = LineFormSet
    readonly_fields = ("line_amount", "plain_quantity", "plain_price", "plain_rate")
    ordering = ("position", "pk")
    at_least = {"tax_rate": 0}
    owner = ""

    def get_queryset(self, request):
        return super().get_queryset(request).select_related(self.owner)

    def get_fields(self, request, obj=None):
        if obj is None or obj.status == "draft":
            return ("position", "description", "quantity", "unit_price", "tax_rate", "line_amount")
        return ("description", "plain_quantity", "plain_price", "plain_rate", "line_amount")

    def get_extra(self, request, obj=None, **kwargs):
        return 3 if obj is None else 0

    @admin.display(description=_("quantity"))
    def plain_quantity(self, line):
        return number_text(line.quantity)

    @admin.display(description=_("unit price"))
    def plain_price(self, line):
        return number_text(line.unit_price)

    @admin.display(description=_("tax rate (%)"))
    def plain_rate(self, line):
        return number_text(line.tax_rate)

    @admin.display(description=_("amount"))
    def line_amount(self, line):
        return money_text(line.amount, getattr(line, self.owner).currency_code) if line.pk else ""


class DocumentPage(StaffPage):
    """Drafts are changed and deleted; what was sent is looked at.

    `domain` is the module whose functions write; `paper_of` makes what stands on the PDF.
    """

    form = DocumentForm
    list_select_related = ("client",)
    date_hierarchy = "issue_date"
    ordering = (F("issue_date").desc(nulls_first=True), "-pk")  # drafts first
    autocomplete_fields = ("client", "project")
    at_least = {"tax_rate": 0}
    actions = ["delete_drafts"]
    domain = None

    def get_urls(self):
        pdf = path(
            "<path:object_id>/pdf/",
            self.admin_site.admin_view(require_GET(self.pdf_view)),
            name=f"{self.opts.app_label}_{self.opts.model_name}_pdf",
        )
        return [pdf, *super().get_urls()]

    def links(self, request, row):
        return [*super().links(request, row), (_("Download PDF"), self.url_of("pdf", row.pk))]

    def pdf_view(self, request, object_id):
        """The document as it was sent, or a draft as it would be now."""
        document = self.get_object(request, unquote(object_id))
        if document is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_view_permission(request, document):
            raise PermissionDenied
        shown = drafting.as_if_issued(document) if document.status == "draft" else document
        return PdfDownload(self.paper_of(shown, shown.items.order_by("position", "pk")))

    @admin.action(permissions=["delete"], description=_("Delete selected drafts"))
    def delete_drafts(self, request, queryset):
        if queryset.exclude(status="draft").exists():
            self.message_user(request, _("Only drafts can be deleted; nothing was."), messages.ERROR)
            return None
        return delete_selected(self, request, queryset)

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and (obj is None or obj.status == "draft")

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and (obj is None or obj.status == "draft")

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        """A form of a draft that was sent meanwhile is answered with the reason, not with a refusal of the person."""
        if request.method == "POST" and object_id and self.has_change_permission(request):
            document = self.get_object(request, unquote(object_id))
            if document is not None and document.status != "draft":
                self.message_user(request, _("This was sent and cannot change; nothing was saved."), messages.ERROR)
                return HttpResponseRedirect(self.url_of("change", document.pk))
        return super().changeform_view(request, object_id, form_url, extra_context)

    @admin.display(description=_("tax rate (%)"))
    def plain_rate(self, document):
        return number_text(document.tax_rate)

    def save_model(self, request, obj, form, change):
        """Nothing yet: a document is written together with its lines."""

    def save_related(self, request, form, formsets, change):
        lines = next(formset for formset in formsets if isinstance(formset, LineFormSet))
        lines.save(commit=False)  # for the history only
        self.write(form.instance, dict(form.cleaned_data), lines.lines(), change)

    def delete_model(self, request, obj):
        self.domain.discard(obj)

    def delete_queryset(self, request, queryset):
        for document in queryset:
            self.domain.discard(document)

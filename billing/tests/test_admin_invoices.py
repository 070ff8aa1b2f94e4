"""The staff's pages of invoices and quotes: drafts, sending, what was sent, and who may."""

from datetime import date
from decimal import Decimal

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.urls import reverse

from accounts.models import Event
from accounts.tests.factories import ClientFactory, StaffFactory
from accounts.tests.forms import add, change, errors, said, sent_by
from billing import payments, quoting
from billing.models import Invoice, InvoiceItem, Quote
from billing.tests.factories import NOW, TODAY, ProjectFactory, draft_invoice, sent_invoice, sent_quote

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client):
    person = StaffFactory(username="sam")
    client.force_login(person)
    return person


def told():
    return list(Event.objects.order_by("pk").values_list("kind", "actor__username"))


def line(row, description, quantity, unit_price, **more):
    values = {"description": description, "quantity": quantity, "unit_price": unit_price, **more}
    return {f"items-{row}-{name}": value for name, value in values.items()}


def form_error(response):
    return response.context["inline_admin_formsets"][0].non_form_errors()


def page_of(client, row):
    return client.get(reverse(f"admin:billing_{row._meta.model_name}_change", args=[row.pk]))


def deed(client, row, name):
    return client.post(reverse(f"admin:billing_{row._meta.model_name}_{name}", args=[row.pk]), follow=True)


def test_an_invoice_is_drafted_with_its_lines_in_the_clients_currency(client, staff):
    kuwait = ClientFactory(currency_code="KWD")
    project = ProjectFactory(client=kuwait)

    lines = line(0, "Design", "2.5", "80.001") | line(1, "Hosting", "1", "10", tax_rate="5")
    add(client, Invoice, client=kuwait.pk, project=project.pk, tax_rate="10", **lines)

    invoice = Invoice.objects.get()
    assert (invoice.client, invoice.project, invoice.currency_code, invoice.status) == (kuwait, project, "KWD", "draft")
    assert [(item.position, item.description, item.amount) for item in invoice.items.order_by("position")] == [
        (1, "Design", Decimal("200.003")),
        (2, "Hosting", Decimal(10)),
    ]
    assert (invoice.subtotal, invoice.tax_amount, invoice.total_amount) == (
        Decimal("210.003"),
        Decimal("20.500"),
        Decimal("230.503"),
    )
    assert not told()
    assert LogEntry.objects.get().object_id == str(invoice.pk)


def test_a_draft_is_revised_reordered_and_shortened(client, staff):
    brightwater = ClientFactory()
    lines = line(0, "One", "1", "1") | line(1, "Two", "1", "2") | line(2, "Three", "1", "3")
    add(client, Invoice, client=brightwater.pk, **lines)
    invoice = Invoice.objects.get()

    moved = {"items-0-position": "9", "items-1-DELETE": "on", "items-2-unit_price": "5"}
    response = change(client, invoice, notes="Thank you", **moved)

    invoice.refresh_from_db()
    items = invoice.items.order_by("position").values_list("position", "description", "unit_price")
    assert list(items) == [(1, "Three", Decimal(5)), (2, "One", Decimal(1))]
    assert (invoice.total_amount, invoice.notes) == (6, "Thank you")
    assert len(said(response)) == 1


def test_lines_changed_by_somebody_else_are_not_overwritten(client, staff):
    invoice = draft_invoice(ClientFactory())
    url = reverse("admin:billing_invoice_change", args=[invoice.pk])
    opened_before = sent_by(client.get(url), "invoice_form")
    change(client, invoice, **line(0, "Other", "1", "7"))

    response = client.post(url, opened_before)

    assert form_error(response) == [
        "Somebody changed these lines meanwhile. Open the page again and repeat your change."
    ]
    assert [item.description for item in invoice.items.all()] == ["Other"]


def test_a_negative_total_is_refused_in_words(client, staff):
    lines = line(0, "Work", "1", "100") | line(1, "Discount", "1", "-100.01")
    response = add(client, Invoice, client=ClientFactory().pk, **lines)

    assert form_error(response) == ["The total is negative; the deductions are more than the other lines come to."]
    assert not Invoice.objects.exists()


def test_amounts_too_large_to_keep_are_refused_in_words(client, staff):
    response = add(client, Invoice, client=ClientFactory().pk, **line(0, "Work", "99999999", "99999999999"))

    assert form_error(response) == ["The amounts are larger than can be kept."]


def test_a_project_of_another_client_is_refused_at_its_field(client, staff):
    response = add(client, Invoice, client=ClientFactory().pk, project=ProjectFactory().pk)

    assert errors(response) == {"project": ["This project belongs to another client."]}


def test_a_due_date_before_the_issue_date_is_refused_at_its_field(client, staff):
    response = add(client, Invoice, client=ClientFactory().pk, issue_date="2026-03-10", due_date="2026-03-09")

    assert errors(response) == {"due_date": ["The due date lies before the issue date."]}


def test_an_issue_date_in_another_age_is_refused(client, staff):
    response = add(client, Invoice, client=ClientFactory().pk, issue_date="9999-12-31")

    assert errors(response) == {"issue_date": ["Give a date between 1970 and 2199."]}


@pytest.mark.parametrize(("field", "value"), [("tax_rate", "-1"), ("tax_rate", "NaN"), ("currency_code", "XXZ")])
def test_impossible_details_are_shown_at_their_field(client, staff, field, value):
    response = add(client, Invoice, client=ClientFactory().pk, **{field: value})

    assert list(errors(response)) == [field]
    assert not Invoice.objects.exists()


@time_machine.travel("2026-03-10 23:30 +0000", tick=False)
def test_an_invoice_is_sent_once_by_the_button_on_the_agencys_day(client, staff):
    invoice = draft_invoice(ClientFactory(name="Brightwater"))

    first = deed(client, invoice, "send")
    second = deed(client, invoice, "send")

    invoice = Invoice.objects.get()
    assert (invoice.invoice_number, invoice.issue_date, invoice.due_date) == (
        "INV-2026-0001",
        date(2026, 3, 11),
        date(2026, 3, 25),
    )
    assert told() == [("invoice_sent", "sam")]
    assert said(first) == ["Sent: INV-2026-0001 – Brightwater – €100.00."]
    assert said(second)[0].endswith("This invoice is no draft any more; it was sent, cancelled or deleted.")
    assert [entry.get_change_message() for entry in LogEntry.objects.all()] == ["Send"]


def test_an_invoice_without_lines_is_not_sent_and_the_reason_shown(client, staff):
    add(client, Invoice, client=ClientFactory(name="Brightwater").pk)

    response = deed(client, Invoice.objects.get(), "send")

    assert said(response)[-1] == "Brightwater (Draft): An invoice without lines cannot be sent."
    assert Invoice.objects.get().status == "draft"
    assert not told()


def test_selected_drafts_are_sent_in_the_order_they_were_drafted(client, staff):
    brightwater = ClientFactory()
    first, empty, last = draft_invoice(brightwater), draft_invoice(brightwater), draft_invoice(brightwater)
    InvoiceItem.objects.filter(invoice=empty).delete()

    sent = {"action": "send", "_selected_action": [last.pk, empty.pk, first.pk]}
    response = client.post(reverse("admin:billing_invoice_changelist"), sent, follow=True)

    numbers = [Invoice.objects.get(pk=row.pk).invoice_number[-4:] for row in (first, last)]
    assert numbers == ["0001", "0002"]
    assert Invoice.objects.get(pk=empty.pk).status == "draft"
    assert len(said(response)) == 2


def test_an_invoice_is_cancelled_and_told(client, staff):
    invoice = sent_invoice(ClientFactory())

    deed(client, invoice, "cancel")

    assert Invoice.objects.get().status == "cancelled"
    assert told() == [("invoice_sent", None), ("invoice_cancelled", "sam")]


def test_a_paid_invoice_is_not_cancelled_and_the_reason_shown(client, staff):
    invoice = sent_invoice(ClientFactory())
    payments.record(invoice, amount=Decimal(1), paid_on=TODAY, by=None, now=NOW)

    response = deed(client, invoice, "cancel")

    assert said(response)[0].endswith(
        "A payment is recorded on this invoice; reverse it first, or write a credit note."
    )
    assert Invoice.objects.get().status == "sent"


def test_a_sent_invoice_is_read_only_with_its_payments_and_credit_notes(client, staff):
    invoice = sent_invoice(ClientFactory(), "700.00")
    payments.record(invoice, amount=Decimal(300), paid_on=TODAY, by=None, now=NOW)
    payments.credit(invoice, amount=Decimal(50), reason="Late delivery", by=None, now=NOW, today=TODAY)

    page = page_of(client, invoice).content.decode()

    assert sent_by(page_of(client, invoice), "invoice_form").keys() <= {
        "csrfmiddlewaretoken",
        *(f"{name}-{part}_FORMS" for name in ("items", "payments", "credit_notes") for part in ("TOTAL", "INITIAL")),
        *(f"{name}-{part}_NUM_FORMS" for name in ("items", "payments", "credit_notes") for part in ("MIN", "MAX")),
        *(f"{name}-0-{part}" for name in ("items", "payments", "credit_notes") for part in ("id", "invoice")),
    }
    for shown in ("€700.00", "€300.00", "€50.00", "€350.00", "Late delivery", "CN-2026-0001"):
        assert shown in page
    assert 'name="_save"' not in page


def test_a_sent_invoice_refuses_a_posted_change(client, staff):
    invoice = draft_invoice(ClientFactory())
    url = reverse("admin:billing_invoice_change", args=[invoice.pk])
    form_of_the_draft = sent_by(client.get(url), "invoice_form")
    deed(client, invoice, "send")

    response = client.post(url, form_of_the_draft | line(0, "Changed", "9", "9"), follow=True)

    assert said(response) == ["This was sent and cannot change; nothing was saved."]
    assert list(invoice.items.values_list("description", "amount")) == [("Work", Decimal(100))]


@pytest.mark.parametrize("sent", [sent_invoice, sent_quote])
def test_what_was_sent_is_not_deleted(client, staff, sent):
    row = sent(ClientFactory())
    name = row._meta.model_name

    one = client.post(reverse(f"admin:billing_{name}_delete", args=[row.pk]), {"post": "yes"})
    action = {"action": "delete_drafts", "_selected_action": [row.pk], "post": "yes"}
    many = client.post(reverse(f"admin:billing_{name}_changelist"), action, follow=True)

    assert one.status_code == 403
    assert said(many) == ["Only drafts can be deleted; nothing was."]
    assert type(row).objects.get() == row


def test_drafts_are_discarded_one_or_several(client, staff):
    brightwater = ClientFactory()
    one, two, three = (draft_invoice(brightwater) for _number in range(3))

    client.post(reverse("admin:billing_invoice_delete", args=[one.pk]), {"post": "yes"})
    action = {"action": "delete_drafts", "_selected_action": [two.pk, three.pk], "post": "yes"}
    asked = client.post(reverse("admin:billing_invoice_changelist"), action | {"post": ""})
    assert Invoice.objects.count() == 2
    assert "Are you sure" in asked.content.decode()
    client.post(reverse("admin:billing_invoice_changelist"), action)

    assert not Invoice.objects.exists()


@time_machine.travel(NOW, tick=False)
@pytest.mark.parametrize(
    ("filter_", "expected"),
    [
        ("paid", {"Paid", "Overpaid"}),
        ("unpaid", {"Unpaid", "Part", "Overdue"}),
        ("overdue", {"Overdue"}),
    ],
)
def test_invoices_are_filtered_by_payment(client, staff, filter_, expected):
    invoices_in_every_state()

    response = client.get(reverse("admin:billing_invoice_changelist"), {"standing": filter_})

    assert {invoice.client.name for invoice in response.context["cl"].result_list} == expected


@time_machine.travel(NOW, tick=False)
def test_the_list_says_where_each_invoice_stands(client, staff):
    invoices_in_every_state()

    page = client.get(reverse("admin:billing_invoice_changelist")).content.decode()

    for words in ("Paid", "Overpaid by €20.00", "Unpaid", "Paid in part", "Overdue", "Cancelled", "Draft"):
        assert page.count(f">{words}<") >= 1


def invoices_in_every_state():
    def client_named(name):
        return ClientFactory(name=name)

    def paid(name, amount):
        invoice = sent_invoice(client_named(name))
        payments.record(invoice, amount=Decimal(amount), paid_on=TODAY, by=None, now=NOW)

    paid("Paid", 100)
    paid("Overpaid", 120)
    paid("Part", 40)
    sent_invoice(client_named("Unpaid"), due_date=TODAY)
    sent_invoice(client_named("Overdue"), issue_date=date(2026, 1, 1), due_date=date(2026, 3, 9))
    draft_invoice(client_named("Draft"))
    cancelled = sent_invoice(client_named("Cancelled"))
    Invoice.objects.filter(pk=cancelled.pk).update(status="cancelled", cancelled_at=NOW)


def test_invoices_are_found_by_number_and_client(client, staff):
    brightwater, kyoto = sent_invoice(ClientFactory(name="Brightwater")), sent_invoice(ClientFactory(name="Kyoto"))

    def found(words):
        return list(client.get(reverse("admin:billing_invoice_changelist"), {"q": words}).context["cl"].result_list)

    assert found(kyoto.invoice_number) == [kyoto]
    assert found("bright") == [brightwater]


def test_payment_and_credit_are_offered_on_sent_invoices_alone(client, staff):
    draft, sent = draft_invoice(ClientFactory()), sent_invoice(ClientFactory())

    for model in ("payment", "creditnote"):
        link = f"{reverse(f'admin:billing_{model}_add')}?invoice="
        assert f"{link}{sent.pk}" in page_of(client, sent).content.decode()
        assert f"{link}{draft.pk}" not in page_of(client, draft).content.decode()


@pytest.mark.parametrize(("action", "model"), [("record_payment", "payment"), ("credit", "creditnote")])
def test_the_lists_actions_lead_to_the_form_for_one_invoice(client, staff, action, model):
    one, two = sent_invoice(ClientFactory()), sent_invoice(ClientFactory())
    url = reverse("admin:billing_invoice_changelist")

    single = client.post(url, {"action": action, "_selected_action": [one.pk]})
    several = client.post(url, {"action": action, "_selected_action": [one.pk, two.pk]}, follow=True)

    assert single.url == f"{reverse(f'admin:billing_{model}_add')}?invoice={one.pk}"
    assert said(several) == ["Choose one invoice for this."]


# Rights


def staff_with(client, *rights):
    person = StaffFactory(is_superuser=False)
    person.user_permissions.set(Permission.objects.filter(codename__in=rights))
    client.force_login(person)


@pytest.mark.parametrize("name", ["send", "cancel"])
def test_who_may_only_look_at_invoices_neither_sends_nor_cancels(client, name):
    staff_with(client, "view_invoice")
    invoice = draft_invoice(ClientFactory()) if name == "send" else sent_invoice(ClientFactory())
    before = invoice.status

    page = page_of(client, invoice)
    listed = client.get(reverse("admin:billing_invoice_changelist"))

    assert reverse(f"admin:billing_invoice_{name}", args=[invoice.pk]) not in page.content.decode()
    assert f'<option value="{name}">' not in listed.content.decode()
    assert deed(client, invoice, name).status_code == 403
    assert Invoice.objects.get().status == before


def test_who_may_change_invoices_sends_them(client):
    staff_with(client, "view_invoice", "change_invoice")
    invoice = draft_invoice(ClientFactory())

    deed(client, invoice, "send")

    assert Invoice.objects.get().status == "sent"


def test_who_may_not_record_payments_is_not_offered_it(client):
    staff_with(client, "view_invoice", "change_invoice")
    invoice = sent_invoice(ClientFactory())

    assert reverse("admin:billing_payment_add") not in page_of(client, invoice).content.decode()
    listed = client.get(reverse("admin:billing_invoice_changelist")).content.decode()
    assert '<option value="record_payment">' not in listed


def test_a_button_needs_the_forms_token(staff):
    from django.test import Client as Browser

    browser = Browser(enforce_csrf_checks=True)
    browser.force_login(staff)
    invoice = draft_invoice(ClientFactory())

    assert deed(browser, invoice, "send").status_code == 403
    page = page_of(browser, invoice)
    url = reverse("admin:billing_invoice_send", args=[invoice.pk])
    form = page.content.decode().split(f'action="{url}"')[1].split("</form>")[0]
    token = form.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    browser.post(url, {"csrfmiddlewaretoken": token})
    assert Invoice.objects.get().status == "sent"


# Quotes


def test_a_quote_is_drafted_revised_sent_and_accepted(client, staff):
    brightwater = ClientFactory()

    add(client, Quote, client=brightwater.pk, title="Relaunch", **line(0, "Design", "10", "80"))
    quote = Quote.objects.get()
    change(client, quote, title="Big relaunch", **{"items-0-quantity": "12"})
    deed(client, quote, "send")
    deed(client, quote, "accept")

    quote.refresh_from_db()
    assert (quote.title, quote.total_amount, quote.status) == ("Big relaunch", 960, "accepted")
    assert quote.quote_number.startswith("Q-")
    assert told() == [("quote_sent", "sam")]


def test_a_quote_is_declined(client, staff):
    quote = sent_quote(ClientFactory())

    deed(client, quote, "decline")

    assert Quote.objects.get().status == "declined"


def test_a_draft_quote_is_not_accepted_and_the_reason_shown(client, staff):
    lines = [quoting.Line("Work", Decimal(1), Decimal(1))]
    quote = quoting.draft(ClientFactory(), title="Relaunch", lines=lines, now=NOW)

    response = deed(client, quote, "accept")

    assert said(response) == ["Relaunch: This quote awaits no answer."]

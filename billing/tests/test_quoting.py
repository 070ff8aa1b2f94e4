"""Quotes: drafted, revised, discarded, sent, answered."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from accounts.models import Agency, Event
from accounts.tests.at_once import at_once
from accounts.tests.factories import ClientFactory, StaffFactory
from billing import quoting
from billing.drafting import DocumentRefused
from billing.models import NumberSequence, Quote, QuoteItem
from billing.quoting import Line, QuoteRefused
from billing.tests.factories import NOW, TODAY, ProjectFactory, sent_quote

LINE = Line("Work", Decimal(1), Decimal(100))


def draft(client=None, **details):
    details.setdefault("lines", [LINE])
    return quoting.draft(client or ClientFactory(), title="An offer", now=NOW, **details)


def send(quote):
    return quoting.send(quote, by=None, now=NOW, today=TODAY)


@pytest.mark.django_db
def test_a_draft_has_sums_and_is_told_to_nobody():
    quote = draft(ClientFactory(currency_code="JPY"), lines=[Line("Work", Decimal("1.5"), Decimal(33))], tax_rate=10)
    assert (quote.currency_code, quote.subtotal, quote.tax_amount, quote.total_amount) == ("JPY", 50, 5, 55)
    assert (quote.status, quote.quote_number) == ("draft", None)
    assert not Event.objects.exists()


@pytest.mark.django_db
def test_sending_numbers_dates_and_tells():
    Agency.objects.create(pk=1, name="Studio")
    client, staff = ClientFactory(name="Baker"), StaffFactory()
    quoting.send(draft(client), by=staff, now=NOW, today=TODAY)
    quote = Quote.objects.get()
    assert (quote.status, quote.quote_number, quote.issue_date, quote.sent_at) == ("sent", "Q-2026-0001", TODAY, NOW)
    assert (quote.seller_name, quote.buyer_name) == ("Studio", "Baker")
    event = Event.objects.get()
    assert (event.kind, event.client, event.subject_id, event.actor) == ("quote_sent", client, quote.pk, staff)
    assert (event.facts["number"], Decimal(event.facts["amount"]), event.facts["currency"]) == (
        "Q-2026-0001",
        100,
        "EUR",
    )


@pytest.mark.django_db
def test_a_quote_sent_from_an_old_copy_has_the_date_that_is_stored():
    quote = draft(issue_date=date(2025, 12, 31))
    stale = Quote.objects.get(pk=quote.pk)
    quoting.revise(quote, issue_date=date(2026, 1, 2))
    send(stale)
    stored = Quote.objects.get()
    assert (stored.issue_date, stored.quote_number) == (date(2026, 1, 2), "Q-2026-0001")


@pytest.mark.django_db
def test_a_quote_without_lines_takes_no_number():
    empty = draft(lines=[])
    with pytest.raises(QuoteRefused, match="without lines"):
        send(empty)
    assert not Event.objects.exists()
    assert send(draft()).quote_number == "Q-2026-0001"


@pytest.mark.django_db
def test_a_negative_quote_is_refused():
    with pytest.raises(DocumentRefused):
        draft(lines=[Line("Discount", Decimal(-1), Decimal(1))])


@pytest.mark.django_db
def test_a_quote_is_sent_revised_and_discarded_as_a_draft_only():
    quote = sent_quote(ClientFactory())
    for refused in [lambda: send(quote), lambda: quoting.revise(quote, title="x"), lambda: quoting.discard(quote)]:
        with pytest.raises(QuoteRefused):
            refused()
    assert (Event.objects.count(), NumberSequence.objects.get().last) == (1, 1)
    quoting.discard(quoting.revise(draft(), title="Other"))
    assert Quote.objects.get() == quote


@pytest.mark.django_db(transaction=True)
def test_of_three_sends_at_once_one_wins():
    quote = draft()
    results = at_once([lambda: send(Quote.objects.get(pk=quote.pk))] * 3)
    assert sorted(type(result).__name__ for result in results) == ["Quote", "QuoteRefused", "QuoteRefused"]
    assert (Event.objects.count(), NumberSequence.objects.get().last) == (1, 1)


@pytest.mark.django_db
@pytest.mark.parametrize("outcome", [Quote.Status.ACCEPTED, Quote.Status.DECLINED])
def test_a_sent_quote_is_answered_once(outcome):
    quote = quoting.close(sent_quote(ClientFactory()), outcome)
    assert Quote.objects.get().status == outcome
    with pytest.raises(QuoteRefused, match="no answer"):
        quoting.close(quote, Quote.Status.ACCEPTED)


@pytest.mark.django_db
def test_a_draft_awaits_no_answer():
    with pytest.raises(QuoteRefused, match="no answer"):
        quoting.close(draft(), Quote.Status.ACCEPTED)


@pytest.mark.django_db
def test_a_quote_awaits_its_answer_to_the_end_of_its_last_day():
    client = ClientFactory()
    open_ended, last_day, late = (
        sent_quote(client, valid_until=day) for day in [None, TODAY, TODAY - timedelta(days=1)]
    )
    quoting.close(sent_quote(client), Quote.Status.ACCEPTED)
    unsent = draft(client)
    assert set(Quote.objects.awaiting_answer(TODAY)) == {open_ended, last_day}
    assert late in Quote.objects.visible()
    assert unsent not in Quote.objects.visible()


@pytest.mark.django_db
def test_a_project_of_another_client_is_refused():
    project = ProjectFactory()
    assert draft(project.client, project=project).project == project
    with pytest.raises(QuoteRefused, match="another client"):
        draft(project=project)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "changes", [{"title": "x"}, {"total_amount": 1}, {"valid_until": TODAY}, {"quote_number": "Q-1"}, {"notes": "x"}]
)
def test_a_sent_quote_cannot_be_changed(changes):
    quote = sent_quote(ClientFactory())
    with pytest.raises(IntegrityError), transaction.atomic():
        Quote.objects.filter(pk=quote.pk).update(**changes)


@pytest.mark.django_db
def test_a_sent_quote_is_no_draft_again():
    quote = sent_quote(ClientFactory())
    with pytest.raises(IntegrityError), transaction.atomic():
        Quote.objects.filter(pk=quote.pk).update(status="draft", quote_number=None, sent_at=None)


@pytest.mark.django_db
def test_a_sent_quote_and_its_lines_stay():
    quote = sent_quote(ClientFactory())
    added = QuoteItem(client=quote.client, quote=quote, description="More", unit_price=1, amount=1)
    for change in [
        quote.delete,
        Quote.objects.all().delete,
        quote.items.all().delete,
        lambda: quote.items.update(amount=1),
        lambda: QuoteItem.objects.bulk_create([added]),
    ]:
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    assert Quote.objects.get().items.get().amount == 100


@pytest.mark.django_db
def test_only_yes_and_no_answer_a_quote():
    quote = sent_quote(ClientFactory())
    with pytest.raises(ValueError, match="draft"):
        quoting.close(quote, "draft")

"""E-mails about what happened: to whom, when, once, saying what its reader may see; and how they are stopped."""

import re
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email import message_from_bytes, policy
from socket import create_server
from threading import Thread
from time import monotonic

import pytest
import time_machine
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection, transaction
from django.test import Client as Browser
from django.utils import timezone

from accounts.models import Agency, Client, EventCounter, EventKind, QueuedTask, User
from accounts.queue import LEASE
from accounts.tests.at_once import at_once, times
from accounts.tests.factories import ClientFactory, CompanyLoginFactory, PortalUserFactory, StaffFactory
from accounts.tests.workers import work_queue
from billing import invoicing, payments
from billing.models import Invoice
from billing.tests.factories import NOW, TODAY, ProjectFactory, sent_invoice, sent_quote
from portal import mail_choices, mailing
from portal.models import DigestItem, MailChoice, MailTime
from portal.scope import Viewer
from portal.tests.browsers import signed_in

pytestmark = pytest.mark.django_db

SETTINGS = "/client-portal/notifications/settings"
AT_ONCE, DAILY, NEVER = MailTime.AT_ONCE, MailTime.DAILY, MailTime.NEVER


class RefusingMailServer(EmailBackend):
    def send_messages(self, _messages):
        raise ConnectionRefusedError("refused")


@pytest.fixture
def clock():
    """An hour after NOW: 13:00 UTC, 14:00 in Berlin, on 10 March 2026."""
    with time_machine.travel(NOW + timedelta(hours=1), tick=False) as traveller:
        yield traveller


@pytest.fixture
def ada(clock):
    """One of Northwind's people."""
    northwind = ClientFactory(name="Northwind", locale="en-GB", timezone="Europe/Berlin")
    return PortalUserFactory(username="ada", email="ada@northwind.example", client=northwind)


def choose(account, **chosen):
    mail_choices.choose(Viewer.of(account), chosen)


def mailed():
    """`(recipient, subject)` of each mail so far."""
    return sorted((message.to[0], message.subject) for message in mail.outbox)


def stop_link():
    return mail.outbox[-1].extra_headers["List-Unsubscribe"].strip("<>").removeprefix("http://testserver")


# To whom and when


def test_a_person_is_mailed_at_once_of_a_new_invoice(ada):
    Agency.objects.create(pk=1, name="Studio Nord")
    invoice = sent_invoice(ada.client)
    work_queue()
    (message,) = mail.outbox
    assert message.to == ["ada@northwind.example"]
    assert message.from_email == '"Studio Nord" <portal@testserver>'
    assert message.subject == f"New invoice {invoice.invoice_number}"
    link = f"http://testserver/client-portal/invoices/{invoice.pk}"
    assert "€100.00, due on 24 Mar 2026" in message.body
    assert link in message.body
    ((html, kind),) = message.alternatives
    assert kind == "text/html"
    assert html.count(f'href="{link}"') == 1


def happen(kind, client):
    """Let one event of a kind come to be, and return how often those of other kinds came along."""
    if kind == EventKind.QUOTE_SENT:
        return sent_quote(client)
    invoice = sent_invoice(client)
    if kind == EventKind.INVOICE_CANCELLED:
        return invoicing.cancel(invoice, by=None, now=timezone.now())
    amount = {EventKind.INVOICE_PARTIALLY_PAID: Decimal(10), EventKind.INVOICE_PAID: Decimal(100)}.get(kind)
    return amount and payments.record(invoice, amount=amount, paid_on=TODAY, by=None, now=timezone.now())


SUBJECTS = {
    EventKind.INVOICE_SENT: "New invoice",
    EventKind.QUOTE_SENT: "New quote",
    EventKind.INVOICE_CANCELLED: "was cancelled",
    EventKind.INVOICE_PARTIALLY_PAID: "paid in part",
    EventKind.INVOICE_PAID: "is paid",
}


@pytest.mark.parametrize("kind", SUBJECTS)
@pytest.mark.parametrize("choice", [None, *MailTime])
def test_each_kind_comes_when_its_reader_chose(ada, clock, kind, choice):
    choose(ada, **dict.fromkeys(mail_choices.SUBJECTS, NEVER))
    MailChoice.objects.filter(kind=kind).delete()
    if choice:
        choose(ada, **{kind: choice})
    happen(kind, ada.client)
    work_queue()
    at_once_by_default = choice is None and kind in mail_choices.AT_ONCE_BY_DEFAULT
    assert len(mail.outbox) == (choice == AT_ONCE or at_once_by_default)
    assert all(SUBJECTS[kind] in message.subject for message in mail.outbox)
    clock.move_to(datetime(2026, 3, 11, 6, tzinfo=UTC))
    work_queue()
    digests = [message for message in mail.outbox if message.subject.startswith("News from")]
    assert len(digests) == (choice == DAILY)
    assert all(SUBJECTS[kind] in message.body for message in digests)


def test_every_notified_kind_can_be_chosen():
    assert set(mail_choices.SUBJECTS) == {value for value, _label in MailChoice._meta.get_field("kind").choices}


def test_everybody_of_the_client_is_mailed_and_nobody_else(ada):
    Client.objects.filter(pk=ada.client_id).update(
        email="office@northwind.example", portal_enabled=True, portal_username="northwind"
    )
    PortalUserFactory(email="ben@northwind.example", client=ada.client)
    PortalUserFactory(email="off@northwind.example", client=ada.client, client_portal_enabled=False)
    PortalUserFactory(email="gone@northwind.example", client=ada.client, is_active=False)
    PortalUserFactory(email="", client=ada.client)
    PortalUserFactory(email="eve@contoso.example")
    CompanyLoginFactory(email="office@contoso.example")
    StaffFactory(email="sam@studio.example")
    sent_invoice(Client.objects.get(pk=ada.client_id))
    work_queue()
    assert [address for address, _subject in mailed()] == [
        "ada@northwind.example",
        "ben@northwind.example",
        "office@northwind.example",
    ]


def test_who_did_it_is_not_told_of_it(ada):
    sent_invoice(ada.client)
    ada.client.events.update(actor=ada)
    work_queue()
    assert mail.outbox == []


def test_an_event_is_mailed_once_however_often_the_worker_looks(ada):
    sent_invoice(ada.client)
    for _round in range(3):
        work_queue()
    assert len(mail.outbox) == 1
    EventCounter.objects.update(mailed=0)
    work_queue()
    assert len(mail.outbox) == 1


@pytest.mark.parametrize(("hours", "mails"), [(46.9, 1), (47.1, 0)])
def test_what_is_found_after_two_days_is_not_mailed_at_once(ada, clock, hours, mails):
    sent_invoice(ada.client)
    clock.shift(timedelta(hours=hours))
    work_queue()
    assert len(mail.outbox) == mails
    assert EventCounter.objects.get().mailed == 1


def test_many_events_are_queued_a_few_at_a_time(ada, monkeypatch):
    monkeypatch.setattr(mailing, "AT_A_TIME", 2)
    for _number in range(5):
        sent_invoice(ada.client)
    for queued in (2, 4, 5):
        mailing.queue_mails(now=timezone.now())
        assert QueuedTask.objects.count() == queued


def test_nothing_is_queued_for_what_was_rolled_back(ada):
    with pytest.raises(ValueError, match="no"), transaction.atomic():
        sent_invoice(ada.client)
        raise ValueError("no")
    assert work_queue() == 0


def test_a_client_that_fails_keeps_no_other_waiting(ada, monkeypatch, caplog):
    other = PortalUserFactory(email="eve@contoso.example")
    for client in (ada.client, other.client):
        sent_invoice(client)
    really = mailing._queue_for

    def fail_for_northwind(client_id, now):
        if client_id == ada.client_id:
            raise ValueError("broken")
        really(client_id, now)

    monkeypatch.setattr(mailing, "_queue_for", fail_for_northwind)
    work_queue()
    assert [address for address, _subject in mailed()] == ["eve@contoso.example"]
    assert "could not be queued" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_mail_once(ada):
    for _number in range(3):
        sent_invoice(ada.client)
    with time_machine.travel(timezone.now()):
        assert [answer for answer in at_once(times(3, work_queue)) if isinstance(answer, Exception)] == []
        work_queue()
    assert len(mail.outbox) == 3
    assert len({message.subject for message in mail.outbox}) == 3


# What may still be seen


def test_what_is_no_longer_to_be_seen_is_not_mailed(ada):
    sent_invoice(ada.client)
    mailing.queue_mails(now=timezone.now())
    ada.client.events.update(subject_id=0)
    assert work_queue() == 1
    assert mail.outbox == []


@pytest.mark.parametrize(
    "change",
    [{"is_active": False}, {"client_portal_enabled": False}, {"client": None}, {"email": ""}, "moved", "inactive"],
)
def test_who_lost_access_in_between_is_not_mailed(ada, change):
    choose(ada, quote_sent=DAILY)
    sent_invoice(ada.client)
    sent_quote(ada.client)
    mailing.queue_mails(now=timezone.now())
    if change == "inactive":
        Client.objects.update(is_active=False)
    else:
        User.objects.filter(pk=ada.pk).update(**({"client": ClientFactory()} if change == "moved" else change))
    with time_machine.travel(NOW + timedelta(days=1)):
        work_queue()
    assert mail.outbox == []
    assert not DigestItem.objects.exists()


def test_who_chose_otherwise_in_between_is_not_mailed(ada):
    sent_invoice(ada.client)
    mailing.queue_mails(now=timezone.now())
    choose(ada, invoice_sent=NEVER)
    work_queue()
    assert mail.outbox == []


def test_the_name_of_an_archived_project_is_not_mailed(ada):
    project = ProjectFactory(client=ada.client, name="Secret plan")
    sent_invoice(ada.client, project=project)
    project.status = "archived"
    project.save()
    work_queue()
    (message,) = mail.outbox
    assert "Secret plan" not in str(message.message())


# The mail server


def test_a_refused_mail_is_tried_again_and_comes_once(ada, clock, settings):
    taking, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, f"{__name__}.RefusingMailServer"
    sent_invoice(ada.client)
    for _attempt in range(3):
        work_queue()
        clock.shift(timedelta(hours=1))
    assert mail.outbox == []
    settings.EMAIL_BACKEND = taking
    for _attempt in range(3):
        work_queue()
        clock.shift(timedelta(hours=1))
    assert len(mail.outbox) == 1


def test_a_killed_workers_mail_is_sent_by_another(ada, clock):
    sent_invoice(ada.client)
    mailing.queue_mails(now=timezone.now())
    QueuedTask.objects.update(status="RUNNING", leased_by="dead", leased_until=timezone.now() + LEASE, attempts=1)
    work_queue()
    assert mail.outbox == []
    clock.shift(LEASE)
    work_queue()
    assert len(mail.outbox) == 1


@contextmanager
def silent_server():
    """A mail server that takes connections and says nothing; gives its port."""
    with create_server(("127.0.0.1", 0)) as server:
        taken = []
        Thread(target=lambda: taken.append(server.accept()), daemon=True).start()
        yield server.getsockname()[1]
        for connected, _address in taken:
            connected.close()


def test_a_hanging_mail_server_costs_the_worker_its_timeout_and_a_page_nothing(ada, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_TIMEOUT = "127.0.0.1", 0.3
    with silent_server() as settings.EMAIL_PORT:
        sent_invoice(ada.client)
        Browser().post("/client-portal/forgot-password", {"email": "nobody@example.com"})
        assert signed_in(ada).get("/client-portal").status_code == 200
        begun = monotonic()
        work_queue()
        assert monotonic() - begun < 5
    assert QueuedTask.objects.get(task="portal.mailing.mail_notice").error_class in {
        "builtins.TimeoutError",
        "smtplib.SMTPServerDisconnected",
    }


# Headers


def test_names_with_odd_characters_stay_in_their_header(ada):
    Agency.objects.create(pk=1, name='Ünï "Nord"\r\nBcc: eve@example.com')
    Client.objects.filter(pk=ada.client_id).update(name="Gül\r\nTo: eve@example.com")
    sent_invoice(Client.objects.get(pk=ada.client_id))
    ada.client.events.update(facts={"number": "R-1\r\nCc: eve@example.com", "amount": "1.00", "currency": "EUR"})
    work_queue()
    whole = message_from_bytes(mail.outbox[0].message().as_bytes(), policy=policy.default)
    assert whole["To"] == "ada@northwind.example"
    assert whole["From"].addresses[0].display_name == "Ünï Nord Bcc: eve@example.com"
    assert whole["Subject"] == "New invoice R-1 Cc: eve@example.com"
    assert whole["Bcc"] is whole["Cc"] is None


def test_a_mail_can_be_stopped_by_one_click_as_rfc_8058_has_it(ada):
    sent_invoice(ada.client)
    work_queue()
    headers = mail.outbox[0].extra_headers
    assert re.fullmatch(r"<http://testserver/client-portal/stop-mails/[\w:-]+>", headers["List-Unsubscribe"])
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert stop_link() in mail.outbox[0].body


# Stopping


def stop(link, browser=None, **sent):
    browser = browser or Browser(enforce_csrf_checks=True)
    return browser.post(link, sent or {"List-Unsubscribe": "One-Click"})


@pytest.fixture
def link(ada):
    """The link in a mail about a new invoice."""
    sent_invoice(ada.client)
    work_queue()
    mail.outbox, address = [], stop_link()
    return address


def test_one_click_stops_one_kind_for_one_reader(ada, link):
    PortalUserFactory(email="ben@northwind.example", client=ada.client)
    answer = stop(link)
    assert answer.status_code == 200
    assert "no more e-mails about: New invoices" in answer.content.decode()
    sent_invoice(ada.client)
    sent_quote(ada.client)
    work_queue()
    assert [address for address, _subject in mailed()] == [
        "ada@northwind.example",
        "ben@northwind.example",
        "ben@northwind.example",
    ]


def test_looking_at_the_link_changes_nothing(ada, link):
    page = Browser().get(link)
    assert page.status_code == 200
    assert "No more about: New invoices" in page.content.decode()
    assert not MailChoice.objects.exists()


def test_everything_is_stopped_from_the_same_page(ada, link):
    assert stop(link, what="all").status_code == 200
    assert set(mail_choices.choices_of(Viewer.of(ada)).values()) == {NEVER}


def test_stopping_twice_is_well(ada, link):
    assert [stop(link).status_code, stop(link).status_code] == [200, 200]


def test_a_link_still_stops_after_access_ended(ada, link):
    User.objects.update(client_portal_enabled=False)
    assert stop(link).status_code == 200
    assert MailChoice.objects.get().choice == NEVER


@pytest.mark.parametrize("change", [lambda token: token[:-1], lambda token: "x" + token, lambda _token: "nonsense"])
def test_a_link_that_is_not_whole_stops_nothing(ada, link, change):
    start, _slash, token = link.rpartition("/")
    for answer in (stop(f"{start}/{change(token)}"), Browser().get(f"{start}/{change(token)}")):
        assert answer.status_code == 404
    assert not MailChoice.objects.exists()


def test_a_link_of_an_account_that_is_no_more_is_dead(ada, link):
    ada.delete()
    assert stop(link).status_code == 404


# Choosing


def test_a_viewer_chooses_for_itself(ada):
    browser = signed_in(ada)
    page = browser.get(SETTINGS).content.decode()
    assert "ada@northwind.example" in page
    assert page.count("<select") == len(mail_choices.SUBJECTS)
    chosen = dict.fromkeys(mail_choices.SUBJECTS, "daily") | {"invoice_paid": "at_once"}
    assert browser.post(SETTINGS, chosen)["Location"] == SETTINGS
    assert mail_choices.choices_of(Viewer.of(ada)) == chosen
    assert set(MailChoice.objects.values_list("user", flat=True)) == {ada.pk}
    browser.post(SETTINGS, chosen | {"invoice_paid": "never"})
    assert mail_choices.choices_of(Viewer.of(ada))["invoice_paid"] == "never"
    assert MailChoice.objects.count() == len(mail_choices.SUBJECTS)


def test_the_company_login_chooses_for_the_companys_address(clock):
    company = CompanyLoginFactory(portal_username="contoso", email="office@contoso.example")
    browser = Browser()
    browser.post("/client-portal/login", {"name": "contoso", "password": "correct horse battery"})
    browser.post(SETTINGS, dict.fromkeys(mail_choices.SUBJECTS, "never"))
    assert set(MailChoice.objects.values_list("client", "user")) == {(company.pk, None)}
    sent_invoice(company)
    work_queue()
    assert mail.outbox == []


@pytest.mark.parametrize("sent", [{}, {"invoice_sent": "hourly"}, {"invoice_sent": ["daily", "never"]}])
def test_a_choice_that_is_none_is_refused(ada, sent):
    answer = signed_in(ada).post(SETTINGS, sent)
    assert answer.status_code == 200
    assert not MailChoice.objects.exists()


def test_the_account_menu_leads_to_the_choices(ada):
    assert f'href="{SETTINGS}">Notifications by e-mail' in signed_in(ada).get("/client-portal").content.decode()


def test_staff_choose_for_the_companys_address(client, clock):
    company = CompanyLoginFactory(portal_username="contoso", email="office@contoso.example")
    MailChoice.objects.create(
        client=company, user=PortalUserFactory(client=company, email=""), kind="invoice_paid", choice="daily"
    )
    client.force_login(StaffFactory())
    address = f"/admin/accounts/client/{company.pk}/change/"
    page = client.get(address)
    form = page.context["adminform"].form
    sent = {name: form[name].value() or "" for name in form.fields} | {"portal_enabled": "on", "is_active": "on"}
    inline = next(one.formset.prefix for one in page.context["inline_admin_formsets"] if one.opts.model is MailChoice)
    others = [one.formset.prefix for one in page.context["inline_admin_formsets"] if one.formset.prefix != inline]
    for prefix in others:
        sent |= {f"{prefix}-TOTAL_FORMS": 0, f"{prefix}-INITIAL_FORMS": 0}
    sent |= {f"{inline}-TOTAL_FORMS": 1, f"{inline}-INITIAL_FORMS": 0}
    sent |= {f"{inline}-0-kind": "invoice_sent", f"{inline}-0-choice": "never"}
    answer = client.post(address, sent)
    assert answer.status_code == 302, answer.context["errors"]
    assert MailChoice.objects.get(user=None).choice == "never"
    assert MailChoice.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_choosing_at_once_leaves_one_choice_of_each_kind(ada):
    assert [one for one in at_once(times(4, lambda: choose(ada, invoice_sent=DAILY))) if one is not None] == []
    assert MailChoice.objects.count() == 1


# Once a day


@pytest.fixture
def daily(ada):
    choose(ada, **dict.fromkeys(mail_choices.SUBJECTS, DAILY))
    return ada


def test_a_days_events_come_together_grouped_at_seven_of_the_reader(daily, clock):
    Agency.objects.create(pk=1, name="Studio Nord")
    first, second = sent_invoice(daily.client), sent_invoice(daily.client)
    quote = sent_quote(daily.client)
    clock.move_to(datetime(2026, 3, 11, 5, 59, tzinfo=UTC))
    work_queue()
    assert mail.outbox == []
    clock.move_to(datetime(2026, 3, 11, 6, 0, tzinfo=UTC))
    work_queue()
    (message,) = mail.outbox
    assert message.subject == "News from Studio Nord"
    body = message.body
    order = ["New invoices", second.invoice_number, first.invoice_number, "New quotes", quote.quote_number]
    assert sorted(order, key=body.index) == order
    assert f"http://testserver/client-portal/invoices/{first.pk}" in body
    assert not DigestItem.objects.exists()


def test_there_is_one_digest_a_day_and_none_without_news(daily, clock):
    sent_invoice(daily.client)
    work_queue()
    for hour in range(48):
        clock.move_to(datetime(2026, 3, 11, 0, 30, tzinfo=UTC) + timedelta(hours=hour))
        work_queue()
    assert len(mail.outbox) == 1


def test_what_comes_after_seven_waits_for_the_next_day(daily, clock):
    sent_invoice(daily.client)
    work_queue()
    clock.move_to(datetime(2026, 3, 11, 6, 0, 30, tzinfo=UTC))
    sent_quote(daily.client)
    work_queue()
    assert len(mail.outbox) == 1
    sent_invoice(daily.client)
    work_queue()
    clock.move_to(datetime(2026, 3, 11, 12, tzinfo=UTC))
    work_queue()
    assert len(mail.outbox) == 1
    clock.move_to(datetime(2026, 3, 12, 6, 0, tzinfo=UTC))
    work_queue()
    assert len(mail.outbox) == 2


@pytest.mark.parametrize(
    ("before", "at"),
    [
        # On 29 March 2026 Berlin's clocks go from 2:00 to 3:00, on 25 October from 3:00 to 2:00.
        (datetime(2026, 3, 29, 4, 59, tzinfo=UTC), datetime(2026, 3, 29, 5, 0, tzinfo=UTC)),
        (datetime(2026, 10, 25, 5, 59, tzinfo=UTC), datetime(2026, 10, 25, 6, 0, tzinfo=UTC)),
    ],
)
def test_seven_is_seven_on_the_days_when_clocks_change(daily, clock, before, at):
    clock.move_to(before - timedelta(hours=12))
    sent_invoice(daily.client)
    work_queue()
    clock.move_to(before)
    work_queue()
    assert mail.outbox == []
    clock.move_to(at)
    work_queue()
    assert len(mail.outbox) == 1
    clock.move_to(at + timedelta(hours=23))
    work_queue()
    assert len(mail.outbox) == 1


def test_each_reader_has_its_own_seven(daily, clock):
    aiko = PortalUserFactory(email="aiko@northwind.example", client=daily.client, timezone="Asia/Tokyo")
    choose(aiko, invoice_sent=DAILY)
    sent_invoice(daily.client)
    work_queue()
    clock.move_to(datetime(2026, 3, 10, 22, 0, tzinfo=UTC))
    work_queue()
    assert [message.to for message in mail.outbox] == [["aiko@northwind.example"]]


def test_a_missed_digest_comes_when_the_worker_is_back(daily, clock):
    sent_invoice(daily.client)
    work_queue()
    clock.move_to(datetime(2026, 3, 14, 15, tzinfo=UTC))
    work_queue()
    assert len(mail.outbox) == 1


def test_what_is_no_longer_wanted_or_seen_is_left_out_of_the_digest(daily, clock):
    invoice, gone, quote = sent_invoice(daily.client), sent_invoice(daily.client), sent_quote(daily.client)
    work_queue()
    daily.client.events.filter(subject_id=gone.pk, subject_type="invoice").update(subject_id=0)
    choose(daily, quote_sent=NEVER)
    clock.move_to(datetime(2026, 3, 11, 6, tzinfo=UTC))
    work_queue()
    (message,) = mail.outbox
    assert invoice.invoice_number in message.body
    assert gone.invoice_number not in message.body
    assert quote.quote_number not in message.body


def test_a_long_digest_is_cut_and_says_so(daily, clock, monkeypatch):
    monkeypatch.setattr(mailing, "LONGEST_DIGEST", 2)
    for _number in range(5):
        sent_invoice(daily.client)
    work_queue()
    clock.move_to(datetime(2026, 3, 11, 6, tzinfo=UTC))
    work_queue()
    (message,) = mail.outbox
    assert message.body.count("New invoice ") == 2
    assert "… and 3 more." in message.body


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_seven_send_one_digest(daily, clock):
    sent_invoice(daily.client)
    work_queue()
    with time_machine.travel(datetime(2026, 3, 11, 6, tzinfo=UTC), tick=False):
        assert [one for one in at_once(times(3, work_queue)) if isinstance(one, Exception)] == []
        work_queue()
    assert len(mail.outbox) == 1


def test_the_digests_link_stops_what_comes_daily_and_nothing_else(daily, clock):
    choose(daily, quote_sent=AT_ONCE)
    sent_invoice(daily.client)
    work_queue()
    clock.move_to(datetime(2026, 3, 11, 6, tzinfo=UTC))
    work_queue()
    stop(stop_link())
    assert {kind for kind, choice in mail_choices.choices_of(Viewer.of(daily)).items() if choice != NEVER} == {
        "quote_sent"
    }


# Costs


def test_looking_for_news_costs_one_query_where_there_is_none(ada, django_assert_num_queries):
    sent_invoice(ada.client)
    work_queue()
    with django_assert_num_queries(1):
        mailing.queue_mails(now=timezone.now())
    with django_assert_num_queries(1):
        mailing.queue_digests(now=timezone.now())


@pytest.mark.postgresql
def test_the_portal_reads_and_writes_no_other_viewers_choices(ada):
    from portal import wall

    choose(PortalUserFactory(client=ada.client), invoice_sent=NEVER)
    with wall.standing(Viewer.of(ada), writes=True):
        assert not MailChoice.objects.exists()
    assert connection.vendor == "postgresql"
    assert Invoice.objects.count() == 0

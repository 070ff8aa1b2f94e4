"""Links that set a password: sent by staff or asked for, used once, dead in time."""

import re
from datetime import timedelta
from smtplib import SMTPException

import pytest
import time_machine
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import invitations
from accounts.models import Agency, Invitation, QueuedTask, User
from accounts.tests.factories import ClientFactory, CompanyLoginFactory, PortalUserFactory, StaffFactory, UserFactory
from accounts.tests.workers import work_queue
from portal.tests.browsers import sign_in

pytestmark = pytest.mark.django_db

NEW = "seven green lanterns"
DEAD = "This link does not work any more"


class RefusingMailServer(EmailBackend):
    def send_messages(self, _messages):
        raise SMTPException("refused")


def invite(account):
    """The path of the link that staff sent to an account."""
    invitations.invite(account, by=StaffFactory(), now=timezone.now())
    work_queue()
    return last_link()


def forget_password(client, email):
    """Ask for a link; returns the answer."""
    answer = client.post("/client-portal/forgot-password", {"email": email})
    work_queue()
    return answer


def last_link():
    return re.search(r"http://testserver(/client-portal/set-password/\S+)", mail.outbox[-1].body)[1]


def set_password(client, link, password=NEW, again=None):
    return client.post(link, {"password": password, "again": again or password})


@pytest.mark.parametrize("factory", [PortalUserFactory, lambda: CompanyLoginFactory(email="office@contoso.example")])
def test_an_invited_account_sets_its_password_and_signs_in(client, factory):
    account = factory()
    link = invite(account)
    assert invitations.sign_in_name(account) in client.get(link).content.decode()
    assert set_password(client, link)["Location"] == "/client-portal/login"
    assert sign_in(invitations.sign_in_name(account), NEW)[1].status_code == 302


def test_the_mail_names_the_agency_the_client_and_the_sign_in_name():
    Agency.objects.create(pk=1, name="Studio Norden\nBcc: x@example.com")
    user = PortalUserFactory(username="ada", email="ada@northwind.example", client__name="Northwind & Sons")
    invite(user)
    (message,) = mail.outbox
    assert message.to == ["ada@northwind.example"]
    assert message.subject == "Your access to the client portal of Studio Norden Bcc: x@example.com"
    assert message.from_email == '"Studio Norden Bcc: x@example.com" <portal@testserver>'
    assert "Northwind & Sons" in message.body
    assert "ada" in message.body
    ((html, kind),) = message.alternatives
    assert kind == "text/html"
    assert "Northwind &amp; Sons" in html


@pytest.mark.parametrize(
    ("colour", "shown"), [("", "#1d56c4"), ("#ffcc00", "#856a00")], ids=["the house's", "its own, made readable"]
)
def test_the_mail_is_in_the_readers_language_and_the_clients_colour(colour, shown):
    invite(PortalUserFactory(client__locale="de-DE", client__brand_colour=colour))
    (message,) = mail.outbox
    ((html, _kind),) = message.alternatives
    assert "Ihre Agentur" in message.body
    assert html.count("background: ") == 1
    assert f"background: {shown}; color: #ffffff" in html
    assert html.index("Der Link gilt einmal und für 7 Tage.") < html.index("Ihre Agentur hat")


def test_the_links_secret_is_not_stored():
    token = invite(PortalUserFactory()).rsplit("/", 1)[1]
    stored = Invitation.objects.values().get()
    assert token not in str(stored)


def test_looking_at_a_link_does_not_use_it_up(client):
    link = invite(PortalUserFactory())
    for _look in range(3):
        assert client.get(link).status_code == 200
    assert set_password(client, link).status_code == 302


def test_a_link_works_once(client):
    link = invite(PortalUserFactory())
    set_password(client, link)
    answer = set_password(client, link, "another long password")
    assert answer.status_code == 404
    assert DEAD in answer.content.decode()


@pytest.mark.parametrize(("days", "status"), [(6.9, 200), (7.1, 404)])
def test_an_invitation_lives_for_seven_days(client, days, status):
    link = invite(PortalUserFactory())
    with time_machine.travel(timezone.now() + timedelta(days=days)):
        assert client.get(link).status_code == status


@pytest.mark.parametrize(("hours", "status"), [(3.9, 200), (4.1, 404)])
def test_a_forgotten_passwords_link_lives_for_four_hours(client, hours, status):
    user = PortalUserFactory()
    forget_password(client, user.email)
    with time_machine.travel(timezone.now() + timedelta(hours=hours)):
        assert client.get(last_link()).status_code == status


def test_a_link_is_dead_once_the_password_changed_otherwise(client):
    user = PortalUserFactory()
    link = invite(user)
    user.set_password("changed in the shell")
    user.save()
    assert client.get(link).status_code == 404


def test_using_one_link_kills_the_others(client):
    user = PortalUserFactory()
    first, second = invite(user), invite(user)
    set_password(client, second)
    assert client.get(first).status_code == 404


@pytest.mark.parametrize("change", [{"is_active": False}, {"client_portal_enabled": False}, {"client": None}])
def test_a_link_is_dead_for_an_account_without_access(client, change):
    user = PortalUserFactory()
    link = invite(user)
    User.objects.filter(pk=user.pk).update(**change)
    assert set_password(client, link).status_code == 404


def test_a_made_up_link_is_dead(client):
    for token in ("nonsense", "a" * 5000, "%00"):
        assert client.get(f"/client-portal/set-password/{token}").status_code == 404


@pytest.mark.parametrize(
    ("password", "again", "complaint"),
    [
        ("short", "short", "too short"),
        ("1234567890", "1234567890", "entirely numeric"),
        ("password123", "password123", "too common"),
        (NEW, "seven red lanterns", "The two passwords differ."),
    ],
)
def test_a_poor_password_is_refused_and_the_link_lives_on(client, password, again, complaint):
    link = invite(PortalUserFactory())
    answer = set_password(client, link, password, again)
    assert answer.status_code == 200
    assert complaint in answer.content.decode()
    assert set_password(client, link).status_code == 302


@pytest.mark.parametrize(
    ("account", "reason"),
    [
        (UserFactory, "not switched on"),
        (lambda: PortalUserFactory(email=""), "no e-mail address"),
        (lambda: ClientFactory(email="a@b.example"), "not switched on"),
    ],
)
def test_staff_are_told_why_nobody_was_invited(account, reason):
    with pytest.raises(invitations.InvitationRefused, match=reason):
        invite(account())
    assert mail.outbox == []


def test_a_refused_mail_goes_out_later_with_the_same_link(client, settings):
    refusing, taking = f"{__name__}.RefusingMailServer", settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = refusing
    invitations.invite(PortalUserFactory(), by=None, now=timezone.now())
    work_queue()
    assert mail.outbox == []
    settings.EMAIL_BACKEND = taking
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        work_queue()
        assert len(mail.outbox) == 1
        assert client.get(last_link()).status_code == 200


@pytest.mark.parametrize("change", [{"is_active": False}, {"client_portal_enabled": False}, {"password": "other"}])
def test_a_link_that_died_before_it_was_mailed_is_not_mailed(change):
    user = PortalUserFactory()
    invitations.invite(user, by=None, now=timezone.now())
    User.objects.filter(pk=user.pk).update(**change)
    assert work_queue() == 1
    assert mail.outbox == []


def test_a_page_sends_no_mail_itself(client, settings):
    settings.EMAIL_BACKEND = "no.such.Backend"
    user = PortalUserFactory()
    assert client.post("/client-portal/forgot-password", {"email": user.email}).status_code == 200


def test_forgot_password_costs_the_same_for_known_and_unknown_addresses(client):
    user = PortalUserFactory()
    costs = []
    for email in (user.email, "nobody@example.com"):
        with CaptureQueriesContext(connection) as captured:
            client.post("/client-portal/forgot-password", {"email": email})
        costs.append([re.sub(r"'[^']*'|\d+", "?", query["sql"].split("VALUES")[0]) for query in captured])
    assert costs[0] == costs[1]


def test_the_queue_never_holds_the_link(client):
    invitations.invite(PortalUserFactory(), by=None, now=timezone.now())
    waiting = str(QueuedTask.objects.values().get())
    work_queue()
    token = last_link().rsplit("/", 1)[1]
    assert token not in waiting
    sent = QueuedTask.objects.get()
    assert sent.arguments == {}
    assert token not in str(QueuedTask.objects.values().get())


def test_forgot_password_answers_the_same_for_known_and_unknown_addresses(client, settings):
    user = PortalUserFactory()
    UserFactory(email="staff@example.com")
    answers = [
        forget_password(client, email) for email in (user.email.upper(), "nobody@example.com", "staff@example.com")
    ]
    settings.EMAIL_BACKEND = f"{__name__}.RefusingMailServer"
    answers.append(forget_password(client, user.email))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert [message.to for message in mail.outbox] == [[user.email]]


def test_forgot_password_reaches_every_account_of_an_address(client):
    PortalUserFactory(username="ada", email="shared@northwind.example")
    CompanyLoginFactory(portal_username="contoso", email="shared@northwind.example")
    forget_password(client, "shared@northwind.example")
    bodies = [message.body for message in mail.outbox]
    assert len(bodies) == 2
    assert "ada" in bodies[0]
    assert "contoso" in bodies[1]

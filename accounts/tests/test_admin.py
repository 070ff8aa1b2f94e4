"""The staff's pages of people and clients: who gets in, and the company login."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.core import mail
from django.urls import reverse

from accounts.models import Agency, Client, Event, Invitation, User
from accounts.tests.factories import ClientFactory, CompanyLoginFactory, PortalUserFactory, StaffFactory, UserFactory
from accounts.tests.forms import add, change, errors, said, sent_by
from accounts.tests.workers import work_queue

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client):
    person = StaffFactory(username="sam")
    client.force_login(person)
    return person


def test_the_user_list_names_the_client_of_a_portal_user(client, staff):
    PortalUserFactory(username="mia", client__name="Brightwater")
    UserFactory(username="tom")

    page = client.get(reverse("admin:accounts_user_changelist")).content.decode()

    assert page.count('<span class="badge">Brightwater</span>') == 1


def test_the_badge_of_a_portal_user_who_does_not_get_in_says_why(client, staff):
    PortalUserFactory(client__name="Brightwater", is_active=False)

    page = client.get(reverse("admin:accounts_user_changelist")).content.decode()

    assert '<span class="badge badge-off" title="This user is deactivated.">Brightwater</span>' in page


@pytest.mark.parametrize(("portal", "expected"), [("yes", ["mia"]), ("no", ["sam", "tom"])])
def test_users_are_filtered_by_portal(client, staff, portal, expected):
    PortalUserFactory(username="mia")
    UserFactory(username="tom")

    response = client.get(reverse("admin:accounts_user_changelist"), {"portal": portal})

    assert [user.username for user in response.context["cl"].result_list] == expected


def test_users_are_filtered_by_client(client, staff):
    mia = PortalUserFactory()
    PortalUserFactory()

    response = client.get(reverse("admin:accounts_user_changelist"), {"client__id__exact": mia.client_id})

    assert list(response.context["cl"].result_list) == [mia]
    assert f'<option value="{mia.client_id}" selected>{mia.client}</option>' in response.content.decode()


def test_the_client_filter_loads_no_clients(client, staff):
    ClientFactory(name="Not loaded")

    assert "Not loaded" not in client.get(reverse("admin:accounts_user_changelist")).content.decode()


def test_portal_access_is_given_on_the_user_page(client, staff):
    tom, brightwater = UserFactory(), ClientFactory()

    change(client, tom, client_portal_enabled="on", client=brightwater.pk)

    tom.refresh_from_db()
    assert (tom.client_portal_enabled, tom.client) == (True, brightwater)


def test_portal_access_without_a_client_is_refused(client, staff):
    tom = UserFactory()

    response = change(client, tom, client_portal_enabled="on")

    assert errors(response) == {"client": ["Choose the client whose portal this user may see."]}
    assert not User.objects.get(pk=tom.pk).client_portal_enabled


def test_portal_access_to_an_inactive_client_is_refused(client, staff):
    tom, gone = UserFactory(), ClientFactory(is_active=False)

    response = change(client, tom, client_portal_enabled="on", client=gone.pk)

    assert errors(response) == {"client": ["This client is inactive or no longer exists; choose an active one."]}
    assert User.objects.get(pk=tom.pk).client is None


def test_portal_access_to_a_missing_client_is_refused(client, staff):
    response = change(client, UserFactory(), client_portal_enabled="on", client=987654)

    assert "Select a valid choice. That choice is not one of the available choices." in errors(response)["client"]


def test_switching_the_portal_off_keeps_the_client(client, staff):
    mia = PortalUserFactory()
    url = reverse("admin:accounts_user_change", args=[mia.pk])
    sent = sent_by(client.get(url), "user_form")
    del sent["client_portal_enabled"]

    client.post(url, sent)

    stored = User.objects.get(pk=mia.pk)
    assert (stored.client_portal_enabled, stored.client) == (False, mia.client)


@pytest.mark.parametrize(
    ("details", "words"),
    [
        ({}, "Yes, into the portal of “Brightwater”."),
        ({"is_active": False}, "No: This user is deactivated."),
        ({"client__is_active": False}, "No: The client of this user is inactive."),
        ({"client_portal_enabled": False}, "No: The client portal is not switched on for this user."),
        ({"password": "!"}, "Not yet: this user has no password. Send the invitation, or set one here."),
    ],
)
def test_the_user_page_says_whether_the_person_gets_in(client, staff, details, words):
    mia = PortalUserFactory(client__name="Brightwater", **details)

    assert words in client.get(reverse("admin:accounts_user_change", args=[mia.pk])).content.decode()


def test_a_portal_user_is_added_from_the_clients_page_without_a_password(client, staff):
    brightwater = ClientFactory()
    page = client.get(reverse("admin:accounts_client_change", args=[brightwater.pk])).content.decode()
    query = f"?client={brightwater.pk}&client_portal_enabled=1"
    assert f'href="{reverse("admin:accounts_user_add")}{query.replace("&", "&amp;")}"' in page

    response = add(client, User, query, username="mia", email="mia@example.com")

    mia = User.objects.get(username="mia")
    assert (mia.client, mia.client_portal_enabled, mia.email) == (brightwater, True, "mia@example.com")
    assert not mia.has_usable_password()
    assert response.request["PATH_INFO"] == reverse("admin:accounts_user_change", args=[mia.pk])


def test_a_user_is_added_with_a_password(client, staff):
    add(client, User, username="tom", password1="a long enough one", password2="a long enough one")

    assert User.objects.get(username="tom").check_password("a long enough one")


@pytest.mark.parametrize(
    ("first", "second", "error"),
    [
        ("a long enough one", "", "The two password fields didn’t match."),
        ("", "a long enough one", "The two password fields didn’t match."),
        ("a long enough one", "another long one", "The two password fields didn’t match."),
        ("short", "short", "This password is too short. It must contain at least 10 characters."),
    ],
)
def test_a_new_users_password_is_checked(client, staff, first, second, error):
    response = add(client, User, username="tom", password1=first, password2=second)

    assert error in errors(response)["password2"]
    assert not User.objects.filter(username="tom").exists()


def test_a_user_is_not_added_with_the_name_of_a_company_login(client, staff):
    CompanyLoginFactory(portal_username="brightwater")

    response = add(client, User, username="BrightWater")

    assert errors(response)["username"] == ["A company signs in to the portal with this name; choose another."]


def test_a_new_portal_user_needs_a_client(client, staff):
    response = add(client, User, "?client_portal_enabled=1", username="mia")

    assert errors(response) == {"client": ["Choose the client whose portal this user may see."]}


@pytest.mark.parametrize("query", ["?client=abc&client_portal_enabled=1", "?client=-1", "?client=%00"])
def test_a_malformed_client_in_the_address_is_left_out(client, staff, query):
    assert client.get(reverse("admin:accounts_user_add") + query).status_code == 200


def test_a_portal_user_is_invited_from_the_button(client, staff):
    mia = PortalUserFactory(username="mia", email="mia@example.com")

    response = client.post(reverse("admin:accounts_user_invite", args=[mia.pk]), follow=True)

    work_queue()
    assert said(response) == ["Invited by e-mail: mia."]
    assert [message.to for message in mail.outbox] == [["mia@example.com"]]
    assert Invitation.objects.get().created_by == staff
    assert LogEntry.objects.get().get_change_message() == "Send portal invitation"


def test_portal_users_are_invited_from_the_list(client, staff):
    mia = PortalUserFactory(username="mia", email="mia@example.com")
    ann = PortalUserFactory(username="ann", email="")

    sent = {"action": "invite", "_selected_action": [mia.pk, ann.pk]}
    response = client.post(reverse("admin:accounts_user_changelist"), sent, follow=True)

    assert said(response) == ["ann: “ann” has no e-mail address.", "Invited by e-mail: mia."]
    assert Invitation.objects.count() == 1


def test_an_invitation_of_somebody_who_may_not_enter_is_refused_in_words(client, staff):
    tom = UserFactory(username="tom")

    response = client.post(reverse("admin:accounts_user_invite", args=[tom.pk]), follow=True)

    assert said(response) == ["tom: The client portal is not switched on for this user."]
    assert not mail.outbox


def test_a_get_invites_nobody(client, staff):
    mia = PortalUserFactory()

    assert client.get(reverse("admin:accounts_user_invite", args=[mia.pk])).status_code == 405
    assert not Invitation.objects.exists()


def test_an_invitation_of_a_missing_user_leads_back(client, staff):
    response = client.post(reverse("admin:accounts_user_invite", args=[987654]), follow=True)

    assert said(response) == ["user with ID “987654” doesn’t exist. Perhaps it was deleted?"]


def test_the_client_page_lists_its_portal_users_and_what_they_get_into(client, staff):
    brightwater = ClientFactory(name="Brightwater")
    mia = PortalUserFactory(client=brightwater, first_name="Mia", last_name="Chen", email="mia@example.com")
    PortalUserFactory(client=brightwater, is_active=False)
    PortalUserFactory(username="stranger")

    page = client.get(reverse("admin:accounts_client_change", args=[brightwater.pk])).content.decode()

    assert f'<a href="{reverse("admin:accounts_user_change", args=[mia.pk])}">Mia Chen</a>' in page
    assert "mia@example.com" in page
    assert "No: This user is deactivated." in page
    assert "stranger" not in page


def test_the_company_is_invited_from_the_clients_page(client, staff):
    company = CompanyLoginFactory(name="Brightwater", email="office@example.com", portal_password="")

    response = client.post(reverse("admin:accounts_client_invite", args=[company.pk]), follow=True)

    work_queue()
    assert said(response) == ["Invited by e-mail: Brightwater."]
    assert [message.to for message in mail.outbox] == [["office@example.com"]]


def test_the_company_password_is_set_hashed_and_never_shown(client, staff):
    company = CompanyLoginFactory(portal_password="")

    change(client, company, new_portal_password="a long enough one")

    company.refresh_from_db()
    assert company.portal_password.startswith("md5$")
    page = client.get(reverse("admin:accounts_client_change", args=[company.pk])).content.decode()
    assert company.portal_password not in page
    assert "a long enough one" not in page
    assert 'name="new_portal_password"' in page


def test_the_company_password_stays_when_the_field_is_left_empty(client, staff):
    company = CompanyLoginFactory(contact_name="Ann")
    before = company.portal_password

    change(client, company, contact_name="Bob")

    company.refresh_from_db()
    assert (company.contact_name, company.portal_password) == ("Bob", before)


def test_a_weak_company_password_is_refused(client, staff):
    company = CompanyLoginFactory()

    response = change(client, company, new_portal_password="12345")

    assert (
        "This password is too short. It must contain at least 10 characters." in errors(response)["new_portal_password"]
    )
    assert Client.objects.get(pk=company.pk).portal_password == company.portal_password


def test_a_company_login_needs_a_name_that_no_person_has(client, staff):
    company = ClientFactory()
    UserFactory(username="mia")

    nameless = change(client, company, portal_enabled="on")
    taken = change(client, company, portal_enabled="on", portal_username="MIA")

    assert errors(nameless)["portal_username"] == ["The company login needs a name to sign in with."]
    assert errors(taken)["portal_username"] == ["A person signs in with this name; choose another."]


def test_a_client_is_added_with_its_zone_formats_and_currency(client, staff):
    add(client, Client, name="Kyoto Foods", timezone="Asia/Tokyo", locale="ja-JP", currency_code="JPY")

    kyoto = Client.objects.get(name="Kyoto Foods")
    assert (kyoto.timezone, kyoto.locale, kyoto.currency_code) == ("Asia/Tokyo", "ja-JP", "JPY")


def test_an_old_zone_name_survives_a_save(client, staff):
    kyoto = ClientFactory(timezone="Japan")

    change(client, kyoto, phone="123")

    assert (Client.objects.get(pk=kyoto.pk).timezone, Client.objects.get(pk=kyoto.pk).phone) == ("Japan", "123")


def test_a_client_whose_name_exists_in_another_case_is_refused(client, staff):
    ClientFactory(name="Brightwater")

    response = add(client, Client, name="BRIGHTWATER")

    assert response.context["adminform"].form.non_field_errors() == ["A client of this name exists."]


def test_a_client_with_nothing_of_its_own_is_deleted_with_its_invitations(client, staff):
    company = CompanyLoginFactory(email="office@example.com")
    client.post(reverse("admin:accounts_client_invite", args=[company.pk]))

    client.post(reverse("admin:accounts_client_delete", args=[company.pk]), {"post": "yes"})

    assert not Client.objects.filter(pk=company.pk).exists()


def test_clients_to_choose_are_the_active_ones_found_by_typing(client, staff):
    ClientFactory(name="Brightwater")
    ClientFactory(name="Bright gone", is_active=False)
    query = {"app_label": "accounts", "model_name": "user", "field_name": "client", "term": "bright"}
    url = reverse("admin:accounts_client_choices")

    offered = [row["text"] for row in client.get(url, query).json()["results"]]
    to_filter_by = [row["text"] for row in client.get(url, query | {"all": "1"}).json()["results"]]

    assert offered == ["Brightwater"]
    assert to_filter_by == ["Bright gone", "Brightwater"]


def test_the_agency_is_added_once(client, staff):
    add(client, Agency, name="Studio North")

    assert list(Agency.objects.values_list("pk", "name")) == [(1, "Studio North")]
    assert client.get(reverse("admin:accounts_agency_add")).status_code == 403


def test_the_agency_is_changed_and_never_deleted(client, staff):
    agency = Agency.objects.create(pk=1, name="Studio North")

    change(client, agency, name="Studio South")

    assert Agency.objects.get().name == "Studio South"
    assert client.post(reverse("admin:accounts_agency_delete", args=[1]), {"post": "yes"}).status_code == 403


def test_the_journal_is_only_read(client, staff):
    event = Event.objects.create(
        client=ClientFactory(), number=1, kind="time_logged", subject_type="x", recorded_at="2026-03-01T10:00Z"
    )
    url = reverse("admin:accounts_event_change", args=[event.pk])

    assert client.get(url).status_code == 200
    assert client.post(url, {"number": 2}).status_code == 403
    assert client.get(reverse("admin:accounts_event_add")).status_code == 403
    assert client.post(reverse("admin:accounts_event_delete", args=[event.pk]), {"post": "yes"}).status_code == 403
    assert Event.objects.get().number == 1


# Rights


def staff_with(client, *rights):
    person = StaffFactory(is_superuser=False)
    person.user_permissions.set(Permission.objects.filter(codename__in=rights))
    client.force_login(person)
    return person


def test_staff_without_rights_see_nothing(client):
    staff_with(client)

    assert client.get(reverse("admin:index")).context["app_list"] == []
    assert client.get(reverse("admin:accounts_client_changelist")).status_code == 403


def test_a_portal_user_does_not_enter_the_admin(client):
    client.force_login(PortalUserFactory())

    response = client.get(reverse("admin:index"))

    assert (response.status_code, response.url) == (302, "/admin/login/?next=/admin/")


def test_who_may_only_look_is_shown_no_button_and_invites_nobody(client):
    staff_with(client, "view_user")
    mia = PortalUserFactory()

    page = client.get(reverse("admin:accounts_user_change", args=[mia.pk]))

    assert page.status_code == 200
    assert "Send portal invitation" not in page.content.decode()
    assert client.post(reverse("admin:accounts_user_invite", args=[mia.pk])).status_code == 403
    sent = {"action": "invite", "_selected_action": [mia.pk]}
    client.post(reverse("admin:accounts_user_changelist"), sent)
    assert not Invitation.objects.exists()


def test_who_may_only_look_sees_a_client_without_a_password_field(client):
    staff_with(client, "view_client")

    page = client.get(reverse("admin:accounts_client_change", args=[CompanyLoginFactory().pk]))

    assert page.status_code == 200
    assert 'type="password"' not in page.content.decode()


def test_rights_are_given_by_superusers_alone(client):
    person = staff_with(client, "view_user", "change_user")

    change(client, person, first_name="Kim", is_superuser="on")

    person.refresh_from_db()
    assert (person.first_name, person.is_superuser) == ("Kim", False)


def test_a_superuser_is_not_changed_by_others(client):
    staff_with(client, "view_user", "change_user", "delete_user")
    boss = StaffFactory()

    assert client.post(reverse("admin:accounts_user_change", args=[boss.pk]), {}).status_code == 403
    assert client.get(reverse("admin:auth_user_password_change", args=[boss.pk])).status_code == 403
    assert client.post(reverse("admin:accounts_user_delete", args=[boss.pk]), {"post": "yes"}).status_code == 403


def test_the_site_is_named(client, staff):
    assert "TimeTracker" in client.get(reverse("admin:index")).content.decode()


def test_who_was_not_invited_yet_can_be_from_the_sentence_that_says_so(client, staff):
    mia = PortalUserFactory(username="mia", password="!", email="mia@example.com")
    page = client.get(reverse("admin:accounts_user_change", args=[mia.pk])).content.decode()
    assert '<button type="submit" form="deed-invite" class="inline-deed">Send portal invitation</button>' in page
    assert 'id="deed-invite"' in page


def test_who_waits_with_an_invitation_is_said_to(client, staff):
    mia = PortalUserFactory(username="mia", password="!", email="mia@example.com")
    client.post(reverse("admin:accounts_user_invite", args=[mia.pk]))
    page = client.get(reverse("admin:accounts_user_change", args=[mia.pk])).content.decode()
    assert re.search(r"Invited on [^<]+ at mia@example.com; the link is good until", page)


def test_a_missing_address_is_said_before_an_invitation_fails(client, staff):
    mia = PortalUserFactory(username="mia", password="!", email="")
    page = client.get(reverse("admin:accounts_user_change", args=[mia.pk])).content.decode()
    assert "There is no e-mail address for the invitation: fill it in above and save." in page
    assert "inline-deed" not in page


def test_who_gets_in_needs_no_next_step(client, staff):
    mia = PortalUserFactory(username="mia")
    page = client.get(reverse("admin:accounts_user_change", args=[mia.pk])).content.decode()
    assert "Yes, into the portal of" in page
    assert "inline-deed" not in page


@pytest.mark.parametrize(
    ("people", "company", "said"),
    [
        (0, False, "Nobody yet: <a href"),
        (1, False, "Switched on for 1 person."),
        (2, False, "Switched on for 2 people."),
        (0, True, "Switched on for the company login."),
        (2, True, "Switched on for 2 people and the company login."),
    ],
)
def test_a_clients_page_says_for_whom_its_portal_is_switched_on(client, staff, people, company, said):
    row = CompanyLoginFactory(portal_enabled=company)
    PortalUserFactory.create_batch(people, client=row)
    PortalUserFactory(client=row, client_portal_enabled=False)
    assert said in client.get(reverse("admin:accounts_client_change", args=[row.pk])).content.decode()

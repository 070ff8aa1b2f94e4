"""Users and clients: who may be given which name and portal, and what the portal may show a user."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.models import Agency, Client, User
from accounts.tests.factories import ClientFactory, CompanyLoginFactory, PortalUserFactory, UserFactory


def errors_of(row):
    """The fields that `clean()` refuses."""
    try:
        row.clean()
    except ValidationError as error:
        return set(error.message_dict)
    return set()


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["Baker", "baker", "BAKER"])
def test_a_company_cannot_take_a_persons_name_in_any_case(name):
    UserFactory(username="Baker")
    assert errors_of(ClientFactory.build(portal_username=name)) == {"portal_username"}
    assert errors_of(ClientFactory.build(portal_username="bakery")) == set()


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["Baker", "baker", "BAKER"])
def test_a_person_cannot_take_a_companys_name_in_any_case(name):
    CompanyLoginFactory(portal_username="Baker")
    assert errors_of(UserFactory.build(username=name)) == {"username"}
    assert errors_of(UserFactory.build(username="bakery")) == set()


@pytest.mark.django_db
def test_a_name_is_compared_as_it_is_and_not_as_a_pattern():
    CompanyLoginFactory(portal_username="a_b%")
    assert errors_of(UserFactory.build(username="aXbc")) == set()
    assert errors_of(UserFactory.build(username="A_B%")) == {"username"}


@pytest.mark.django_db
@pytest.mark.parametrize(("model", "field"), [(User, "username"), (Client, "name"), (Client, "portal_username")])
def test_names_are_unique_in_any_case(model, field):
    make = {User: UserFactory, Client: ClientFactory}[model]
    make(**{field: "Baker"})
    with pytest.raises(IntegrityError), transaction.atomic():
        make(**{field: "BAKER"})
    with pytest.raises(ValidationError):
        make.build(**{field: "baker"}).validate_constraints()


@pytest.mark.django_db
def test_people_are_found_by_name_in_any_case():
    user = UserFactory(username="Baker")
    assert User.objects.get_by_natural_key("bAKER") == user
    with pytest.raises(User.DoesNotExist):
        User.objects.get_by_natural_key("bake")


@pytest.mark.django_db
def test_the_portal_cannot_be_enabled_without_a_client():
    assert errors_of(UserFactory.build(client_portal_enabled=True)) == {"client"}
    assert errors_of(UserFactory.build(client_portal_enabled=True, client=ClientFactory())) == set()
    assert errors_of(UserFactory.build()) == set()


@pytest.mark.django_db
def test_the_portal_cannot_be_enabled_for_an_inactive_or_missing_client():
    inactive = ClientFactory(is_active=False)
    assert errors_of(UserFactory.build(client_portal_enabled=True, client=inactive)) == {"client"}
    assert errors_of(UserFactory.build(client_portal_enabled=True, client_id=10**9)) == {"client"}


@pytest.mark.django_db
def test_a_disabled_user_keeps_an_inactive_client_for_next_time():
    assert errors_of(UserFactory.build(client=ClientFactory(is_active=False))) == set()


@pytest.mark.django_db
def test_a_company_login_needs_a_name():
    assert errors_of(ClientFactory.build(portal_enabled=True)) == {"portal_username"}
    assert errors_of(ClientFactory.build(portal_enabled=True, portal_username="  ")) == {"portal_username"}
    assert errors_of(ClientFactory.build(portal_enabled=True, portal_username="baker")) == set()


@pytest.mark.django_db
def test_an_empty_company_name_is_none_and_a_name_has_no_spaces_around_it():
    for given, kept in [("", None), ("  ", None), (" baker ", "baker"), (None, None)]:
        client = ClientFactory.build(portal_username=given)
        client.clean()
        assert client.portal_username == kept


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("make", "field", "value"),
    [
        (ClientFactory, "timezone", "Berlin"),
        (ClientFactory, "locale", "de"),
        (ClientFactory, "currency_code", "eur"),
        (UserFactory, "timezone", "Berlin"),
        (UserFactory, "locale", "de"),
    ],
)
def test_a_zone_locale_or_currency_must_be_one(make, field, value):
    assert errors_of(make.build(**{field: value})) == {field}


@pytest.mark.django_db
def test_all_errors_of_a_client_are_said_together():
    client = ClientFactory.build(timezone="x", locale="x", currency_code="x", portal_enabled=True)
    assert errors_of(client) == {"timezone", "locale", "currency_code", "portal_username"}


@pytest.mark.django_db
@pytest.mark.parametrize("changes", [{"name": ""}, {"portal_username": ""}, {"hourly_rate": -1}])
def test_an_impossible_client_is_refused_by_the_database(changes):
    client = ClientFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        Client.objects.filter(pk=client.pk).update(**changes)


@pytest.mark.django_db
def test_a_company_has_a_password_once_a_usable_one_is_set():
    assert not ClientFactory().has_portal_password
    assert not ClientFactory(portal_password="!unusable").has_portal_password
    assert CompanyLoginFactory().has_portal_password


@pytest.mark.django_db
def test_a_person_is_shown_by_the_full_name_else_by_the_user_name():
    assert UserFactory(username="sam").display_name == "sam"
    assert UserFactory(username="kim", first_name="Kim", last_name="Li").display_name == "Kim Li"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("enabled", "has_client", "expected"),
    [(True, True, True), (True, False, False), (False, True, False), (False, False, False)],
)
def test_a_portal_user_is_enabled_and_has_a_client(enabled, has_client, expected):
    client = ClientFactory() if has_client else None
    user = UserFactory(client_portal_enabled=enabled, client=client)
    assert user.is_client_portal_user is expected
    assert (user.get_client_portal_data() is not None) is expected


@pytest.mark.django_db
def test_a_user_whose_client_is_deleted_is_no_portal_user():
    user = PortalUserFactory()
    user.client.delete()
    user.refresh_from_db()
    assert (user.client, user.is_client_portal_user) == (None, False)


@pytest.mark.django_db
def test_portal_data_of_a_new_client_is_empty():
    user = PortalUserFactory()
    assert user.get_client_portal_data() == {
        "client": user.client,
        "projects": [],
        "invoices": [],
        "time_entries": [],
    }


@pytest.mark.django_db
def test_there_is_one_agency():
    assert (Agency.current().pk, Agency.current().name) == (1, "")
    Agency.objects.create(pk=1, name="Studio")
    assert Agency.current().name == "Studio"
    with pytest.raises(IntegrityError), transaction.atomic():
        Agency.objects.create(pk=2, name="Second")

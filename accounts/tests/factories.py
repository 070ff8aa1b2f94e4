"""Valid rows of accounts, and no more than that."""

import factory
from django.contrib.auth.hashers import make_password
from factory.django import DjangoModelFactory

from accounts.models import Client, User

PASSWORD = "correct horse battery"


class ClientFactory(DjangoModelFactory):
    class Meta:
        model = Client
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"Client {n}")
    currency_code = "EUR"


class CompanyLoginFactory(ClientFactory):
    """A client that signs in itself, with PASSWORD."""

    portal_enabled = True
    portal_username = factory.Sequence(lambda n: f"company{n}")
    portal_password = factory.LazyFunction(lambda: make_password(PASSWORD))


class UserFactory(DjangoModelFactory):
    """A person without any rights, with PASSWORD."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"person{n}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.com")
    password = factory.LazyFunction(lambda: make_password(PASSWORD))


class StaffFactory(UserFactory):
    is_staff = True
    is_superuser = True
    first_name = "Sam"
    last_name = factory.Sequence(lambda n: f"Staff{n}")


class PortalUserFactory(UserFactory):
    """A person who may use the portal of a client of their own."""

    client_portal_enabled = True
    client = factory.SubFactory(ClientFactory)

"""Everybody who may send the portal a request, each in a browser of their own."""

from django.test import Client as Browser

from accounts.models import Client, User
from accounts.tests.factories import (
    ClientFactory,
    CompanyLoginFactory,
    PortalUserFactory,
    StaffFactory,
    UserFactory,
)
from portal.tests.browsers import sign_in, signed_in

ROLES = "anonymous person company other off inactive gone staff superuser".split()


def anonymous(client):
    """Nobody signed in."""
    return Browser()


def person(client):
    """One of the client's people."""
    return signed_in(PortalUserFactory(client=client))


def company(client):
    """The client's company login."""
    browser, answer = sign_in(client.portal_username)
    assert answer.status_code == 302
    return browser


def other(client):
    """One of another client's people."""
    return signed_in(PortalUserFactory(client=ClientFactory()))


def off(client):
    """One of the client's people whose portal is switched off."""
    return signed_in(PortalUserFactory(client=client, client_portal_enabled=False))


def inactive(client):
    """One of the people of a client that is inactive."""
    return signed_in(PortalUserFactory(client=CompanyLoginFactory(is_active=False)))


def gone(client):
    """One of the client's people who was deactivated after signing in."""
    user = PortalUserFactory(client=client)
    browser = signed_in(user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    return browser


def staff(client):
    """A member of staff without any rights."""
    return signed_in(UserFactory(is_staff=True))


def superuser(client):
    """A member of staff with all rights, and no portal."""
    return signed_in(StaffFactory())


def browser_of(role, client: Client, **options):
    """A fresh browser of a role towards `client`; `options` are Django's test client's."""
    browser = globals()[role](client)
    if options.get("enforce_csrf_checks"):
        browser.handler.enforce_csrf_checks = True
    return browser

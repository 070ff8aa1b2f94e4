"""Browsers of signed-in viewers."""

from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from accounts.tests.factories import PASSWORD


def signed_in(user):
    """A browser in which a person is signed in."""
    browser = Browser()
    browser.force_login(user)
    return browser


def sign_in(name, password=PASSWORD, **extra):
    """A browser that has sent the sign-in form, and the answer."""
    browser = Browser()
    return browser, browser.post("/client-portal/login", {"name": name, "password": password, **extra})


def queries_of(viewer, address):
    """How many queries a page costs, the wall's own statements around them aside."""
    with CaptureQueriesContext(connection) as queries:
        assert viewer.get(address).status_code == 200
    return sum(query["sql"].startswith(("SELECT", "(SELECT")) for query in queries)

"""Browsers of signed-in viewers."""

from django.test import Client as Browser

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

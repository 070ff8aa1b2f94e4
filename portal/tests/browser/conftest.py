"""Chromium against a Daphne of its own, on the test database."""

import os

import pytest
from django.conf import settings
from playwright.sync_api import expect

from portal.tests.processes import Site

LISTENER = """
document.addEventListener("securitypolicyviolation", (event) =>
    console.error(`Refused by ${event.effectiveDirective}: ${event.blockedURI}`));
"""
CHROMIUM_FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()


def pytest_collection_modifyitems(items):
    """Run these tests last: Playwright's event loop stays in the thread, and there async_to_sync is refused."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@pytest.fixture(scope="session")
def browser_type_launch_args():
    return {"executable_path": os.environ.get("CHROMIUM", "/usr/bin/chromium"), "args": CHROMIUM_FLAGS}


@pytest.fixture(scope="session", autouse=True)
def orm_beside_playwright():
    """Playwright keeps an event loop in this thread, in which Django would refuse the factories' queries."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    yield
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="session")
def site(django_db_setup, django_db_blocker):
    """A Daphne process that serves the test database; a test that stops it starts it again."""
    yield from _serving(django_db_blocker)


@pytest.fixture(scope="session")
def server(site):
    """The address of `site`."""
    return site.address


@pytest.fixture(scope="session")
def staff_server(site, django_db_blocker):
    """The address of a second process on the database, where Redis lets the two tell each other; else of `site`."""
    if not settings.REDIS_URL:
        yield site.address
        return
    for second in _serving(django_db_blocker):
        yield second.address


def _serving(django_db_blocker):
    site = Site()
    try:
        yield site.start()
    finally:
        with django_db_blocker.unblock():
            site.leave()


@pytest.fixture
def complaints(context):
    """What any window of the browser complained of, refusals by the content security policy among it."""
    context.set_default_timeout(30_000)
    expect.set_options(timeout=30_000)
    return complaints_of(context)


def complaints_of(context):
    """A list that fills with what the windows of a browser complain of."""
    heard = []
    context.add_init_script(LISTENER)
    context.on("console", lambda message: heard.append(_words(message)) if message.type == "error" else None)
    context.on("weberror", lambda error: heard.append(str(error.error)))
    return heard


def _words(message):
    return f"{message.text} ({message.location['url']})"


@pytest.fixture
def errors(page):
    """What the page's console and scripts complained of."""
    heard = []
    page.set_default_timeout(10_000)
    page.on("console", lambda message: heard.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    return heard

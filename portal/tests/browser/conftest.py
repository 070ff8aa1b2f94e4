"""Chromium against a Daphne of its own, on the test database."""

import os
import subprocess
import sys
import urllib.request
from socket import socket
from time import monotonic, sleep
from urllib.error import URLError

import pytest
from django.conf import settings
from django.db import connection

CHROMIUM_FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
START_SECONDS = 30
SERVER_NAME = "browser-tests"
APPLICATION = "timetracker.tests.served:application"


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
def server(django_db_setup, django_db_blocker):
    """The address of a Daphne process that serves the test database."""
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    with django_db_blocker.unblock():
        environment = {**os.environ, "DATABASE_URL": _test_database(), "SITE_URL": address, "PGAPPNAME": SERVER_NAME}
    process = subprocess.Popen(
        [sys.executable, "-m", "daphne", "--no-server-name", "-b", "127.0.0.1", "-p", str(port), APPLICATION],
        cwd=settings.BASE_DIR,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(f"{address}/client-portal/login", process)
        yield address
    finally:
        process.terminate()
        process.wait(10)
        with django_db_blocker.unblock():
            _wait_for_goodbye()


@pytest.fixture
def errors(page):
    """What the page's console and scripts complained of."""
    heard = []
    page.set_default_timeout(10_000)
    page.on("console", lambda message: heard.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    return heard


def _test_database():
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return os.environ["DATABASE_URL"].rsplit("/", 1)[0] + f"/{name}"


def _wait_for_goodbye():
    """PostgreSQL ends a killed server's sessions a moment later, and drops no database before."""
    if connection.vendor != "postgresql":
        return
    deadline = monotonic() + START_SECONDS
    with connection.cursor() as cursor:
        while monotonic() < deadline:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = %s", [SERVER_NAME])
            if cursor.fetchone() == (0,):
                return
            sleep(0.05)


def _wait_for(address, process):
    deadline = monotonic() + START_SECONDS
    while monotonic() < deadline:
        try:
            urllib.request.urlopen(address, timeout=5)  # noqa: S310 (our own server on this machine)
        except URLError:
            if process.poll() is not None:
                break
            sleep(0.1)
        else:
            return
    raise RuntimeError("The server for the browser tests did not start.")

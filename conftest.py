"""Settings of the test run, and what every test may use."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "timetracker.settings")
os.environ.update(
    SECRET_KEY="only-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz",
    DEBUG="off",
    SITE_URL="http://testserver",
    ALLOWED_HOSTS="testserver,localhost,127.0.0.1",
    EMAIL_URL="memorymail://",
    TIME_ZONE="Europe/Berlin",
    STATIC_MANIFEST="off",
    # Nothing that is queued runs by itself: see accounts.tests.workers.
    WORKER="apart",
)
# A developer's own .env must not reach the tests; CI names its servers in the environment.
os.environ.setdefault("DATABASE_URL", "sqlite:///unused-by-tests.sqlite3")
os.environ.setdefault("REDIS_URL", "")

import django
import pytest

django.setup()


def pytest_addoption(parser):
    parser.addoption(
        "--walls",
        default="both walls up",
        choices=["both walls up", "wall one down", "wall two down", "both walls down"],
        help="which walls between clients stand while the portal's tests run",
    )
    parser.addoption("--thorough", action="store_true", help="run the fault drills that take minutes, too")


def pytest_collection_modifyitems(config, items):
    """Leave out what only the other database can do; each of the two runs has its own."""
    from django.db import connection

    other = "sqlite" if connection.vendor == "postgresql" else "postgresql"
    left_out = [item for item in items if item.get_closest_marker(other)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory):
    """Keep SQLite's test database in a file of this run: threads and servers of a test share it, other runs do not."""
    from django.db import connections

    database = connections["default"].settings_dict
    if database["ENGINE"].endswith("sqlite3"):
        database["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """End what still uses PostgreSQL's test database before it is dropped.

    A pool that is closed while one of its threads connects can leave that session behind.
    """
    from django.db import connection

    yield
    if connection.vendor != "postgresql":
        return
    with django_db_blocker.unblock():
        connection.close()
        connection.close_pool()
        with connection._nodb_cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                [connection.settings_dict["NAME"]],
            )


@pytest.fixture(autouse=True)
def quick_passwords(settings):
    """Hash at test speed; Argon2 itself is tested where it matters."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]


@pytest.fixture(autouse=True)
def english_again():
    """The language that a test's last request was answered in does not outlive the test."""
    yield
    from django.utils import translation

    translation.deactivate()


@pytest.fixture(autouse=True)
def static_files_when_asked_for(settings):
    """Look for a static file when one is asked for, not for all of them at the start of each browser of each test."""
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture(autouse=True)
def flushable_sqlite(request):
    """Let a transactional test's rows be flushed on SQLite, where DELETE meets the triggers that keep issued rows."""
    if not {"transactional_db", "live_server"} & set(request.fixturenames) and not _is_transactional(request):
        yield
        return
    request.getfixturevalue("transactional_db")
    yield
    from django.core.management import call_command
    from django.db import connection

    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            triggers = cursor.fetchall()
            for name, _sql in triggers:
                cursor.execute(f"DROP TRIGGER {name}")
        call_command("flush", interactive=False, verbosity=0, inhibit_post_migrate=True)
        with connection.cursor() as cursor:
            for _name, sql in triggers:
                cursor.execute(sql)


def _is_transactional(request):
    marker = request.node.get_closest_marker("django_db")
    return marker is not None and (marker.kwargs.get("transaction") or (marker.args and marker.args[0]))

"""Settings: each variable documented, and a loud failure where one is missing or wrong."""

import os
import re
import subprocess
import sys

import pytest
from django.conf import settings

from timetracker.demo_environment import DEMO_SECRET_KEY

ROOT = settings.BASE_DIR
COMPLETE = {
    "PATH": os.environ["PATH"],
    "SECRET_KEY": "only-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz",
    "SITE_URL": "https://portal.example.com",
    "EMAIL_URL": "smtp://mail.example.com",
    "DATABASE_URL": "sqlite:///never-made.sqlite3",
}
SHOW = "from timetracker import settings as s; print({})"


def load(expression="'fine'", **changes):
    """Load the settings in a process of its own; None takes a variable away (an empty .env cannot give it back)."""
    variables = {name: value for name, value in {**COMPLETE, **changes}.items() if value is not None}
    return subprocess.run(
        [
            sys.executable,
            "-c",
            f"import environ; environ.Env.read_env = lambda *a, **k: None; {SHOW.format(expression)}",
        ],
        cwd=ROOT,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_variable_is_in_the_readme():
    names = set(
        re.findall(r'(?:env\.\w+|_switch|_networks)\(\s*"([A-Z_]+)"', (ROOT / "timetracker/settings.py").read_text())
    )
    table = (ROOT / "README.md").read_text()
    assert "SECRET_KEY" in names
    assert [name for name in sorted(names) if f"`{name}`" not in table] == []


def test_a_complete_environment_loads():
    answer = load("s.ALLOWED_HOSTS, s.SESSION_COOKIE_SECURE, s.DEBUG")
    assert answer.stdout.strip() == "['portal.example.com'] True False"


@pytest.mark.parametrize("name", ["SECRET_KEY", "SITE_URL", "EMAIL_URL"])
def test_a_missing_variable_is_said(name):
    answer = load(**{name: None})
    assert answer.returncode != 0
    assert f"Set the {name} environment variable" in answer.stderr


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("SITE_URL", "portal.example.com", "SITE_URL must look like"),
        ("SITE_URL", "https://portal.example.com/portal", "SITE_URL must look like"),
        ("DATABASE_URL", "mysql://root@127.0.0.1/portal", "DATABASE_URL must name"),
        ("DEBUG", "perhaps", "DEBUG must be on or off"),
        ("DEBUG", "on", "turn it off where SITE_URL is https"),
        ("SECRET_KEY", "", "SECRET_KEY must have 32 characters or more"),
        ("SECRET_KEY", "x" * 31, "SECRET_KEY must have 32 characters or more"),
        ("SECRET_KEY", DEMO_SECRET_KEY, "SECRET_KEY is the demo's"),
        ("ALLOWED_HOSTS", "*", "ALLOWED_HOSTS must name hosts exactly"),
        ("ALLOWED_HOSTS", "portal.example.com,.example.com", "ALLOWED_HOSTS must name hosts exactly"),
        ("ALLOWED_HOSTS", "portal.example.com,*.example.com", "ALLOWED_HOSTS must name hosts exactly"),
        ("ALLOWED_HOSTS", "other.example.com", "ALLOWED_HOSTS must name the host of SITE_URL"),
        ("TRUSTED_PROXIES", "nginx", "TRUSTED_PROXIES must list addresses or networks"),
        ("TRUSTED_PROXIES", "10.0.0.1/8", "TRUSTED_PROXIES must list addresses or networks"),
        ("TRUSTED_PROXIES", "0.0.0.0/0", "TRUSTED_PROXIES must not name every address"),
        ("TRUSTED_PROXIES", "127.0.0.1,::/0", "TRUSTED_PROXIES must not name every address"),
        ("METRICS_FROM", "prometheus", "METRICS_FROM must list addresses or networks"),
        ("METRICS_FROM", "0.0.0.0/0", "METRICS_FROM must not name every address"),
        ("WORKER", "outside", "WORKER must be inside or apart"),
        ("LOG_FORMAT", "xml", "LOG_FORMAT must be plain or json"),
        ("WEB_PROCESSES", "2", "WEB_PROCESSES is more than 1: set REDIS_URL"),
    ],
)
def test_a_wrong_variable_is_said(name, value, complaint):
    answer = load(**{name: value})
    assert answer.returncode != 0
    assert complaint in answer.stderr


def test_the_address_in_use_decides_whether_cookies_are_secure():
    assert load("s.SESSION_COOKIE_SECURE", SITE_URL="http://127.0.0.1:8000").stdout.strip() == "False"


def test_a_secret_of_32_characters_is_long_enough():
    assert load(SECRET_KEY="x" * 32).stdout.strip() == "fine"


@pytest.mark.parametrize(
    ("site", "database", "is_fine"),
    [
        ("http://127.0.0.1:8000", "sqlite:////tmp/demo.sqlite3", True),
        ("http://127.0.0.1:8000", "sqlite:////tmp/timetracker.sqlite3", False),
        ("http://portal.example.com", "sqlite:////tmp/demo.sqlite3", False),
        ("https://127.0.0.1", "postgres://u@h/demo", False),
    ],
)
def test_the_demos_secret_is_good_for_the_demo_alone(site, database, is_fine):
    answer = load(SECRET_KEY=DEMO_SECRET_KEY, SITE_URL=site, DATABASE_URL=database)
    assert (answer.stdout.strip() == "fine") is is_fine


def test_several_processes_start_with_redis():
    assert load(WEB_PROCESSES="2", REDIS_URL="redis://127.0.0.1:6379/1").stdout.strip() == "fine"


def test_installations_that_share_a_redis_do_not_hear_each_other():
    def prefix(**changes):
        changes = {"REDIS_URL": "redis://127.0.0.1:6379/1", **changes}
        return load("s.CHANNEL_LAYERS['default']['CONFIG']['prefix']", **changes).stdout.strip()

    others = prefix(SECRET_KEY="x" * 40), prefix(REDIS_URL="redis://127.0.0.1:6379/2")
    assert len({prefix(), *others}) == 3
    assert prefix() == prefix(WEB_PROCESSES="2")


def test_the_queue_is_worked_inside_the_web_processes_unless_it_is_said_otherwise():
    assert load("s.WORKER").stdout.strip() == "inside"
    assert load("s.WORKER", WORKER="apart").stdout.strip() == "apart"


def test_an_address_in_brackets_is_a_host():
    assert load("s.ALLOWED_HOSTS", SITE_URL="http://[::1]:8000").stdout.strip() == "['[::1]']"


def test_https_is_kept_to_where_a_proxy_is_named():
    shown = "s.SECURE_SSL_REDIRECT, s.SECURE_PROXY_SSL_HEADER, s.SECURE_HSTS_SECONDS, s.CSRF_COOKIE_SECURE"
    https = "('HTTP_X_FORWARDED_PROTO', 'https')"
    assert load(shown, TRUSTED_PROXIES="127.0.0.1").stdout.strip() == f"True {https} 31536000 True"
    assert load(shown).stdout.strip() == "False None 31536000 True"
    plain = load(shown, TRUSTED_PROXIES="127.0.0.1", SITE_URL="http://127.0.0.1:8000")
    assert plain.stdout.strip() == f"False {https} 0 False"


def test_sockets_of_the_site_are_named_with_their_scheme():
    shown = "s.CONTENT_SECURITY_POLICY['DIRECTIVES']['connect-src']"
    assert load(shown).stdout.strip() == "[\"'self'\", 'wss://portal.example.com']"


def test_djangos_check_for_production_finds_nothing():
    variables = {
        **COMPLETE,
        "DEBUG": "off",
        "TRUSTED_PROXIES": "127.0.0.1",
        "SECRET_KEY": "Zq3-only_for-tests-0123456789-abcdefghijklmnopqrstuvwxyz",
    }
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    answer = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    assert answer.stderr == ""
    assert answer.stdout.startswith("System check identified no issues")
    assert answer.returncode == 0

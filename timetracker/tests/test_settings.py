"""Settings: each variable documented, and a loud failure where one is missing or wrong."""

import os
import re
import subprocess
import sys

import pytest
from django.conf import settings

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
    names = set(re.findall(r'(?:env\.\w+|_switch)\(\s*"([A-Z_]+)"', (ROOT / "timetracker/settings.py").read_text()))
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
    ],
)
def test_a_wrong_variable_is_said(name, value, complaint):
    answer = load(**{name: value})
    assert answer.returncode != 0
    assert complaint in answer.stderr


def test_the_address_in_use_decides_whether_cookies_are_secure():
    assert load("s.SESSION_COOKIE_SECURE", SITE_URL="http://127.0.0.1:8000").stdout.strip() == "False"

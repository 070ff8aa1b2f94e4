"""The files for running it for real name what there is: options, commands, variables, and each other."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from daphne.cli import CommandLineInterface
from django.conf import settings
from django.core.management import get_commands, load_command_class

from timetracker import stopping
from timetracker.tests.test_settings import load

FOLDER = settings.BASE_DIR / "timetracker" / "deploy"
UNITS = sorted(path for path in FOLDER.iterdir() if path.suffix in {".service", ".timer", ".target"})
CURRENT = "/srv/timetracker/current"


def commands(path):
    """What a unit runs, each as a list of words; `%i` is a port."""
    said = re.findall(r"^ExecStart(?:Post)?=(.+)$", path.read_text(), re.MULTILINE)
    return [shlex.split(line.replace("%i", "8001")) for line in said]


def value(name, of):
    """The one value that a name has in a unit."""
    (said,) = re.findall(rf"^{name}=(.*)$", (FOLDER / of).read_text(), re.MULTILINE)
    return said


def variables():
    """The example environment: `{name: value}`."""
    lines = (FOLDER / "timetracker.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


SERVICE = {
    "User": "timetracker",
    "WorkingDirectory": CURRENT,
    "EnvironmentFile": "/etc/timetracker.env",
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "CapabilityBoundingSet": "",
    "CacheDirectory": "timetracker",
    "Environment": "TMPDIR=/var/cache/timetracker",
}
WEB, WORKER = "timetracker-web@.service", "timetracker-worker.service"


def test_the_units_are_there():
    assert [path.name for path in UNITS] == [
        "timetracker-tidy.service",
        "timetracker-tidy.timer",
        "timetracker-web@.service",
        "timetracker-worker.service",
        "timetracker.target",
    ]


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_every_command_of_a_unit_is_one_that_there_is(path):
    for program, *words in commands(path):
        if program == f"{CURRENT}/.venv/bin/daphne":
            options = CommandLineInterface().parser.parse_args(words)
            assert options.application == "timetracker.asgi:application"
            assert options.socket_strings == ["tcp:port=8001:interface=127.0.0.1:backlog=2048"]
            assert (options.server_name, options.proxy_headers) == ("", False)
        elif program == f"{CURRENT}/.venv/bin/python":
            script, name, *rest = words
            assert (settings.BASE_DIR / script).exists()
            load_command_class(get_commands()[name], name).create_parser("manage.py", name).parse_args(rest)
        else:
            assert Path(program).exists(), program


@pytest.mark.parametrize("path", [path for path in UNITS if path.suffix == ".service"], ids=lambda path: path.name)
def test_a_service_runs_as_nobody_in_particular_with_the_environment(path):
    for name, expected in SERVICE.items():
        assert (name, value(name, path.name)) == (name, expected)


def test_systemd_waits_longer_for_the_end_than_it_takes():
    assert int(value("TimeoutStopSec", WEB)) > stopping.LAST_SECONDS + 5
    assert int(value("TimeoutStopSec", WORKER)) > settings.EMAIL_TIMEOUT * 3
    for unit in (WEB, WORKER):
        assert value("Restart", unit) == "always"
        assert value("KillMode", unit) == "mixed"


def test_the_next_process_is_restarted_when_nginx_asks_the_first_again():
    (pause,) = [float(words[1]) for words in commands(FOLDER / WEB) if words[0] == "/bin/sleep"]
    left_alone = re.findall(r"fail_timeout=(\d+)s", (FOLDER / "nginx.conf").read_text())
    assert len(left_alone) == int(variables()["WEB_PROCESSES"])
    assert all(pause > int(one) for one in left_alone)


def test_the_example_environment_is_of_variables_that_there_are_and_has_no_secret():
    known = set(re.findall(r'"([A-Z_]+)"', (settings.BASE_DIR / "timetracker" / "settings.py").read_text()))
    given = variables()
    assert set(given) <= known
    assert {name for name, value in given.items() if not value} == {"SECRET_KEY", "DATABASE_URL", "EMAIL_URL"}
    # What load() has is a secret, a database and a mail server.
    filled = {name: text for name, text in given.items() if text}
    assert load("s.HTTPS, s.WORKER, s.STATIC_ROOT", **filled).stdout.strip() == "True apart /srv/timetracker/static"


def test_the_files_agree_with_each_other():
    nginx, environment = (FOLDER / "nginx.conf").read_text(), variables()
    assert f"alias {environment['STATIC_ROOT']}/;" in nginx
    assert f"server_name {environment['SITE_URL'].removeprefix('https://')};" in nginx
    assert environment["SITE_URL"] == "https://portal.example.com"
    assert environment["TRUSTED_PROXIES"] == "127.0.0.1"
    assert "client_max_body_size 32m;" in nginx


def test_everything_belongs_to_the_target():
    for unit in (WEB, WORKER, "timetracker-tidy.timer"):
        assert value("PartOf", unit) == value("WantedBy", unit) == "timetracker.target"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="this machine has no systemd")
def test_systemd_finds_nothing_wrong_with_them(tmp_path):
    for path in UNITS:
        text = path.read_text().replace(f"{CURRENT}/.venv/bin/python", sys.executable)
        daphne = Path(sys.executable).with_name("daphne")
        (tmp_path / path.name.replace("@.", "@8001.")).write_text(
            text.replace(f"{CURRENT}/.venv/bin/daphne", str(daphne))
        )
    answer = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *sorted(tmp_path.iterdir())],  # noqa: S607 (wherever it is)
        capture_output=True,
        text=True,
        check=False,
    )
    assert (answer.stderr, answer.returncode) == ("", 0)

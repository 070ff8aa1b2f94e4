"""`manage.py demo`: fills, serves and renews its own file, and touches nothing else."""

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from http.cookiejar import CookieJar
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from accounts.models import Client
from portal.demo.agency import PASSWORD


def demo(directory, *arguments, **environment):
    """Run the command with its database in `directory`, beside whatever the environment says."""
    return subprocess.run(
        [sys.executable, "manage.py", "demo", *arguments],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DEMO_DIR": str(directory), **environment},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def count(file, table="time_entries"):
    with sqlite3.connect(file) as database:
        rows = database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    database.close()
    return rows


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """One run of the command: its directory, and what it printed. The file is not to be changed."""
    directory = tmp_path_factory.mktemp("demo")
    run = demo(directory, "--no-serve")
    assert run.returncode == 0, run.stderr
    return directory, run.stdout


@pytest.fixture
def copy(made, tmp_path):
    """A demo of the test's own."""
    for file in made[0].iterdir():
        shutil.copy(file, tmp_path)
    return tmp_path


def test_the_command_prints_addresses_and_sign_ins(made):
    _directory, printed = made
    for name in ["nora", "katrin", "brueggemann", "wiremu", "harakeke", "aiko"]:
        assert f" {name} " in printed
    assert "http://127.0.0.1:8000/client-portal" in printed
    assert "http://127.0.0.1:8000/admin/" in printed
    assert PASSWORD in printed


def test_a_second_run_keeps_the_data(copy):
    with sqlite3.connect(copy / "demo.sqlite3") as database:
        database.execute("UPDATE clients SET phone = '1' WHERE currency_code = 'EUR'")
    database.close()
    before = count(copy / "demo.sqlite3")
    run = demo(copy, "--no-serve")
    assert run.returncode == 0
    assert "Filling" not in run.stdout
    assert "--reset" not in run.stdout
    assert count(copy / "demo.sqlite3") == before
    assert count(copy / "demo.sqlite3", "clients WHERE phone = '1'") == 1


def test_data_of_an_earlier_day_is_kept_and_said_to_be_so(copy):
    with sqlite3.connect(copy / "demo.sqlite3") as database:
        database.execute("PRAGMA user_version = 20260102")
    database.close()
    run = demo(copy, "--no-serve")
    assert "2026-01-02" in run.stdout
    assert "--reset" in run.stdout
    assert "Filling" not in run.stdout


def test_a_reset_begins_anew(copy):
    with sqlite3.connect(copy / "demo.sqlite3") as database:
        database.execute("UPDATE clients SET phone = '1'")
    database.close()
    run = demo(copy, "--no-serve", "--reset")
    assert "Filling" in run.stdout
    assert count(copy / "demo.sqlite3", "clients WHERE phone = '1'") == 0
    assert count(copy / "demo.sqlite3", "clients") == 3


def test_no_configured_database_is_touched(made, copy, tmp_path_factory):
    real = tmp_path_factory.mktemp("real") / "timetracker.sqlite3"
    with sqlite3.connect(real) as database:
        database.execute("CREATE TABLE clients (name text)")
    database.close()
    before = real.read_bytes()
    run = demo(copy, "--no-serve", DATABASE_URL=f"sqlite:///{real}", SITE_URL="https://portal.example.com")
    assert run.returncode == 0
    assert real.read_bytes() == before
    assert [file.name for file in real.parent.iterdir()] == ["timetracker.sqlite3"]


@pytest.mark.parametrize("arguments", [["--no-serve"], ["--no-serve", "--reset"]])
@pytest.mark.parametrize("foreign", ["database", "text"])
def test_a_file_that_the_demo_did_not_make_is_refused(tmp_path, foreign, arguments):
    file = tmp_path / "demo.sqlite3"
    if foreign == "database":
        with sqlite3.connect(file) as database:
            database.execute("CREATE TABLE clients (name text)")
        database.close()
    else:
        file.write_text("Shopping list")
    before = file.read_bytes()
    run = demo(tmp_path, *arguments)
    assert run.returncode == 1
    assert "was not made by the demo" in run.stderr
    assert "Traceback" not in run.stderr
    assert file.read_bytes() == before
    assert [kept.name for kept in tmp_path.iterdir()] == ["demo.sqlite3"]


def test_a_directory_that_is_not_there_is_said_to_be_so(tmp_path):
    run = demo(tmp_path / "missing", "--no-serve")
    assert run.returncode == 1
    assert "cannot be written" in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.django_db
@pytest.mark.parametrize("reset", [False, True])
def test_called_under_other_settings_the_command_refuses(reset):
    with pytest.raises(CommandError, match=r"manage\.py demo"):
        call_command("demo", no_serve=True, reset=reset)
    assert not Client.objects.exists()


def test_a_run_killed_while_filling_leaves_no_half_demo(tmp_path):
    run = subprocess.Popen(
        [sys.executable, "-u", "manage.py", "demo", "--no-serve"],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DEMO_DIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    with run:
        assert "Filling" in run.stdout.readline()
        time.sleep(0.3)
        run.kill()
    assert count(tmp_path / "demo.sqlite3") == 0
    again = demo(tmp_path, "--no-serve")
    assert again.returncode == 0
    assert "Filling" in again.stdout
    assert count(tmp_path / "demo.sqlite3") > 3000


@pytest.fixture
def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_port_in_use_is_refused_before_anything_is_made(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        run = demo(tmp_path, "--port", port)
    assert run.returncode == 1
    assert f"Port {port} cannot be used" in run.stderr
    assert not list(tmp_path.iterdir())


def test_it_serves_and_signs_in_on_the_port_that_was_asked_for(copy, port):
    site = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(
        [sys.executable, "manage.py", "demo", f"--port={port}"],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DEMO_DIR": str(copy)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    with server:
        try:
            cookies = CookieJar()
            browser = build_opener(HTTPCookieProcessor(cookies))
            _wait_for(browser, f"{site}/client-portal/login")
            token = next(cookie.value for cookie in cookies if cookie.name == "csrftoken")
            form = urlencode({"name": "aiko", "password": PASSWORD, "csrfmiddlewaretoken": token}).encode()
            request = Request(f"{site}/client-portal/login", form, {"Origin": site})  # noqa: S310 (http)
            with browser.open(request) as page:
                assert page.url == f"{site}/client-portal"
            with browser.open(f"{site}/client-portal/projects") as page:
                assert "Gift box configurator" in page.read().decode()
        finally:
            server.terminate()


def _wait_for(browser, address):
    for _try in range(100):
        try:
            browser.open(address, timeout=5).close()
        except URLError:
            time.sleep(0.2)
        else:
            return
    raise AssertionError(f"{address} did not answer.")

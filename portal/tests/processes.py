"""Processes that tests start, stop, kill and freeze: the site on the test database, and a Redis of the tests' own."""

import os
import shutil
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from socket import create_connection, socket
from time import monotonic, sleep

from django.conf import settings
from django.db import connection

START_SECONDS = 30


class Process:
    """A child process on a loopback port of its own, which it keeps through every restart."""

    # Where it runs, and as whom: as we do, unless it refuses to.
    folder = settings.BASE_DIR
    user = None
    host = "127.0.0.1"

    def __init__(self, log=os.devnull):
        self.port = free_port()
        self._log = log
        self._process = None

    def start(self):
        """Start it, and return once it answers."""
        self.launch()
        return self.wait_for_answer()

    def launch(self):
        """Start it, and do not wait."""
        with open(self._log, "ab") as log:
            self._process = subprocess.Popen(
                self.command(), cwd=self.folder, env=self.environment(), stdout=log, stderr=log, user=self.user
            )

    def wait_for_answer(self):
        deadline = monotonic() + START_SECONDS
        while not self.answers():
            if self._process.poll() is not None or monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"{type(self).__name__} did not start.")
            sleep(0.05)
        return self

    def stop(self):
        """End it in its own time; ending what has ended does nothing."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGCONT)
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self):
        """End it at once, whatever it was doing."""
        self._process.kill()
        self._process.wait(10)

    def signal(self, number):
        self._process.send_signal(number)

    def freeze(self):
        self.signal(signal.SIGSTOP)

    def thaw(self):
        self.signal(signal.SIGCONT)

    @property
    def ended_with(self):
        """Its exit status, None while it runs."""
        return self._process.poll()

    def written(self):
        """The lines of its output since it was made."""
        return Path(self._log).read_text(encoding="utf-8").splitlines()

    @property
    def is_running(self):
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self):
        return self._process.pid

    def restart_if_down(self):
        if not self.is_running:
            self.start()

    @property
    def peak_megabytes(self):
        """The most memory that it has ever held."""
        return self._kilobytes("VmHWM") / 1024

    @property
    def kilobytes(self):
        """The memory that it holds now."""
        return self._kilobytes("VmRSS")

    @property
    def cpu_seconds(self):
        """The time that processors have worked for it, to a hundredth."""
        # After the name, which may hold anything, in parentheses.
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _kilobytes(self, name):
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        (line,) = [line for line in status.splitlines() if line.startswith(f"{name}:")]
        return int(line.split()[1])


class Site(Process):
    """A Daphne that serves the test database; `settings` are further environment variables."""

    application = "timetracker.tests.served:application"

    def __init__(self, log=os.devnull, **settings):
        super().__init__(log)
        self.settings = settings

    @property
    def address(self):
        return f"http://{self.host}:{self.port}"

    def command(self):
        endpoint = f"tcp:port={self.port}:interface={self.host}:backlog=2048"
        return [sys.executable, "-m", "daphne", "--no-server-name", "-e", endpoint, self.application]

    def environment(self):
        return on_the_test_database() | {"SITE_URL": self.address, "PGAPPNAME": self._name} | self.settings

    def answers(self):
        try:
            urllib.request.urlopen(f"{self.address}/client-portal/login", timeout=5)  # noqa: S310 (our own server)
        except OSError:
            return False
        return True

    def leave(self):
        """Stop, and wait until PostgreSQL has ended its sessions as well: it drops no database before."""
        self.stop()
        deadline = monotonic() + START_SECONDS
        while connection.vendor == "postgresql" and self._sessions() and monotonic() < deadline:
            sleep(0.05)

    @property
    def _name(self):
        return f"tests-{self.port}"

    def _sessions(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = %s", [self._name])
            return cursor.fetchone()[0]


class Redis(Process):
    """A Redis that keeps nothing."""

    @property
    def address(self):
        return f"redis://{self.host}:{self.port}/0"

    def command(self):
        alone = f"--bind {self.host} --protected-mode no --port {self.port} --appendonly no --save".split()
        return [shutil.which("redis-server"), *alone, ""]

    def environment(self):
        return os.environ

    def answers(self):
        try:
            with create_connection((self.host, self.port), timeout=1) as asked:
                asked.sendall(b"PING\r\n")
                return asked.recv(5) == b"+PONG"
        except OSError:
            return False


def on_the_test_database():
    """The environment of a process that shares the test database."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        address = f"sqlite:///{name}"
    else:
        address = os.environ["DATABASE_URL"].rsplit("/", 1)[0] + f"/{name}"
    return {**os.environ, "DATABASE_URL": address}


def start_all(processes):
    """Start several side by side, and return them once each answers."""
    for process in processes:
        process.launch()
    return [process.wait_for_answer() for process in processes]


def wait_until(claim, seconds=10):
    """Return once `claim()` holds, with the seconds it took; fail where it does not in time."""
    began = monotonic()
    while not claim():
        assert monotonic() < began + seconds, "It did not come true in time."
        sleep(0.02)
    return monotonic() - began


def free_port():
    """A port of loopback that nobody has just now."""
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]

"""A PostgreSQL of a drill's own, which may be stopped, frozen and filled up."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from time import sleep

import psycopg

from portal.tests.processes import Process, wait_until

NAME = "drill"
# A drill kills the server, never the machine, so nothing need reach the disk.
OPTIONS = {
    "fsync": "off",
    "shared_buffers": "32MB",
    "max_connections": "60",
    "unix_socket_directories": "",
    # By this the referee knows the order of commits.
    "track_commit_timestamp": "on",
}


class Cluster(Process):
    """A PostgreSQL with the database NAME, in a directory of its own; `options` are further settings of the server."""

    def __init__(self, folder, log=os.devnull, **options):
        super().__init__(log)
        self.folder = Path(folder)
        self.options = OPTIONS | options
        self.user = _unprivileged()

    @classmethod
    def made_in(cls, folder, **options):
        """An empty cluster, started."""
        cluster = cls(folder, **options)
        cluster.own(cluster.folder)
        command = [_program("initdb"), "-D", str(folder), "-U", "postgres", "-A", "trust", "-E", "UTF8"]
        command += ["--locale", "C.UTF-8", "--no-sync"]
        subprocess.run(command, cwd=folder, user=cluster.user, check=True, capture_output=True)
        with open(cluster.folder / "pg_hba.conf", "a", encoding="utf-8") as rules:
            rules.write("host all all samenet trust\n")
        cluster.start()
        cluster.execute(f"CREATE DATABASE {NAME}", database="postgres")
        return cluster

    def copied_to(self, folder, log=os.devnull, **options):
        """Another cluster with this one's data; this one must have been stopped."""
        assert not self.is_running
        copy = Cluster(folder, log, **options)
        shutil.copytree(self.folder, copy.folder, dirs_exist_ok=True)
        copy.own(copy.folder)
        copy.folder.chmod(0o700)
        return copy

    @property
    def address(self):
        return f"postgres://postgres@{self.host}:{self.port}/{NAME}"

    def command(self):
        options = self.options | {"port": str(self.port), "listen_addresses": self.host}
        return [_program("postgres"), "-D", str(self.folder), *(f"--{name}={value}" for name, value in options.items())]

    def environment(self):
        return {name: value for name, value in os.environ.items() if not name.startswith("PG")}

    def answers(self):
        try:
            self.execute("SELECT 1", database="postgres")
        except psycopg.OperationalError:
            return False
        return True

    def stop(self):
        """End it fast: sessions are broken off, and what is committed is written down."""
        self._end(signal.SIGINT)

    def kill(self):
        """End it at once; it recovers at its next start."""
        self._end(signal.SIGQUIT)

    def freeze(self):
        """Stop all of its processes where they are."""
        super().freeze()
        for pid in self.children():
            os.kill(pid, signal.SIGSTOP)

    def thaw(self):
        for pid in self.children():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        super().thaw()

    def connect(self, database=NAME):
        """A session of its superuser."""
        return psycopg.connect(
            host=self.host, port=self.port, user="postgres", dbname=database, connect_timeout=3, autocommit=True
        )

    def execute(self, sql, database=NAME):
        """Run a statement; returns the rows of one that has some."""
        with self.connect(database) as session:
            cursor = session.execute(sql)
            return cursor.fetchall() if cursor.description else None

    def sessions(self):
        """How many sessions others have at it."""
        ((count,),) = self.execute("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'")
        return count - 1

    def children(self):
        """The processes that the server has begun."""
        children = []
        for status in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                # After the name, which is in brackets and may hold anything: the state and the parent.
                _state, parent, *_rest = status.read_text(encoding="ascii").rpartition(")")[2].split()
                if int(parent) == self.pid:
                    children.append(int(status.parent.name))
        return children

    def own(self, folder):
        """Give a directory to the user that the server runs as."""
        folder.mkdir(parents=True, exist_ok=True)
        if self.user is not None:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, self.user, -1, follow_symlinks=False)

    def _end(self, how):
        if not self.is_running:
            return
        self.thaw()
        sleep(0.02)
        self._process.send_signal(how)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)
        # After a kill its sessions end by themselves; a new server refuses to start while one is left.
        wait_until(lambda: not (self.folder / "postmaster.pid").exists() or how == signal.SIGQUIT)


def directory():
    """A new directory that the server's user may reach, whatever the umask and whoever runs this."""
    path = Path(tempfile.mkdtemp(prefix="drill-"))
    path.chmod(0o755)
    return path


def _program(name):
    """A program of the newest PostgreSQL there is; Debian keeps them beside the path."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: float(path.parts[-3]))
    program = found[-1] if found else shutil.which(name)
    if program is None:
        raise RuntimeError(f"{name} is not there; install PostgreSQL's server.")
    return str(program)


def _unprivileged():
    """Whom the server runs as where we are root, which it refuses; None for ourselves."""
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name).pw_uid
    raise RuntimeError("There is neither a user postgres nor nobody to run PostgreSQL as.")

"""The disk is full: what cannot be written is refused, nothing is half done, and all goes on once there is room."""

import shutil
import subprocess
from contextlib import suppress
from time import sleep

import psycopg
import pytest

from portal.tests.drills.people import AWAY, assert_civil
from portal.tests.drills.towns import Town
from portal.tests.processes import wait_until

# Beside the tables themselves.
ROOM_MB = 4


class Disk:
    """A small disk of its own in memory."""

    def __init__(self, folder, megabytes):
        self.folder, self.ballast = folder, folder / "ballast"
        folder.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "none", str(folder)]
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"A small disk cannot be mounted here: {done.stderr.strip()}")

    def fill(self):
        with open(self.ballast, "wb", buffering=0) as file:
            for piece in (64 * 1024, 1024):
                try:
                    while True:
                        file.write(b"\0" * piece)
                except OSError:
                    pass

    def free(self):
        self.ballast.unlink(missing_ok=True)

    def remove(self):
        """Take it away once nothing uses it any more, with the directory that it is in."""
        subprocess.run(["umount", "--lazy", str(self.folder)], check=True)  # noqa: S607 (wherever it is)
        shutil.rmtree(self.folder.parent, ignore_errors=True)


@pytest.fixture(scope="module")
def disk(built):
    return built.disk


@pytest.fixture(scope="module")
def built(pattern):
    """A town whose tables, though not what PostgreSQL notes before it writes them, lie on a small disk."""
    town = Town(pattern)
    town.cluster.start()
    try:
        ((bytes_there,),) = town.cluster.execute("SELECT pg_database_size('drill')")
        town.disk = Disk(town.folder / "disk", bytes_there // 1024**2 + ROOM_MB)
        try:
            town.cluster.own(town.disk.folder)
            town.cluster.execute(f"CREATE TABLESPACE small LOCATION '{town.disk.folder}'", "postgres")
            town.cluster.execute("ALTER DATABASE drill SET TABLESPACE small", "postgres")
            town.cluster.stop()
            yield town.start()
        finally:
            town.leave()
            town.disk.remove()
    finally:
        town.cluster.stop()


def failures(town):
    return [line["failed"] for line in town.lines() if "failed" in line]


def test_what_finds_no_room_is_refused_and_goes_on_later(town, disk):
    with town.life(pause=0.01) as life:
        disk.fill()
        wait_until(lambda: len(failures(town)) > 5, 60)
        clerk = life.people[-1]
        wait_until(lambda: AWAY in clerk.statuses, 60)
        disk.free()
        life.wait_for_answers()
        life.wait_for_writes(20)
    assert "No space left" in " ".join(failures(town))
    assert_civil(life.answers, longest=20)


@pytest.fixture
def town_on_a_small_disk(pattern):
    """A town of which all that PostgreSQL has lies on a small disk, what it notes before it writes too."""
    town = Town(pattern)
    used = sum(path.stat().st_size for path in town.cluster.folder.rglob("*") if path.is_file()) // 1024**2
    town.disk = Disk(town.folder / "disk", used + 48)
    try:
        shutil.move(town.cluster.folder, town.disk.folder / "cluster")
        town.cluster.folder = town.disk.folder / "cluster"
        town.cluster.own(town.cluster.folder)
        yield town.start()
    finally:
        town.leave()
        town.disk.remove()


@pytest.mark.thorough
def test_a_server_that_gives_up_for_want_of_room_comes_back_whole(town_on_a_small_disk):
    town = town_on_a_small_disk
    with town.life(pause=0.01) as life:
        town.disk.fill()
        with suppress(psycopg.Error):
            while not failures(town):
                # It asks for more room.
                town.cluster.execute("SELECT pg_switch_wal()")
                sleep(0.2)
        wait_until(lambda: len(failures(town)) > 5 or not town.cluster.is_running, 60)
        town.disk.free()
        town.cluster.restart_if_down()
        wait_until(town.cluster.answers, 60)
        life.wait_for_answers()
        life.wait_for_writes(20)
    assert_civil(life.answers, longest=30)

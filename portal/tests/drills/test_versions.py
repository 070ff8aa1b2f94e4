"""The release before and this one serve side by side on a database that this one has migrated."""

import io
import shutil
import subprocess
import tarfile

import pytest

from portal.tests.drills.clusters import directory
from portal.tests.drills.people import assert_civil
from portal.tests.drills.towns import Town
from portal.tests.processes import Process

GIT = shutil.which("git") or "git"


def git(*words):
    done = subprocess.run([GIT, *words], cwd=Process.folder, capture_output=True, check=False)
    return done.stdout if done.returncode == 0 else b""


@pytest.fixture(scope="module")
def before():
    """A directory with the code as it was before the last change of the tables."""
    change = git("log", "-1", "--format=%H", "--", "*/migrations/*.py").decode().strip()
    archive = change and git("archive", f"{change}^")
    if not archive:
        pytest.skip("The code of before is not in this clone: it needs git and the whole history.")
    folder = directory()
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(folder, filter="data")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def built(pattern, before):
    town = Town(pattern)
    town.sites[1].folder = before
    try:
        yield town.start()
    finally:
        town.leave()


def test_both_serve_and_hear_each_other(town, before):
    assert len(list(before.glob("*/migrations/*.py"))) < len(list(Process.folder.glob("*/migrations/*.py")))
    with town.life() as life:
        life.wait_for_writes(60)
    assert_civil(life.answers, longest=20)
    assert town.ledger.sent
    # By a message of Redis, not by the watch alone, whichever process serves the page.
    assert all(page.heard_at for page in life.pages)

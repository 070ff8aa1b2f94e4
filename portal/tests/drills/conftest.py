"""Towns for the drills, from one pattern; each drill finds all of one running. A module may build one of its own."""

from pathlib import Path

import pytest

from portal.tests.drills.towns import Pattern, Town, lives

HERE = Path(__file__).parent
# On a machine that is busy with other things these take minutes.
SECONDS = 400


def pytest_collection_modifyitems(config, items):
    """Mark the drills, and leave out the long ones unless asked; the referee's own tests are part of every run."""
    long = [] if config.getoption("--thorough") else [item for item in items if item.get_closest_marker("thorough")]
    config.hook.pytest_deselected(items=long)
    items[:] = [item for item in items if item not in long]
    for item in items:
        if HERE in item.path.parents and item.path.stem != "test_referee":
            item.add_marker(pytest.mark.drill)
            item.add_marker(pytest.mark.timeout(SECONDS))


def pytest_terminal_summary(terminalreporter):
    if lives:
        terminalreporter.section("what drills came to")
        terminalreporter.line(
            "drill, writes done and refused, longest answer and pause between writes, answers by status"
        )
        for figures in lives:
            terminalreporter.line(figures)


@pytest.fixture(scope="session")
def pattern():
    pattern = Pattern()
    yield pattern
    pattern.remove()


@pytest.fixture(scope="session")
def built(pattern):
    town = Town(pattern)
    try:
        yield town.start()
    finally:
        town.leave()


@pytest.fixture
def town(built):
    """A PostgreSQL, a Redis and two Daphnes; whatever a drill did to them, the next finds them running."""
    yield built
    built.restore()

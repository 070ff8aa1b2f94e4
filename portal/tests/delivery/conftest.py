"""The processes that these tests stop, kill and freeze; each test finds them running."""

from pathlib import Path

import pytest

from portal.tests.processes import Redis, Site

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    """On SQLite a second process could not be told of anything: these run on PostgreSQL alone."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.postgresql)
            item.add_marker(pytest.mark.django_db(transaction=True))


@pytest.fixture(scope="session")
def running(django_db_setup, django_db_blocker, tmp_path_factory):
    logs = tmp_path_factory.mktemp("logs")
    redis = Redis(logs / "redis.log")
    sites = [Site(logs / f"{shape}.log", REDIS_URL=redis.address, LOG_FORMAT=shape) for shape in ("plain", "json")]
    try:
        yield [process.start() for process in (redis, *sites)]
    finally:
        with django_db_blocker.unblock():
            for site in sites:
                site.leave()
        redis.stop()


@pytest.fixture
def redis(running):
    """The Redis of these tests alone."""
    redis = running[0]
    yield redis
    redis.thaw()
    redis.restart_if_down()


@pytest.fixture
def sites(running, redis):
    """Two processes that serve the same database and tell each other through `redis`."""
    sites = running[1:]
    yield sites
    for site in sites:
        site.restart_if_down()

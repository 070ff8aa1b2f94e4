"""Measure many open pages on real servers: `python -m portal.tests.load.sockets [--json FILE]`.

It needs PostgreSQL and Redis (DATABASE_URL, REDIS_URL), works on a test database, and takes two minutes.
"""

import argparse
import json
import resource
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from threading import Event as Signal
from time import monotonic, sleep

if __name__ == "__main__":
    # The settings of tests.
    import conftest  # noqa: F401

from django.conf import settings
from django.db import connection, transaction
from django.test import Client as Browser
from django.test.utils import setup_databases, teardown_databases
from django.utils import timezone

from accounts import events
from accounts.tests.factories import ClientFactory, PortalUserFactory
from portal import live
from portal.tests.load import plain
from portal.tests.load.crowd import gathered
from portal.tests.processes import Site, wait_until
from portal.tests.sockets import ADDRESS


class MeasuredSite(Site):
    """The site with the plain sockets beside its own."""

    application = "timetracker.tests.measured:application"


def cookies_of(client, count, *, each=live.MOST_OF_A_SESSION):
    """Cookies for so many sockets of a client, of people who have so many of them `each`."""
    people = -(-count // each)
    cookies = [_cookie(PortalUserFactory(client=client, password="!")) for _n in range(people)]
    return [cookies[number % people] for number in range(count)]


def _cookie(user):
    browser = Browser()
    browser.force_login(user)
    return f"{settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME].value}"


def commit_event(client):
    """Log time for a client, as far as its journal goes; returns when it was committed."""
    committed = []
    with transaction.atomic():
        # Before the event's own hook, and so before it is announced.
        transaction.on_commit(lambda: committed.append(monotonic()))
        facts = {"number": "2026-17", "amount": "1190.00", "currency": "EUR", "due_date": "2026-12-07"}
        events.record("invoice_sent", client=client, subject=client, by=None, now=timezone.now(), facts=facts)
    return committed[0]


def fan_out(site, *, sockets, times):
    """`{"plain": …, "ours": …}`: milliseconds of CPU for each event, and until the last of so many sockets is told."""
    client = ClientFactory(locale="en-GB")
    cookies = cookies_of(client, sockets)
    addresses = {"plain": plain.ADDRESS.format(client_id=client.pk), "ours": ADDRESS}
    return {name: _telling(site, client, address, cookies, times) for name, address in addresses.items()}


def _telling(site, client, address, cookies, times):
    with gathered() as crowd:
        assert not crowd.open(site, address, cookies)
        # Once for what is worked out once; and a socket may be let in a moment before its client is heard.
        sleep(1)
        _tell_all(crowd, client)
        began, delays = site.cpu_seconds, [_tell_all(crowd, client) for _n in range(times)]
        cpu = (site.cpu_seconds - began) / times
        return {"cpu_ms": round(cpu * 1000, 1), "last_ms": round(median(delays) * 1000, 1)}


def _tell_all(crowd, client):
    """Seconds from the commit of an event until the last socket has heard of it."""
    expected = crowd.told + len(crowd.sockets)
    committed = commit_event(client)
    wait_until(lambda: crowd.told >= expected, 30)
    return crowd.told_at - committed


def idle(site, *, sockets, seconds):
    """What sockets cost while nothing happens: kilobytes of each, and the share of one core for all together."""
    cookies = _cookies_of_ten(sockets)
    with gathered() as crowd:
        before = site.kilobytes
        assert not crowd.open(site, ADDRESS, cookies)
        crowd.wait_greeted()
        sleep(3)
        held = (site.kilobytes - before) / sockets
        began = site.cpu_seconds
        sleep(seconds)
        share = (site.cpu_seconds - began) / seconds if seconds else 0
        assert all(socket.is_open for socket in crowd.sockets)
    return {"kilobytes": round(held, 1), "cpu_share": round(share, 3)}


def _cookies_of_ten(sockets, **options):
    """Cookies for so many sockets of ten clients."""
    return [cookie for _n in range(10) for cookie in cookies_of(ClientFactory(), sockets // 10, **options)]


def storm(site, *, sockets):
    """Sockets lost and opened again at once, each of another person: seconds until each is greeted, and of pages.

    The pages are another client's, asked for meanwhile by several people.
    """
    cookies = _cookies_of_ten(sockets, each=1)
    with gathered() as crowd:
        crowd.open(site, ADDRESS, cookies)
        crowd.wait_greeted()
        crowd.drop()
        with _reading(site, people=3) as loads:
            began, cpu = monotonic(), site.cpu_seconds
            refused = crowd.open(site, ADDRESS, cookies, at_once=sockets)
            crowd.wait_greeted()
            cpu = site.cpu_seconds - cpu
        greeted = sorted(socket.greeted_at - began for socket in crowd.sockets)
    return {
        "refused": refused,
        "median_s": round(median(greeted), 2),
        "last_s": round(greeted[-1], 2),
        "cpu_s": round(cpu, 2),
        "pages": len(loads),
        "page_median_s": round(median(loads), 3),
        "page_longest_s": round(max(loads), 3),
    }


@contextmanager
def _reading(site, *, people):
    """Load a page again and again meanwhile; gives the list of the seconds that each took."""
    ended, loads = Signal(), []
    client = ClientFactory()

    def read(cookie):
        while not ended.is_set():
            began = monotonic()
            asked = urllib.request.Request(f"{site.address}/client-portal", headers={"Cookie": cookie})  # noqa: S310
            with urllib.request.urlopen(asked, timeout=60) as answer:  # noqa: S310 (our own server)
                answer.read()
            loads.append(monotonic() - began)
            sleep(0.02)

    with ThreadPoolExecutor(people) as threads:
        reading = [threads.submit(read, cookie) for cookie in cookies_of(client, people, each=1)]
        try:
            wait_until(lambda: len(loads) >= 3 * people)
            loads.clear()
            yield loads
        finally:
            ended.set()
            for one in reading:
                one.result(60)


def commit_to_frame(sites, *, sockets, times):
    """Milliseconds from a commit, in a third process, until the last of a few sockets on two processes is told."""
    client = ClientFactory(locale="en-GB")
    cookies = cookies_of(client, sockets)
    with gathered() as crowd:
        for number, site in enumerate(sites):
            crowd.open(site, ADDRESS, cookies[number :: len(sites)])
        crowd.wait_greeted()
        _tell_all(crowd, client)
        delays = []
        for _n in range(times):
            sleep(0.02)
            delays.append(_tell_all(crowd, client) * 1000)
    delays.sort()
    return {"median_ms": round(median(delays), 1), "p99_ms": round(delays[int(len(delays) * 0.99)], 1)}


def measured(sites, asked):
    """All figures, of sites that were just started."""
    found = {"fan_out": fan_out(sites[0], sockets=asked.sockets, times=asked.times)}
    plain_way, ours = found["fan_out"]["plain"], found["fan_out"]["ours"]
    found["fan_out"]["ratio"] = {name: round(plain_way[name] / ours[name], 1) for name in ours}
    found["commit_to_frame"] = commit_to_frame(sites, sockets=10, times=200)
    found["storm"] = storm(sites[0], sockets=asked.sockets)
    # On a process whose memory nothing has grown yet.
    found["idle"] = idle(sites[1], sockets=asked.idle, seconds=asked.seconds)
    return found


@contextmanager
def running():
    """Two measured sites on a test database."""
    databases = setup_databases(verbosity=0, interactive=False)
    sites = [MeasuredSite() for _n in range(2)]
    try:
        yield [site.start() for site in sites]
    finally:
        for site in sites:
            site.leave()
        teardown_databases(databases, verbosity=0)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sockets", type=int, default=1000, help="sockets that are told, and come back (1000)")
    parser.add_argument("--times", type=int, default=20, help="events that they are told of (20)")
    parser.add_argument("--idle", type=int, default=5000, help="sockets that are idle (5000)")
    parser.add_argument("--seconds", type=int, default=60, help="how long they are (60)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    asked = parser.parse_args()
    if connection.vendor != "postgresql" or not settings.REDIS_URL:
        sys.exit("Several processes share this: set DATABASE_URL to a PostgreSQL, and REDIS_URL.")
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with running() as sites:
        found = measured(sites, asked)
    for name, figures in found.items():
        for what, figure in figures.items():
            print(f"{name:16} {what:16} {figure}")
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

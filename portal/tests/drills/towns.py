"""A town: everything that a drill needs to run the product, and may break."""

import json
import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from time import monotonic

from portal.tests.delivery.pages import Page, cookie_of, opened
from portal.tests.delivery.writing import Writer
from portal.tests.drills import referee
from portal.tests.drills.clusters import Cluster, directory
from portal.tests.drills.people import Clerk, Reader, Visitor, ask
from portal.tests.processes import Redis, Site, on_the_test_database, start_all, wait_until


class DrillSite(Site):
    """A Daphne as the README starts it."""

    application = "timetracker.asgi:application"


class Pattern:
    """A cluster that is migrated and furnished once; each town has a copy of it."""

    def __init__(self):
        self.folder = directory()
        self.cluster = Cluster.made_in(self.folder / "pattern")
        try:
            manage("migrate", "--verbosity=0", DATABASE_URL=self.cluster.address)
            furnish = [sys.executable, "-m", "portal.tests.drills.furnish"]
            self.world = json.loads(run(furnish, DATABASE_URL=self.cluster.address))
        finally:
            self.cluster.stop()

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


class Town:
    """A PostgreSQL, a Redis and two Daphnes, who lives there, and what they were told; `settings` are the sites'."""

    def __init__(self, pattern, *, options=None, sites=2, **settings):
        self.folder = directory()
        self.world = pattern.world
        self.cluster = pattern.cluster.copied_to(
            self.folder / "cluster", self.folder / "cluster.log", **(options or {})
        )
        self.redis = Redis(self.folder / "redis.log")
        self.environment = {"DATABASE_URL": self.cluster.address, "REDIS_URL": self.redis.address}
        self.sites = [
            DrillSite(self.folder / f"site{number}.log", **(self.environment | settings))
            for number in range(1, sites + 1)
        ]
        words = {client["pk"]: client["word"] for client in self.clients}
        self.ledger = referee.Ledger(words=words)
        # Where people go; the sites themselves, unless something stands before them.
        self.doors = self.sites
        self.writers, self.readers = [], []

    @property
    def clients(self):
        return self.world["clients"]

    @property
    def staff(self):
        """The cookie of a member of staff."""
        return cookie_of(Visitor(self.world["staff"]))

    def start(self):
        start_all([self.cluster, self.redis])
        start_all(self.sites)
        return self

    def leave(self):
        """End all that runs, and remove all that it wrote."""
        self.end_writers()
        for _writer, said in self.writers:
            said.close()
        for process in (*self.sites, self.redis, self.cluster):
            process.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def end_writers(self):
        for writer, _said in self.writers:
            writer.end()

    def restore(self):
        """Thaw what is frozen and start what is down, and end what a drill that failed left at work."""
        self.end_writers()
        for process in (self.cluster, self.redis, *self.sites):
            if process.is_running:
                process.thaw()
            else:
                process.start()

    # Who is there

    def pages(self, each=2):
        """Pages of every client, as many `each`, one by one at either site; a session has no more than it may."""
        return [
            self.page(client, self.doors[number % len(self.doors)], client["keys"][number % len(client["keys"])])
            for client in self.clients
            for number in range(each)
        ]

    def page(self, client, site, key):
        page = Page(site, Visitor(key), drawn_at=self.latest(client))
        page.client_id, page.drawn_at = client["pk"], page.seen
        return page

    def latest(self, client):
        rows = self.cluster.execute(f"SELECT last FROM client_event_counters WHERE client_id = {client['pk']}")
        return rows[0][0] if rows else 0

    def reader(self, client, site, **options):
        return self.adopt(Reader(site, *self.known(client), **options))

    def known(self, client):
        """A client's number and the cookie of one of its people."""
        return client["pk"], cookie_of(Visitor(client["keys"][0]))

    def adopt(self, reader):
        """Have the referee look at what somebody reads."""
        self.readers.append(reader)
        return reader

    def clerk(self, **options):
        drafts = [draft for client in self.clients for draft in client["drafts"] if draft not in self.ledger.sent]
        random.shuffle(drafts)
        return Clerk(self.doors, self.staff, drafts, self.ledger, **options)

    def write(self, *, pause=0.05, count=1_000_000):
        """Begin another process that writes whatever happens; returns it."""
        number = len(self.writers)
        said = open(self.folder / f"writer{number}.jsonl", "wb+")  # noqa: SIM115 (the town closes it)
        projects = [client["project"] for client in self.clients]
        writer = Writer(
            self.redis, projects, count=count, pause=pause, seed=number, goes_on=True, into=said, **self.environment
        )
        self.writers.append((writer, said))
        return writer

    def lines(self):
        """What the writers have said so far; a line that a kill cut short was not said."""
        for number in range(len(self.writers)):
            text = (self.folder / f"writer{number}.jsonl").read_text(encoding="utf-8")
            yield from (json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n"))

    @contextmanager
    def life(self, *, each=2, writers=2, clerk=True, pause=0.05):
        """Open pages, readers at each site, writers beside and staff at the sites, and at the end the referee.

        Gives a Life. After the block everybody must come to rest with all that there is.
        """
        pages = self.pages(each)
        with ExitStack() as stack:
            stack.enter_context(opened(*pages))
            begun = [self.write(pause=pause) for _n in range(writers)]
            readers = [self.reader(client, site) for client, site in zip(self.clients, self.doors, strict=False)]
            people = [*readers, *([self.clerk()] if clerk else [])]
            with ExitStack() as busy:
                for person in people:
                    busy.enter_context(person)
                life = Life(self, pages, people, begun)
                life.wait_for_writes(5)
                yield life
            for writer in begun:
                writer.end()
            lives.append(life.figures)
            self.rest(pages)

    # How it ends

    def rest(self, pages=(), seconds=30):
        """Wait until pages have heard all, then have the referee look: no complaint, or the test fails."""
        facts = self.facts()
        wait_until(lambda: all(page.seen == facts.counters.get(page.client_id, 0) for page in pages), seconds)
        assert self.complaints(facts, pages) == []
        manage("check_totals", "--verbosity=0", **self.environment)
        for site in self.doors:
            for client in self.clients:
                cookie = cookie_of(Visitor(client["keys"][0]))
                assert ask(f"{site.address}/client-portal", cookie).status == 200

    def facts(self):
        with self.cluster.connect() as session:
            return referee.facts_of(session)

    def complaints(self, facts, pages=()):
        said = list(self.lines())
        self.ledger.done = [line for line in said if "failed" not in line]
        # Each writer was ended at any moment, and each failure may have come after the commit.
        self.ledger.unanswered = len(self.writers) + len(said) - len(self.ledger.done)
        return referee.complaints(facts, self.ledger, [*map(_heard_by_page(facts), pages), *map(_read, self.readers)])


# A line of figures for each life that was led, which the test run shows at its end.
lives = []


class Life:
    """What goes on in a town during a drill."""

    def __init__(self, town, pages, people, writers):
        self.town, self.pages, self.people, self.writers = town, pages, people, writers
        self.began = monotonic()
        self.before = {line["mark"] for line in town.lines()}

    @property
    def answers(self):
        return [answer for person in self.people for answer in list(person.answers)]

    @property
    def figures(self):
        """What it came to: the drill, writes done and refused, answers by status, and the longest waits in seconds."""
        said = [line for line in self.town.lines() if line["mark"] not in self.before]
        refused = sum("failed" in line for line in said)
        statuses = dict(sorted(Counter(answer.status for answer in self.answers).items()))
        longest = max(answer.seconds for answer in self.answers)
        drill = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition("::")[2].partition(" ")[0]
        waits = f"{longest:4.1f} s, {self.longest_pause:4.1f} s"
        return f"{drill[:75]:75} {len(said) - refused:4} {refused:4}  {waits}  {statuses}"

    def written(self):
        return sum("failed" not in line for line in self.town.lines())

    @property
    def longest_pause(self):
        """The most seconds in which no writer was told that anything is committed."""
        times = [line["committed"] for line in self.town.lines() if line.get("committed", 0) > self.began]
        return max(after - before for before, after in pairwise([self.began, *sorted(times)]))

    def wait_for_writes(self, more, seconds=60):
        """Wait until writers have been told of so many `more`."""
        before = self.written()
        wait_until(lambda: self.written() >= before + more, seconds)

    def wait_for_answers(self, seconds=60):
        """Wait until everybody at the sites is answered with a page again."""
        began = len(self.answers)
        since = [len(person.answers) for person in self.people]
        wait_until(
            lambda: all(
                any(answer.status == 200 for answer in person.answers[before:])
                for person, before in zip(self.people, since, strict=True)
            ),
            seconds,
        )
        return self.answers[began:]


def _heard_by_page(facts):
    """What an open page heard, with what had happened before it was drawn."""
    journals = {}
    for event in sorted(facts.events, key=lambda event: event.number):
        journals.setdefault(event.client, []).append({"id": event.number, "kind": event.kind})

    def heard(page):
        before = journals.get(page.client_id, [])[: page.drawn_at]
        return referee.Heard(page.client_id, [json.dumps(page.frames + page.told)], [*before, *page.told])

    return heard


def _read(reader):
    """What a reader saw, who is not told of events one by one; only the leaks of it count."""
    return referee.Read(reader.client, reader.texts)


def manage(*command, **variables):
    """Run a command of the product; it must succeed."""
    return run([sys.executable, "manage.py", *command], **variables)


def run(command, **variables):
    """What a process of the product says; it must end well."""
    done = subprocess.run(
        command, cwd=Site.folder, env=on_the_test_database() | variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout

"""An hour of a gentle day, to see what grows: `python -m portal.tests.drills.soak --minutes 60`.

Two Daphnes with 100 open sockets that now and then close and come back, one writer, clients that read pages and fetch
files, staff that import, mails. Each minute is a line of figures; at the end the referee looks, and memory must be
flat.
"""

import argparse
import random
import re
import signal
import sys
from collections import Counter
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from statistics import linear_regression, median
from time import monotonic, sleep

EXPORTS = [
    "/time-entries/export?format=csv",
    "/time-entries/export?format=xlsx",
    "/invoices/export?format=csv",
    "/statement/export?format=xlsx",
    "/settings/export",
]
PAGES_OF_EACH = 13
# What may be added in the last two thirds before it is called growth: in MB, or this part of what is there.
LEAST_MB, LEAST_PART = 4, 0.05
TOKEN = re.compile(r'name="token" value="([0-9a-f]{32})"')


def main():
    import conftest  # noqa: F401 (the settings of the tests)
    from portal.tests.drills.post import PostOffice
    from portal.tests.drills.towns import Pattern, Town

    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=60)
    minutes = parser.parse_args().minutes
    # Whoever ends it ends all that it has begun.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    pattern = Pattern()
    try:
        with PostOffice() as post:
            town = Town(pattern, WORKER="inside", EMAIL_URL=post.address)
            try:
                town.start()
                failures = soak(town, post, minutes)
            finally:
                town.leave()
    finally:
        pattern.remove()
    say("\n".join(failures) or "The referee is content, and memory is flat.")
    sys.exit(bool(failures))


def soak(town, post, minutes):
    """Keep the town busy for so long; returns what is wrong in the end."""
    from portal.tests.delivery.pages import opened

    pages = town.pages(PAGES_OF_EACH)
    staying, moving = pages[: len(pages) * 4 // 5], pages[len(pages) * 4 // 5 :]
    table, there = Table(town, post, staying), people(town, moving)
    with ExitStack() as stack:
        stack.enter_context(opened(*staying))
        for person in there:
            stack.enter_context(person)
        town.write(pause=2)
        ends = monotonic() + minutes * 60
        while monotonic() < ends:
            sleep(min(60, max(0, ends - monotonic())))
            table.add()
    for writer, _said in town.writers:
        writer.end()
    answers = Counter(answer.status for person in there for answer in person.answers if answer)
    say(f"answers: {dict(answers)}")
    with opened(*pages):
        try:
            town.rest(pages, seconds=60)
        except AssertionError as failure:
            return [str(failure), *table.growth()]
    refused = [f"answers with {status}: {times}" for status, times in answers.items() if status not in {200, 429}]
    return [*refused, *mails_missing(town, post), *table.growth()]


def people(town, moving):
    """Whoever is there besides the pages that stay open."""
    from portal.tests.delivery.pages import opened
    from portal.tests.drills.people import Clerk, Person, Reader, ask

    class Comer(Person):
        """Pages that are opened and closed again."""

        def act(self):
            with opened(*random.sample(moving, 5)):
                sleep(random.uniform(1, 10))  # noqa: S311 (as people do)

    class Keeper(Reader):
        """Somebody who fetches files."""

        def act(self):
            address = f"{self.site.address}/client-portal{random.choice(EXPORTS)}"  # noqa: S311 (any)
            return ask(address, self.cookie)

    class Importer(Person):
        """A member of staff who imports a small file now and then."""

        days = count()

        def act(self):
            site, client = random.choice(town.sites), random.choice(town.clients)  # noqa: S311 (any)
            return import_time(site, town.staff, client, next(self.days))

    drafts = [draft for client in town.clients for draft in client["drafts"]]
    return [
        town.reader(town.clients[0], town.sites[0], pause=4),
        town.reader(town.clients[1], town.sites[1], pause=4),
        town.adopt(Keeper(town.sites[0], *town.known(town.clients[2]), pause=15)),
        Comer(10),
        Importer(45),
        Clerk(town.sites, town.staff, drafts, town.ledger, pause=30),
    ]


def import_time(site, cookie, client, day):
    """Upload a file of one row for a client, and confirm its preview."""
    from portal.tests.delivery.pages import CSRF
    from portal.tests.drills.people import ask

    row = f"Harbour {client['word']},{client['name']},Ada,2025-{day // 28 % 12 + 1:02}-{day % 28 + 1:02},{day % 7 + 1}"
    fields = {"timezone": "Europe/Berlin", "format_name": "auto", "dates": "auto", "decimal": "auto"}
    parts = "".join(
        f'--part\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in (fields | {"csrfmiddlewaretoken": CSRF}).items()
    )
    parts += '--part\r\nContent-Disposition: form-data; name="file"; filename="time.csv"\r\n\r\n'
    body = f"{parts}project,client,person,date,hours\n{row}\n\r\n--part--\r\n".encode()
    upload = f"{site.address}/admin/billing/timeentry/import/"
    preview = ask(upload, cookie, body=body, content_type="multipart/form-data; boundary=part")
    token = TOKEN.search(preview.text)
    return ask(f"{upload}confirm/", cookie, {"token": token[1]}) if token else preview


class Table:
    """A line of figures a minute."""

    # Memory in MB, open files, PostgreSQL's sessions, from commit to frame in ms, and how far the last page is behind.
    HEAD = "minute  site 1  site 2   redis   postgres files files  pg sockets events  mails    lag behind"

    def __init__(self, town, post, pages):
        self.town, self.post, self.pages = town, post, pages
        self.memory = []
        self.began, self.heard = monotonic(), 0
        say(self.HEAD)

    def add(self):
        town = self.town
        processes = [*town.sites, town.redis]
        memory = [resident(process.pid) for process in processes]
        memory.append(sum(resident(pid) for pid in town.cluster.children()) + resident(town.cluster.pid))
        files = [len(list(Path(f"/proc/{site.pid}/fd").iterdir())) for site in town.sites]
        self.memory.append(memory)
        facts = town.facts()
        behind = max(facts.counters.get(page.client_id, 0) - page.seen for page in self.pages)
        figures = [
            f"{(monotonic() - self.began) / 60:6.1f}",
            *(f"{megabytes:8.1f}" for megabytes in memory),
            *(f"{figure:6}" for figure in (*files, town.cluster.sessions(), sockets(town.sites))),
            f"{len(facts.events):7}{self.post.received.total():7}{self._lag(facts):7.0f}{behind:7}",
        ]
        say("".join(figures))

    def _lag(self, facts):
        """The median of commit to frame, in ms, of what was written since the last line."""
        said = [line for line in self.town.lines() if "failed" not in line][self.heard :]
        self.heard += len(said)
        numbers = {(event.client, event.kind, event.subject): event.number for event in facts.events}
        lags = [
            page.heard_at[number] - line["committed"]
            for line in said
            for number in [numbers.get((line["client"], line["kind"], line["subject"]))]
            for page in self.pages
            if page.client_id == line["client"] and number in page.heard_at
        ]
        return 1000 * median(lags) if lags else 0

    def growth(self):
        """Which process' memory grows, by a straight line through the last two thirds of the figures."""
        last = self.memory[len(self.memory) // 3 :]
        if len(last) < 3:
            return []
        found = []
        for name, figures in zip(("site 1", "site 2", "redis", "postgres"), zip(*last, strict=True), strict=True):
            slope = linear_regression(range(len(figures)), figures).slope
            added = slope * (len(figures) - 1)
            say(f"{name}: {slope * 60:+.2f} MB an hour")
            if added > max(LEAST_MB, LEAST_PART * median(figures)):
                found.append(f"{name} grows: {added:.1f} MB in {len(figures)} minutes, to {figures[-1]:.1f} MB")
        return found


def mails_missing(town, post):
    """Every mail that was queued has come, once."""
    from portal.tests.processes import wait_until

    def queued():
        rows = town.cluster.execute("SELECT key FROM queued_tasks WHERE dedupe_key LIKE 'event %'")
        return sorted(key.hex for (key,) in rows)

    def came():
        return sorted(name.strip("<>").partition("@")[0] for name in post.received.elements())

    try:
        wait_until(lambda: queued() == came(), 60)
    except AssertionError:
        return [f"{len(queued())} mails were queued, and {len(came())} came"]
    say(f"{len(came())} mails came, each once")
    return []


def resident(pid):
    """The memory of a process in MB that is its own: no files, nor the cache that PostgreSQL's processes share."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except (FileNotFoundError, ProcessLookupError):
        # PostgreSQL's come and go.
        return 0
    return int(re.search(r"^Anonymous:\s+(\d+)", text, re.MULTILINE)[1]) / 1024


def sockets(sites):
    """How many connections are open at the sites."""
    ports = {f"{site.port:04X}" for site in sites}
    lines = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    return sum(line[3] == "01" and line[1].rpartition(":")[2] in ports for line in lines)


def say(line):
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

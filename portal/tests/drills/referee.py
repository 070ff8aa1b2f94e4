"""The referee: compares what people were told is done with what the database has and what open pages heard.

It looks from outside, by SQL of its own, and knows nothing of the product's code. `complaints` are sentences; none is
the good end of a drill.
"""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

MARK = re.compile(r"~[\w.-]+~")
# The events that belong to exactly one row, and the row to exactly one of them.
MADE_WITH = {"comment_added": "comments", "time_logged": "entries", "invoice_sent": "invoices"}


@dataclass(frozen=True)
class Event:
    client: int
    number: int
    kind: str
    subject: int | None
    committed_at: datetime | None = None


@dataclass(frozen=True)
class Row:
    """A comment, an entry or an issued invoice, with all the text that it holds."""

    pk: int
    client: int
    text: str


@dataclass(frozen=True)
class Sums:
    """The figures of an invoice, and of its lines."""

    pk: int
    number: str | None
    is_draft: bool
    subtotal: Decimal
    tax: Decimal
    total: Decimal
    lines: tuple


@dataclass
class Facts:
    """What a database has: `counters` are the last event number of each client, `given` the last of each sequence."""

    events: list = field(default_factory=list)
    counters: dict = field(default_factory=dict)
    comments: list = field(default_factory=list)
    entries: list = field(default_factory=list)
    invoices: list = field(default_factory=list)
    sums: list = field(default_factory=list)
    given: dict = field(default_factory=dict)
    failed_tasks: list = field(default_factory=list)


@dataclass
class Ledger:
    """What people were told.

    `words` is the word of each client that no other client may read; `done` what writers were told is committed
    (client, kind, subject, mark); `sent` the invoices that staff were told are sent; `unanswered` how many attempts
    ended without an answer, and so may have been committed or not.
    """

    words: dict = field(default_factory=dict)
    done: list = field(default_factory=list)
    sent: list = field(default_factory=list)
    unanswered: int = 0


@dataclass
class Read:
    """All text that came to somebody of a client."""

    client: int
    texts: list


@dataclass
class Heard(Read):
    """An open page, which must have been told all; `told` are the frames that it accepted."""

    told: list


def complaints(facts, ledger, readers=()):
    """What is wrong, a sentence each; `readers` are Reads and Heards."""
    found = []
    for look in (_lost, _doubled, _half_done, _numbers, _order):
        found += look(facts, ledger)
    for reader in readers:
        found += _leaked(reader, ledger)
        if isinstance(reader, Heard):
            found += _incomplete(reader, facts)
    return found


def _lost(facts, ledger):
    """Each write that was acknowledged is there, of its own client and with its event."""
    events = {(event.client, event.kind, event.subject) for event in facts.events}
    rows = {kind: {row.pk: row for row in getattr(facts, rows)} for kind, rows in MADE_WITH.items()}
    for line in ledger.done:
        row = rows[line["kind"]].get(line["subject"])
        if row is None or row.client != line["client"] or line["mark"] not in row.text:
            yield f"lost: {line} was acknowledged, and there is {row}"
        elif (line["client"], line["kind"], line["subject"]) not in events:
            yield f"lost: {line} was acknowledged, and no event tells of it"
    sent = {row.pk for row in facts.invoices}
    yield from (f"lost: invoice {pk} was said to be sent, and is not" for pk in ledger.sent if pk not in sent)


def _doubled(facts, ledger):
    """Nothing is there twice, and nothing that nobody asked for beyond what ended without an answer."""
    rows = [row for kind in MADE_WITH.values() for row in getattr(facts, kind)]
    marks = Counter(mark for row in rows for mark in set(MARK.findall(row.text)))
    yield from (f"doubled: {count} rows of {mark}" for mark, count in marks.items() if count > 1)
    told = Counter((event.client, event.kind, event.subject) for event in facts.events if _is_of_a_row(event))
    yield from (f"doubled: {count} events {event}" for event, count in told.items() if count > 1)
    unasked = set(marks) - {line["mark"] for line in ledger.done}
    if len(unasked) > ledger.unanswered:
        yield f"doubled: {len(unasked)} rows of which nobody was told, of {ledger.unanswered} unanswered attempts"


def _is_of_a_row(event):
    return event.kind in MADE_WITH and event.subject is not None


def _half_done(facts, ledger):
    """Rows and their events come together, and an invoice's sums are its lines'."""
    for kind, rows in MADE_WITH.items():
        made = {(row.client, row.pk) for row in getattr(facts, rows)}
        told = {(event.client, event.subject) for event in facts.events if event.kind == kind and _is_of_a_row(event)}
        yield from (f"half done: {kind} without event: {row}" for row in sorted(made - told))
        yield from (f"half done: {kind} tells of nothing: {row}" for row in sorted(told - made))
    for sums in facts.sums:
        if not sums.lines or sum(sums.lines) != sums.subtotal or sums.subtotal + sums.tax != sums.total:
            yield f"half done: the lines do not add up in {sums}"
        if sums.is_draft != (sums.number is None):
            yield f"half done: {sums} has a number and is a draft, or neither"
    yield from (f"half done: a task failed for good: {task}" for task in facts.failed_tasks)


def _numbers(facts, ledger):
    """Numbers of invoices and events begin at 1 and have no gap and no double."""
    by_sequence = defaultdict(list)
    for sums in facts.sums:
        if sums.number:
            sequence, _dash, number = sums.number.rpartition("-")
            by_sequence[sequence].append(int(number))
    for sequence in {*by_sequence, *facts.given}:
        if sorted(by_sequence[sequence]) != list(range(1, facts.given.get(sequence, 0) + 1)):
            yield f"numbers: {sequence} has given {facts.given.get(sequence)}, and there are {by_sequence[sequence]}"
    for client, numbers in _numbers_of_events(facts).items():
        if sorted(numbers) != list(range(1, facts.counters.get(client, 0) + 1)):
            yield f"numbers: client {client} counts to {facts.counters.get(client)}, and has {sorted(numbers)}"


def _numbers_of_events(facts):
    numbers = {client: [] for client in facts.counters}
    for event in facts.events:
        numbers.setdefault(event.client, []).append(event.number)
    return numbers


def _order(facts, ledger):
    """A client's events are numbered in the order in which they were committed."""
    last = {}
    for event in sorted(facts.events, key=lambda event: (event.client, event.number)):
        before = last.get(event.client)
        if before and event.committed_at and event.committed_at < before.committed_at:
            yield f"order: {event} was committed before {before}"
        if event.committed_at:
            last[event.client] = event


def _incomplete(page, facts):
    """A page was told all of its client's journal, in order, each once."""
    journal = sorted((event.number, event.kind) for event in facts.events if event.client == page.client)
    told = [(frame["id"], frame["kind"]) for frame in page.told]
    if told == journal:
        return []
    missing, more = sorted(set(journal) - set(told)), sorted(set(told) - set(journal))
    return [f"a page of client {page.client} was told {len(told)} of {len(journal)}; {missing=} {more=}"]


def _leaked(reader, ledger):
    """No other client's word came to anybody of a client."""
    others = {word for client, word in ledger.words.items() if client != reader.client}
    text = "\n".join(reader.texts)
    return [f"leaked: {word} came to a page of client {reader.client}" for word in sorted(others) if word in text]


def facts_of(session):
    """The Facts of a database, by a psycopg session that may read all of it, as of one moment."""
    with session.transaction():
        session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        return Facts(
            events=[Event(*row) for row in session.execute(EVENTS)],
            counters=dict(session.execute("SELECT client_id, last FROM client_event_counters")),
            comments=[Row(*row) for row in session.execute(COMMENTS)],
            entries=[Row(*row) for row in session.execute(ENTRIES)],
            invoices=[Row(*row) for row in session.execute(INVOICES)],
            sums=[Sums(*figures, tuple(lines)) for *figures, lines in session.execute(SUMS)],
            given=dict(session.execute("SELECT kind || '-' || year, last FROM number_sequences WHERE kind = 'INV'")),
            failed_tasks=list(session.execute("SELECT task, error FROM queued_tasks WHERE status = 'FAILED'")),
        )


# An import's event tells of the client, not of a row.
EVENTS = """
    SELECT client_id, number, kind, CASE WHEN subject_type <> 'client' THEN subject_id END,
        pg_xact_commit_timestamp(xmin)
    FROM client_events
"""
COMMENTS = "SELECT id, client_id, content FROM comments WHERE NOT is_internal"
# Of an import one event tells, whatever it brings.
ENTRIES = "SELECT id, client_id, notes FROM time_entries WHERE end_time IS NOT NULL AND import_key IS NULL"
INVOICES = """
    SELECT id, client_id, notes || coalesce(
        (SELECT string_agg(description, ' ') FROM invoice_items WHERE invoice_id = i.id), '')
    FROM invoices i WHERE status <> 'draft'
"""
SUMS = """
    SELECT id, invoice_number, status = 'draft', subtotal, tax_amount, total_amount,
        ARRAY(SELECT amount FROM invoice_items WHERE invoice_id = i.id)
    FROM invoices i
"""

"""The referee objects to a world that lost, doubled, leaked or broke off something, and to no other."""

from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from portal.tests.drills.referee import Event, Facts, Heard, Ledger, Row, Sums, complaints

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
KINDS = ["comment_added", "time_logged", "invoice_sent"]


@pytest.fixture
def facts():
    """Two clients, 1 and 2, of which each has a comment, an entry and an invoice."""
    events = [
        Event(client, number, kind, 10 * client, NOON + timedelta(seconds=number))
        for client in (1, 2)
        for number, kind in enumerate(KINDS, 1)
    ]
    rows = [[Row(10 * client, client, f"kelp{client} ~{what}.{client}~") for client in (1, 2)] for what in "cti"]
    sums = [
        Sums(10 * client, f"INV-2026-000{client}", False, Decimal(110), Decimal(11), Decimal(121), (Decimal(110),))
        for client in (1, 2)
    ]
    return Facts(events, {1: 3, 2: 3}, *rows, sums, {"INV-2026": 2})


@pytest.fixture
def ledger():
    done = [
        {"client": client, "kind": kind, "subject": 10 * client, "mark": f"~{what}.{client}~"}
        for client in (1, 2)
        for what, kind in zip("cti", KINDS, strict=True)
    ]
    return Ledger({1: "kelp1", 2: "kelp2"}, done, sent=[10, 20])


@pytest.fixture
def page():
    return Heard(1, ["<p>kelp1</p>"], [{"id": number, "kind": kind} for number, kind in enumerate(KINDS, 1)])


def test_a_whole_world_gives_no_complaint(facts, ledger, page):
    assert complaints(facts, ledger, [page]) == []


def drop_a_comment(facts):
    del facts.comments[0]


def drop_an_event(facts):
    facts.events = [event for event in facts.events if (event.client, event.number) != (1, 2)]


def drop_the_last_event_with_its_number(facts):
    facts.events.remove(next(event for event in facts.events if (event.client, event.number) == (1, 3)))
    facts.counters[1] = 2


def give_a_row_to_another(facts):
    facts.entries[0] = replace(facts.entries[0], client=2)


def take_a_sending_back(facts):
    facts.sums[1] = replace(facts.sums[1], number=None, is_draft=True)
    del facts.invoices[1]
    facts.given["INV-2026"] = 1


def double_a_row(facts):
    facts.entries.append(replace(facts.entries[0], pk=99))
    facts.events.append(Event(1, 4, "time_logged", 99, NOON + timedelta(seconds=9)))
    facts.counters[1] = 4


def double_an_event(facts):
    facts.events.append(Event(1, 4, "comment_added", 10, NOON + timedelta(seconds=9)))
    facts.counters[1] = 4


def add_a_row_that_nobody_asked_for(facts):
    facts.comments.append(Row(99, 1, "kelp1 ~c.99~"))
    facts.events.append(Event(1, 4, "comment_added", 99, NOON + timedelta(seconds=9)))
    facts.counters[1] = 4


def double_an_invoice_number(facts):
    facts.sums[1] = replace(facts.sums[1], number=facts.sums[0].number)


def skip_an_invoice_number(facts):
    facts.sums[1] = replace(facts.sums[1], number="INV-2026-0003")


def write_no_event(facts):
    drop_the_last_event_with_its_number(facts)


def tear_an_invoice_from_its_lines(facts):
    facts.sums[0] = replace(facts.sums[0], lines=())


def lose_a_line(facts):
    facts.sums[0] = replace(facts.sums[0], lines=(Decimal(100),))


def number_a_draft(facts):
    facts.sums[0] = replace(facts.sums[0], is_draft=True)


def fail_a_task(facts):
    facts.failed_tasks.append(("mail_notice", "OSError"))


def number_in_another_order(facts):
    facts.events[1] = replace(facts.events[1], committed_at=NOON)


WRONGS = {
    drop_a_comment: "lost",
    drop_an_event: "lost",
    drop_the_last_event_with_its_number: "lost",
    give_a_row_to_another: "lost",
    take_a_sending_back: "lost",
    double_a_row: "doubled",
    double_an_event: "doubled",
    add_a_row_that_nobody_asked_for: "doubled",
    double_an_invoice_number: "numbers",
    skip_an_invoice_number: "numbers",
    write_no_event: "half done",
    tear_an_invoice_from_its_lines: "half done",
    lose_a_line: "half done",
    number_a_draft: "half done",
    fail_a_task: "half done",
    number_in_another_order: "order",
}


@pytest.mark.parametrize("spoil", WRONGS, ids=lambda spoil: spoil.__name__)
def test_the_referee_objects(facts, ledger, spoil):
    spoil(facts)
    assert any(complaint.startswith(WRONGS[spoil]) for complaint in complaints(facts, ledger))


def test_what_ended_without_an_answer_may_be_there_or_not(facts, ledger):
    ledger.unanswered = 1
    assert complaints(facts, ledger) == []
    add_a_row_that_nobody_asked_for(facts)
    assert complaints(facts, ledger) == []


@pytest.mark.parametrize("spoil", ["missing", "twice", "disordered", "another's"])
def test_the_referee_objects_to_what_a_page_was_told(facts, ledger, page, spoil):
    told = deepcopy(page.told)
    page.told = {
        "missing": told[:-1],
        "twice": [*told, told[-1]],
        "disordered": [told[1], told[0], told[2]],
        "another's": [*told[:-1], told[-1] | {"kind": "quote_sent"}],
    }[spoil]
    assert any("was told" in complaint for complaint in complaints(facts, ledger, [page]))


def test_the_referee_objects_to_another_clients_word(facts, ledger, page):
    page.texts.append("<li>Invoice for kelp2</li>")
    assert complaints(facts, ledger, [page]) == ["leaked: kelp2 came to a page of client 1"]

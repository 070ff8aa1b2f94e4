"""The story of `manage.py demo`: a believable agency, the same for the same moment, and nothing of it to come."""

from collections import Counter, defaultdict
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from django.db.models import F, Sum
from django.utils import timezone

from accounts import signin
from accounts.models import Client, Event, User
from billing.models import Comment, CreditNote, Invoice, InvoiceItem, Payment, Project, Quote, Task, TimeEntry
from portal.demo import story
from portal.demo.agency import PASSWORD

NOW = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
NEW_YEAR = datetime(2027, 1, 1, 0, 5, tzinfo=UTC)


@contextmanager
def told(now):
    """The story in the test database, taken back at the end."""
    with transaction.atomic():
        story.tell(now=now)
        connection.check_constraints()
        yield
        transaction.set_rollback(True)


def snapshot(now):
    """All that a reader can see of the story, without row ids and hashes."""
    today = timezone.localdate(now)
    with told(now):
        return {
            "users": list(User.objects.order_by("username").values_list("username", "is_staff", "client__name")),
            "clients": list(Client.objects.order_by("name").values_list("name", "currency_code", "timezone", "locale")),
            "switches": list(Client.objects.values_list("show_rates", "show_staff_names", "show_running_timers")),
            "projects": list(
                Project.objects.order_by("client__name", "name")
                .annotate(seconds=Sum("time_entries__duration_seconds"), spent=Sum("time_entries__amount"))
                .values("name", "status", "currency_code", "estimated_hours", "budget_amount", "seconds", "spent")
            ),
            "tasks": list(Task.objects.order_by("project__name", "name").values_list("name", "status", "due_date")),
            "entries": list(
                TimeEntry.objects.order_by("start_time", "user__username").values(
                    "project__name",
                    "task__name",
                    "user__username",
                    "start_time",
                    "end_time",
                    "duration_seconds",
                    "notes",
                    "amount",
                    "created_at",
                    "project__currency_code",
                )
            ),
            "comments": list(
                Comment.objects.order_by("created_at").values_list("content", "is_internal", "created_at")
            ),
            "invoices": [
                {
                    "number": invoice.invoice_number,
                    "client": invoice.client.name,
                    "standing": str(invoice.standing(today)),
                    "credited": invoice.credited_amount > 0,
                    "currency": invoice.currency_code,
                    "total": invoice.total_amount,
                    "outstanding": invoice.outstanding,
                    "times": [invoice.created_at, invoice.sent_at],
                }
                for invoice in Invoice.objects.select_related("client").order_by("pk")
            ],
            "amounts": [
                (row["currency"], row["amount"])
                for rows in [
                    InvoiceItem.objects.values("amount", currency=F("invoice__currency_code")),
                    Payment.objects.values("amount", currency=F("invoice__currency_code")),
                    CreditNote.objects.values("amount", currency=F("invoice__currency_code")),
                ]
                for row in rows.order_by("pk")
            ],
            "payments": sorted(
                (payment.status, payment.amount < 0, payment.paid_on) for payment in Payment.objects.all()
            ),
            "quotes": list(
                Quote.objects.order_by("pk").values_list("title", "client__name", "status", "valid_until", "sent_at")
            ),
            "events": [
                {**event, "facts": {name: fact for name, fact in event["facts"].items() if name != "approval_id"}}
                for event in Event.objects.order_by("client__name", "number").values(
                    "client__name", "number", "kind", "facts", "recorded_at"
                )
            ],
            "accounts": [
                getattr(signin.check(name, PASSWORD), "pk", None) is not None
                for name in ["nora", "katrin", "wiremu", "aiko", "brueggemann", "harakeke"]
            ],
        }


@pytest.fixture(scope="session")
def seen(django_db_setup, django_db_blocker):
    """The snapshot of one telling that all tests share."""
    with django_db_blocker.unblock():
        return snapshot(NOW)


@pytest.mark.django_db
def test_the_same_moment_tells_the_same_story(seen):
    assert snapshot(NOW) == seen


@pytest.fixture(scope="session")
def seen_at_new_year(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        return snapshot(NEW_YEAR)


@pytest.fixture(params=["seen", "seen_at_new_year"])
def any_day(request):
    return request.getfixturevalue(request.param)


def test_three_clients_live_in_three_zones_and_currencies(seen):
    assert seen["clients"] == [
        ("Brüggemann & Söhne Kaffeerösterei", "EUR", "Europe/Berlin", "de-DE"),
        ("Harakeke Outdoor Ltd", "NZD", "Pacific/Auckland", "en-NZ"),
        ("Mizuki Seika Co., Ltd.", "JPY", "Asia/Tokyo", "ja-JP"),
    ]
    assert len(set(seen["switches"])) == 3


def test_every_printed_sign_in_is_let_in(seen):
    assert seen["accounts"] == [True] * 6
    assert len([name for name, is_staff, _client in seen["users"] if is_staff]) == 5


def test_there_are_eighteen_months_of_weekdays(any_day):
    finished = [entry for entry in any_day["entries"] if entry["end_time"]]
    assert 3000 < len(finished) < 5000
    assert finished[-1]["start_time"] - finished[0]["start_time"] > timedelta(days=535)
    assert {entry["start_time"].astimezone(ZoneInfo(story.ZONE)).weekday() for entry in finished} == set(range(5))
    assert len({entry["notes"] for entry in finished}) > 900
    assert len([entry for entry in any_day["entries"] if not entry["end_time"]]) == 1


def test_nobody_works_on_two_things_at_once(any_day):
    spells = defaultdict(list)
    for entry in any_day["entries"]:
        spells[entry["user__username"]].append((entry["start_time"], entry["end_time"]))
    for person in spells.values():
        person.sort()
        assert all(before[1] <= after[0] for before, after in pairwise(person))


def test_nothing_lies_in_the_future(seen, seen_at_new_year):
    for now, rows in [(NOW, seen), (NEW_YEAR, seen_at_new_year)]:
        moments = [entry["end_time"] or entry["start_time"] for entry in rows["entries"]]
        moments += [moment for _content, _internal, moment in rows["comments"]]
        moments += [moment for invoice in rows["invoices"] for moment in invoice["times"] if moment]
        moments += [sent_at for *_quote, sent_at in rows["quotes"] if sent_at]
        moments += [event["recorded_at"] for event in rows["events"]]
        assert max(moments) <= now
        assert max(paid_on for *_payment, paid_on in rows["payments"]) <= timezone.localdate(now)


def test_invoices_stand_in_every_state(any_day):
    standings = Counter(invoice["standing"] for invoice in any_day["invoices"])
    assert set(standings) == {"draft", "cancelled", "paid", "overpaid", "overdue", "partially_paid", "unpaid"}
    assert {invoice["standing"] for invoice in any_day["invoices"] if invoice["credited"]} == {"paid"}
    assert {(status, back) for status, back, _paid_on in any_day["payments"]} == {
        ("completed", False),
        ("completed", True),
        ("pending", False),
        ("failed", False),
    }
    for client, *_fields in any_day["clients"]:
        assert sum(invoice["client"] == client for invoice in any_day["invoices"]) >= 15


def test_drafts_have_no_number_and_numbers_have_no_gap(any_day):
    numbers = defaultdict(list)
    for invoice in any_day["invoices"]:
        assert (invoice["number"] is None) == (invoice["standing"] == "draft")
        if invoice["number"]:
            _kind, year, number = invoice["number"].split("-")
            assert invoice["times"][1].year == int(year)
            numbers[year].append((invoice["times"][1], int(number)))
    for year in numbers.values():
        assert [number for _sent_at, number in sorted(year)] == list(range(1, len(year) + 1))


def test_each_client_has_quotes_in_every_state(any_day):
    for client, *_fields in any_day["clients"]:
        states = Counter(status for _title, whose, status, *_rest in any_day["quotes"] if whose == client)
        assert states == {"accepted": 1, "declined": 1, "sent": 2, "draft": 1}


def test_of_two_sent_quotes_one_still_waits_for_its_answer(seen):
    sent = [valid_until for _title, _client, status, valid_until, _sent_at in seen["quotes"] if status == "sent"]
    assert Counter(valid_until >= NOW.date() for valid_until in sent) == {True: 3, False: 3}


def test_yen_have_no_decimals(any_day):
    yen = [amount for currency, amount in any_day["amounts"] if currency == "JPY"]
    yen += [entry["amount"] for entry in any_day["entries"] if entry["project__currency_code"] == "JPY"]
    yen += [invoice["total"] for invoice in any_day["invoices"] if invoice["currency"] == "JPY"]
    yen = [amount for amount in yen if amount is not None]
    assert len(yen) > 800
    assert all(amount == int(amount) for amount in yen)


def test_projects_are_in_every_state_some_near_and_some_over_their_limit(any_day):
    assert {project["status"] for project in any_day["projects"]} == {"active", "on_hold", "completed", "archived"}
    used = {}
    for project in any_day["projects"]:
        if project["estimated_hours"]:
            used[project["name"]] = project["seconds"] / Decimal(3600) / project["estimated_hours"]
        if project["budget_amount"]:
            used[project["name"]] = project["spent"] / project["budget_amount"]
    assert used["Tour booking"] > 1
    assert Decimal("0.9") < used["Online shop"] < 1
    assert Decimal("0.9") < used["Gift box configurator"] < 1
    assert used["Wholesale portal"] < Decimal("0.5")


def test_tasks_are_in_every_state(seen):
    assert {status for _name, status, _due in seen["tasks"]} == {"todo", "in_progress", "review", "done", "cancelled"}


def test_some_comments_are_internal_and_not_told(seen):
    internal = Counter(internal for _content, internal, _moment in seen["comments"])
    assert min(internal.values()) >= 8
    assert sum(event["kind"] == "comment_added" for event in seen["events"]) == internal[False]


def test_the_journal_is_in_order_for_each_client(any_day):
    journals = defaultdict(list)
    for event in any_day["events"]:
        journals[event["client__name"]].append((event["number"], event["recorded_at"]))
    assert len(journals) == 3
    for journal in journals.values():
        assert [number for number, _moment in journal] == list(range(1, len(journal) + 1))
        assert [moment for _number, moment in journal] == sorted(moment for _number, moment in journal)


def test_all_logged_time_is_told(seen):
    facts = [event["facts"] for event in seen["events"] if event["kind"] == "time_logged"]
    finished = [entry for entry in seen["entries"] if entry["end_time"]]
    assert sum(fact["entries"] for fact in facts) == len(finished)
    assert sum(fact["seconds"] for fact in facts) == sum(entry["duration_seconds"] for entry in finished)

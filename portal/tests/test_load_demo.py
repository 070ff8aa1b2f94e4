"""`manage.py load_demo`: what it fills, for whom, and that it is the same each time."""

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from accounts.models import Client, Event, EventCounter, User
from accounts.tests.factories import ClientFactory
from billing.models import Invoice, ProjectTotal, TimeEntry
from billing.tests.test_totals import check
from portal.demo import load
from portal.demo.agency import PASSWORD
from portal.tests.browsers import sign_in

pytestmark = pytest.mark.django_db
PAGES = ("", "/projects", "/time-entries", "/invoices", "/reports", "/activity", "/notifications", "/statement")


def loaded(**options):
    call_command("load_demo", clients=3, entries=100, until="2026-03-10T12:00:00Z", verbosity=0, **options)


def rows_of(model, *left_out):
    return list(
        model.objects.order_by("pk").values_list(*sorted({f.name for f in model._meta.concrete_fields} - {*left_out}))
    )


def test_a_database_is_filled_and_every_sum_is_right(monkeypatch, capsys):
    monkeypatch.setattr(load, "WHALE", load.Size(projects=6, entries=300, invoices=40))
    loaded(whale=True)
    assert "client4" in capsys.readouterr().out
    assert (Client.objects.count(), TimeEntry.objects.count(), Invoice.objects.count()) == (4, 400, 76)
    assert sum(ProjectTotal.objects.values_list("entries", flat=True)) == 400
    assert check() == "All totals are right\n"
    for counter in EventCounter.objects.all():
        numbers = Event.objects.filter(client=counter.client_id).order_by("number").values_list("number", flat=True)
        assert list(numbers) == [*range(1, counter.last + 1)]
    browser, _answer = sign_in("client4", PASSWORD)
    for page in PAGES:
        assert browser.get(f"/client-portal{page}").status_code == 200
    assert User.objects.create(username="later").pk > 25


def test_the_same_numbers_and_moment_give_the_same_rows():
    seen = []
    for _time in range(2):
        with transaction.atomic():
            loaded()
            seen.append([rows_of(TimeEntry), rows_of(Invoice), rows_of(Event, "id")])
            transaction.set_rollback(True)
    assert seen[0] == seen[1]


def test_a_database_in_use_is_left_alone():
    ClientFactory()
    with pytest.raises(CommandError, match="in use"):
        loaded()
    assert Client.objects.count() == 1


@pytest.mark.parametrize(
    "options", [{"clients": 0}, {"entries": -1}, {"until": "yesterday"}, {"until": "2026-03-10T12:00"}]
)
def test_what_cannot_be_loaded_is_refused(options):
    with pytest.raises(CommandError):
        call_command("load_demo", **options)

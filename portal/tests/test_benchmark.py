"""`manage.py benchmark`: that it measures every page, and what a measurement holds."""

import json

import pytest
from channels.layers import get_channel_layer
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import SignedInSession
from billing.tests.import_files import counts
from portal import benchmark, import_benchmark, live_benchmark
from portal.demo import load
from portal.tests.browsers import signed_in
from portal.tests.proof.test_routes import ROUTES

pytestmark = pytest.mark.django_db


@pytest.fixture
def loaded(monkeypatch):
    monkeypatch.setattr(import_benchmark, "ROWS", 50)
    monkeypatch.setattr(load, "WHALE", load.Size(projects=6, entries=300, invoices=30))
    call_command("load_demo", clients=1, entries=60, whale=True, until="2026-03-10T12:00:00Z", verbosity=0)


def test_every_page_and_file_is_measured_for_both_clients(loaded, tmp_path, capsys):
    file = tmp_path / "costs.json"
    call_command("benchmark", repeat=1, json=file)
    found = json.loads(file.read_text())
    assert {(cost["page"], cost["viewer"]) for cost in found["pages"]} == {
        (page, viewer) for page in (*benchmark.PAGES, *LIVE) for viewer in ("small", "large")
    }
    assert {cost["file"] for cost in found["files"]} == set(benchmark.FILES)
    assert {cost["way"] for cost in found["imports"]} >= {"read", "import"}
    pages = [cost for cost in found["pages"] if cost["page"] in benchmark.PAGES]
    assert all(cost["queries"] and cost["bytes"] and cost["cpu_ratio"] > 0 for cost in pages)
    bare = [cost for cost in found["pages"] if cost["page"] == "bare page"]
    assert [(cost["cpu_ratio"], cost["median_ratio"]) for cost in bare] == [(1, 1), (1, 1)]
    assert "dashboard" in capsys.readouterr().out


# Of open pages: how many queries each takes.
LIVE = {"opening a socket": 4, "telling 1 socket": 0, "telling 1,000 sockets": 0, "watching 1,000 sockets": 2}


def test_open_pages_are_measured_without_reaching_any_or_writing_anything(loaded):
    browser = signed_in(benchmark.small_and_large()["small"])
    before = counts(), SignedInSession.objects.count()
    works = live_benchmark.works(browser.session.session_key)
    assert {what: work.queries for what, work in works.items()} == LIVE
    said = works["telling 1 socket"].bytes
    assert 150 < said < 400
    assert works["telling 1,000 sockets"].bytes == 1000 * said
    assert works["watching 1,000 sockets"].bytes == 0
    assert works["opening a socket"].bytes > 20
    assert all(work.seconds > 0 for work in works.values())
    assert (counts(), SignedInSession.objects.count()) == before


def test_a_real_open_page_hears_nothing_of_the_measuring(loaded, monkeypatch):
    async def send(*_message):
        raise AssertionError("somebody was told")

    monkeypatch.setattr(get_channel_layer(), "group_send", send)
    browser = signed_in(benchmark.small_and_large()["small"])
    assert live_benchmark.works(browser.session.session_key)


def test_an_import_is_measured_and_leaves_nothing(loaded):
    before = counts()
    costs = import_benchmark.measure("large", benchmark.small_and_large()["large"])
    copied = ["COPY"] if connection.vendor == "postgresql" else []
    assert [cost.way for cost in costs] == ["read", "import", "again", *copied]
    assert [cost.ratio for cost in costs if cost.way == "COPY"] == [1] * len(copied)
    assert {cost.rows for cost in costs} == {50}
    assert counts() == before


def test_no_page_of_the_portal_is_left_out():
    asked = {path.partition("?")[0] for path in (*benchmark.PAGES.values(), *benchmark.FILES.values())}
    shown = {
        address.removeprefix("client-portal")
        .replace("<str:project_id>", "{project}")
        .replace("<str:invoice_id>", "{invoice}")
        for address, kind in ROUTES.items()
        if kind in {"page", "row"} and "quote" not in address
    }
    # The dashboard's other address.
    assert shown - asked == {"/dashboard"}


def test_where_nobody_has_anything_there_is_nothing_to_measure():
    with pytest.raises(CommandError, match="load_demo"):
        call_command("benchmark")


def test_the_bare_page_is_there_only_while_it_is_measured(client):
    assert client.get(f"/client-portal{benchmark.BARE}").status_code == 404

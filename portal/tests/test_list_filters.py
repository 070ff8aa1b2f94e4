"""What the lists share: filters told as tags to drop, presets, ways out of an empty filter, numbered pages."""

import re
from html import unescape

import pytest
import time_machine

from accounts.tests.factories import PortalUserFactory, StaffFactory
from billing.tests.factories import NOW, ProjectFactory, TaskFactory, TimeEntryFactory, sent_invoice
from portal.tests.browsers import signed_in
from portal.tests.test_pages import text

pytestmark = pytest.mark.django_db

TIME = "/client-portal/time-entries"
TAG = re.compile(r'<a class="tag" href="([^"]*)"><span class="tag-words">([^<]*)<')
PRESET = re.compile(r'<a href="\?([^"]*)" (aria-current="page")?>([^<]*)</a>')


@pytest.fixture(autouse=True)
def on_the_day():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def task(client_row):
    """A task of a project with an hour of work on it."""
    project = ProjectFactory(client=client_row, name="Shop & more")
    task = TaskFactory(project=project, name="Cart")
    TimeEntryFactory(project=project, task=task, user=StaffFactory(first_name="Nora", last_name="Albers"), notes="Done")
    return task


def tags(browser, address):
    """`{what a tag says: where it leads}`."""
    page = browser.get(address).content.decode()
    return {unescape(words): unescape(link) for link, words in TAG.findall(page)}


def test_each_filter_in_use_is_a_tag_that_drops_it_alone(viewer, task):
    project, person = task.project_id, task.project.time_entries.get().user_id
    state = {
        "q": "do",
        "project_id": project,
        "task_id": task.pk,
        "person_id": person,
        "date_from": "2026-03-01",
        "date_to": "2026-03-31",
        "sort": "oldest",
    }
    found = tags(viewer, f"{TIME}?" + "&".join(f"{name}={value}" for name, value in state.items()))
    gone = {
        "Note contains: “do”": {"q"},
        # A task is chosen within its project: without the one there is no other.
        "Project: Shop & more": {"project_id", "task_id"},
        "Task: Cart": {"task_id"},
        "Person: Nora Albers": {"person_id"},
        "1 Mar 2026 – 31 Mar 2026": {"date_from", "date_to"},
        "Order: Oldest first": {"sort"},
    }
    assert {*found} == {*gone}
    for words, names in gone.items():
        left = "&".join(f"{name}={value}" for name, value in state.items() if name not in names)
        assert found[words] == f"?{left}"
        page = viewer.get(f"{TIME}{found[words]}")
        assert words not in tags(viewer, f"{TIME}{found[words]}")
        assert "field-errors" not in text(page)


def test_one_end_of_a_range_is_a_tag_by_itself(viewer, task):
    assert tags(viewer, f"{TIME}?date_from=2026-03-01&q=") == {"From: 1 Mar 2026": "?"}
    assert tags(viewer, f"{TIME}?date_from=2026-03-10&date_to=2026-03-10") == {"10 Mar 2026": "?"}
    assert tags(viewer, TIME) == {}


def test_a_tag_forgets_the_page(viewer, client_row):
    TimeEntryFactory.create_batch(51, project=ProjectFactory(client=client_row), notes="Done")
    assert tags(viewer, f"{TIME}?q=Done&sort=oldest&page=2")["Note contains: “Done”"] == "?sort=oldest"


def test_a_report_always_has_days_and_tells_the_rest_as_tags(viewer, task):
    address = f"/client-portal/reports?date_from=2026-03-01&date_to=2026-03-31&project_id={task.project_id}&group=week"
    days = "?date_from=2026-03-01&date_to=2026-03-31"
    assert tags(viewer, address) == {
        "Project: Shop & more": f"{days}&group=week",
        "Hours by: Week": f"{days}&project_id={task.project_id}",
    }
    assert tags(viewer, "/client-portal/reports") == {}


def test_the_kind_of_activity_is_a_tag(viewer, task):
    assert tags(viewer, "/client-portal/activity?kind=time_logged") == {"What: Time logged": "?"}


def test_tags_are_in_the_readers_language(client_row, task):
    katrin = signed_in(PortalUserFactory(client=client_row, locale="de-DE"))
    found = tags(katrin, f"{TIME}?sort=longest&date_from=2026-03-01")
    assert found == {"Von: 01.03.2026": "?sort=longest", "Reihenfolge: Längste zuerst": "?date_from=2026-03-01"}


def test_presets_keep_the_other_filters_and_say_which_is_shown(viewer, task):
    page = viewer.get(f"{TIME}?project_id={task.project_id}&date_from=2026-03-01&date_to=2026-03-31").content.decode()
    presets = {name: (unescape(query), bool(here)) for query, here, name in PRESET.findall(page)}
    kept = f"&project_id={task.project_id}"
    assert presets["This month"] == (f"date_from=2026-03-01&date_to=2026-03-31{kept}", True)
    assert presets["Last week"] == (f"date_from=2026-03-02&date_to=2026-03-08{kept}", False)
    assert [name for name, (_query, here) in presets.items() if here] == ["This month"]


@pytest.mark.parametrize(
    "address",
    [
        f"{TIME}?q=nothing+of+this",
        f"{TIME}?date_from=x",
        "/client-portal/activity?kind=quote_sent",
        "/client-portal/activity?kind=x",
        "/client-portal/reports?date_from=x",
        "/client-portal/invoices?status=paid",
    ],
)
def test_an_empty_filter_has_a_way_out_of_it(viewer, client_row, task, address):
    sent_invoice(client_row)
    page = text(viewer.get(address))
    assert 'class="empty"' in page
    assert f'<a class="button" href="{address.split("?")[0]}">' in page


@pytest.mark.parametrize("address", [TIME, f"{TIME}?sort=oldest", "/client-portal/activity", "/client-portal/invoices"])
def test_an_empty_list_says_what_will_come_and_offers_no_filter_to_drop(viewer, address):
    page = text(viewer.get(address))
    assert 'class="empty"' in page
    assert re.search("appears? here", page)
    assert "Drop the filter" not in page


def test_pages_have_numbers(viewer, client_row):
    TimeEntryFactory.create_batch(451, project=ProjectFactory(client=client_row))
    page = text(viewer.get(f"{TIME}?sort=oldest&page=5"))
    assert '<span class="page-number" aria-current="page">5</span>' in page
    linked = re.findall(r'<a class="page-number" href="\?sort=oldest&amp;page=([0-9]+)">', page)
    assert linked == ["1", "4", "6", "10"]
    assert page.count("<li>…</li>") == 2
    for way, number in (("prev", 4), ("next", 6)):
        assert f'rel="{way}" href="?sort=oldest&amp;page={number}"' in page

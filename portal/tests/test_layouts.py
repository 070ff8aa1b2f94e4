"""Which widgets a dashboard shows in which order: whose layout it is, what is taken, and what is refused."""

import json

import pytest
from django.test import Client as Browser

from accounts.tests.at_once import at_once, times
from accounts.tests.factories import CompanyLoginFactory, PortalUserFactory
from portal import layouts
from portal.models import DashboardPreference
from portal.scope import Viewer
from portal.tests.browsers import sign_in, signed_in
from portal.tests.test_pages import text
from portal.widgets import DEFAULT_ORDER, WIDGETS

pytestmark = pytest.mark.django_db

ADDRESS = "/client-portal/dashboard/preferences"
STANDARD = ["stats", "pending_actions", "projects", "invoices", "time_entries"]
TWO = ["projects", "stats"]


def post(browser, body, **extra):
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    return browser.post(ADDRESS, sent, content_type="application/json", **extra)


def saved(browser):
    return browser.get(ADDRESS).json()


def both(names):
    return {"widget_ids": names, "widget_order": names}


def shown(browser):
    return [widget.id for widget, _data in browser.get("/client-portal").context["widgets"]]


def test_without_a_saved_layout_it_is_the_standard_one(viewer):
    assert saved(viewer) == both(STANDARD)
    assert shown(viewer) == STANDARD
    assert not DashboardPreference.objects.exists()


TAKEN = [
    ({"widget_ids": TWO}, both(TWO)),
    ({"widget_ids": TWO, "widget_order": ["stats", "projects"]}, None),
    ({"widget_ids": []}, both([])),
    ({"widget_ids": [], "widget_order": []}, None),
    ({"widget_ids": [*WIDGETS]}, both([*WIDGETS])),
    ({"widget_ids": ["stats"], "colour": "red"}, both(["stats"])),
]


@pytest.mark.parametrize(("body", "answer"), TAKEN, ids=str)
def test_a_layout_is_saved_and_answered(viewer, body, answer):
    response = post(viewer, body)
    assert (response.status_code, response.json()) == (200, answer or body)
    assert saved(viewer) == (answer or body)
    assert shown(viewer) == (answer or body)["widget_order"]


REFUSED = [
    (b"", "not JSON"),
    (b"{", "not JSON"),
    (b"widget_ids=stats", "not JSON"),
    (b'{"widget_ids": ["stats"]} x', "not JSON"),
    (b'{"widget_ids": NaN}', "not JSON"),
    (b'{"widget_ids": [' + b"9" * 5000 + b"]}", "not JSON"),
    (b"\xff\xfe{\x00}\x00", "not JSON"),
    (b'{"widget_ids": ["\xed\xa0\x80"]}', "not JSON"),
    (b"[" * 8000 + b"]" * 8000, "not JSON"),
    (b'{"a":' * 3000, "not JSON"),
    (b"null", "object"),
    (b'"stats"', "object"),
    (b"[]", "object"),
    (b"5", "object"),
    (b"{}", "“widget_ids” is missing"),
    (b'{"widget_order": ["stats"]}', "“widget_ids” is missing"),
    (b'{"widget_ids": null}', "“widget_ids” must be a list"),
    (b'{"widget_ids": "stats"}', "“widget_ids” must be a list"),
    (b'{"widget_ids": {"stats": 1}}', "“widget_ids” must be a list"),
    (b'{"widget_ids": ["stats", 5]}', "element 2"),
    (b'{"widget_ids": [null]}', "element 1"),
    (b'{"widget_ids": [["stats"]]}', "element 1"),
    (b'{"widget_ids": [{}]}', "element 1"),
    (b'{"widget_ids": ["stats", "weather"]}', "“weather”"),
    (b'{"widget_ids": ["STATS"]}', "“STATS”"),
    (b'{"widget_ids": ["stats "]}', "“stats ”"),
    (b'{"widget_ids": [""]}', "“”"),
    (b'{"widget_ids": ["\\u0000"]}', "“\0”"),
    (b'{"widget_ids": ["\\ud800"]}', "“\ud800”"),
    (b'{"widget_ids": ["' + b"x" * 5000 + b'"]}', "x…”"),
    (b'{"widget_ids": ["stats", "projects", "stats"]}', "“stats” is named more than once"),
    (b'{"widget_ids": ["stats"], "widget_ids": ["projects"]}', "“widget_ids” is there more than once"),
    (b'{"widget_ids": ["stats"], "widget_order": null}', "“widget_order” must be a list"),
    (b'{"widget_ids": ["stats"], "widget_order": "stats"}', "“widget_order” must be a list"),
    (b'{"widget_ids": ["stats"], "widget_order": [1]}', "“widget_order” must be a list of strings; its element 1"),
    (b'{"widget_ids": ["stats", "projects"], "widget_order": ["stats"]}', "“projects”"),
    (b'{"widget_ids": ["stats"], "widget_order": ["stats", "stats"]}', "“stats”"),
    (b'{"widget_ids": ["stats"], "widget_order": ["projects"]}', "“stats”"),
    (b'{"widget_ids": ["stats"], "widget_order": []}', "“stats”"),
    (b'{"widget_ids": [], "widget_order": ["stats"]}', "“stats”"),
]


@pytest.mark.parametrize(("body", "words"), REFUSED, ids=lambda value: repr(value)[:40])
def test_what_cannot_be_a_layout_is_refused_in_words_and_saves_nothing(viewer, body, words):
    post(viewer, {"widget_ids": TWO})
    response = post(viewer, body)
    assert (response.status_code, set(response.json())) == (400, {"error"})
    assert words in response.json()["error"]
    assert saved(viewer) == both(TWO)


def padded(size):
    body = b'{"widget_ids": ["stats"]}'
    return body + b" " * (size - len(body))


def test_a_body_has_16_kib_at_most(viewer):
    assert post(viewer, padded(16 * 1024)).status_code == 200
    for body in (padded(16 * 1024 + 1), b"[" * 100_000, padded(3_000_000)):
        response = post(viewer, body)
        assert (response.status_code, set(response.json())) == (413, {"error"})


def test_a_form_is_no_layout(viewer):
    assert viewer.post(ADDRESS, {"widget_ids": "stats"}).status_code == 400


def test_without_its_token_nothing_is_saved(client_row):
    user = PortalUserFactory(client=client_row)
    browser = Browser(enforce_csrf_checks=True)
    browser.force_login(user)
    assert post(browser, {"widget_ids": TWO}).status_code == 403
    assert not DashboardPreference.objects.exists()
    browser.get("/client-portal/password")
    token = browser.cookies["csrftoken"].value
    assert post(browser, {"widget_ids": TWO}, headers={"X-CSRFToken": token}).status_code == 200


def test_a_layout_is_each_persons_own_and_the_company_logins_own():
    company = CompanyLoginFactory(portal_username="northwind")
    person, colleague = (signed_in(PortalUserFactory(client=company)) for _n in range(2))
    together, _page = sign_in("northwind")
    post(person, {"widget_ids": ["stats"]})
    post(together, {"widget_ids": ["invoices"]})
    assert [saved(one)["widget_ids"] for one in (person, colleague, together)] == [["stats"], STANDARD, ["invoices"]]
    again, _page = sign_in("northwind")
    assert saved(again) == both(["invoices"])
    post(person, {"widget_ids": ["projects"]})
    assert [saved(one)["widget_ids"] for one in (person, colleague, together)] == [["projects"], STANDARD, ["invoices"]]
    assert DashboardPreference.objects.count() == 2


def test_another_clients_company_login_keeps_its_own():
    for name in ("northwind", "contoso"):
        CompanyLoginFactory(portal_username=name)
    (one, _page), (other, _page) = sign_in("northwind"), sign_in("contoso")
    post(one, {"widget_ids": ["stats"]})
    assert saved(other) == both(STANDARD)


def test_widgets_that_this_release_does_not_know_are_kept_and_not_shown(client_row):
    user = PortalUserFactory(client=client_row)
    stored = ["weather", "stats", "tides"]
    DashboardPreference.objects.create(
        client=client_row, user=user, widget_ids=stored, widget_order=["tides", "stats", "weather"]
    )
    browser = signed_in(user)
    assert saved(browser) == both(["stats"])
    assert shown(browser) == ["stats"]
    assert post(browser, {"widget_ids": TWO}).json() == both(TWO)
    row = DashboardPreference.objects.get()
    assert row.widget_ids == [*TWO, "weather", "tides"]
    assert row.widget_order == [*TWO, "tides", "weather"]


def test_a_new_widget_joins_no_saved_layout(viewer):
    post(viewer, {"widget_ids": ["stats"]})
    assert set(WIDGETS) > set(DEFAULT_ORDER)
    assert shown(viewer) == ["stats"]


def test_an_empty_dashboard_offers_to_add_widgets(viewer):
    post(viewer, {"widget_ids": []})
    page = text(viewer.get("/client-portal"))
    assert "Your dashboard is empty" in page
    assert "Add widgets" in page


def test_reset_gives_the_standard_dashboard_back(client_row):
    viewer = Viewer(client=client_row, user=None)
    layouts.save(viewer, widget_ids=["stats"])
    layouts.reset(viewer)
    assert layouts.layout_of(viewer) == (STANDARD, STANDARD)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["person", "company"])
def test_fifty_first_layouts_at_once_leave_one_row(kind):
    company = CompanyLoginFactory(portal_username="northwind")
    browser = signed_in(PortalUserFactory(client=company)) if kind == "person" else sign_in("northwind")[0]

    def send():
        one = Browser()
        one.cookies = browser.cookies
        return post(one, {"widget_ids": TWO}).status_code

    assert at_once(times(50, send)) == [200] * 50
    assert DashboardPreference.objects.get().widget_ids == TWO


# The form, for those without scripts


FORM = "/client-portal/dashboard/customize"


def arrange(browser, *names, **more):
    return browser.post(FORM, {"widget_ids": [*names], **more})


def test_the_form_saves_what_is_ticked_in_the_order_of_the_page(viewer):
    answer = arrange(viewer, "invoices", "activity")
    assert (answer.status_code, answer["Location"]) == (302, "/client-portal")
    assert shown(viewer) == ["invoices", "activity"]
    page = viewer.get(FORM)
    assert [widget.id for widget in page.context["form"].shown] == ["invoices", "activity"]
    assert page.content.count(b" checked") == 2
    assert arrange(viewer).status_code == 302
    assert shown(viewer) == []


@pytest.mark.parametrize(
    ("move", "order"),
    [
        ("up:projects", ["projects", "stats", "invoices"]),
        ("down:projects", ["stats", "invoices", "projects"]),
        ("up:stats", ["stats", "projects", "invoices"]),
        ("down:invoices", ["stats", "projects", "invoices"]),
        ("up:activity", ["stats", "projects", "invoices"]),
    ],
)
def test_a_button_moves_one_a_place_and_comes_back_to_it(viewer, move, order):
    answer = arrange(viewer, "stats", "projects", "invoices", move=move)
    assert answer["Location"] == f"{FORM}#show-{move.partition(':')[2]}"
    assert shown(viewer) == order


def test_the_form_gives_the_standard_back(viewer):
    arrange(viewer, "activity")
    assert arrange(viewer, "activity", reset="1").status_code == 302
    assert shown(viewer) == STANDARD


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"widget_ids": ["weather"]}, "There is no widget “weather”."),
        ({"widget_ids": ["stats", "stats"]}, "The widget “stats” is named more than once."),
        ({"widget_ids": ["stats"], "move": "left:stats"}, "This cannot be moved."),
        ({"widget_ids": ["stats"], "move": "up:weather"}, "This cannot be moved."),
        ({"widget_ids": ["\0"]}, "There is no widget"),
    ],
)
def test_a_form_that_cannot_be_used_says_so_and_saves_nothing(viewer, sent, said):
    arrange(viewer, *TWO)
    answer = viewer.post(FORM, sent)
    assert answer.status_code == 200
    assert said in text(answer)
    assert shown(viewer) == TWO


def test_the_dashboard_leads_to_the_form_and_the_company_hears_whose_it_is():
    CompanyLoginFactory(portal_username="northwind")
    together, _page = sign_in("northwind")
    assert f'href="{FORM}"' in text(together.get("/client-portal"))
    assert "for everybody who uses the company login" in text(together.get(FORM))

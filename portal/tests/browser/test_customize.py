"""Laying the dashboard out in a real browser: by keyboard, by mouse, by touch, and without scripts."""

import pytest
from django.contrib.auth.hashers import make_password
from django.utils import timezone
from playwright.sync_api import expect

from accounts.tests.factories import PASSWORD, PortalUserFactory, StaffFactory
from billing import tracking
from billing.tests.factories import ProjectFactory
from portal.tests.browser.test_walk import SIZES, assert_fine, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

STANDARD = ["At a glance", "Waiting for you", "Projects", "Latest invoices", "Latest work"]
LATE_FIRST = ["Projects", "At a glance", "Waiting for you", "Latest invoices", "Latest work"]


@pytest.fixture
def user():
    return PortalUserFactory(username="ada", password=make_password(PASSWORD, hasher="argon2"))


@pytest.fixture
def dashboard(page, server, user, errors):
    """A page that shows ada's dashboard."""
    sign_in(page, server)
    page.goto(f"{server}/client-portal")
    expect(page.locator(".widget h2")).to_have_text(STANDARD)
    yield page
    assert errors == []


def customize(page):
    page.get_by_role("link", name="Customize dashboard").click()
    dialog = page.get_by_role("dialog", name="Customize dashboard")
    expect(dialog).to_be_visible()
    return dialog


def save(dialog):
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)


def click_all(boxes):
    boxes.evaluate_all("boxes => boxes.forEach((box) => box.click())")


def titles(page):
    return page.locator(".widget h2")


def handle(dialog, title):
    return dialog.get_by_role("button", name=f"Move {title} with the arrow keys")


def spoken(dialog):
    return dialog.locator("[data-spoken]")


def test_the_keyboard_moves_a_widget_and_it_stays_there(dashboard):
    dialog = customize(dashboard)
    grip = handle(dialog, "Projects")
    grip.press("ArrowUp")
    expect(spoken(dialog)).to_have_text("Projects, position 2 of 5")
    expect(grip).to_be_focused()
    grip.press("ArrowUp")
    grip.press("ArrowUp")
    expect(spoken(dialog)).to_have_text("Projects, position 1 of 5")
    dashboard.evaluate("window.stayed = true")
    save(dialog)
    expect(titles(dashboard)).to_have_text(LATE_FIRST)
    expect(dashboard.get_by_role("link", name="Customize dashboard")).to_be_focused()
    expect(dashboard.locator("[data-customize-said]")).to_contain_text("Saved")
    assert dashboard.evaluate("window.stayed")
    dashboard.reload()
    expect(titles(dashboard)).to_have_text(LATE_FIRST)


def test_home_end_and_the_buttons_move_too(dashboard):
    dialog = customize(dashboard)
    handle(dialog, "Projects").press("End")
    expect(spoken(dialog)).to_have_text("Projects, position 5 of 5")
    handle(dialog, "Projects").press("Home")
    expect(spoken(dialog)).to_have_text("Projects, position 1 of 5")
    down = dialog.get_by_role("button", name="Move Projects down")
    down.click()
    expect(spoken(dialog)).to_have_text("Projects, position 2 of 5")
    expect(down).to_be_focused()
    dialog.get_by_role("button", name="Move Projects up").press("Enter")
    expect(spoken(dialog)).to_have_text("Projects, position 1 of 5")
    save(dialog)
    expect(titles(dashboard)).to_have_text(LATE_FIRST)


def pull(page, dialog, title, to):
    """Drag a row by its handle to the top of another."""
    start, end = handle(dialog, title).bounding_box(), handle(dialog, to).bounding_box()
    page.mouse.move(start["x"] + 10, start["y"] + 10)
    page.mouse.down()
    page.mouse.move(start["x"] + 10, end["y"] - 5, steps=12)
    page.mouse.up()


def test_the_mouse_drags_a_widget(dashboard):
    dialog = customize(dashboard)
    pull(dashboard, dialog, "Projects", to="At a glance")
    expect(spoken(dialog)).to_have_text("Projects, position 1 of 5")
    save(dialog)
    expect(titles(dashboard)).to_have_text(LATE_FIRST)
    dashboard.reload()
    expect(titles(dashboard)).to_have_text(LATE_FIRST)


def test_a_finger_drags_a_widget(browser, server, user):
    context = browser.new_context(has_touch=True, viewport={"width": 390, "height": 844})
    page = context.new_page()
    sign_in(page, server)
    page.goto(f"{server}/client-portal")
    dialog = customize(page)
    start = handle(dialog, "Projects").bounding_box()
    end = handle(dialog, "At a glance").bounding_box()
    finger = context.new_cdp_session(page)
    x, steps = start["x"] + 10, 10
    way = [start["y"] + 10 + (end["y"] - 5 - start["y"]) * step / steps for step in range(steps + 1)]
    finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": way[0]}]})
    for y in way[1:]:
        finger.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x, "y": y}]})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(spoken(dialog)).to_have_text("Projects, position 1 of 5")
    save(dialog)
    expect(titles(page)).to_have_text(LATE_FIRST)
    context.close()


def test_ticks_add_and_take_away_and_cancelling_changes_nothing(dashboard):
    dialog = customize(dashboard)
    dialog.get_by_role("checkbox", name="Coming up", exact=True).check()
    expect(spoken(dialog)).to_have_text("Coming up, position 6 of 6")
    dialog.get_by_role("checkbox", name="Projects", exact=True).uncheck()
    expect(spoken(dialog)).to_have_text("Projects is not shown")
    dialog.get_by_role("link", name="Cancel").click()
    expect(dialog).to_have_count(0)
    expect(titles(dashboard)).to_have_text(STANDARD)
    dialog = customize(dashboard)
    dialog.get_by_role("checkbox", name="Coming up", exact=True).check()
    dialog.get_by_role("checkbox", name="Projects", exact=True).uncheck()
    save(dialog)
    expect(titles(dashboard)).to_have_text([title for title in STANDARD if title != "Projects"] + ["Coming up"])


def test_an_empty_dashboard_offers_widgets_and_the_standard_comes_back(dashboard):
    dialog = customize(dashboard)
    click_all(dialog.get_by_role("checkbox", checked=True))
    save(dialog)
    expect(dashboard.get_by_text("Your dashboard is empty")).to_be_visible()
    dashboard.get_by_role("link", name="Add widgets").click()
    dashboard.get_by_role("dialog").get_by_role("button", name="Back to the standard").click()
    expect(titles(dashboard)).to_have_text(STANDARD)
    expect(dashboard.get_by_role("link", name="Customize dashboard")).to_be_focused()


def test_what_is_drawn_anew_after_saving_still_follows_what_happens(dashboard, user):
    project, staff = ProjectFactory(client=user.client, name="Shop"), StaffFactory()
    dialog = customize(dashboard)
    dialog.get_by_role("checkbox", name="Latest activity", exact=True).check()
    save(dialog)
    expect(dashboard.locator("#part-activity")).to_contain_text("Nothing happened yet")
    now = timezone.now()
    tracking.log(project, user=staff, start_time=now, duration_seconds=9000, by=staff, now=now)
    dashboard.evaluate("document.dispatchEvent(new CustomEvent('live:stale'))")
    expect(dashboard.locator("#part-activity")).to_contain_text("2.50 hours logged")
    expect(dashboard.locator("#part-summary")).to_contain_text("2.5 hours this month")


def test_a_layout_that_cannot_be_saved_stays_open_and_says_so(dashboard, errors):
    dialog = customize(dashboard)
    dashboard.route("**/dashboard/preferences", lambda route: route.abort())
    handle(dialog, "Projects").press("Home")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_contain_text("could not be saved")
    dashboard.unroute("**/dashboard/preferences")
    save(dialog)
    expect(titles(dashboard)).to_have_text(LATE_FIRST)
    errors.clear()


def test_without_scripts_a_form_does_the_same(browser, server, user):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, server)
    page.goto(f"{server}/client-portal")
    page.get_by_role("link", name="Customize dashboard").click()
    assert page.url == f"{server}/client-portal/dashboard/customize"
    for _twice in range(2):
        page.get_by_role("button", name="Move Projects up").click()
    page.get_by_role("checkbox", name="Coming up", exact=True).check()
    page.get_by_role("button", name="Save").last.click()
    assert page.url == f"{server}/client-portal"
    assert titles(page).all_inner_texts() == [*LATE_FIRST, "Coming up"]
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_the_dialog_the_form_and_every_widget_fit_and_are_accessible(dashboard, server, size, scheme):
    dashboard.emulate_media(color_scheme=scheme)
    dashboard.set_viewport_size(dict(zip(("width", "height"), SIZES[size], strict=True)))
    dialog = customize(dashboard)
    assert_fine(dashboard, "dialog")
    click_all(dialog.get_by_role("checkbox", checked=False))
    save(dialog)
    assert_fine(dashboard, "every widget")
    dashboard.goto(f"{server}/client-portal/dashboard/customize")
    assert_fine(dashboard, "form")

"""Open pages in a real browser: they hear, show and count what happens, without a reload, and outlive the server."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone
from playwright.sync_api import expect

from accounts import events
from accounts.models import Event, EventCounter
from accounts.tests.factories import PortalUserFactory, StaffFactory
from billing import invoicing, projects, tracking
from billing.models import Invoice
from billing.tests.factories import ProjectFactory, draft_invoice
from portal import live
from portal.tests.browser.conftest import complaints_of
from portal.tests.browsers import signed_in
from portal.tests.processes import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# The page's own sockets, to look at and to speak in the place of.
EAVESDROP = """
window.sockets = [];
window.heard = [];
window.WebSocket = class extends WebSocket {
  constructor(...address) {
    super(...address);
    sockets.push(this);
    this.addEventListener("message", ({ data }) => heard.push(JSON.parse(data).type));
  }
};
"""


@pytest.fixture
def user():
    return PortalUserFactory(
        username="ada",
        client__name="<b>Bold</b> & <script>window.ran = true</script>",
        client__show_running_timers=True,
        date_joined=timezone.now() - timedelta(days=1),
    )


@pytest.fixture
def context(context, server, user):
    """The browser of one of a client's people, signed in."""
    context.add_init_script(EAVESDROP)
    _enter(context, server, user)
    return context


@pytest.fixture
def staff(browser, staff_server):
    """A member of staff's window, at the other process where there are two."""
    context = browser.new_context(base_url=staff_server)
    context.set_default_timeout(30_000)
    context.complaints = complaints_of(context)
    context.person = StaffFactory()
    _enter(context, staff_server, context.person)
    yield context.new_page()
    context.close()


def _enter(context, server, user):
    key = signed_in(user).cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": key, "url": server}])


@pytest.fixture
def look(server, complaints):
    """Open a page of the portal in a window and wait until it is live; it is marked, so that a reload would show."""

    def look(page, path=""):
        page.goto(f"{server}/client-portal{path}")
        wait_until(lambda: page.evaluate("heard.includes('hello')"))
        page.evaluate("window.marked = true")
        return page

    return look


def happens(change, *args, **details):
    """Make a change in a thread of this process: beside Playwright's event loop it could not be announced."""

    def make():
        try:
            return change(*args, now=timezone.now(), **details)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(make).result()


def send_invoice(client):
    return happens(invoicing.send, draft_invoice(client), by=None, today=timezone.now().date())


def do(staff, row, label):
    """Press a button of a row's page in the admin."""
    staff.goto(f"/admin/billing/{row._meta.model_name}/{row.pk}/change/")
    deed = staff.locator(".deed", has_text=label)
    if deed.locator("summary").count():
        deed.locator("summary").click()
    deed.get_by_role("button", name=label).click()
    expect(staff.locator(".messagelist .success")).to_be_visible()


def bell(page):
    return page.locator(".bell-count")


def row_of(page, invoice):
    return page.locator("#part-invoices").get_by_role("link", name=invoice.invoice_number, exact=True)


def toasts(page):
    return page.locator(".toast")


def was_reloaded(page):
    return not page.evaluate("window.marked === true")


# What happens is shown


def test_an_invoice_that_staff_send_is_on_the_open_dashboard(page, staff, user, look, complaints, record_property):
    draft = draft_invoice(user.client)
    look(page)
    page.evaluate(
        """new MutationObserver(() => {
            const row = document.querySelector("#part-invoices tbody a");
            if (row) window.shownAt ??= Date.now();
        }).observe(document.body, { subtree: true, childList: true })"""
    )
    do(staff, draft, "Send")
    invoice = Invoice.objects.get()
    expect(toasts(page)).to_contain_text(f"New invoice {invoice.invoice_number}")
    expect(bell(page)).to_have_text("1 unread")
    expect(row_of(page, invoice)).to_be_visible()
    seconds = page.evaluate("window.shownAt") / 1000 - Event.objects.get().recorded_at.timestamp()
    record_property("deed to page", f"{seconds:.3f} s")
    assert seconds < 1
    assert not was_reloaded(page)
    assert complaints == staff.context.complaints == []
    page.locator(".toast a").click()
    page.wait_for_url(f"**/client-portal/invoices/{invoice.pk}")


def test_a_project_is_drawn_anew_when_a_comment_is_written(page, user, look, complaints):
    project = ProjectFactory(client=user.client)
    look(page, f"/projects/{project.pk}")
    said = "<img src=x onerror=alert(1)> looks fine"
    happens(projects.comment, project, content=said, by=StaffFactory(), is_internal=False)
    expect(page.locator(".comment")).to_contain_text(said)
    expect(toasts(page)).to_have_count(0)
    assert not was_reloaded(page)
    assert complaints == []


def test_a_running_timer_appears_and_goes(page, staff, user, look, complaints):
    project = ProjectFactory(client=user.client)
    look(page)
    staff.goto(f"/admin/billing/timeentry/add/?project={project.pk}&user={staff.context.person.pk}")
    staff.get_by_role("button", name="Start timer now").click()
    expect(page.locator("#part-timers li")).to_contain_text(project.name)
    do(staff, project.time_entries.get(), "Stop timer")
    expect(page.locator("#part-timers li")).to_have_count(0)
    assert not was_reloaded(page)
    assert complaints == []


def test_a_part_inside_a_part_that_is_drawn_anew_stays(page, user, look):
    project = ProjectFactory(client=user.client)
    look(page, f"/projects/{project.pk}")
    happens(tracking.start_timer, project, user=StaffFactory())
    page.evaluate(
        """for (const kind of ["timers", "time_logged"])
            document.dispatchEvent(new CustomEvent("live:event", { detail: { frame: { kind }, fresh: true } }))"""
    )
    expect(page.locator("#part-project #part-timers li")).to_have_count(1)


def test_marking_read_in_one_tab_changes_the_others_bell(context, page, user, look):
    send_invoice(user.client)
    look(page)
    expect(bell(page)).to_have_text("1 unread")
    other = look(context.new_page(), "/notifications")
    other.get_by_role("button", name="Mark all as read").click()
    expect(bell(page)).to_have_count(0)
    assert not was_reloaded(page)


def test_the_focus_stays_where_it_was_in_a_part_that_is_drawn_anew(page, user, look):
    first = send_invoice(user.client)
    look(page)
    row_of(page, first).focus()
    second = send_invoice(user.client)
    expect(row_of(page, second)).to_be_visible()
    assert page.evaluate("document.activeElement.textContent") == first.invoice_number


def test_without_scripts_the_next_load_counts_right(browser, server, user):
    context = browser.new_context(java_script_enabled=False)
    _enter(context, server, user)
    page = context.new_page()
    page.goto(f"{server}/client-portal")
    expect(bell(page)).to_have_count(0)
    send_invoice(user.client)
    page.goto(f"{server}/client-portal/projects")
    expect(bell(page)).to_have_text("1 unread")
    context.close()


# Missed, doubled, forged


def test_an_event_that_could_not_be_fetched_is_fetched_again(page, user, look):
    look(page)
    refused = []

    def refuse_once(route):
        refused.append(route) or route.fulfill(status=503) if not refused else route.continue_()

    page.route("**/client-portal/events*", refuse_once)
    cover_the_ear(page)
    invoice = send_invoice(user.client)
    page.evaluate("""() => hear({ data: '{"type": "hello", "latest": 1}' })""")
    expect(row_of(page, invoice)).to_be_visible()
    assert refused


def cover_the_ear(page):
    """Keep from a page what its socket says; `hear` speaks to it instead."""
    page.evaluate("() => { window.hear = sockets.at(-1).onmessage; sockets.at(-1).onmessage = null; }")


ODD = [
    "",
    "{",
    "null",
    "[]",
    "7",
    "{}",
    {"type": "hello"},
    {"type": "hello", "latest": "9"},
    {"type": "activity", "id": None, "kind": "time_logged"},
    {"type": "activity", "id": 1.5, "kind": "time_logged"},
    {"type": "hello", "latest": 10**12},
]


def speak(page, frame):
    """Say something to a page as if its socket had."""
    data = frame if isinstance(frame, str) else json.dumps(frame)
    page.evaluate("data => sockets.at(-1).onmessage({ data })", data)


def test_a_page_that_cannot_be_brought_up_to_date_says_so_until_it_is(page, user, look):
    look(page)
    behind = page.get_by_text("could not be brought up to date")
    expect(behind).to_be_hidden()
    page.route("**/client-portal", lambda route: route.abort())
    page.evaluate("document.dispatchEvent(new CustomEvent('live:stale'))")
    expect(behind).to_be_visible()
    assert page.locator("[aria-busy]").count() == 0
    page.unroute("**/client-portal")
    expect(behind).to_be_hidden(timeout=10_000)


def test_odd_frames_break_nothing_and_cost_the_server_nothing(page, user, look, complaints):
    look(page)
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/events" in request.url else None)
    for odd in ODD:
        speak(page, odd)
    page.wait_for_timeout(500)
    assert len(asked) <= 2
    invoice = send_invoice(user.client)
    expect(toasts(page)).to_contain_text(invoice.invoice_number)
    expect(row_of(page, invoice)).to_be_visible()
    assert complaints == []


def test_a_page_begins_anew_once_when_a_backup_was_put_back(page, user, look):
    look(page)
    events.begin_epoch()
    with page.expect_event("load"):
        speak(page, {"type": "hello", "latest": 0, "epoch": "another"})
    look(page)
    speak(page, {"type": "hello", "latest": 0, "epoch": page.evaluate("document.body.dataset.epoch")})
    page.wait_for_timeout(200)
    assert not was_reloaded(page)


def test_a_page_that_is_ahead_of_the_journal_begins_anew(page, user, look):
    send_invoice(user.client)
    look(page)
    speak(page, {"type": "hello", "latest": 0})
    page.wait_for_timeout(200)
    assert not was_reloaded(page)  # a hello may be older than what was told since; the journal itself is asked
    Event.objects.all().delete()
    EventCounter.objects.all().delete()
    with page.expect_event("load"):
        speak(page, {"type": "hello", "latest": 0})


@pytest.mark.parametrize("url", ["javascript:alert(1)", "//evil.example/", "/\\evil.example/", "https://evil.example/"])
def test_words_are_text_and_links_lead_to_this_site_alone(page, user, look, complaints, url):
    look(page)
    title = "<img src=x onerror='window.ran = true'>"
    for number, address in ((1, "/client-portal/invoices"), (2, url)):
        frame = {"type": "client_notification", "id": number, "kind": "odd", "title": title, "message": title}
        speak(page, frame | {"url": address})
    expect(toasts(page)).to_have_count(1)
    expect(toasts(page)).to_have_text(f"{title} {title}")
    assert page.evaluate("window.ran") is None
    assert complaints == []


# The server goes, the session ends


@pytest.fixture
def restarted(site):
    yield site
    site.thaw()
    site.restart_if_down()


PAUSED = "Live updates are paused"
ENDED = "You are no longer signed in here"


def test_a_page_outlives_the_server_and_shows_what_it_missed(page, user, look, restarted):
    look(page)
    restarted.kill()
    invoice = send_invoice(user.client)
    expect(page.get_by_text(PAUSED)).to_be_visible()
    restarted.start()
    expect(toasts(page)).to_contain_text(invoice.invoice_number)
    expect(page.get_by_text(PAUSED)).to_be_hidden()
    expect(row_of(page, invoice)).to_be_visible()
    expect(bell(page)).to_have_text("1 unread")
    assert not was_reloaded(page)


def test_what_happened_more_than_a_minute_ago_is_shown_but_not_told(page, user, look, restarted):
    page.clock.install()
    look(page)
    restarted.kill()
    invoice = send_invoice(user.client)
    page.clock.fast_forward("02:00")
    restarted.start()
    page.clock.fast_forward("00:40")
    expect(row_of(page, invoice)).to_be_visible()
    expect(bell(page)).to_have_text("1 unread")
    assert toasts(page).count() == 0
    later = send_invoice(user.client)
    expect(toasts(page)).to_contain_text(later.invoice_number)


def test_what_a_quiet_page_missed_just_now_is_told(page, user, look):
    """Its socket was open all the while, so what it missed has only just happened."""
    page.clock.install()
    look(page)
    for _minute in range(3):
        page.clock.fast_forward("00:30")
        speak(page, {"type": "hello", "latest": 0})
    cover_the_ear(page)
    invoice = send_invoice(user.client)
    page.evaluate("""() => hear({ data: '{"type": "hello", "latest": 1}' })""")
    expect(toasts(page)).to_contain_text(invoice.invoice_number)


def test_a_clock_that_is_set_back_keeps_no_dead_socket(page, user, look, restarted):
    page.clock.install()
    look(page)
    restarted.freeze()
    page.clock.set_system_time(datetime.now(UTC) - timedelta(days=1))
    page.clock.fast_forward("00:10")
    expect(page.get_by_text(PAUSED)).to_be_visible()


def test_a_socket_from_which_nothing_comes_any_more_is_given_up(page, user, look, restarted):
    page.clock.install()
    look(page)
    restarted.freeze()
    page.clock.fast_forward("02:00")
    page.clock.fast_forward("00:10")
    expect(page.get_by_text(PAUSED)).to_be_visible()
    restarted.thaw()
    invoice = send_invoice(user.client)
    page.clock.fast_forward("00:40")
    expect(row_of(page, invoice)).to_be_visible()
    expect(page.get_by_text(PAUSED)).to_be_hidden()


def test_signing_out_in_one_tab_ends_the_other_quietly(context, page, look, complaints):
    look(page)
    other = look(context.new_page(), "/projects")
    other.locator(".account summary").click()
    other.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text(ENDED)).to_be_visible()
    opened = page.evaluate("sockets.length")
    page.wait_for_timeout(3000)
    assert page.evaluate("sockets.length") == opened
    assert page.get_by_text(PAUSED).is_hidden()
    assert complaints == []


def test_another_person_in_another_tab_ends_this_one(context, page, server, look):
    look(page)
    page.evaluate("sockets.at(-1).close()")
    _enter(context, server, PortalUserFactory())
    context.new_page().goto(f"{server}/client-portal")
    expect(page.get_by_text(ENDED)).to_be_visible()


def test_access_that_ends_ends_the_page(page, user, look):
    look(page)
    type(user).objects.filter(pk=user.pk).update(client_portal_enabled=False)
    expect(page.get_by_text(ENDED)).to_be_visible()


def test_a_page_that_is_sent_away_comes_back_at_once_and_says_nothing(page, server, complaints):
    opened = []

    def answer(socket):
        opened.append(socket)
        if len(opened) == 1:
            socket.close(code=live.MOVING)

    page.route_web_socket("**/ws/client-portal", answer)
    page.goto(f"{server}/client-portal")
    page.wait_for_timeout(400)
    assert len(opened) == 2
    expect(page.locator("[data-live-state=paused]")).to_be_hidden()

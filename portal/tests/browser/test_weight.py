"""How light the portal is: what a first look at it costs, that nothing jumps, and that going back is instant."""

import subprocess
import sys

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import expect

from accounts.tests.factories import PortalUserFactory
from billing.tests.factories import ProjectFactory, TimeEntryFactory, sent_invoice
from portal.tests.browser.test_every_page import let_in
from portal.tests.browser.test_live import send_invoice
from portal.tests.browsers import signed_in
from portal.tests.furnished import furnish
from portal.tests.processes import Site, on_the_test_database

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

MOST_BYTES = 60_000


@pytest.fixture
def as_in_production(tmp_path, django_db_blocker):
    """The site with its static files collected, named for ever and compressed, as the README has it run."""
    own = {"STATIC_MANIFEST": "on", "STATIC_ROOT": str(tmp_path)}
    collect = [sys.executable, "manage.py", "collectstatic", "--noinput", "-v", "0"]
    subprocess.run(collect, cwd=settings.BASE_DIR, env=on_the_test_database() | own, check=True, timeout=90)
    site = Site(**own)
    yield site.start().address
    site.leave()


def test_the_first_dashboard_costs_less_than_60_kilobytes(page, context, as_in_production, record_property):
    user = furnish()
    let_in(context, as_in_production, signed_in(user))
    devtools = context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.send("Network.setCacheDisabled", {"cacheDisabled": True})
    addresses, sizes = {}, {}
    devtools.on("Network.requestWillBeSent", lambda one: addresses.update({one["requestId"]: one["request"]["url"]}))
    devtools.on("Network.loadingFinished", lambda one: sizes.update({one["requestId"]: one["encodedDataLength"]}))
    page.goto(f"{as_in_production}/client-portal", wait_until="networkidle")
    cost = {addresses[one]: size for one, size in sizes.items() if one in addresses}
    record_property("bytes", cost)
    assert {"client-portal"} < {address.rsplit("/", 1)[1].split(".")[0] for address in cost}
    assert sum(cost.values()) < MOST_BYTES, cost


COUNT_JUMPS = """
window.jumps = [];
const named = ({ node }) => node?.id || node?.className || node?.nodeName;
new PerformanceObserver((list) => {
    for (const shift of list.getEntries()) jumps.push([shift.value, ...shift.sources.map(named)]);
}).observe({ type: "layout-shift", buffered: true });
"""


def test_nothing_jumps_when_parts_are_drawn_anew(page, context, server, complaints):
    user = PortalUserFactory()
    project = ProjectFactory(client=user.client, name="Website relaunch", estimated_hours=100)
    for _number in range(10):
        sent_invoice(user.client)
        TimeEntryFactory(project=project, start_time=timezone.now())
    let_in(context, server, signed_in(user))
    context.add_init_script(COUNT_JUMPS)
    page.goto(f"{server}/client-portal", wait_until="networkidle")
    page.evaluate(
        """for (const kind of ["timers", "invoice_sent", "time_logged"])
            document.dispatchEvent(new CustomEvent("live:event", { detail: { frame: { kind }, fresh: true } }))"""
    )
    invoice = send_invoice(user.client)
    expect(page.locator("#part-invoices")).to_contain_text(invoice.invoice_number)
    expect(page.locator(".toast")).to_be_visible()
    page.wait_for_timeout(300)
    jumps = page.evaluate("window.jumps")
    assert sum(jump[0] for jump in jumps) < 0.01, jumps
    assert complaints == []


# Pages of clients must not outlive the sign-out on a machine that several share, so browsers keep them nowhere.
WANTED = {"response-cache-control-no-store", "websocket-used-with-ccns", "masked"}


def test_nothing_but_no_store_keeps_a_page_from_coming_back_at_once(browser_type, browser_type_launch_args, server):
    """No handler of the page's end, no open socket, no lock: where the agency's rules change, going back is instant."""
    kept_out = ["--disable-back-forward-cache"]
    browser = browser_type.launch(**browser_type_launch_args, ignore_default_args=kept_out)
    context = browser.new_context()
    let_in(context, server, signed_in(PortalUserFactory()))
    page = context.new_page()
    page.goto(f"{server}/client-portal", wait_until="networkidle")
    page.goto(f"{server}/client-portal/projects")
    page.go_back(wait_until="commit")
    why = page.evaluate(
        "performance.getEntriesByType('navigation')[0].notRestoredReasons.reasons.map((one) => one.reason)"
    )
    assert set(why) <= WANTED
    assert "response-cache-control-no-store" in why
    browser.close()

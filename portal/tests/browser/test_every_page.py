"""Every page, for everybody who may open it: fits, reads well, prints, keeps still and to itself."""

import re
from functools import partial
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client as Browser
from django.test import RequestFactory
from django.utils import timezone

from accounts import invitations
from accounts.tests.brands import coloured, logo_of
from accounts.tests.factories import PortalUserFactory, StaffFactory
from accounts.tests.workers import work_queue
from portal import design, errors, layouts
from portal.design import STYLESHEET
from portal.scope import Viewer
from portal.tests.browser.looking import fits, is_coloured_well, keeps_still, prints, reads_well, reads_well_everywhere
from portal.tests.browsers import sign_in, signed_in
from portal.tests.furnished import NOT_BRANDED, furnish, pages
from portal.tests.processes import Site
from portal.tests.test_invitations import last_link
from portal.widgets import WIDGETS

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400), pytest.mark.django_db(transaction=True)]

BASE = Path(settings.BASE_DIR)
# What the browser notes of every answer of an error.
HARMLESS = "Failed to load resource: the server responded with a status of 40"


@pytest.fixture
def window(page, context, server, complaints):
    """A window that hears what is complained of, and to whom else it turned."""
    # Nothing is looked at while it changes.
    page.emulate_media(reduced_motion="reduce")
    page.devtools = context.new_cdp_session(page)
    page.elsewhere = []
    context.on("request", lambda asked: _note(page.elsewhere, asked.url, server))
    return page


def _note(elsewhere, url, server):
    if not url.startswith((server, server.replace("http", "ws"), "data:", "blob:")):
        elsewhere.append(url)


def let_in(context, server, browser):
    """Give a window the session of one of Django's test browsers."""
    context.add_cookies([{"name": "sessionid", "value": browser.cookies["sessionid"].value, "url": server}])


def look_at(window, server, complaints, paths, *questions):
    """`{path: what is wrong}` of the pages that something is wrong with."""
    found = {}
    for path in paths:
        window.goto(server + path)
        wrong = [problem for question in questions for problem in question(window)]
        wrong += [one for one in complaints if not one.startswith(HARMLESS)]
        complaints.clear()
        if wrong:
            found[path] = wrong
    assert [url for url in window.elsewhere if not url.startswith(server)] == []
    return found


def in_both_directions(window):
    return [*fits(window, "rtl"), *fits(window, "ltr")]


def test_every_page_of_a_person_is_good(window, context, server, complaints):
    user = furnish()
    browser = signed_in(user)
    let_in(context, server, browser)
    paths = list(pages(browser, user.client, user.rows))
    assert len(paths) > 20
    questions = in_both_directions, reads_well_everywhere, keeps_still, prints
    assert look_at(window, server, complaints, paths, *questions) == {}


def test_every_page_of_a_company_login_is_good(window, context, server, complaints):
    """In the client's own colours and below its own logo; all else is as on a person's pages."""
    user = furnish()
    browser, _answer = sign_in("ada-company")
    let_in(context, server, browser)
    brand = {"logo_digest": logo_of(user.client).digest, "colours_digest": coloured(user.client, "#aa3300").digest}
    paths = list(pages(browser, user.client, user.rows | brand))
    assert len(paths) > 20
    assert look_at(window, server, complaints, paths, in_both_directions, is_coloured_well) == {}


def test_every_page_of_a_new_client_is_good(window, context, server, complaints):
    """Where nothing is there yet, every list and widget says so."""
    user = PortalUserFactory()
    layouts.save(Viewer.of(user), widget_ids=[*WIDGETS])
    browser = signed_in(user)
    let_in(context, server, browser)
    paths = [path for path in pages(browser, user.client, NOT_BRANDED) if "/export" not in path]
    assert look_at(window, server, complaints, paths, in_both_directions, reads_well) == {}


def test_every_page_before_the_sign_in_is_good(window, server, complaints):
    user = PortalUserFactory()
    invitations.invite(user, by=None, now=timezone.now())
    work_queue()
    paths = [*pages(Browser(), user.client, NOT_BRANDED), "/nothing", last_link()]
    questions = in_both_directions, reads_well_everywhere, keeps_still, prints
    assert look_at(window, server, complaints, paths, *questions) == {}


def test_every_page_that_refuses_is_good(window, context, server, complaints):
    """No access, and every error there is a page for."""
    user = PortalUserFactory(client_portal_enabled=False)
    let_in(context, server, signed_in(user))
    for status in errors.WORDS:
        answer = errors.page(RequestFactory(headers={"accept": "text/html"}).get("/broken"), status)
        window.route(f"**/{status}", partial(_answer, body=answer.content.decode()))
    paths = ["/client-portal", *(f"/{status}" for status in errors.WORDS)]
    questions = in_both_directions, reads_well_everywhere, keeps_still, prints
    assert look_at(window, server, complaints, paths, *questions) == {}


def _answer(route, body):
    route.fulfill(status=200, content_type="text/html; charset=utf-8", body=body)


OURS_FOR_STAFF = """
/admin/ /admin/accounts/client/{client}/change/ /admin/accounts/user/{user}/change/
/admin/billing/timeentry/ /admin/billing/timeentry/import/ /admin/billing/project/{project_id}/ask/
/admin/billing/timeapproval/{approval_id}/change/ /admin/billing/invoice/{invoice_id}/change/
"""


def test_the_staffs_pages_that_are_ours_are_good(window, context, server, complaints):
    user = furnish()
    let_in(context, server, signed_in(StaffFactory(is_superuser=True)))
    paths = OURS_FOR_STAFF.format(client=user.client_id, user=user.pk, **user.rows).split()
    assert look_at(window, server, complaints, paths, reads_well, is_coloured_well) == {}


@pytest.fixture
def for_developers(django_db_blocker):
    """The site as it is while somebody builds it."""
    site = Site(DEBUG="on")
    yield site.start().address
    site.leave()


def test_the_design_systems_page_is_good_and_there_for_developers_alone(window, server, for_developers, complaints):
    assert window.goto(f"{server}/client-portal/design").status == 404
    complaints.clear()
    window.elsewhere.clear()
    questions = in_both_directions, reads_well_everywhere, keeps_still, prints
    assert look_at(window, for_developers, complaints, ["/client-portal/design"], *questions) == {}


def test_the_stylesheet_has_no_class_that_nothing_wears():
    css = re.sub(r'"[^"]*"|/\*.*?\*/', "", STYLESHEET.read_text(encoding="utf-8"))
    classes = set(re.findall(r"\.([a-z][a-z_-]+)", css))
    folders = ("templates/**/*.html", "portal/*.py", "portal/templatetags/*.py", "portal/static/portal/*.js")
    sources = [source for folder in folders for source in BASE.glob(folder)]
    words = set(re.findall(r"[a-z][a-z_-]+", "\n".join(one.read_text(encoding="utf-8") for one in sources)))
    made = {f"state-{state.tone}" for state in design.STATES} | {f"widget-{name}" for name in WIDGETS}
    assert classes - words - made == set()

"""SQLite's disk is full: what cannot be written is refused in words, nothing is half done, and it goes on later.

PostgreSQL's disk is filled up by a drill, with real processes.
"""

import pytest
from django.db import connection
from django.test import Client as Browser

from accounts.models import Event
from accounts.tests.factories import StaffFactory
from accounts.tests.forms import sent_by
from billing.models import Comment
from billing.tests.factories import ProjectFactory

pytestmark = [pytest.mark.sqlite, pytest.mark.django_db(transaction=True)]

ADD = "/admin/billing/comment/add/"
# More than there is room for in the pages that the file has.
LONG = "A remark. " * 50_000


@pytest.fixture
def staff():
    browser = Browser(raise_request_exception=False)
    browser.force_login(StaffFactory())
    return browser


@pytest.fixture
def full():
    """A file that may not grow, until it is called."""
    connection.ensure_connection()

    def pragma(text):
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA {text}")
            return cursor.fetchone()[0]

    pages = pragma("page_count")
    most = pragma("max_page_count")
    assert pragma(f"max_page_count = {pages}") == pages
    yield lambda: pragma(f"max_page_count = {most}")
    pragma(f"max_page_count = {most}")


def test_what_finds_no_room_is_refused_whole_and_may_be_sent_again(staff, full):
    project = ProjectFactory()
    form = sent_by(staff.get(ADD), "comment_form") | {"project": project.pk, "content": LONG}
    form.pop("is_internal", None)
    refused = staff.post(ADD, form)
    assert (refused.status_code, refused["Retry-After"]) == (503, "10")
    assert "We will be back in a moment" in refused.content.decode()
    assert (Comment.objects.count(), Event.objects.count()) == (0, 0)
    assert staff.get("/admin/billing/comment/").status_code == 200
    full()
    assert staff.post(ADD, form).status_code == 302
    assert (Comment.objects.count(), Event.objects.count()) == (1, 1)

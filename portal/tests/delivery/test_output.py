"""What real processes write: a line for each answer, and nowhere the secret of a link."""

import json
import re
from urllib.error import HTTPError
from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.utils import timezone

from accounts import invitations
from accounts.tests.factories import PortalUserFactory, StaffFactory
from accounts.tests.workers import work_queue
from portal.tests.browsers import signed_in
from portal.tests.delivery.pages import Page, opened
from portal.tests.processes import wait_until


@pytest.fixture
def link():
    """The path of a link that sets a password, whose last part is secret."""
    invitations.invite(PortalUserFactory(), by=StaffFactory(), now=timezone.now())
    work_queue()
    return urlsplit(re.search(r"http\S+/set-password/\S+", mail.outbox[-1].body)[0]).path


def lines_of(site, route):
    return [line for line in site.written() if f"GET {route} " in line]


@pytest.mark.parametrize("number", [0, 1])
def test_an_answer_is_told_and_the_secret_of_its_link_is_not(sites, link, number):
    user = PortalUserFactory()
    page = Page(sites[number], signed_in(user))
    with opened(page):
        assert b"password" in page.get(link)
        with pytest.raises(HTTPError, match="404"):
            page.get(f"{link}x")
        page.get("/client-portal/projects")
    wait_until(lambda: lines_of(sites[number], "portal:projects"))
    assert len(lines_of(sites[number], "accounts:set_password")) >= 2
    written = "\n".join(sites[number].written())
    assert link.rsplit("/", 1)[1] not in written
    assert "/client-portal/set-password/" not in written.replace("/client-portal/set-password/…", "")
    assert "WSCONNECT" not in written
    told = lines_of(sites[number], "portal:projects")[-1]
    if number == 0:
        assert f"client_id={user.client_id} user_id={user.pk}] GET portal:projects 200" in told
    else:
        told = json.loads(told)
        assert (told["client_id"], told["user_id"], told["status"]) == (user.client_id, user.pk, 200)

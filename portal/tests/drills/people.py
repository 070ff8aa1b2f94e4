"""People who use the site while something goes wrong: they note each answer, and how long it took."""

import http.client
import random
import re
import threading
import urllib.request
from collections import Counter
from dataclasses import dataclass
from http.cookies import SimpleCookie
from itertools import cycle
from time import monotonic
from urllib.error import HTTPError
from urllib.parse import urlencode

from django.conf import settings

from portal.tests.delivery.pages import CSRF

# Longer than anything that the product lets anybody wait.
PATIENCE = 60
AWAY = 503
PAGES = ["", "/projects", "/time-entries", "/invoices", "/activity", "/reports", "/events?after=0"]
TRACEBACK = re.compile(r"Traceback|psycopg|django\.db|OperationalError|<h1>5\d\d")


class Visitor:
    """A browser of who has a session, as `Page` and `opened` of the delivery tests take one."""

    def __init__(self, key):
        self.cookies = SimpleCookie({settings.SESSION_COOKIE_NAME: key})


@dataclass(frozen=True)
class Answer:
    """What came of a request: a status of 0 is none at all."""

    address: str
    began: float
    seconds: float
    status: int
    retry_after: str | None
    text: str


class _KeepingCookies(urllib.request.HTTPRedirectHandler):
    """A page that leads to another gives what the other is to say in a cookie."""

    def redirect_request(self, asked, answer, status, words, head, address):
        then = super().redirect_request(asked, answer, status, words, head, address)
        given = [cookie.partition(";")[0] for cookie in head.get_all("Set-Cookie", [])]
        then.add_header("Cookie", "; ".join([asked.get_header("Cookie"), *given]))
        return then


_browser = urllib.request.build_opener(_KeepingCookies)


def ask(address, cookie, fields=None, patience=PATIENCE, body=None, content_type=None):
    """The Answer to a GET, or with `fields` or a `body` to a POST; redirects are followed."""
    headers = {"Cookie": cookie}
    if fields is not None:
        body = urlencode({**fields, "csrfmiddlewaretoken": CSRF}, doseq=True).encode()
    if body is not None:
        headers["Cookie"] = f"{cookie}; {settings.CSRF_COOKIE_NAME}={CSRF}"
    if content_type:
        headers["Content-Type"] = content_type
    began = monotonic()
    request = urllib.request.Request(address, body, headers)  # noqa: S310 (our own server)
    try:
        with _browser.open(request, timeout=patience) as answer:
            status, head, said = answer.status, answer.headers, answer.read()
    except HTTPError as error:
        status, head, said = error.code, error.headers, error.read()
    except (OSError, http.client.HTTPException):
        status, head, said = 0, {}, b""
    text = said.decode("utf-8", "replace")
    return Answer(address, began, monotonic() - began, status, head.get("Retry-After"), text)


class Person(threading.Thread):
    """Somebody who does something again and again until the block ends."""

    def __init__(self, pause):
        super().__init__(daemon=True)
        self.answers, self.pause = [], pause
        self._over = threading.Event()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_failure):
        self._over.set()
        self.join(PATIENCE)
        assert not self.is_alive(), "Somebody still waits for an answer."

    def run(self):
        while not self._over.is_set():
            self.answers.append(self.act())
            self._over.wait(self.pause)

    @property
    def statuses(self):
        return Counter(answer.status for answer in self.answers)

    @property
    def longest(self):
        return max(answer.seconds for answer in self.answers)


class Reader(Person):
    """One of a client's people, who goes from page to page of one site."""

    def __init__(self, site, client, cookie, pause=0.1):
        super().__init__(pause)
        self.site, self.client, self.cookie = site, client, cookie
        self.texts = []
        self._pages = cycle(PAGES)

    def act(self):
        answer = ask(f"{self.site.address}/client-portal{next(self._pages)}", self.cookie)
        if answer.status == 200:
            self.texts.append(answer.text)
        return answer


class Clerk(Person):
    """A member of staff who sends one draft after the other in the admin, at any site."""

    def __init__(self, sites, cookie, drafts, ledger, pause=0.2):
        super().__init__(pause)
        self.sites, self.cookie, self.drafts, self.ledger = sites, cookie, drafts, ledger

    def act(self):
        address = f"{random.choice(self.sites).address}/admin/billing/invoice/"  # noqa: S311 (any will do)
        if not self.drafts:
            return ask(address, self.cookie)
        draft = self.drafts.pop()
        answer = ask(address, self.cookie, {"action": "send", "_selected_action": [draft]})
        # The list that follows says so.
        if answer.status == 200 and '<li class="success">' in answer.text:
            self.ledger.sent.append(draft)
        return answer


def assert_civil(answers, longest, also=()):
    """Every answer was a page, or one that says to come back, in time, and none of them shows what broke.

    Statuses of `also` are not the product's own: none at all, or a proxy's.
    """
    for answer in answers:
        assert answer.status in {200, AWAY, *also}, f"{answer.status} after {answer.seconds:.1f} s: {answer.address}"
        assert answer.seconds < longest, f"{answer.seconds:.1f} s for {answer.address}"
        assert answer.status in {200, *also} or not TRACEBACK.search(answer.text), answer.text[:500]
        if answer.status == AWAY:
            assert answer.retry_after, answer.address

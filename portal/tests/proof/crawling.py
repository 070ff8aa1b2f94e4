"""Reading the whole portal as one viewer: every address of the URL conf, every filter, every link found on a page."""

import html
import re
from dataclasses import dataclass
from urllib.parse import unquote, urljoin, urlsplit

from portal.tests.proof.addresses import filled, parts, portal_addresses

# What is asked of a list besides its bare address; `%(project_id)s` is a project of the client that is asked for.
ANY_PAGE = ("page=2",)
QUESTIONS = {
    "client-portal/invoices": ("status=paid", "status=unpaid&page=2", "status=overdue", "status=draft"),
    "client-portal/time-entries": (
        "project_id=%(project_id)s",
        "project_id=%(project_id)s&date_from=2020-01-01&date_to=2030-01-01&page=2",
    ),
}
# What fills a part of an address that names no row of a client.
NOBODYS = {"token": "no-such-link", "handle": "no-such-session"}
LONGEST_CRAWL = 400


@dataclass(frozen=True)
class Answer:
    """What came back: the status, and all that can be read of it, heads included, undone of every quoting."""

    status: int
    text: str


def read(browser, path):
    return answer_of(browser.get(path))


def answer_of(response):
    heads = "\n".join(f"{name}: {value}" for name, value in response.items())
    cookies = response.cookies.output()
    body = b"".join(response) if response.streaming else response.content
    return Answer(response.status_code, plain(f"{heads}\n{cookies}\n{body.decode(errors='replace')}"))


def plain(text):
    """Text as a leak would be looked for: entities and percent signs undone, in small letters."""
    return unquote(html.unescape(text)).lower()


def pages_of(rows):
    """Every address of the portal without questions, with `rows` in its parts."""
    return [filled(address, NOBODYS | rows) for address in portal_addresses()]


def rows_of(rows):
    """The addresses that name a row, with `rows` in them."""
    named = [address for address in portal_addresses() if set(parts(address)) & set(rows)]
    return [filled(address, NOBODYS | rows) for address in named]


def questions_of(rows):
    """Every address that names no row, with each of its questions, about `rows` where it asks for some."""
    lists = [address for address in portal_addresses() if not parts(address)]
    asked = [(address, question) for address in lists for question in QUESTIONS.get(address, ()) + ANY_PAGE]
    return [f"{filled(address, {})}?{question % rows}" for address, question in asked]


def crawl(browser, start):
    """`{path: Answer}` of the paths in `start` and of all that their pages link to."""
    found, waiting = {}, list(start)
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        assert len(found) < LONGEST_CRAWL, "The crawl does not end."
        response = browser.get(path)
        found[path] = answer_of(response)
        waiting += _links(path, response)
    return found


def _links(path, response):
    """Addresses of the portal that an answer leads to."""
    wanted = [response["Location"]] if "Location" in response else []
    if "html" in response.get("Content-Type", ""):
        text = b"".join(response).decode() if response.streaming else response.content.decode()
        wanted += [html.unescape(link) for link in re.findall(r'(?:href|src|action)="([^"]*)"', text)]
    ours = (urlsplit(urljoin(f"http://testserver{path}", link)) for link in wanted)
    return [
        f"{link.path}?{link.query}" if link.query else link.path
        for link in ours
        if link.netloc == "testserver" and link.path.startswith("/client-portal")
    ]

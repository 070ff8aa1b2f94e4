"""Reading the whole portal as one viewer: every address of the URL conf, every filter, every link found on a page."""

import html
import re
from dataclasses import dataclass
from io import BytesIO
from urllib.parse import parse_qs, unquote, urljoin, urlsplit
from zipfile import ZipFile

from pypdf import PdfReader

from portal.tests.proof.addresses import filled, parts, portal_addresses

# What is asked of a list besides its bare address; `%(project_id)s` is a project of the client that is asked for.
ANY_PAGE = ("page=2",)
QUESTIONS = {
    "client-portal/invoices": (
        "status=paid",
        "status=unpaid&page=2",
        "status=overdue",
        "status=draft",
        "q=INV-2026&year=2026",
        "q=1234.50&year=x",
    ),
    "client-portal/activity": ("project_id=%(project_id)s", "kind=time_logged&before=3"),
    "client-portal/notifications": ("before=3",),
    "client-portal/events": ("after=0", "after=1"),
    "client-portal/time-entries": (
        "project_id=%(project_id)s",
        "project_id=%(project_id)s&date_from=2020-01-01&date_to=2030-01-01&page=2",
        "project_id=%(project_id)s&task_id=%(task_id)s",
        "person_id=%(person_id)s&sort=longest",
        "q=note&sort=oldest&page=2",
    ),
    "client-portal/time-entries/export": (
        "format=xlsx",
        "project_id=%(project_id)s&format=csv&separators=semicolon",
        "person_id=%(person_id)s&task_id=%(task_id)s",
    ),
    "client-portal/settings/export": ("separators=semicolon", "separators=tab"),
    "client-portal/invoices/export": ("format=xlsx", "status=overdue", "q=INV&year=2026", "format=pdf"),
    "client-portal/reports/export": (
        "format=xlsx&group=person",
        "group=task&block=time&project_id=%(project_id)s",
        *(f"block={block}" for block in "projects money tasks".split()),
    ),
    "client-portal/statement": (
        "date_from=2020-01-01&date_to=2030-01-01",
        "date_from=2020-01-01&date_to=2030-01-01&lines=all",
        "date_from=2020-01-01&date_to=2030-01-01&page=2",
    ),
    "client-portal/statement/export": (
        "date_from=2020-01-01&date_to=2030-01-01",
        "date_from=2020-01-01&date_to=2030-01-01&format=xlsx",
    ),
    "client-portal/reports": (
        "project_id=%(project_id)s",
        "person_id=%(person_id)s",
        *(
            f"group={group}&date_from=2020-01-01&date_to=2030-01-01"
            for group in "week month project task person".split()
        ),
    ),
}
# What fills a part of an address that names no row of a client.
NOBODYS = {
    "colours_digest": "no-such-colours",
    "logo_digest": "no-such-logo",
    "token": "no-such-link",
    "handle": "no-such-session",
    "number": "1",
}
LONGEST_CRAWL = 800


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
    return Answer(response.status_code, plain(f"{heads}\n{cookies}\n{read_out(body)}"))


def read_out(body):
    """All that can be read of a body, a workbook's or an archive's members too."""
    if body.startswith(b"%PDF"):
        return words_of(body)
    if body.startswith(b"PK"):
        with ZipFile(BytesIO(body)) as archive:
            return "\n".join(f"{name}\n{read_out(archive.read(name))}" for name in archive.namelist())
    return body.decode(errors="replace")


def words_of(pdf):
    """The text of a PDF's pages, what breaks over lines joined, and what it says of itself."""
    reader = PdfReader(BytesIO(pdf))
    pages = [page.extract_text().replace("\n", "").replace("\u200b", "") for page in reader.pages]
    return "\n".join([*pages, str(reader.metadata), str(reader.xmp_metadata and reader.xmp_metadata.stream.get_data())])


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
        if link.netloc == "testserver" and link.path.startswith("/client-portal") and _leads_on(path, link)
    ]


def _leads_on(path, link):
    """Whether a link is followed: filters lead to filters without end, so one leads to its other pages alone."""
    return not link.query or "?" not in path or bool({"page", "before"} & set(parse_qs(link.query)))

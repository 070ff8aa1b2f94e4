"""No page and no mail says a word to its reader that did not pass through the catalogue of the reader's language.

The catalogue is marked: each word that comes out of it stands in brackets. What stands in none is data, a figure, a
date or a name of a format; anything else was never marked for translation, and a German would read it in English.
"""

import re
from datetime import timedelta
from decimal import Decimal
from html.parser import HTMLParser
from zoneinfo import available_timezones

import pytest
import time_machine
from babel import Locale
from django.apps import apps
from django.core import mail
from django.test import Client as Browser
from django.utils import timezone
from django.utils.translation import trans_real

from accounts import invitations
from accounts.models import Agency, Client
from accounts.tests.factories import ClientFactory, PortalUserFactory, StaffFactory
from accounts.tests.workers import work_queue
from billing import invoicing, payments
from billing.tests.factories import NOW, TODAY, ProjectFactory, requested_approval, sent_invoice, sent_quote
from portal import mail_choices
from portal.models import MailTime
from portal.scope import Viewer
from portal.tests.browsers import sign_in, signed_in
from portal.tests.proof.addresses import filled, parts, staff_addresses
from portal.tests.proof.crawling import pages_of, questions_of
from portal.tests.proof.marks import A
from portal.tests.proof.test_routes import ROUTES

pytestmark = pytest.mark.django_db

OPENS, CLOSES = "⟦", "⟧"
# Names of formats, units, and of what has the same name everywhere.
NAMES = set("CSV XLSX PDF h EUR Toggl Track Clockify Harvest".split())
# Marked texts, JSON that staff read as it is kept, colours, numbers of documents, addresses.
DATA = re.compile(r"\S*zq[a-z]{3}\S*|\{[^{}]*\}|#[0-9a-f]{6}|[A-Z]+-\d{4}-\d+|\S+@\S+|https?://\S+")
# Where a name stands for itself: of a country in its own language, of a currency, of a right.
NAMED = {"locale", "currency_code", "permissions", "user_permissions"}
# What Django's own templates say to everybody.
OF_DJANGO = {"Search", "True", "False"}
SPOKEN = {"aria-label", "alt", "title", "placeholder"}
UNSPOKEN = {"script", "style", "code", "svg", "bdi"}


def months_and_days():
    """Every word that dates are written with in German."""
    german = Locale("de", "DE")
    named = [*german.months["format"].values(), *german.days["format"].values()]
    return {word for names in named for name in names.values() for word in re.findall(r"\w+", name)}


DATES = months_and_days()
ZONES = {word for zone in available_timezones() for word in re.findall(r"[^\W\d_]+", zone)}


@pytest.fixture
def marked_catalogue(monkeypatch):
    """Whatever is translated comes out in brackets."""
    translation = trans_real.DjangoTranslation
    gettext, ngettext = translation.gettext, translation.ngettext

    def bracketed(text):
        return OPENS + text.rpartition(trans_real.CONTEXT_SEPARATOR)[2] + CLOSES

    monkeypatch.setattr(translation, "gettext", lambda self, text: text and bracketed(gettext(self, text)))
    monkeypatch.setattr(translation, "ngettext", lambda self, *words: bracketed(ngettext(self, *words)))


@pytest.fixture
def german(ours, marked_catalogue):
    """The planted client, whose people read German."""
    Agency.objects.update(name=A)
    Client.objects.update(locale="de-DE")
    type(ours.person).objects.update(locale="de-DE")
    ours.person.refresh_from_db()
    ours.client.refresh_from_db()
    return ours


def outside_brackets(text):
    """What of a text did not come from the catalogue."""
    depth, kept = 0, []
    for letter in text:
        depth += (letter == OPENS) - (letter == CLOSES)
        kept.append(letter if not depth and letter != CLOSES else " ")
    return "".join(kept)


class Reader(HTMLParser):
    """Collects what a page says: its text, and the attributes that are read aloud."""

    def __init__(self):
        super().__init__()
        self.text, self.attributes, self._unspoken = [], [], []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag in UNSPOKEN or given.get("class") == "secret" or (tag == "select" and given.get("name") in NAMED):
            self._unspoken.append(tag)
        self.attributes += [given[name] or "" for name in SPOKEN & set(given)]
        if tag == "input" and given.get("type") in {"submit", "button"}:
            self.attributes.append(given.get("value", ""))

    def handle_endtag(self, tag):
        if self._unspoken and self._unspoken[-1] == tag:
            self._unspoken.pop()

    def handle_data(self, data):
        if not self._unspoken:
            self.text.append(data)


def foreign(text):
    """The words of a text that are neither from the catalogue nor data."""
    bare = re.sub(
        r"\{[^{}]*\}|#[0-9a-f]{6}|[A-Z]+-\d{4}-\d+|\S*zq[a-z]{3}\S*|\S+@\S+|https?://\S+", " ", outside_brackets(text)
    )
    return [word for word in re.findall(r"[^\W\d_]+", bare) if word not in NAMES | DATES | ZONES]


def foreign_on(page):
    reader = Reader()
    reader.feed(page)
    aloud = [word for text in reader.attributes if text not in OF_DJANGO for word in foreign(text)]
    return sorted({*foreign("\n".join(reader.text)), *aloud})


def read_all(browser, paths):
    """`{path: foreign words}` of those pages that have some."""
    found = {}
    for path in paths:
        answer = browser.get(path)
        if "text/html" in answer.get("Content-Type", ""):
            found[path] = foreign_on(answer.content.decode())
    assert len(found) > 3
    return {path: words for path, words in found.items() if words}


def test_what_is_not_marked_is_found(german, monkeypatch):
    assert foreign(f"{OPENS}Seite {OPENS}a{CLOSES} von b{CLOSES} Page 2, 3. März zqaazname1") == ["Page"]
    page = f'<p title="Open">{OPENS}Offen{CLOSES}<b>now</b></p><script>let x</script><input type="submit" value="Go">'
    assert foreign_on(page) == ["Go", "Open", "now"]


@pytest.mark.parametrize("kind", ["person", "company"])
def test_the_portal_says_nothing_that_is_not_in_the_catalogue(german, kind):
    Client.objects.update(show_rates=True, show_running_timers=kind == "person")
    browser = signed_in(german.person) if kind == "person" else sign_in(german.client.portal_username)[0]
    wrong = [f"/{address}?date_from=x&page=y&status=z&sort=w&q=zqaaz" for address in ROUTES if not parts(address)]
    assert read_all(browser, [*pages_of(german.rows), *questions_of(german.rows), *wrong]) == {}


def test_forms_answer_in_the_readers_language(german):
    browser = signed_in(german.person)
    posted = {path: browser.post(path, {}) for path in pages_of(german.rows) if "logout" not in path}
    pages = {path: answer.content.decode() for path, answer in posted.items() if "html" in answer["Content-Type"]}
    assert {path: foreign_on(page) for path, page in pages.items() if foreign_on(page)} == {}


def test_an_empty_portal_says_nothing_that_is_not_in_the_catalogue(marked_catalogue):
    user = PortalUserFactory(username="zqaaz", client__name="zqaaz", client__locale="de-DE")
    assert read_all(signed_in(user), [f"/{address}" for address in ROUTES if not parts(address)]) == {}


def test_nobody_signed_in_reads_a_foreign_word(marked_catalogue, db):
    browser = Browser(headers={"accept-language": "de"})
    paths = [filled(address, dict.fromkeys(parts(address), "1")) for address in ROUTES]
    assert read_all(browser, paths) == {}
    answer = browser.post("/client-portal/login", {"name": "zqaaz", "password": "x"})
    assert foreign_on(answer.content.decode()) == []


def test_the_staffs_pages_say_nothing_that_is_not_in_the_catalogue(german):
    staff = StaffFactory(
        username="zqaazstaff", first_name="zqaaz", last_name="zqaaz", is_superuser=True, locale="de-DE"
    )
    assert read_all(signed_in(staff), staff_pages()) == {}


def test_mails_say_nothing_that_is_not_in_the_catalogue(marked_catalogue, db):
    """Invitations, forgotten passwords, and what happens, told at once and in the daily mail."""
    Agency.objects.create(pk=1, name="zqaaz")
    client = ClientFactory(name="zqaaz", locale="de-DE", timezone="Europe/Berlin")
    user = PortalUserFactory(username="zqaaz", first_name="zqaaz", email="zqaaz@example.com", client=client)
    with time_machine.travel(NOW + timedelta(hours=1), tick=False) as clock:
        invitations.invite(user, by=StaffFactory(), now=timezone.now())
        Browser().post("/client-portal/forgot-password", {"email": user.email})
        for choice in MailTime.AT_ONCE, MailTime.DAILY:
            mail_choices.choose(Viewer.of(user), dict.fromkeys(mail_choices.SUBJECTS, choice))
            make_news(client, f"zqaaz{choice}")
            work_queue()
        clock.shift(timedelta(days=1))
        work_queue()
    # Two links; two invoices, one cancelled and one paid in two parts, a quote, a request; and the daily one.
    assert len(mail.outbox) == 2 + 7 + 1
    for sent in mail.outbox:
        ((page, _kind),) = sent.alternatives
        assert [*foreign(f"{sent.subject}\n{sent.body}"), *foreign_on(page)] == [], sent.subject


def make_news(client, name):
    """Each kind of thing that a client is mailed of."""
    sent_quote(client, title="zqaaz")
    requested_approval(ProjectFactory(client=client, name=name))
    cancelled, paid = sent_invoice(client), sent_invoice(client)
    invoicing.cancel(cancelled, by=None, now=timezone.now())
    for amount in 40, 60:
        payments.record(paid, amount=Decimal(amount), paid_on=TODAY, by=None, now=timezone.now())


def staff_pages():
    for address in staff_addresses():
        if "(?P" in address or address.startswith("admin/jsi18n"):
            continue
        row = first_row(*address.split("/")[1:3]) if parts(address) else None
        if not parts(address) or row is not None:
            yield filled(address, dict.fromkeys(parts(address), row and row.pk))


def first_row(app, model):
    try:
        return apps.get_model(app, model)._base_manager.first()
    except LookupError:
        return None

"""Invoices and quotes as PDF: what stands on them, in whose formats, and that they stay as they were sent."""

import json
import os
import socket
import subprocess
import sys
from datetime import date, timedelta
from decimal import Decimal

import pytest
import time_machine

from accounts.models import Agency, Client
from accounts.tests.factories import ClientFactory
from billing import drafting, invoicing, payments, pdf
from billing.invoicing import Line
from billing.tests.factories import NOW, TODAY, draft_invoice, sent_invoice, sent_quote
from billing.tests.pdfs import claims_of, fonts_of, letters_of, paper_of, pdf_of, reader_of, words_of

pytestmark = pytest.mark.django_db

BOTH = {"pdfaid:part", "pdfuaid:part"}
NASTY = [
    '#import "@preview/cetz:0.3.0"',
    '#read("/etc/passwd")',
    "#sys.inputs $x^2$ *bold* _it_ `raw`",
    "<script>alert(1)</script> & <b>",
    "../../etc/passwd",
    "= Heading // no comment",
    r"\u{41} \ #{1+1} @ref {page}",
    "- list \"quotes\" 'single' --- ...",
]


@pytest.fixture
def agency():
    return Agency.objects.create(
        pk=1, name="Studio North", address="Kanal 1\nHamburg", tax_id="DE1", payment_instructions="IBAN DE00 1234"
    )


@pytest.fixture
def buyer():
    return ClientFactory(name="Northwind", locale="en-GB", address="Quay 5\nLeeds", currency_code="EUR")


def send(client, lines, **details):
    draft = invoicing.draft(client, lines=lines, now=NOW, **details)
    return invoicing.send(draft, by=None, now=NOW, today=TODAY)


def test_an_invoice_shows_its_number_parties_lines_sums_and_how_to_pay(agency, buyer):
    lines = [Line("Design", Decimal("38.5"), Decimal(85)), Line("Hosting", Decimal(1), Decimal("12.5"))]
    invoice = send(
        buyer, lines, tax_rate=Decimal(19), notes="Work in March", terms="Net 14", due_date=date(2026, 3, 24)
    )
    words = words_of(pdf_of(invoice))
    for shown in (
        "Invoice INV-2026-0001 €3,909.15 Due on 24 March 2026",
        "Studio North",
        "Kanal 1 Hamburg DE1",
        "Northwind Quay 5 Leeds",
        "Issued 10 Mar 2026",
        "Description Quantity Unit price Amount (EUR)",
        "Design 38.5 85.00 3,272.50",
        "Hosting 1.0 12.50 12.50",
        "Subtotal €3,285.00 19 % tax on €3,285.00 €624.15 Total €3,909.15",
        "How to pay IBAN DE00 1234 Reference: INV-2026-0001",
        "Notes Work in March Terms Net 14",
    ):
        assert shown in words


def test_lines_of_several_tax_rates_say_theirs_and_each_rate_is_summed(buyer):
    lines = [Line("Work", Decimal(1), Decimal(100)), Line("Book", Decimal(1), Decimal(10), Decimal(0))]
    words = words_of(pdf_of(send(buyer, lines, tax_rate=Decimal(19))))
    assert "Tax (%)" in words
    assert "Book 1 10.00 0 10.00" in words
    assert "19 % tax on €100.00 €19.00 0 % tax on €10.00 €0.00 Total €129.00" in words


def test_a_quote_shows_its_title_and_until_when_it_is_valid_and_not_how_to_pay(agency, buyer):
    words = words_of(pdf_of(sent_quote(buyer, title="A new shop", valid_until=TODAY)))
    assert "Quote Q-2026-0001 A new shop €100.00 Valid until 10 March 2026" in words
    assert "IBAN" not in words


@pytest.mark.parametrize(
    ("locale", "currency", "shown"),
    [
        ("de-DE", "EUR", ["1.234,50\xa0€", "10. März 2026", "10.03.2026", "617,25"]),
        ("ja-JP", "JPY", ["￥1,235", "2026年3月10日"]),
        ("en-GB", "KWD", ["KWD\xa01,234.500", "617.250"]),
        ("fr-FR", "EUR", ["1\u202f234,50\xa0€", "10 mars 2026"]),
        ("hi-IN", "INR", ["₹1,234.50"]),
        ("ar-AE", "AED", ["1,234.50"]),
        ("he-IL", "ILS", ["1,234.50"]),
        ("", "EUR", ["€1,234.50", "March 10, 2026"]),
    ],
)
def test_figures_and_dates_are_in_the_clients_formats(locale, currency, shown):
    client = ClientFactory(locale=locale, currency_code=currency)
    price = Decimal(617) if currency == "JPY" else Decimal("617.25")
    lines = [Line("Work", Decimal(2), price), Line("Odd", Decimal(1), Decimal(currency == "JPY"))]
    letters = letters_of(pdf_of(send(client, lines, due_date=TODAY)))
    for text in shown:
        assert "".join(text.split()) in letters


def test_the_words_are_in_the_clients_language_whoever_reads(buyer):
    content = pdf_of(sent_invoice(ClientFactory(locale="de-AT"), due_date=TODAY))
    assert "Fällig am 10. März 2026" in words_of(content)
    assert "Beschreibung" in words_of(content)
    assert reader_of(content).trailer["/Root"]["/Lang"] == "de-AT"
    assert "Due on 10 March 2026" in words_of(pdf_of(sent_invoice(buyer, due_date=TODAY)))


@pytest.mark.parametrize(
    ("locale", "language", "title"),
    [
        ("en-GB", "en-GB", "Invoice INV-2026-0001"),
        ("de-DE", "de-DE", "Rechnung INV-2026-0001"),
        ("fr-FR", "en", "Invoice INV-2026-0001"),
        ("", "en", "Invoice INV-2026-0001"),
    ],
)
def test_a_pdf_is_tagged_and_says_its_language_and_title(locale, language, title):
    content = pdf_of(sent_invoice(ClientFactory(locale=locale)))
    root = reader_of(content).trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/StructTreeRoot"]["/K"]
    assert root["/Lang"] == language
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader_of(content).metadata.title == title
    assert claims_of(content) == BOTH


def test_rows_and_titles_are_tagged_as_a_table(buyer):
    tags = []

    def walk(node):
        node = node.get_object()
        if isinstance(node, list):
            for child in node:
                walk(child)
        elif isinstance(node, dict):
            tags.append(node.get("/S"))
            walk(node["/K"]) if "/K" in node else None

    walk(reader_of(pdf_of(sent_invoice(buyer))).trailer["/Root"]["/StructTreeRoot"]["/K"])
    assert tags.count("/H1") == 1
    assert tags.count("/Table") == 1
    assert (tags.count("/TH"), tags.count("/TD")) == (4, 4)


def test_every_font_is_inside_the_file(buyer):
    buyer.name = "Нордвинд 北风 שלום 😀"
    buyer.save()
    fonts = fonts_of(pdf_of(sent_invoice(buyer)))
    assert any("Inter" in name for name in fonts)
    assert any("CJK" in name for name in fonts)
    assert [name for name, font in fonts.items() if not {"/FontFile2", "/FontFile3"} & set(font)] == []


@pytest.mark.parametrize("name", NASTY)
def test_markup_and_paths_stay_text(name):
    invoice = send(ClientFactory(name=name), [Line(name, Decimal(1), Decimal(1))], notes=name, terms=name)
    content = pdf_of(invoice)
    assert words_of(content).count(name) == 4
    assert claims_of(content) == BOTH


@pytest.mark.parametrize(
    "name",
    [
        "北风贸易公司",
        "ノースウィンド株式会社",
        "노스윈드",
        "Νόρντγουιντ",
        "Віт ООО",
        "บริษัทลม",
        "नॉर्थविंड",
        "Wind 😀 & Söhne",
        "Gió Bắc",
    ],
)
def test_a_name_in_any_script_is_there_and_keeps_the_standards(name):
    content = pdf_of(sent_invoice(ClientFactory(name=name)))
    assert claims_of(content) == BOTH
    if not set(name) & set("ษฑันॉ"):  # Marks above letters come back in another order.
        assert "".join(name.split()) in letters_of(content)


@pytest.mark.parametrize("name", ["שלום חברה", "شركة النور"])
def test_a_name_from_right_to_left_is_there(name):
    content = pdf_of(sent_invoice(ClientFactory(name=name)))
    assert claims_of(content) == BOTH
    assert len(fonts_of(content)) > len(fonts_of(pdf_of(sent_invoice(ClientFactory(name="Northwind")))))


def test_chinese_characters_are_drawn_as_the_clients_country_draws_them():
    for locale, face in {"ja-JP": "jp", "ko-KR": "kr", "zh-TW": "tc", "zh-CN": "sc", "en-GB": "sc"}.items():
        fonts = fonts_of(pdf_of(sent_invoice(ClientFactory(name=f"骨 {locale}", locale=locale))))
        assert [name for name in fonts if f"CJK{face}" in name], locale


@pytest.mark.parametrize("name", ["Nile 𓀀 Ltd", "Mark \ufdd0 Ltd"])
def test_a_character_that_no_font_has_costs_the_standards_and_nothing_else(name):
    content = pdf_of(sent_invoice(ClientFactory(name=name)))
    assert "Ltd" in words_of(content)
    assert reader_of(content).trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert claims_of(content) == set()


def test_what_is_no_character_of_a_text_is_replaced(buyer):
    odd = "one\r\ntwo\tthree\x01\x7f\u202e\u200b\ufeff\u2028end"
    content = pdf_of(send(buyer, [Line(odd, Decimal(1), Decimal(1))]))
    assert "one two three��" in words_of(content)


def test_a_lone_surrogate_is_replaced(buyer):
    paper = paper_of(sent_invoice(buyer))
    paper.content["subject"] = "half \ud800 of a pair"
    assert "half � of a pair" in words_of(pdf.compose(paper))


def test_long_names_and_words_hold():
    name = "x" * 200
    invoice = send(ClientFactory(name=name, address="y" * 300), [Line("z" * 500, Decimal(1), Decimal(1))])
    letters = letters_of(pdf_of(invoice))
    assert name in letters
    assert "y" * 300 in letters
    assert "z" * 500 in letters


def test_two_hundred_lines_repeat_the_titles_and_count_the_pages(buyer):
    invoice = send(buyer, [Line(f"Piece {n}", Decimal(1), Decimal(1)) for n in range(200)])
    pages = [" ".join(page.extract_text().split()) for page in reader_of(pdf_of(invoice)).pages]
    assert len(pages) > 3
    for number, words in enumerate(pages, start=1):
        assert f"Page {number} of {len(pages)}" in words
        assert "Invoice INV-2026-0001" in words
    assert all("Description Quantity" in words for words in pages[:-1])
    assert "Total €200.00" in pages[-1]


def test_a_single_page_is_not_counted(buyer):
    assert "Page 1" not in words_of(pdf_of(sent_invoice(buyer)))


def test_a_thousand_lines_leave_no_memory_behind(buyer):
    paper = paper_of(send(buyer, [Line(f"Piece {n}", Decimal(1), Decimal(1)) for n in range(1000)]))

    def composed(number):
        paper.content["title"] = f"Invoice {number}"
        pdf.compose(paper)
        with open("/proc/self/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

    first = composed(0)
    assert max(composed(number) for number in range(1, 5)) < first + 60


def test_the_same_bytes_come_each_time_and_nothing_later_changes_them(agency, buyer):
    invoice = sent_invoice(buyer, tax_rate=Decimal(19), notes="Thank you")
    sent = pdf_of(invoice)

    payments.record(invoice, amount=Decimal(10), paid_on=TODAY, by=None, now=NOW)
    payments.credit(invoice, amount=Decimal(5), reason="Late", by=None, now=NOW, today=TODAY)
    Client.objects.filter(pk=buyer.pk).update(name="Southwind", locale="de-DE", timezone="Asia/Tokyo", address="")
    Agency.objects.update(name="Studio South", payment_instructions="Cash")
    with time_machine.travel(NOW + timedelta(days=400)):
        assert pdf_of(type(invoice).objects.get(pk=invoice.pk)) == sent
    assert reader_of(sent).metadata.creation_date == NOW


def test_the_same_bytes_come_from_another_process(buyer, settings):
    buyer.name = "北风 & Söhne 😀"
    buyer.save()
    paper = paper_of(sent_invoice(buyer))
    there = (
        "import django, json, sys; django.setup()\n"
        "from datetime import datetime\n"
        "from billing import papers, pdf\n"
        "content, locale, name, made_at = json.load(sys.stdin)\n"
        "paper = papers.Paper(content, locale, name, datetime.fromisoformat(made_at))\n"
        "sys.stdout.buffer.write(pdf.compose(paper))"
    )
    given = json.dumps([paper.content, paper.locale, paper.name, paper.made_at.isoformat()]).encode()
    surroundings = {**os.environ, "TZ": "Asia/Tokyo", "LANG": "C", "HOME": "/nonexistent", "PYTHONHASHSEED": "7"}
    done = subprocess.run(
        [sys.executable, "-c", there],
        input=given,
        capture_output=True,
        cwd=settings.BASE_DIR,
        env=surroundings,
        check=True,
    )
    assert done.stdout == pdf.compose(paper)


def test_a_cancelled_invoice_bears_the_mark_and_asks_for_nothing(agency, buyer):
    invoice = sent_invoice(buyer)
    assert "Cancelled" not in words_of(pdf_of(invoice))
    cancelled = invoicing.cancel(invoice, by=None, now=NOW)
    words = words_of(pdf_of(cancelled))
    assert words.count("Cancelled") == 2
    assert "Cancelled: there is nothing to pay" in words
    assert "How to pay" not in words
    assert "Due on" not in words
    assert pdf_of(cancelled) == pdf_of(cancelled)


def test_an_invoice_over_nothing_asks_for_nothing(agency, buyer):
    words = words_of(pdf_of(sent_invoice(buyer, "0.00")))
    assert "There is nothing to pay" in words
    assert "How to pay" not in words


def test_a_draft_is_marked_and_shows_the_parties_as_they_are_now(agency, buyer):
    words = words_of(pdf_of(drafting.as_if_issued(draft_invoice(buyer))))
    assert "A draft, not sent yet" in words
    assert "Studio North" in words
    assert "Northwind" in words


def test_composing_opens_no_connection(buyer, monkeypatch):
    paper = paper_of(sent_invoice(buyer))

    def refused(*args, **kwargs):
        raise AssertionError("A connection was opened.")

    monkeypatch.setattr(socket, "socket", refused)
    monkeypatch.setattr(socket, "create_connection", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    assert pdf.compose(paper).startswith(b"%PDF")


def test_the_template_fetches_and_reads_nothing():
    template = pdf.TEMPLATE.read_text()
    assert [word for word in ("#import", "#include", "@preview", "read(", "eval(", "image(") if word in template] == []

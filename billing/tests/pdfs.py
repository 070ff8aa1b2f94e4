"""Reading PDFs back."""

import re
from io import BytesIO

from pypdf import PdfReader

from billing import papers, pdf
from billing.models import Invoice


def paper_of(document):
    make = papers.invoice_paper if isinstance(document, Invoice) else papers.quote_paper
    return make(document, document.items.order_by("position", "pk"))


def pdf_of(document):
    return pdf.compose(paper_of(document))


def reader_of(content):
    return PdfReader(BytesIO(content))


def words_of(content):
    """All text of the pages, every space and line break a plain space."""
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in reader_of(content).pages))


def letters_of(content):
    """All text of the pages without spaces: of what breaks anywhere, or runs from right to left."""
    return re.sub(r"[\s\u200b-\u200f]", "", words_of(content))


def claims_of(content):
    """The standards that a PDF claims to keep, as its metadata names them."""
    metadata = reader_of(content).trailer["/Root"]["/Metadata"].get_data().decode()
    return {name for name in ("pdfaid:part", "pdfuaid:part") if name in metadata}


def fonts_of(content):
    """`{name: font descriptor}` of every font on every page."""
    found = {}
    for page in reader_of(content).pages:
        for font in page["/Resources"]["/Font"].values():
            inner = font.get_object()["/DescendantFonts"][0].get_object()
            found[inner["/BaseFont"]] = inner["/FontDescriptor"].get_object()
    return found

"""Papers as PDF: tagged (PDF/A-3a and PDF/UA-1), with their fonts inside, nothing fetched, the same bytes each time.

Texts reach the template as data and are never read as markup. The bytes depend on the paper, on the template and on the
pinned versions of typst and the fonts, and on nothing else: not on the clock, the machine, or its own fonts.
"""

import json
import re
from functools import cache
from importlib.resources import files
from pathlib import Path
from threading import Lock

import typst

from accounts import regions

TEMPLATE = Path(__file__).parent / "typst" / "document.typ"
FONT_PACKAGES = {"fontpkg_inter": "files", "manimgx_fonts": "", "manimgx_fonts_cjk": ""}
STANDARDS = ["a-3a", "ua-1"]
# Chinese characters are drawn differently in these; elsewhere as in China.
HAN = {"ja": "JP", "ko": "KR", "zh-TW": "TC"}
# typst keeps what it laid out for ten more runs: some 40 KB a row.
ROWS_TO_FORGET = 100
RUNS_TO_FORGET = 12
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")

_one_at_a_time = Lock()


def compose(paper):
    """The bytes of a PDF of a `papers.Paper`.

    A character that no font has is drawn as an empty box, and the file then claims neither PDF/A nor PDF/UA, which
    forbid that; it is tagged all the same.
    """
    words = json.dumps(_printable(paper.content) | _voice(paper.locale))
    with _one_at_a_time:
        try:
            return _compiled(words, paper.made_at, STANDARDS)
        except typst.TypstError as error:
            if "could not be displayed with font" not in error.message:
                raise
            return _compiled(words, paper.made_at, [])
        finally:
            if len(paper.content["rows"]) > ROWS_TO_FORGET:
                _forget()


def _compiled(words, made_at, standards):
    return _compiler().compile(
        sys_inputs={"paper": words}, format="pdf", pdf_standards=standards, timestamp=int(made_at.timestamp())
    )


def _forget():
    for _run in range(RUNS_TO_FORGET):
        _empty_page().compile(b"", format="pdf")


@cache
def _fonts():
    folders = [str(files(package).joinpath(folder)) for package, folder in FONT_PACKAGES.items()]
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)


@cache
def _compiler():
    return typst.Compiler(str(TEMPLATE), root=str(TEMPLATE.parent), font_paths=_fonts(), ignore_system_fonts=True)


@cache
def _empty_page():
    return typst.Compiler(font_paths=_fonts(), ignore_system_fonts=True)


def _voice(locale):
    """Language, region and fonts, Inter first, of a paper; a region only where the words are in its own language."""
    language, _hyphen, region = locale.partition("-")
    spoken = regions.language_of(locale)
    own = f"Noto Sans CJK {HAN.get(locale, HAN.get(language, 'SC'))}"
    others = sorted({family for family in _fonts().families() if "CJK" not in family} - {"Inter"})
    return {
        "language": spoken.split("-")[0],
        "region": region if region and spoken == language else None,
        "fonts": ["Inter", *others, own],
    }


def _printable(value):
    """Line breaks as `\\n`, tabs as spaces, and whatever else is no character of a text as U+FFFD."""
    if isinstance(value, str):
        text = value.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
        return UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)
    if isinstance(value, dict):
        return {key: _printable(one) for key, one in value.items()}
    return [_printable(one) for one in value]

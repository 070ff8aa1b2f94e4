"""Rows as CSV, as JSON and as XLSX, piece by piece with flat memory.

Numbers stay numbers and dates dates. Text of people is text: what a spreadsheet would take for a formula is made
harmless, in CSV by an apostrophe before it, in XLSX by cells that hold text and are marked as such. JSON is for
programs: its names and codes are the same in every language, and Decimals are strings, which no reader rounds.
"""

import csv
import json
import re
from collections.abc import Iterable, Mapping
from datetime import date
from enum import Enum, auto
from functools import cache, lru_cache, partial
from io import StringIO
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from xml.sax.saxutils import escape

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from billing.money import SECONDS_PER_HOUR

# What spreadsheets take for the beginning of a formula, the wide forms of East Asia too.
FORMULA = re.compile(r"\s*[=+\-@\t\r\n＝＋－＠]|[\t\r\n]")
# What a text may hold that XML may not.
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
LINE_END = re.compile(r"\r\n?")
ROWS_AT_ONCE = 2000
BYTES_AT_ONCE = 2**16
# Excel's own limits: rows of a sheet, its head among them, and letters of a cell.
MOST_ROWS = 2**20
LONGEST_TEXT = 32_767
UNNAMEABLE = re.compile(r"[\[\]:*?/\\']")
LONGEST_NAME = 28
# Memory is kept flat by writing each row when the next begins.
_OPTIONS = {"constant_memory": True}
SECONDS_PER_DAY = 24 * SECONDS_PER_HOUR
BEFORE_ALL = date(1899, 12, 30).toordinal()
LETTER_BY_NUMBER = re.compile(r"(_x[0-9A-Fa-f]{4}_)")
# How many different texts and amounts of a workbook are kept ready; a long text may be 32 KB.
REMEMBERED = 500


class Kind(Enum):
    """What the values of a column are; any of them may be None, an empty cell."""

    TEXT = auto()
    DAY = auto()
    # A datetime: the reader's local time, written without its zone.
    MOMENT = auto()
    COUNT = auto()
    # Seconds, written as hours.
    HOURS = auto()
    # A Decimal with as many decimals as its currency has.
    MONEY = auto()
    # A Decimal written with the decimals that it needs.
    NUMBER = auto()
    # A code, for which people read its word.
    CHOICE = auto()


class Column(NamedTuple):
    """`key` is its name in JSON, where a column without one is left out; a CHOICE has the `words` of its codes."""

    title: str
    kind: Kind = Kind.TEXT
    key: str = ""
    words: Mapping | None = None


class Sheet(NamedTuple):
    """A named table; `rows` are tuples of values, one for each column, and may come from a cursor."""

    name: str
    columns: tuple[Column, ...]
    rows: Iterable[tuple]


class Separators(NamedTuple):
    """What stands between the cells of a CSV file, and what between a number and its decimals."""

    cells: str
    decimals: str


SEPARATORS = {"comma": Separators(",", "."), "semicolon": Separators(";", ",")}


def as_csv(sheet, separators):
    """The pieces of a CSV file in UTF-8, with the mark by which Excel knows it (RFC 4180 otherwise)."""
    page = StringIO()
    # None is written as an empty cell, and what is no text by its str().
    writer = csv.writer(page, delimiter=separators.cells, lineterminator="\r\n")
    writers = [_written(column, separators.decimals) for column in sheet.columns]
    page.write("\N{ZERO WIDTH NO-BREAK SPACE}")
    writer.writerow([harmless(column.title) for column in sheet.columns])
    rows = iter(sheet.rows)
    while batch := list(islice(rows, ROWS_AT_ONCE)):
        # Column by column: what is the same for all cells of one is decided once.
        columns = zip(writers, zip(*batch, strict=True), strict=True)
        writer.writerows(zip(*(map(write, cells) if write else cells for write, cells in columns), strict=True))
        yield _torn_off(page)
    yield _torn_off(page)


def as_json(sheet):
    """The pieces of a JSON array (RFC 8259) of an object for each row, each in a line of its own."""
    keys = [column.key for column in sheet.columns if column.key]
    writers = [_coded(column.kind) for column in sheet.columns]
    encode = json.JSONEncoder(ensure_ascii=False).encode
    rows, before = iter(sheet.rows), "[\n"
    while batch := list(islice(rows, ROWS_AT_ONCE)):
        columns = zip(sheet.columns, writers, zip(*batch, strict=True), strict=True)
        kept = [map(write, cells) if write else cells for column, write, cells in columns if column.key]
        lines = [encode(dict(zip(keys, row, strict=True))) for row in zip(*kept, strict=True)]
        yield (before + ",\n".join(lines)).encode("utf-8", "replace")
        before = ",\n"
    yield b"[]\n" if before == "[\n" else b"\n]\n"


def harmless(text):
    """Text that no spreadsheet takes for a formula; None stays None."""
    if not text or _is_plain(text):
        return text
    text = UNPRINTABLE.sub("", text)
    return f"'{text}" if FORMULA.match(text) else text


def _is_plain(text):
    """Whether a text needs no closer look: nothing unprintable in it, and no sign that begins a formula."""
    return text.isprintable() and text[0].isalnum()


def as_xlsx(sheets):
    """The pieces of a workbook. It is written to the system's temporary directory first, row by row."""
    with TemporaryDirectory(prefix="export-") as folder:
        path = Path(folder) / "book.xlsx"
        with xlsxwriter.Workbook(path, _OPTIONS | {"tmpdir": folder}) as book:
            for sheet in sheets:
                _write_sheet(book, sheet)
        with path.open("rb") as file:
            yield from iter(partial(file.read, BYTES_AT_ONCE), b"")


def _torn_off(page):
    text = page.getvalue()
    page.seek(0)
    page.truncate()
    return text.encode("utf-8", "replace")


def _written(column, point):
    """How a column's values (or None) are written in CSV; None where their str() will do."""

    def number(value):
        return None if value is None else str(value).replace(".", point)

    return {
        Kind.CHOICE: column.words and {code: harmless(str(word)) for code, word in column.words.items()}.get,
        Kind.TEXT: harmless,
        Kind.DAY: None,
        Kind.MOMENT: lambda moment: moment and str(moment)[:19],
        Kind.COUNT: None,
        Kind.HOURS: lambda seconds: None if seconds is None else number(f"{seconds / SECONDS_PER_HOUR:.4f}"),
        Kind.MONEY: None if point == "." else number,
        Kind.NUMBER: lambda value: None if value is None else number(f"{value.normalize():f}"),
    }[column.kind]


@cache
def _coded(kind):
    """How a value of a kind (or None) stands in JSON; None where as it is."""
    return {
        Kind.DAY: lambda day: day and day.isoformat(),
        Kind.MOMENT: lambda moment: moment and moment.isoformat("T", "seconds"),
        Kind.MONEY: lambda value: None if value is None else str(value),
        Kind.NUMBER: lambda value: None if value is None else f"{value.normalize():f}",
    }.get(kind)


def _write_sheet(book, sheet):
    """Write a sheet, and further ones where Excel takes no more rows in one."""
    rows, number = iter(sheet.rows), 1
    looks = _Looks(book)
    while True:
        worksheet = _new_page(book, sheet, number, looks.head)
        writers = [looks.writer(column, xl_col_to_name(place)) for place, column in enumerate(sheet.columns)]
        last, page = 1, islice(rows, MOST_ROWS - 1)
        while batch := list(islice(page, ROWS_AT_ONCE)):
            numbers = range(last + 1, last + 1 + len(batch))
            # Column by column, as in CSV.
            columns = zip(writers, zip(*batch, strict=True), strict=True)
            cells = zip(*(map(write, numbers, values) for write, values in columns), strict=True)
            worksheet.write_rows(numbers, cells)
            last += len(batch)
        worksheet.autofilter(0, 0, last - 1, len(sheet.columns) - 1)
        if last < MOST_ROWS:
            return
        number += 1


class _Worksheet(Worksheet):
    """XlsxWriter's, which takes whole rows as XML too.

    Cell by cell it needs four times as long, and takes a text between `<r>` and `</r>` for XML, whatever stands in it.
    """

    def write_rows(self, numbers, rows):
        """Write rows, an iterable of the cells of each, below all that were written before."""
        # What was written cell by cell before, the head, goes out first.
        self._write_single_row(numbers[-1])
        lines = [f'<row r="{number}">{"".join(cells)}</row>' for number, cells in zip(numbers, rows, strict=True)]
        self.fh.write("".join(lines))
        self.dim_rowmax = numbers[-1] - 1


def _new_page(book, sheet, number, head):
    name = UNNAMEABLE.sub(" ", sheet.name)[:LONGEST_NAME]
    worksheet = book.add_worksheet(name if number == 1 else f"{name} {number}", worksheet_class=_Worksheet)
    worksheet.freeze_panes(1, 0)
    for place, column in enumerate(sheet.columns):
        worksheet.set_column(place, place, WIDTHS.get(column.kind, max(12, len(column.title) + 2)))
        worksheet.write_string(0, place, column.title, head)
    return worksheet


WIDTHS = {Kind.TEXT: 24, Kind.CHOICE: 24, Kind.DAY: 12, Kind.MOMENT: 20}


class _Looks:
    """How values look in a workbook, and the XML of their cells (ECMA-376, part 1, 18.3.1.4)."""

    def __init__(self, book):
        def look(**properties):
            return book.add_format(properties)._get_xf_index()

        self.head = book.add_format({"bold": True, "bottom": 1})
        # As Excel's own apostrophe: the text stays a text when somebody edits its cell.
        self.marked = look(quote_prefix=True)
        self.day = look(num_format="yyyy-mm-dd")
        self.moment = look(num_format="yyyy-mm-dd hh:mm:ss")
        self.hours = look(num_format="#,##0.00")
        self.count = look(num_format="#,##0")
        self.amounts = [look(num_format=f"#,##0.{'0' * places}".rstrip(".")) for places in range(4)]
        # Names, rates and the like come again and again.
        self._text = lru_cache(maxsize=REMEMBERED)(self._text_of)
        self._money = lru_cache(maxsize=REMEMBERED)(self._money_of)

    def writer(self, column, name):
        """The function from a row's number and a value, or None, to the cell of a Column that is called `name`."""

        def written(inner):
            return lambda row, value: "" if value is None else f'<c r="{name}{row}"{inner(value)}</c>'

        def number(look, of=str):
            return written(lambda value: f' s="{look}"><v>{of(value)}</v>')

        return {
            Kind.TEXT: written(self._text),
            Kind.CHOICE: written(lambda value: self._text(str(column.words[value]))),
            Kind.DAY: number(self.day, _days),
            Kind.MOMENT: number(self.moment, _days_and_time),
            Kind.COUNT: number(self.count),
            Kind.HOURS: number(self.hours, lambda seconds: seconds / SECONDS_PER_HOUR),
            Kind.MONEY: written(self._money),
            Kind.NUMBER: written(lambda value: f"><v>{value}</v>"),
        }[column.kind]

    def _money_of(self, value):
        return f' s="{self.amounts[-value.as_tuple().exponent]}"><v>{value}</v>'

    def _text_of(self, text):
        """The inside of a cell that holds a text as it is, and is marked where it looks like a formula."""
        text = _cut(LINE_END.sub("\n", UNPRINTABLE.sub("", text)))
        if not text:
            return ">"
        mark = f' s="{self.marked}"' if FORMULA.match(text) else ""
        kept = ' xml:space="preserve"' if text != text.strip() else ""
        # `_x0041_` would be read as the letter of that number.
        text = escape(LETTER_BY_NUMBER.sub(r"_x005F\1", text))
        return f'{mark} t="inlineStr"><is><t{kept}>{text}</t></is>'


def _cut(text):
    """As much of a text as a cell takes, which counts letters in UTF-16."""
    if len(text) <= LONGEST_TEXT // 2:
        return text
    return text.encode("utf-16-le")[: 2 * LONGEST_TEXT].decode("utf-16-le", "ignore")


def _days(day):
    """A day as Excel counts it: 1 is the first of 1900, and 1900 has a 29th of February."""
    return day.toordinal() - BEFORE_ALL


def _days_and_time(moment):
    return _days(moment) + (moment.hour * SECONDS_PER_HOUR + moment.minute * 60 + moment.second) / SECONDS_PER_DAY

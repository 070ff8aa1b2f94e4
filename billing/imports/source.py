"""A file as numbered rows: its encoding, its delimiter, its first line, and which tracker wrote it."""

import codecs
import csv
import io
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.imports import clockify, generic, harvest, toggl
from billing.imports.layout import Header, Layout
from billing.imports.refusals import ImportRefused, RowRefused

LAYOUTS = {reader.LAYOUT.name: reader.LAYOUT for reader in (clockify, harvest, toggl, generic)}
DELIMITERS = ",;\t"
_HEAD = 4096
_NOT_TEXT = {
    b"PK\x03\x04": gettext_lazy("an Excel or OpenDocument workbook, or another ZIP archive"),
    b"\xd0\xcf\x11\xe0": gettext_lazy("an old Excel workbook"),
    b"%PDF": gettext_lazy("a PDF"),
    b"\x1f\x8b": gettext_lazy("a gzip archive"),
}


class Source(NamedTuple):
    """An open export: `text` at its beginning, the number of the header's line, and what the header says."""

    text: io.TextIOWrapper
    delimiter: str
    preamble: int
    header: Header
    layout: Layout

    def rows(self):
        """Each row below the header as `(line, cells, None)`, or `(line, None, RowRefused)` for one that is no CSV.

        `line` is where the row begins in the file; rows without any text are left out.
        """
        lines = _numbered(self.text, self.delimiter, self.preamble)
        next(lines)
        width = len(self.header)
        for line, row, error in lines:
            if error:
                yield line, row, error
            elif any(row):
                yield line, row[:width], None if len(row) == width else _width_error(row, width)


def opened(binary, format_name):
    """The Source of a seekable binary file; `format_name` is one of LAYOUTS or `auto`."""
    text = io.TextIOWrapper(binary, encoding=_encoding(binary), newline="")
    first, preamble = _first_line(text)
    candidates = [(_header(first, delimiter), delimiter) for delimiter in DELIMITERS]
    header, delimiter = max(candidates, key=lambda candidate: len(candidate[0]))
    return Source(text, delimiter, preamble, header, _layout(header, format_name))


def _layout(header, format_name):
    if format_name == "auto":
        layout = next((layout for layout in LAYOUTS.values() if layout.recognises(header)), None)
        if layout is None:
            raise ImportRefused(
                _("The first line is not the header of a known export; it reads: %(header)s")
                % {"header": ", ".join(header.shown)[:300]}
            )
    else:
        layout = LAYOUTS[format_name]
    missing = layout.missing(header)
    if missing:
        raise ImportRefused(
            _("A detailed export of %(tracker)s has columns that this file lacks: %(missing)s.")
            % {"tracker": layout.label, "missing": ", ".join(missing)}
        )
    return layout


def _encoding(binary):
    binary.seek(0)
    head = binary.read(_HEAD)
    binary.seek(0)
    if not head.strip(b"\xef\xbb\xbf \t\r\n"):
        raise ImportRefused(_("The file is empty."))
    for magic, kind in _NOT_TEXT.items():
        if head.startswith(magic):
            raise ImportRefused(_("The file is %(kind)s; save it as CSV first.") % {"kind": kind})
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if head.count(b"\0") > len(head) // 10:
        raise ImportRefused(_("The file is not text; save it as CSV in UTF-8 first."))
    return "utf-8-sig"


def _first_line(text):
    """`(header line, lines before it)`, the text put back to its beginning; Excel's `sep=;` may stand before."""
    try:
        first = text.readline(100_000)
        preamble = 1 if first.lower().startswith("sep=") else 0
        if preamble:
            first = text.readline(100_000)
    except UnicodeError as error:
        raise _wrong_encoding(1) from error
    text.seek(0)
    return first, preamble


def _header(line, delimiter):
    return Header(next(csv.reader([line], delimiter=delimiter), []))


def _numbered(text, delimiter, preamble):
    for _number in range(preamble):
        text.readline()
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    while True:
        line = preamble + reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except UnicodeError as error:
            raise _wrong_encoding(line) from error
        except csv.Error as error:
            yield line, None, RowRefused(_csv_words(error))
        else:
            yield line, row, None


def _csv_words(error):
    if "field limit" in str(error):
        return _("A cell is longer than 131,072 characters; does a quotation mark miss its other half?")
    return _("The quotation marks of this row do not pair up.")


def _width_error(row, width):
    if len(row) > width and not any(row[width:]):
        return None
    return RowRefused(
        _("The row has %(cells)s cells, the first line %(columns)s.") % {"cells": len(row), "columns": width}
    )


def _wrong_encoding(line):
    return ImportRefused(
        _("The file is not UTF-8 text near line %(line)s; save it as “CSV UTF-8” and try again.") % {"line": line}
    )

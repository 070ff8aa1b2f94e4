"""Everything that a viewer may see as one ZIP, written while it is sent: each list as CSV and as JSON, and a README.

The list of a ZIP's members stands at its end, so that one that broke off in the middle opens nowhere.
"""

from functools import partial
from itertools import chain, count, islice
from typing import NamedTuple
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from billing import formats
from billing.sheets import Kind, as_csv, as_json
from portal import looks
from portal.archive_rows import TABLES

# A list with more goes on in a further file: spreadsheets open a million rows, plain ZIP members hold two gigabytes.
ROWS_A_FILE = 500_000
READABLE_BY_ALL = 0o644 << 16


class Content(NamedTuple):
    """What the README says of one list; `columns` are `(title, name in JSON, words for its values)`."""

    name: str
    title: str
    about: str
    rows: str
    columns: list


def pieces(scope, separators, now):
    """The pieces of the ZIP, as of `now`, in the viewer's language and zone."""
    stream, local = _Stream(), now.astimezone(scope.viewer.zone)
    with ZipFile(stream, "w", ZIP_DEFLATED) as archive:
        for name, body in _files(scope, separators, local):
            info = ZipInfo(name, local.timetuple()[:6])
            info.compress_type, info.external_attr = ZIP_DEFLATED, READABLE_BY_ALL
            with archive.open(info, "w") as member:
                for piece in body:
                    member.write(piece)
                    yield from stream.drained()
    yield from stream.drained()


class _Stream:
    """What a ZipFile writes to: it holds a piece until that is drained, and cannot go back."""

    def __init__(self):
        self._held = []

    def write(self, data):
        self._held.append(bytes(data))
        return len(data)

    def flush(self):
        pass

    def drained(self):
        held, self._held = b"".join(self._held), []
        if held:
            yield held


def _files(scope, separators, local):
    """`(name, pieces)` of each file, to be drawn one after the other."""
    formats_of = {"csv": partial(as_csv, separators=separators), "json": as_json}
    contents = []
    for name, (table, about) in TABLES.items():
        for kind, write in formats_of.items():
            sheet = table(scope, local.date())
            counted = _Counted(sheet.rows)
            for number, rows in _parts(counted):
                yield f"{kind}/{name}{number}.{kind}", write(sheet._replace(rows=rows))
        contents.append(_content(name, sheet, about, counted.count, scope.viewer.locale))
    yield "README.txt", [_readme(scope, contents, separators, local)]


class _Counted:
    """Rows that are counted while they are drawn."""

    def __init__(self, rows):
        self._rows = rows
        self.count = 0

    def __iter__(self):
        for row in self._rows:
            self.count += 1
            yield row


def _parts(rows):
    """`(what its name ends in, rows)` of each file of a list, each to be drawn before the next."""
    rest = iter(rows)
    for number in count(1):
        yield ("" if number == 1 else f"-{number}"), islice(rest, ROWS_A_FILE)
        following = list(islice(rest, 1))
        if not following:
            return
        rest = chain(following, rest)


def _content(name, sheet, about, rows, locale):
    columns = [(column.title, column.key, _described(column)) for column in sheet.columns]
    return Content(name, sheet.name, str(about), formats.format_number(rows, locale), columns)


def _described(column):
    if column.kind is Kind.CHOICE:
        return ", ".join(f"{word} ({_in_json(code)})" for code, word in column.words.items())
    return {
        Kind.TEXT: _("text"),
        Kind.DAY: _("day"),
        Kind.MOMENT: _("date and time"),
        Kind.COUNT: _("whole number"),
        Kind.HOURS: _("hours with decimals, in the CSV alone"),
        Kind.MONEY: _("amount in the row's currency"),
        Kind.NUMBER: _("number with decimals"),
    }[column.kind]


def _in_json(code):
    return str(code).lower() if isinstance(code, bool) else str(code)


def _readme(scope, contents, separators, local):
    viewer = scope.viewer
    facts = {
        "viewer": viewer,
        "portal": looks.of(viewer).name,
        "day": formats.format_long_day(local, viewer.locale),
        "time": formats.format_clock(local, viewer.zone, viewer.locale),
        "contents": contents,
        "separators": separators,
        "most": formats.format_number(ROWS_A_FILE, viewer.locale),
    }
    # Windows' own editor wants both the mark and its line ends.
    text = render_to_string("portal/archive_readme.txt", facts).strip() + "\n"
    return text.replace("\r\n", "\n").replace("\n", "\r\n").encode("utf-8-sig", "replace")

"""The demo's own database file: known by a mark in its header, and by nothing else."""

import sqlite3
from datetime import date
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from accounts.errors import Refused

NAME = "demo.sqlite3"
# SQLite keeps this number for applications at byte 68 of the file; ours spells "TTdm".
MARK = 0x5454646D
_MARK_AT, _HEADER = 68, 100


class NotTheDemo(Refused):
    """The configured database is not one that the demo made."""


class CannotWrite(Refused):
    """The demo's file cannot be made where it belongs."""


def own_file():
    """The path of the demo's database, which may not exist yet; raises NotTheDemo for any other database.

    Only reads the file's first bytes: opening a foreign database would already touch it.
    """
    database = settings.DATABASES["default"]
    path = Path(database["NAME"])
    if not database["ENGINE"].endswith("sqlite3") or path.name != NAME:
        raise NotTheDemo(
            _("The demo runs in a file of its own named %(name)s; start it by “manage.py demo”.") % {"name": NAME}
        )
    if _is_written(path) and not _is_marked(path):
        raise NotTheDemo(_("%(path)s was not made by the demo and is left alone. Move it away first.") % {"path": path})
    return path


def create(path):
    """Make the file with its mark; one that is there already stays as it is. Raises CannotWrite."""
    if _is_written(path):
        return
    try:
        database = sqlite3.connect(path)
        database.execute(f"PRAGMA application_id = {MARK}")
        database.close()
    except sqlite3.OperationalError as error:
        raise CannotWrite(_("%(path)s cannot be written: %(reason)s.") % {"path": path, "reason": error}) from error


def remove(path):
    """Delete the demo's file, and what SQLite keeps beside it."""
    connection.close()
    for name in [path, f"{path}-wal", f"{path}-shm", f"{path}-journal"]:
        Path(name).unlink(missing_ok=True)


def filled_on():
    """The day the demo was filled for, or None while it is empty or half made."""
    with connection.cursor() as cursor:
        number = cursor.execute("PRAGMA user_version").fetchone()[0]
    return date(number // 10000, number // 100 % 100, number % 100) if number else None


def note_filled(day):
    """Note the day in the running transaction, so that it is there if and only if the data is."""
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA user_version = {day:%Y%m%d}")


def _is_written(path):
    return path.exists() and path.stat().st_size > 0


def _is_marked(path):
    with path.open("rb") as file:
        header = file.read(_HEADER)
    return int.from_bytes(header[_MARK_AT : _MARK_AT + 4], "big") == MARK

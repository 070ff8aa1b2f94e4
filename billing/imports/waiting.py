"""Files that wait between the preview of an import and its confirmation.

They lie in a directory that only the server's own user may read, below FILE_UPLOAD_TEMP_DIR or the system's
directory for temporary files; server processes on several machines need that to be one they share.
"""

import os
import re
import secrets
import stat
import tempfile
import time
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from billing.imports.refusals import ImportRefused

KEPT_SECONDS = 24 * 3600
_TOKEN = re.compile(r"[0-9a-f]{32}")


def keep(chunks):
    """Write a file from its chunks of bytes and drop those that waited for a day; returns the new file's token."""
    directory = _directory()
    for old in directory.iterdir():
        if old.stat().st_mtime < time.time() - KEPT_SECONDS:
            old.unlink(missing_ok=True)
    token = secrets.token_hex(16)
    with open(os.open(directory / token, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.writelines(chunks)
    return token


def opened(token):
    """The waiting file, open for reading; raises FileNotFoundError once it is gone."""
    return _path(token).open("rb")


def discard(token):
    """Remove a waiting file; it may be gone already."""
    _path(token).unlink(missing_ok=True)


def _path(token):
    if not _TOKEN.fullmatch(token):
        raise FileNotFoundError(token)
    return _directory() / token


def _directory():
    parent = Path(settings.FILE_UPLOAD_TEMP_DIR or tempfile.gettempdir())
    directory = parent / f"timetracker-imports-{os.getuid()}"
    directory.mkdir(mode=0o700, exist_ok=True)
    state = directory.lstat()
    if not stat.S_ISDIR(state.st_mode) or state.st_uid != os.getuid() or stat.S_IMODE(state.st_mode) != 0o700:
        raise ImportRefused(_("%(directory)s is open to others; remove it.") % {"directory": directory})
    return directory

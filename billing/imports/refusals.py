"""Why a file, or a row of it, is not imported."""

from accounts.errors import Refused


class ImportRefused(Refused):
    """Nothing of this file is imported."""


class RowRefused(Exception):
    """This row is not imported; says why, in the words of the person who has the file."""

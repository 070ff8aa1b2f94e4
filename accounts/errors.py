"""The base of every expected refusal."""


class Refused(Exception):
    """Something that may not happen now, worded for the person who asked for it.

    Domain modules raise subclasses of it; pages and commands show `str(error)`.
    """

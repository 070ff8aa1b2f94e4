"""The two walls taken down, one at a time or both: what the product has no switch for."""

from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

from django.db import connection

from portal import notices, scope, wall


@dataclass(frozen=True)
class Walls:
    """Which walls stand."""

    one: bool
    two: bool

    @property
    def hide_rows(self):
        """Whether what stands keeps rows of others from being read; SQLite's second wall only refuses writes."""
        return self.one or (self.two and connection.vendor == "postgresql")

    @property
    def refuse_writes(self):
        """Whether the database itself refuses writes of a page."""
        return self.two


EVERY_WAY = {
    "both walls up": Walls(one=True, two=True),
    "wall one down": Walls(one=False, two=True),
    "wall two down": Walls(one=True, two=False),
    "both walls down": Walls(one=False, two=False),
}


def take_down(walls, monkeypatch):
    """Leave only the walls of `walls` standing, until `monkeypatch` puts them back."""
    if not walls.one:
        narrowed = scope.Scope.of
        monkeypatch.setattr(notices, "_GLANCES", {})
        monkeypatch.setattr(scope.Scope, "of", staticmethod(lambda viewer: _widened(narrowed(viewer))))
    if not walls.two:
        monkeypatch.setattr(wall, "standing", _nothing)


def _widened(narrowed):
    """The same scope with the rows of all clients, archived, internal and running ones too; the same columns."""
    names = [name for name, rows in vars(scope.Scope).items() if isinstance(rows, cached_property)]
    assert names
    for name in names:
        vars(narrowed)[name] = _all_rows(getattr(narrowed, name))
    return narrowed


def _all_rows(rows):
    everything = rows.model._default_manager.all()
    everything.query.deferred_loading = rows.query.deferred_loading
    everything.query.select_related = rows.query.select_related
    return everything


@contextmanager
def _nothing(viewer, *, writes, of_one_moment=False):
    yield

"""The two walls taken down, one at a time or both: what the product has no switch for."""

from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import SimpleNamespace

from django.db import connection

from accounts.models import Client
from portal import prepared, scope, wall


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
        monkeypatch.setattr(prepared, "_Written", _WrittenOfAnything)
        monkeypatch.setattr(prepared, "_written", lru_cache(prepared._written.__wrapped__))
        monkeypatch.setattr(scope.Scope, "of", staticmethod(lambda viewer: _widened(narrowed(_whole(viewer)))))
    if not walls.two:
        monkeypatch.setattr(wall, "standing", _nothing)


class _WrittenOfAnything(prepared._Written):
    """A question that need not bind whose rows it is about."""

    def __init__(self, rows, stand_ins, _required):
        super().__init__(rows, stand_ins, ())


def _whole(viewer):
    """A viewer, also one of a question's stand-ins, whose client can be asked for everything."""
    client = viewer.client
    if not client.get_deferred_fields():
        return viewer
    return SimpleNamespace(client=Client(pk=client.pk, created_at=client.created_at), user=viewer.user)


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

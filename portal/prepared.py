"""Questions that many pages put to the database, written once: Django takes longer to write them than it to answer."""

import re
from copy import copy
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from types import SimpleNamespace

from django.db import connections

from accounts.models import Client, User

# No row has these ids, and nothing happened then: by them the places of a viewer's own values are found. They lie so
# far apart that what is worked out from one is none of the others.
APART, DAYS_APART = 1_000_003, 401
CLIENT = -7_100_000_000_001
USER = CLIENT - APART
BEGAN = datetime(1901, 2, 3, 4, 5, 6, tzinfo=UTC)


def ask(question, scope, *values, typed=""):
    """The list of what `question(scope, *values)`, a QuerySet, gives.

    A question is a function of a module. Of the viewer it may read the ids of client and user and when their accounts
    began, and nothing else: of a stand-in they are all that there is. Of `values` ids, dates and aware datetimes
    may be any; each different other one (None, a zone, a word) makes another question of it. One that looks for
    what somebody `typed`, which it gets by that name, is written anew each time.
    """
    if typed:
        return list(question(scope, *values, typed=typed))
    viewer = scope.viewer
    shape = tuple(_kind(value) for value in values)
    written = _written(question, type(scope), viewer.user is not None, shape)
    return written.answer([*_facts(viewer), *(value for value in values if _is_bound(value))])


class _Written:
    """The SQL of a QuerySet of stand-ins, of which those in `required` must be bound in it."""

    def __init__(self, rows, stand_ins, required):
        self._rows = rows
        self._compiler = rows.query.get_compiler(rows.db)
        self._sql, self._params = self._compiler.as_sql()
        places = {_stored(value, self._compiler.connection): place for place, value in enumerate(stand_ins)}
        # Where in the parameters which value stands.
        self._places = [(n, places[param]) for n, param in enumerate(self._params) if _is_one_of(places, param)]
        found = {n for n, _place in self._places}
        made_of_them = [param for n, param in enumerate(self._params) if n not in found and _is_of_a_stand_in(param)]
        if made_of_them:
            raise ValueError(f"The query works {made_of_them} out from what it is given: that must be given, too.")
        missing = {stand_ins.index(value) for value in required} - {place for _n, place in self._places}
        if missing:
            raise ValueError(f"The query binds nothing in the place of {[stand_ins[place] for place in missing]}.")

    def bound(self, values):
        """`(SQL, parameters)` for values in the order of the stand-ins."""
        stored = [_stored(value, self._compiler.connection) for value in values]
        params = list(self._params)
        for n, place in self._places:
            params[n] = stored[place]
        return self._sql, tuple(params)

    def answer(self, values):
        """The rows for values in the order of the stand-ins."""
        bound = copy(self._compiler)
        bound.connection = connections[bound.using]
        bound.as_sql = lambda: self.bound(values)
        rows = self._rows.all()
        # What is chained on from here would not be asked for: nobody gets the QuerySet.
        rows.query.get_compiler = lambda *_database, **_options: bound
        return list(rows)


@lru_cache(maxsize=500)
def _written(question, scopes, is_person, shape):
    client = Client.from_db(None, ["id", "created_at"], [CLIENT, BEGAN])
    user = User.from_db(None, ["id", "date_joined"], [USER, BEGAN + timedelta(days=DAYS_APART)]) if is_person else None
    viewer = SimpleNamespace(client=client, user=user)
    values = [_stand_in(kind, place) if isinstance(kind, type) else kind for place, kind in enumerate(shape)]
    own = [value for kind, value in zip(shape, values, strict=True) if isinstance(kind, type)]
    rows = question(scopes.of(viewer), *values)
    return _Written(rows, [*_facts(viewer), *own], [CLIENT, *own])


def _facts(viewer):
    """What may differ from viewer to viewer."""
    own = (viewer.user.pk, viewer.user.date_joined) if viewer.user else ()
    return viewer.client.pk, viewer.client.created_at, *own


def _is_bound(value):
    return isinstance(value, int | date) and not isinstance(value, bool)


def _kind(value):
    """What the SQL depends on: of a value that is bound its type, else the value itself."""
    if not _is_bound(value):
        return value
    return next(kind for kind in (datetime, date, int) if isinstance(value, kind))


def _stand_in(kind, place):
    if kind is int:
        return USER - APART * (1 + place)
    moment = BEGAN + timedelta(days=DAYS_APART * (2 + place))
    return moment if kind is datetime else moment.date()


def _is_of_a_stand_in(param):
    """Whether a parameter was worked out from a stand-in: it would be the same for all viewers and days."""
    if isinstance(param, date):
        return 1800 < param.year < 1950
    if isinstance(param, int):
        return param < USER / 2
    return isinstance(param, str) and re.search(r"^1[89][0-4][0-9]-|-7100", param) is not None


def _is_one_of(places, param):
    """Whether a parameter, which may be what no dictionary takes, is a stand-in."""
    return isinstance(param, int | date | str) and param in places


def _stored(value, connection):
    """A value as the database gets it."""
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return connection.ops.adapt_datefield_value(value) if isinstance(value, date) else value

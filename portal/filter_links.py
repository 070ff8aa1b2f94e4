"""What a filter has in use, as tags that each lead to the list without it, and the ranges of days that it offers."""

from typing import NamedTuple
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from billing import formats
from portal.periods import Period

DAYS = ("date_from", "date_to")


class Tag(NamedTuple):
    """One thing that a filter asks for, in words, and the query of the same list without it."""

    label: str
    value: str
    query: str


class Preset(NamedTuple):
    """A range of days by its name, the query of the same filter over it, and whether it is the one that is shown."""

    name: str
    query: str
    is_here: bool


def tags_of(chosen):
    """A Tag for each thing that a valid ListFilter asks for, both ends of a range of days as one."""
    tags, names = [], [name for name in chosen.state if name not in chosen.ALWAYS]
    if set(DAYS) <= {*names}:
        first, last = (_shown(chosen, name) for name in DAYS)
        tags = [_tag(chosen, "", first if first == last else f"{first} – {last}", *DAYS)]
        names = [name for name in names if name not in DAYS]
    told = [_tag(chosen, str(chosen.fields[name].label), _shown(chosen, name), name) for name in names]
    return [*told, *tags]


def presets_of(chosen, named):
    """A Preset for each `(name, Period)`; the other things that the filter asks for are kept."""
    here = Period(*(chosen.cleaned_data.get(name) for name in DAYS)) if chosen.is_valid() else None
    others = chosen.state_but(*DAYS)
    return [
        Preset(name, urlencode(dict(zip(DAYS, period, strict=True)) | others), period == here) for name, period in named
    ]


def _tag(chosen, label, value, *names):
    depending = [other for name in names for other in chosen.DEPENDING.get(name, ())]
    return Tag(label, value, urlencode(chosen.state_but(*names, *depending)))


def _shown(chosen, name):
    """What was chosen, as the reader knows it: the name of a choice, a date in its locale's form, a text in quotes."""
    if name in DAYS:
        return formats.format_day(chosen.cleaned_data[name], chosen.scope.viewer.locale)
    choices = dict(getattr(chosen.fields[name], "choices", ()))
    return str(choices.get(chosen.data[name], _("“%(text)s”") % {"text": chosen.data[name]}))

"""What open pages are told, as text: drawn once for all that are told in the same wording."""

import json
from dataclasses import dataclass
from typing import NamedTuple

from django.utils import translation

from accounts import regions
from portal import notices


class Wording(NamedTuple):
    """All of a viewer that the words for it depend on; whose events it is told of is another's business."""

    locale: str
    shows_timers: bool


@dataclass(frozen=True)
class Told:
    """An event as the channel layer carries it: all that its words need."""

    number: int
    kind: str
    subject_id: int
    project_id: int | None
    facts: dict


def hello(latest, epoch):
    """Where the client's journal stands, and in which epoch."""
    return json.dumps({"type": "hello", "latest": latest, "epoch": epoch})


def number_of(message):
    """The number of the event that a message tells of; 0 where it tells of none."""
    return message["event"]["number"] if "event" in message else 0


def drawn(message, wording):
    """What a message of a client's group says in a wording, or None where that is nothing."""
    return _DRAWN[message["type"]](message, wording)


def _event(message, wording):
    with translation.override(regions.language_of(wording.locale)):
        return json.dumps(notices.frame(Told(**message["event"]), wording.locale))


def _timers(message, wording):
    return json.dumps({"type": "timers"}) if wording.shows_timers else None


_DRAWN = {"event.recorded": _event, "timers.changed": _timers}

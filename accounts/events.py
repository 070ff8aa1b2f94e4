"""The journal of what a client may know: one door in, numbered in the order of commits, and announced afterwards.

An announcement is a hint and no more: messages of the channel layer may be lost, doubled or late, and whoever hears
one too few finds the rest in the journal.
"""

import asyncio
import logging
import secrets
from time import monotonic
from types import SimpleNamespace

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import connection, transaction
from django.db.models import F, Subquery, Value
from django.db.models.functions import Coalesce

from accounts import measures
from accounts.models import NOTIFIED, Epoch, Event, EventCounter, EventKind

__all__ = [
    "APPROVALS",
    "NOTIFIED",
    "EventKind",
    "begin_epoch",
    "epoch",
    "group_of",
    "look_again",
    "message_of",
    "record",
    "timers_changed",
    "told_of",
]

# A message system that does not answer holds nobody up for longer, and after that nobody at all for a while.
SEND_SECONDS = 2
AWAY_SECONDS = 5

log = logging.getLogger(__name__)
# Until when (monotonic) this process takes it that the channel layer does not answer.
_away = SimpleNamespace(until=0.0)

APPROVALS = frozenset({EventKind.APPROVAL_REQUESTED, EventKind.APPROVAL_APPROVED, EventKind.APPROVAL_REJECTED})


def record(kind, *, client, subject, by, now, project=None, facts=None):
    """Write one event in the transaction of the change that it tells of, as that transaction's last step.

    `subject` is the row the event is about; its type and id are kept, never its text. `by` is the acting user or None,
    `now` an aware datetime. `facts` are JSON-ready figures and states that a client may see. Returns the Event.

    Taking the number locks the client's counter row until the commit, so numbers have no gaps and a reader of
    "after N" misses nothing. After the commit the client's open pages are told; a failure of that is logged and
    changes nothing else.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("An event is recorded in the transaction of its change, or not at all.")
    event = Event.objects.create(
        client=client,
        number=_next_number(client),
        kind=EventKind(kind),
        subject_type=subject._meta.model_name,
        subject_id=subject.pk,
        project_id=project.pk if project else None,
        actor=by,
        facts=facts or {},
        recorded_at=now,
    )
    _after_commit(lambda: _announce(event))
    return event


def group_of(client_id):
    """The channel-layer group of all open pages of a client."""
    return f"client_portal_{int(client_id)}"


def timers_changed(client_id):
    """Tell a client's open pages, after the commit, that a timer was started or stopped on its projects."""
    _after_commit(lambda: _send({"type": "timers.changed", "client_id": client_id}))


def look_again(client_id):
    """Have every process look, after the commit, whether the access of a client's open sockets still stands."""
    _after_commit(lambda: _send({"type": "access.changed", "client_id": client_id}))


def told_of(kind, subject):
    """Whether the client's journal has an event of this kind about this row."""
    return Event.objects.filter(client_id=subject.client_id, kind=kind, subject_id=subject.pk).exists()


def epoch():
    """The epoch of the event numbers, as a column of a query."""
    return Coalesce(Subquery(Epoch.objects.values("code")[:1]), Value(""))


def begin_epoch():
    """Numbers from now on are of other events than those that pages have seen: an older database was put back."""
    Epoch.objects.update_or_create(pk=1, defaults={"code": secrets.token_urlsafe(9)})


def _next_number(client):
    counter = EventCounter.objects.filter(client=client)
    if not counter.update(last=F("last") + 1):
        EventCounter.objects.get_or_create(client=client)
        counter.update(last=F("last") + 1)
    return counter.values_list("last", flat=True).get()


def _after_commit(announce):
    # Robustly: what is announced has happened. (Django logs a failure by the function's name, which a partial has not.)
    transaction.on_commit(announce, robust=True)


def message_of(event):
    """What the channel layer carries of an event, for `group_of` its client."""
    told = {name: getattr(event, name) for name in ("number", "subject_id", "project_id", "facts")}
    return {
        "type": "event.recorded",
        "event": {**told, "kind": str(event.kind)},
        "recorded_at": event.recorded_at.timestamp(),
        "client_id": event.client_id,
    }


def _announce(event):
    _send(message_of(event))


def _send(message):
    if monotonic() < _away.until:
        log.warning("Not announced, the channel layer was away just now: %s", message["type"])
        return
    try:
        async_to_sync(_send_in_time)(group_of(message["client_id"]), message)
    except Exception as error:
        measures.LAYER_FAILURES.labels("announcing").inc()
        if isinstance(error, TimeoutError):
            _away.until = monotonic() + AWAY_SECONDS
        raise
    measures.ANNOUNCED.labels(message["type"]).inc()


async def _send_in_time(group, message):
    await asyncio.wait_for(get_channel_layer().group_send(group, message), SEND_SECONDS)

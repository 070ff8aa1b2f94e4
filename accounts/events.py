"""The journal of what a client may know: one door in, numbered in the order of commits."""

from django.db import connection
from django.db.models import F

from accounts.models import Event, EventCounter, EventKind

__all__ = ["EventKind", "record", "told_of"]


def record(kind, *, client, subject, by, now, project=None, facts=None):
    """Write one event in the transaction of the change that it tells of, as that transaction's last step.

    `subject` is the row the event is about; its type and id are kept, never its text. `by` is the acting user or None,
    `now` an aware datetime. `facts` are JSON-ready figures and states that a client may see. Returns the Event.

    Taking the number locks the client's counter row until the commit, so numbers have no gaps and a reader of
    "after N" misses nothing.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("An event is recorded in the transaction of its change, or not at all.")
    return Event.objects.create(
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


def told_of(kind, subject):
    """Whether the client's journal has an event of this kind about this row."""
    return Event.objects.filter(client_id=subject.client_id, kind=kind, subject_id=subject.pk).exists()


def _next_number(client):
    counter = EventCounter.objects.filter(client=client)
    if not counter.update(last=F("last") + 1):
        EventCounter.objects.get_or_create(client=client)
        counter.update(last=F("last") + 1)
    return counter.values_list("last", flat=True).get()

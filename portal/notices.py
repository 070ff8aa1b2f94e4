"""What happened, in words for one viewer; what of it is unread; and marking it read."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import BigIntegerField, Exists, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from accounts.events import APPROVALS, epoch
from accounts.models import NOTIFIED, Client, EventCounter
from portal import wording
from portal.event_words import event_words
from portal.models import EventRead, EventReadMark
from portal.prepared import ask

# The header says "99+" from here on; nobody counts further, so the database need not either.
COUNTED = 100


class Glance(NamedTuple):
    """The client's last event number and the epoch it is of, and how much is unread and waits, COUNTED at most."""

    latest: int
    epoch: str
    unread: int
    pending: int


@dataclass(frozen=True)
class Notice:
    """One event as a viewer reads it; `person` is who did it, as far as the client may know, and may be empty."""

    number: int
    kind: str
    title: str
    message: str
    url: str
    icon: str
    project: str
    person: str
    recorded_at: datetime


class _RowsOf(Subquery):
    """The number of rows of a query."""

    template = "(SELECT count(*) FROM (%(subquery)s) counted)"
    output_field = BigIntegerField()


def at_a_glance(scope):
    """The Glance of a viewer, in one query that reads no more than is unread."""
    (glance,) = ask(_glance, scope) or [(0, "", 0, 0)]
    return Glance(*glance)


def _glance(scope):
    counted = {
        "unread": _RowsOf(unread(scope).values("pk")[:COUNTED]),
        "pending": _RowsOf(scope.approvals.waiting().order_by().values("pk")[:COUNTED]),
    }
    told = {"latest": Coalesce("event_counter__last", 0), "epoch": epoch(), **counted}
    # From the client, who is there before its first event.
    return Client.objects.filter(pk=scope.viewer.client.pk).annotate(**told).values_list(*told)


def unread(scope):
    """The notices that a viewer has not read, of all since its account began."""
    return scope.notices.filter(_is_unread(scope.viewer))


def read(scope):
    """The notices that a viewer has read, or that were there before its account."""
    return scope.notices.exclude(_is_unread(scope.viewer))


def named(scope, events):
    """Events with the name of their project, as far as the viewer may see it, for `told`."""
    return events.annotate(project_name=Subquery(scope.projects.filter(pk=OuterRef("project_id")).values("name")))


def told(scope, events):
    """A Notice for each of a page of `named` events."""
    return [_notice(event, scope.viewer) for event in events]


def frame(event, locale):
    """The JSON object that tells an open page of an event, or of what the channel layer carries of one.

    It depends on nothing of its reader but the locale, and so can be drawn once for many.
    """
    told_of = {"id": event.number, "kind": event.kind}
    if event.kind not in NOTIFIED:
        return {"type": "activity", **told_of}
    words = event_words(event, locale)
    if event.kind in APPROVALS:
        status = event.facts.get("status", "")
        told_of |= {"approval_id": event.subject_id, "status": status, "title": words.title, "url": words.url}
        return {"type": "client_approval_update", **told_of}
    return {
        "type": "client_notification",
        **told_of,
        "title": words.title,
        "message": words.message,
        "url": words.url,
    }


def mark_read(scope, number, *, now):
    """The viewer has read the notice of this number; returns its words, or None where there is none."""
    event = scope.notices.filter(number=number).first()
    if event is None:
        return None
    mark = EventRead(**_whose(scope.viewer), event=event, read_at=now)
    EventRead.objects.bulk_create([mark], ignore_conflicts=True)
    return event_words(event, scope.viewer.locale)


@transaction.atomic
def mark_all_read(scope, number):
    """The viewer has read every notice up to the one of this number, and never less than it had before."""
    latest = EventCounter.objects.filter(client=scope.viewer.client).values_list("last", flat=True).first() or 0
    number = min(number, latest)
    marks = EventReadMark.objects.filter(**_whose(scope.viewer))
    EventReadMark.objects.bulk_create([EventReadMark(**_whose(scope.viewer), up_to=0)], ignore_conflicts=True)
    marks.filter(up_to__lt=number).update(up_to=number)


def _is_unread(viewer):
    """A condition on events of this viewer's client."""
    read = EventRead.objects.filter(**_whose(viewer), event=OuterRef("pk"))
    marked = EventReadMark.objects.filter(**_whose(viewer)).values("up_to")[:1]
    up_to = Coalesce(Subquery(marked), 0, output_field=BigIntegerField())
    return Q(recorded_at__gte=_began(viewer), number__gt=up_to) & ~Exists(read)


def _began(viewer):
    """When the viewer's account began: what happened before is not news to it."""
    return viewer.user.date_joined if viewer.user else viewer.client.created_at


def _notice(event, viewer):
    words = event_words(event, viewer.locale)
    return Notice(
        number=event.number,
        kind=event.kind,
        title=words.title,
        message=words.message,
        url=words.url,
        icon=words.icon,
        project=event.project_name or "",
        person=wording.person_name(event.actor, viewer) if event.actor else "",
        recorded_at=event.recorded_at,
    )


def _whose(viewer):
    return {"client": viewer.client, "user": viewer.user}

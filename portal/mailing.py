"""E-mails about what happened: made from the journal by the worker, never by what happens.

`queue_mails` follows each client's journal and, in one transaction, queues or puts aside what is to be mailed of it and
moves the mark up to which that is done: of every event each reader is mailed once, however many workers there are. What
a mail says is read when it is sent, through the reader's own scope and behind the wall, so that what it may no longer
see by then is not mailed.
"""

import logging
from contextlib import contextmanager
from datetime import datetime, time, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Min
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from structlog.contextvars import bind_contextvars

from accounts import mails, queue, regions
from accounts.models import Event, EventCounter
from portal import notices, wall
from portal.mail_choices import (
    DAILY_ONES,
    DEFAULTS,
    SUBJECTS,
    address_of,
    choices_of,
    choices_of_all,
    reader_of,
    readers_of,
    token_of,
)
from portal.models import DigestItem, MailTime
from portal.scope import Scope

log = logging.getLogger(__name__)

AT_A_TIME = 50
# What is found later than this, after an upgrade or a long standstill, is not mailed at once any more.
NEWS_FOR = timedelta(days=2)
DIGEST_TIME = time(7)
LONGEST_DIGEST = 50


def queue_mails(*, now):
    """Queue what is to be mailed of each client's new events."""
    ahead = EventCounter.objects.filter(last__gt=F("mailed"))
    for client_id in list(ahead.values_list("pk", flat=True)):
        try:
            _queue_for(client_id, now)
        except Exception:
            log.exception("The e-mails about events of client %s could not be queued", client_id)


@transaction.atomic
def _queue_for(client_id, now):
    # Whoever has the row is just recording an event or doing this; there is a next time.
    rows = EventCounter.objects.select_related("client").select_for_update(skip_locked=True, of=("self",))
    counter = rows.filter(pk=client_id, last__gt=F("mailed")).first()
    if counter is None:
        return
    up_to = min(counter.last, counter.mailed + AT_A_TIME)
    events = Event.objects.for_client(client_id).notified().after(counter.mailed).filter(number__lte=up_to)
    events = list(events.oldest_first())
    readers, choices = (readers_of(counter.client), choices_of_all(client_id)) if events else ((), {})
    for viewer in readers:
        wanted = choices.get(_user_id(viewer), DEFAULTS)
        for event in events:
            _queue_one(event, viewer, wanted[event.kind], now)
    EventCounter.objects.filter(pk=client_id).update(mailed=up_to)


def _queue_one(event, viewer, choice, now):
    user_id = _user_id(viewer)
    if user_id is not None and user_id == event.actor_id:
        return  # who did it knows
    if choice == MailTime.AT_ONCE and event.recorded_at >= now - NEWS_FOR:
        key = f"event {event.client_id}/{event.number} for {_name(viewer)}"
        mail_notice.using(dedupe_key=key).enqueue(event.client_id, user_id, event.number)
    elif choice == MailTime.DAILY:
        item = DigestItem(client_id=event.client_id, user_id=user_id, event=event, added_at=now)
        DigestItem.objects.bulk_create([item], ignore_conflicts=True)


def queue_digests(*, now):
    """Queue the daily e-mail of everybody for whom something was put aside before DIGEST_TIME of its own day.

    The date in the key makes it one a day; what came too late for it waits for the next.
    """
    waiting = DigestItem.objects.values_list("client_id", "user_id").annotate(oldest=Min("added_at")).order_by()
    for client_id, user_id, oldest in list(waiting):
        viewer = reader_of(client_id, user_id)
        if viewer is None:
            DigestItem.objects.filter(client_id=client_id, user_id=user_id).delete()
            continue
        day = viewer.today(now)
        due = datetime.combine(day, DIGEST_TIME, viewer.zone)
        if oldest < due <= now:
            key = f"day {day} of client {client_id} for {_name(viewer)}"
            mail_digest.using(dedupe_key=key, priority=-10).enqueue(client_id, user_id)


@queue.task(takes_context=True)
def mail_notice(context, client_id, user_id, number):
    """Mail one event to one reader, if it is still to hear of it."""
    bind_contextvars(client_id=client_id, user_id=user_id)
    viewer = reader_of(client_id, user_id)
    if viewer is None:
        return
    with _as_read_by(viewer):
        with wall.standing(viewer, writes=False):
            scope = Scope.of(viewer)
            found = notices.told(scope, notices.named(scope, scope.notices.filter(number=number)))
        if found and choices_of(viewer)[found[0].kind] != MailTime.NEVER:
            (notice,) = found
            facts = {"notice": notice, "link": settings.SITE_URL + notice.url}
            _send("notice", facts, viewer, what=notice.kind, task=context.task_result)


@queue.task(takes_context=True, priority=-10)
def mail_digest(context, client_id, user_id):
    """Mail one reader what was put aside, as far as it may still be seen and is still wanted, and forget it."""
    bind_contextvars(client_id=client_id, user_id=user_id)
    items = DigestItem.objects.filter(client_id=client_id, user_id=user_id)
    numbers = dict(items.values_list("pk", "event__number"))
    viewer = reader_of(client_id, user_id)
    if viewer is not None and numbers:
        with _as_read_by(viewer):
            groups, more = _digest(viewer, numbers.values())
            if groups:
                facts = {"groups": groups, "more": more, "link": settings.SITE_URL + reverse("portal:notifications")}
                _send("digest", facts, viewer, what=DAILY_ONES, task=context.task_result)
    items.filter(pk__in=numbers).delete()


def _digest(viewer, numbers):
    """`([(subject, notices)], how many more)` of those events of which the viewer still wants to hear."""
    wanted = [kind for kind, choice in choices_of(viewer).items() if choice != MailTime.NEVER]
    with wall.standing(viewer, writes=False):
        scope = Scope.of(viewer)
        events = scope.notices.filter(number__in=list(numbers), kind__in=wanted)
        count = events.count()
        found = notices.told(scope, notices.named(scope, events).newest_first()[:LONGEST_DIGEST])
    groups = [(words, [notice for notice in found if notice.kind == kind]) for kind, words in SUBJECTS.items()]
    return [(words, of_kind) for words, of_kind in groups if of_kind], count - len(found)


def _send(name, facts, viewer, *, what, task):
    stop = settings.SITE_URL + reverse("portal:stop_mails", args=[token_of(viewer, what)])
    common = {
        "agency": mails.agency().name or _("Your agency"),
        "client": viewer.client,
        "site": settings.SITE_URL,
        "stop": stop,
        "settings": settings.SITE_URL + reverse("portal:mail_settings"),
    }
    # RFC 8058: a mail program's own button for it, which sends a POST.
    headers = {"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    mails.send(name, common | facts, to=address_of(viewer), task=task, headers=headers)


@contextmanager
def _as_read_by(viewer):
    with translation.override(regions.language_of(viewer.locale)), timezone.override(viewer.zone):
        yield


def _user_id(viewer):
    return viewer.user.pk if viewer.user else None


def _name(viewer):
    return f"user {viewer.user.pk}" if viewer.user else "the company"

"""An older state of the database was put back: end what was good then, and keep what happened since from clashing.

What cannot be known here is said instead: who lost access since, and which mails and documents went out.
"""

from django.db import connection, transaction
from django.db.models import Count, F, Max, Min
from django.utils.timezone import localtime

from accounts import devices, events, invitations, queue, trail
from accounts.models import Event, EventCounter, QueuedTask, TrailEntry
from accounts.trail import TrailKind
from billing import numbering
from billing.models import NumberSequence
from portal import wall_sql
from portal.mailing import mail_digest, mail_notice
from portal.models import DigestItem

MAILS = [task.module_path for task in (invitations.make_links, invitations.mail_link, mail_notice, mail_digest)]
DROPPED = "Dropped: a backup was put back, and this mail may have gone out before."


@transaction.atomic
def begin_anew(*, now, drop_mails=False, last_numbers=()):
    """Do what a database needs whose latest changes are lost; returns what was done, as lines.

    `last_numbers` are the last numbers of documents that were really given. Safe to do twice, and with the site
    running: open pages are sent to sign in.
    """
    lines = [_as_of()]
    events.begin_epoch()
    lines.append("Event numbers are of a new epoch: pages that were open before draw themselves anew.")
    lines.append(f"{devices.end_everybodys()} sessions ended.")
    lines += _links(now)
    lines += _mails(now) if drop_mails else _waiting()
    for number in last_numbers:
        numbering.skip_to(number)
    lines.append(_numbers())
    if connection.vendor == "postgresql":
        lines += [*_sequences(), _wall()]
        _analyze()
    trail.record(TrailKind.RESTORED, now=now)
    return lines


def _as_of():
    latest = [rows.aggregate(at=Max("recorded_at"))["at"] for rows in (Event.objects, TrailEntry.objects)]
    at = max((moment for moment in latest if moment), default=None)
    if at is None:
        return "Nothing has ever happened here."
    return (
        f"The last that happened here was at {localtime(at):%Y-%m-%d %H:%M:%S %Z}. Access, passwords and second "
        "factors are as of then: take away anew what was taken away since."
    )


def _links(now):
    """Links that set a password may have been used since, or their account shut."""
    ended = invitations.end_all(now=now)
    yield f"{len(ended)} links that set a password ended" + (f"; invite anew: {', '.join(ended)}." if ended else ".")


def _waiting():
    """The mails that will go out, some for the second time."""
    unmailed, put_aside = _unmailed().count(), DigestItem.objects.count()
    rows = QueuedTask.objects.open().filter(task__in=MAILS).order_by("task").values("task")
    for row in rows.annotate(count=Count("pk"), oldest=Min("enqueued_at"), newest=Max("enqueued_at")):
        times = f"{localtime(row['oldest']):%Y-%m-%d %H:%M} to {localtime(row['newest']):%Y-%m-%d %H:%M}"
        yield f"{row['count']} mails wait ({row['task'].rpartition('.')[2]}, queued {times})."
    yield f"{unmailed} clients have events that are yet to be mailed of, {put_aside} events wait for a daily mail."
    yield "What was sent since the backup is sent again; --drop-mails drops all of it."


def _mails(now):
    """Whatever would be mailed of the time before."""
    dropped = queue.drop(QueuedTask.objects.filter(task__in=MAILS), DROPPED, now=now)
    put_aside, _rows = DigestItem.objects.all().delete()
    behind = _unmailed().update(mailed=F("last"))
    yield f"{dropped} mails dropped (the admin's queued tasks list them as failed), {put_aside} of daily mails."
    yield f"{behind} clients are not mailed of events up to now."


def _unmailed():
    return EventCounter.objects.filter(last__gt=F("mailed"))


def _numbers():
    last = [str(row) for row in NumberSequence.objects.order_by("kind", "year")]
    return (
        f"The last numbers of documents here: {', '.join(last) or 'none'}. Later ones that went out would be given "
        "again; --last-number NUMBER keeps them from it."
    )


def _sequences():
    """Raise what gives ids below rows that are there; none is lowered."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            for sequence in connection.introspection.get_sequences(cursor, table):
                name, column = (connection.ops.quote_name(sequence[part]) for part in ("name", "column"))
                cursor.execute(
                    f"SELECT setval('{name}', rows.last) FROM {name} given, (SELECT max({column}) AS last "
                    f"FROM {connection.ops.quote_name(table)}) rows WHERE rows.last >= given.last_value + "
                    "CASE WHEN given.is_called THEN 1 ELSE 0 END"
                )
                if cursor.rowcount:
                    yield f"{sequence['name']} is raised above its rows."


def _analyze():
    """A dump holds no statistics, and without them the planner guesses."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _wall():
    """A backup of one database holds no roles, and without the role no grants and policies."""
    if wall_sql.put_up():
        return "The wall is up."
    return "The wall is NOT up, and this user may not make roles: see `manage.py portal_wall --install`."

"""What can happen to time: logged, corrected, removed, a timer started and stopped."""

from datetime import UTC, timedelta

from django.db import IntegrityError, transaction
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from accounts import events
from accounts.errors import Refused
from billing import approvals, money
from billing.models import Project, TimeEntry

MAX_SECONDS = 366 * 24 * 3600


class TimeRefused(Refused):
    """Time may not be logged or changed so."""


@transaction.atomic
def log(project, *, user, start_time, by, now, end_time=None, duration_seconds=None, **details):
    """Log finished work of `user` and tell the client. Returns the TimeEntry.

    Give `end_time`, `duration_seconds` or both (aware datetimes; whole seconds); where both are given the duration
    counts. `details` are `task`, `notes`, `tags`, `billable`, `hourly_rate`, `has_times`; without a rate a billable
    entry takes the project's.
    """
    entry = _new_entry(project, user=user, start_time=start_time, now=now, **details)
    _finish(entry, end_time, duration_seconds)
    entry.save(force_insert=True)
    _tell(entry, by=by, now=now)
    return entry


@transaction.atomic
def correct(entry, *, by, now, **changes):
    """Change fields of an entry; what follows from them (duration, end, client, amount) is worked out anew.

    A client who was asked to approve the entry is asked anew.

    A new start or end alone sets the duration to what lies between them; a new duration alone moves the end. Moved to
    another project the entry takes that project's rate unless one is given.
    """
    _require_known(changes)
    # The stored row, not the caller's copy: a timer that was stopped meanwhile stays stopped.
    entry.refresh_from_db(from_queryset=TimeEntry.objects.select_for_update())
    if "project" in changes and changes["project"].pk != entry.project_id:
        changes.setdefault("hourly_rate", None)
    for field, value in changes.items():
        setattr(entry, field, value)
    entry.client_id = entry.project.client_id
    _require_loggable(entry)
    _require_imported_once(entry)
    if entry.end_time is None and "duration_seconds" not in changes:
        entry.duration_seconds = None
        entry.amount = None
    else:
        spans = {"start_time", "end_time"} & set(changes)
        end_time = None if "duration_seconds" in changes and "end_time" not in changes else entry.end_time
        duration = None if spans and "duration_seconds" not in changes else entry.duration_seconds
        _finish(entry, end_time, duration)
    entry.save()
    if entry.end_time is None:
        events.timers_changed(entry.client_id)
    approvals.renew([entry.pk], by=by, now=now)
    return entry


@transaction.atomic
def remove(*entries, by, now):
    """Delete entries; what told of them goes from the client's feed, and waiting requests ask without them."""
    ids = [entry.pk for entry in entries]
    for entry in entries:
        if entry.end_time is None:
            events.timers_changed(entry.client_id)
        entry.delete()
    approvals.renew(ids, by=by, now=now)


@transaction.atomic
def start_timer(project, *, user, now, **details):
    """Start the one timer a person may have running. Returns the open TimeEntry."""
    entry = _new_entry(project, user=user, start_time=now, now=now, **details)
    try:
        with transaction.atomic():
            entry.save(force_insert=True)
    except IntegrityError as error:
        if not TimeEntry.objects.running().filter(user=user).exists():
            raise
        raise TimeRefused(_("A timer of %(person)s is running already.") % {"person": user.display_name}) from error
    events.timers_changed(entry.client_id)
    return entry


@transaction.atomic
def stop_timer(entry, *, by, now, end_time=None):
    """Stop a running timer, now or as of `end_time`, and tell the client; refused if it was stopped meanwhile."""
    stopped = TimeEntry.objects.select_for_update().running().filter(pk=entry.pk).first()
    if stopped is None:
        raise TimeRefused(_("This timer is not running any more."))
    _finish(stopped, end_time or now, None)
    stopped.save(update_fields=["end_time", "duration_seconds", "amount", "hourly_rate"])
    approvals.renew([stopped.pk], by=by, now=now)
    _tell(stopped, by=by, now=now)
    return stopped


def priced(project, *, billable, hourly_rate, seconds):
    """The `(rate, amount)` an entry keeps: None for both where nothing is to be billed or no rate is known."""
    rate = project.rate if hourly_rate is None else hourly_rate
    if not billable or rate is None or seconds is None:
        return hourly_rate if billable else None, None
    return rate, money.time_amount(seconds, rate, project.currency_code)


def _new_entry(project, *, user, start_time, now, **details):
    details.setdefault("billable", project.billable)
    _require_known(details)
    entry = TimeEntry(
        client_id=project.client_id, project=project, user=user, start_time=start_time, created_at=now, **details
    )
    _require_loggable(entry)
    return entry


def _require_known(details):
    allowed = (
        "project user task start_time end_time duration_seconds notes tags billable hourly_rate has_times"
    ).split()
    unknown = set(details).difference(allowed)
    if unknown:
        raise TypeError(f"Not fields of logged time: {', '.join(sorted(unknown))}")


def _require_loggable(entry):
    if entry.project.status == Project.Status.ARCHIVED:
        raise TimeRefused(_("“%(project)s” is archived; no time can be logged on it.") % {"project": entry.project})
    if entry.task is not None and entry.task.project_id != entry.project_id:
        raise TimeRefused(_("The task “%(task)s” belongs to another project.") % {"task": entry.task})


def _require_imported_once(entry):
    same = TimeEntry.objects.for_client(entry.client_id).filter(import_key=entry.import_key).exclude(pk=entry.pk)
    if entry.import_key is not None and same.exists():
        client = entry.project.client
        said = _("This time was imported for %(client)s as well; remove one of the two entries.")
        raise TimeRefused(said % {"client": client})


def _finish(entry, end_time, duration_seconds):
    if end_time is None and duration_seconds is None:
        raise TimeRefused(_("Give the end or the duration."))
    entry.start_time, end_time = _in_utc(entry.start_time), _in_utc(end_time)
    if end_time is not None and end_time < entry.start_time:
        raise TimeRefused(_("The end lies before the start."))
    if duration_seconds is None:
        duration_seconds = int((end_time - entry.start_time).total_seconds())
    if not 0 <= duration_seconds <= MAX_SECONDS:
        raise TimeRefused(_("The duration must lie between zero and a year."))
    entry.duration_seconds = duration_seconds
    entry.end_time = entry.start_time + timedelta(seconds=duration_seconds) if end_time is None else end_time
    entry.hourly_rate, entry.amount = priced(
        entry.project, billable=entry.billable, hourly_rate=entry.hourly_rate, seconds=duration_seconds
    )


def _in_utc(moment):
    """The same instant in UTC; Python subtracts two times of one zone as the clock on the wall showed them."""
    return None if moment is None else localtime(moment, UTC)


def _tell(entry, *, by, now):
    events.record(
        "time_logged",
        client=entry.project.client,
        subject=entry,
        project=entry.project,
        by=by,
        now=now,
        facts={"entries": 1, "seconds": entry.duration_seconds},
    )

"""What can happen to approvals of hours: asked for, given, refused, withdrawn, and asked anew when the hours change.

A request keeps a copy of each entry that it asks about (`TimeApprovalEntry`), so what was answered can be read for
ever. Locks are taken in this order, so that nobody waits in a ring: project, entries, requests, the client's counter.
"""

from datetime import datetime, time, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import Count, F, Sum
from django.utils.translation import gettext as _

from accounts import events, regions
from accounts.errors import Refused
from accounts.models import Client
from billing.models import Project, TimeApproval, TimeApprovalEntry, TimeEntry

MOST_ENTRIES = 5_000
LONGEST_REASON = 2_000

# What a client sees of an entry: the work always, the money where it has `show_rates`.
WORK = ("user_id", "start_time", "end_time", "duration_seconds", "has_times", "task_id", "notes")
MONEY = ("billable", "hourly_rate", "amount")

Status = TimeApproval.Status


class ApprovalRefused(Refused):
    """This may not happen to the request, or nothing can be asked so."""


class AnsweredMeanwhile(ApprovalRefused):
    """Somebody answered or withdrew the request first."""


class ChangedMeanwhile(ApprovalRefused):
    """The hours are not those any more that the answer was about."""


class Asked(NamedTuple):
    """A new request, and how many of the entries it leaves out because they wait or are approved as they are."""

    approval: TimeApproval
    left_out: int


@transaction.atomic
def ask(project, *, by, now, period_start, period_end):
    """Ask the client to approve the finished time of a project in a period, and tell it. Returns Asked.

    The period's dates are the client's local ones, both inclusive. Entries that wait for an answer or are approved as
    they are now are not asked about again.
    """
    project = _locked_project(project.pk)
    zone = regions.first_zone(project.client.timezone)
    entries = TimeEntry.objects.filter(project=project).starting_between(
        datetime.combine(period_start, time.min, zone), datetime.combine(period_end + timedelta(days=1), time.min, zone)
    )
    asked = _request(project, entries, by=by, now=now, period=(period_start, period_end))
    if asked.approval is None:
        raise ApprovalRefused(_nothing_new(asked.left_out))
    _tell("approval_requested", asked.approval, by=by, now=now)
    return asked


@transaction.atomic
def ask_for_entries(entries, *, by, now):
    """Ask one client to approve these entries (a QuerySet): one request for each project, of the days between them.

    Running timers among them are left out. Returns a list of Asked, those projects left out that have nothing new.
    """
    entries = TimeEntry.objects.filter(pk__in=entries.values("pk"))
    projects = Project.objects.filter(pk__in=entries.values("project")).order_by("pk")
    if len(set(projects.values_list("client", flat=True))) > 1:
        raise ApprovalRefused(_("These entries belong to several clients; ask one client at a time."))
    tried = [
        _request(project, entries.filter(project=project), by=by, now=now)
        for project in [_locked_project(pk) for pk in projects.values_list("pk", flat=True)]
    ]
    asked = [one for one in tried if one.approval is not None]
    if not asked:
        raise ApprovalRefused(_nothing_new(sum(one.left_out for one in tried)))
    for one in asked:
        _tell("approval_requested", one.approval, by=by, now=now)
    return asked


@transaction.atomic
def approve(approval, *, by, now, version, for_client=False):
    """Approve the hours of the `version` that was shown; raises AnsweredMeanwhile or ChangedMeanwhile.

    `by` is the client's person, None for the company login, or with `for_client` the member of staff whom the client
    told.
    """
    return _answer(approval, Status.APPROVED, "", by=by, now=now, version=version, for_client=for_client)


@transaction.atomic
def reject(approval, *, reason, by, now, version, for_client=False):
    """Reject the hours of the `version` that was shown, for a reason that staff will read; else as `approve`."""
    if not reason.strip():
        raise ApprovalRefused(_("Say why the hours are rejected."))
    return _answer(approval, Status.REJECTED, reason.strip(), by=by, now=now, version=version, for_client=for_client)


@transaction.atomic
def withdraw(approval, *, by, now):
    """Take a waiting request back; the client sees that it was, and the journal has no event of it."""
    if not _close(approval, Status.WITHDRAWN, by=by, now=now):
        raise AnsweredMeanwhile(_("This request was answered or withdrawn meanwhile; nothing was changed."))
    approval.refresh_from_db()
    return approval


def renew(entry_ids, *, by, now):
    """Ask anew about entries that were changed, moved or deleted, in the transaction of that change.

    The latest request about an entry decides: a waiting one takes the change over as its next version, or is withdrawn
    when nothing is left of it; approved hours are asked about in a new request; after a rejection or a withdrawal
    nothing happens by itself.
    """
    found = list(TimeApprovalEntry.objects.filter(time_entry_id__in=entry_ids).values_list("time_entry_id", "approval"))
    if not found:
        return
    latest = dict(sorted(found))
    entries = {entry.pk: entry for entry in _with_names(TimeEntry.objects.finished().filter(pk__in=latest))}
    for approval in _locked(pk__in=set(latest.values())):
        ids = [entry_id for entry_id, approval_id in latest.items() if approval_id == approval.pk]
        changed = [entry_id for entry_id in ids if _changed(approval, entry_id, entries.get(entry_id))]
        if changed and approval.is_waiting:
            _take_over(approval, {entry_id: entries.get(entry_id) for entry_id in ids}, by=by, now=now)
        elif changed and approval.status == Status.APPROVED:
            _ask_again(approval, [entries[pk] for pk in changed if pk in entries], by=by, now=now)


def _request(project, entries, *, by, now, period=None, renews=None):
    """Asked for these entries of a project, with no request where there is nothing new to ask about."""
    if project.status == Project.Status.ARCHIVED:
        raise ApprovalRefused(_("“%(project)s” is archived; its client does not see it.") % {"project": project})
    rows = list(_with_names(entries.finished()).select_for_update(of=("self",), no_key=True)[: MOST_ENTRIES + 1])
    if len(rows) > MOST_ENTRIES:
        raise ApprovalRefused(_("More than %(most)s entries are too many for one request.") % {"most": MOST_ENTRIES})
    fresh = _not_asked_about(project, rows)
    if not fresh:
        return Asked(None, len(rows))
    start, end = period or _days_of(project, fresh)
    approval = TimeApproval.objects.create(
        client_id=project.client_id,
        project=project,
        period_start=start,
        period_end=end,
        requested_by=by,
        requested_at=now,
        renews=renews,
    )
    TimeApprovalEntry.objects.bulk_create([_line(approval, entry) for entry in fresh])
    return Asked(approval, len(rows) - len(fresh))


def _not_asked_about(project, rows):
    """Those entries that neither wait for an answer nor are approved as they are."""
    lines = TimeApprovalEntry.objects.filter(
        time_entry_id__in=[entry.pk for entry in rows],
        approval__project=project,
        approval__status__in=[Status.REQUESTED, Status.APPROVED],
    ).select_related("approval")
    seen = _seen_of(project)
    settled = {}
    for line in lines:
        settled.setdefault(line.time_entry_id, []).append("waits" if line.approval.is_waiting else _content(line, seen))
    return [entry for entry in rows if not {"waits", _content(entry, seen)}.intersection(settled.get(entry.pk, ()))]


def _answer(approval, status, reason, *, by, now, version, for_client):
    client = Client.objects.only("pk", "portal_approvals_enabled").get(pk=approval.client_id)
    if not for_client and not client.portal_approvals_enabled:
        raise ApprovalRefused(_("Approvals are not answered in this portal."))
    marks = {"answered_for_client": True} if for_client else {}
    if _close(approval, status, by=by, now=now, reason=reason, version=version, **marks):
        _tell(f"approval_{status}", approval, by=by, now=now, status=status)
        return approval
    stored = TimeApproval.objects.filter(pk=approval.pk).values_list("status", flat=True).get()
    if stored != Status.REQUESTED:
        raise AnsweredMeanwhile(_("This request was answered or withdrawn meanwhile; your answer was not kept."))
    raise ChangedMeanwhile(_("The hours changed since this page was opened. Please look at them again."))


def _close(approval, status, *, by, now, version=None, **fields):
    """Whether this answer is the one that counts: of several at once the database lets one through."""
    waiting = TimeApproval.objects.waiting().filter(pk=approval.pk)
    if version is not None:
        waiting = waiting.filter(version=version)
    return waiting.update(status=status, answered_by=by, answered_at=now, **fields) == 1


def _changed(approval, entry_id, entry):
    """Whether an entry is not as this request has it any more; None is one that is gone or runs again."""
    if entry is None or entry.project_id != approval.project_id:
        return True
    seen = _seen_of(approval.project)
    return _content(approval.lines.get(time_entry_id=entry_id), seen) != _content(entry, seen)


def _take_over(approval, entries, *, by, now):
    """Make the entries' present state the next version of a waiting request; `entries` has None for those gone."""
    kept = [entry for entry in entries.values() if entry is not None and entry.project_id == approval.project_id]
    if not kept and not approval.lines.exclude(time_entry_id__in=entries).exists():
        withdraw(approval, by=by, now=now)
        return
    approval.lines.filter(time_entry_id__in=entries).delete()
    _add(approval, kept, by=by, now=now)


def _ask_again(approved, entries, *, by, now):
    """Ask about approved hours that changed: in the request that asks anew about them already, or in a new one.

    Hours that went to another client are not asked about by themselves.
    """
    by_project = {}
    for entry in entries:
        if entry.client_id == approved.client_id:
            by_project.setdefault(entry.project, []).append(entry)
    for project, rows in by_project.items():
        waiting = _locked(renews=approved, project=project, status=Status.REQUESTED).first()
        if waiting is not None:
            _add(waiting, rows, by=by, now=now)
            continue
        entries_of_project = TimeEntry.objects.filter(pk__in=[entry.pk for entry in rows])
        asker = by or approved.requested_by
        asked = _request(project, entries_of_project, by=asker, now=now, renews=approved)
        _tell("approval_requested", asked.approval, by=by, now=now)


def _add(approval, entries, *, by, now):
    """Put entries into a waiting request, as its next version, and ask for it anew."""
    TimeApprovalEntry.objects.bulk_create([_line(approval, entry) for entry in entries])
    days = _days_of(approval.project, entries) if entries else (approval.period_start, approval.period_end)
    approval.period_start = min(approval.period_start, days[0])
    approval.period_end = max(approval.period_end, days[1])
    approval.version = F("version") + 1
    approval.requested_at = now
    approval.save(update_fields=["period_start", "period_end", "version", "requested_at"])
    approval.refresh_from_db(fields=["version"])
    _tell("approval_requested", approval, by=by, now=now)


def _line(approval, entry):
    return TimeApprovalEntry(
        client_id=approval.client_id,
        approval=approval,
        time_entry_id=entry.pk,
        task_name=entry.task.name if entry.task else "",
        currency_code=entry.project.currency_code,
        **{name: getattr(entry, name) for name in WORK + MONEY},
    )


def _seen_of(project):
    return WORK + MONEY if project.client.show_rates else WORK


def _content(row, names):
    """What an entry, or a line about it, says in these columns."""
    return tuple(getattr(row, name) for name in names)


def _days_of(project, entries):
    """The client's local dates of the first and the last of some entries."""
    zone = regions.first_zone(project.client.timezone)
    days = [entry.start_time.astimezone(zone).date() for entry in entries]
    return min(days), max(days)


def _with_names(entries):
    return entries.select_related("project__client", "task").order_by("pk")


def _locked_project(pk):
    """The project as it is stored; who else asks about it waits until this is over."""
    rows = Project.objects.select_related("client").select_for_update(of=("self",), no_key=True)
    return rows.get(pk=pk)


def _locked(**which):
    rows = TimeApproval.objects.select_related("project__client", "requested_by")
    return rows.select_for_update(of=("self",), no_key=True).filter(**which).order_by("pk")


def _nothing_new(left_out):
    if left_out:
        return _("These hours wait for the client's answer already, or are approved as they are.")
    return _("There is no finished time to ask about.")


def _tell(kind, approval, *, by, now, status=Status.REQUESTED):
    """Record what happened; of the client only its number, because a page of the portal may not load whole clients."""
    sums = TimeApprovalEntry.objects.filter(approval=approval).aggregate(
        entries=Count("pk"), seconds=Sum("duration_seconds", default=0)
    )
    events.record(
        kind,
        client=Client(pk=approval.client_id),
        subject=approval,
        project=approval.project,
        by=by,
        now=now,
        facts={
            "approval_id": approval.pk,
            "status": Status(status).value,
            **sums,
            "period_start": approval.period_start.isoformat(),
            "period_end": approval.period_end.isoformat(),
        },
    )

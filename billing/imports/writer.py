"""The one way in for a file of time: reads it through its tracker's reader and writes what is new."""

from os import SEEK_END

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import events
from accounts.models import Client, User
from billing.imports import entries, source, staging, styles
from billing.imports.filing import Filing
from billing.imports.names import drop_unused, tidy
from billing.imports.refusals import ImportRefused, RowRefused
from billing.imports.report import BadRows, Changed, ProjectTotal, Report
from billing.imports.zones import WallClock
from billing.models import Project, Task

_BATCH = 5_000
_READ_SHARE = 0.4


def run(
    file,
    *,
    zone,
    by,
    now,
    client="",
    project="",
    format_name="auto",
    dates="auto",
    decimal="auto",
    skip_bad=False,
    dry_run=False,
    expect=None,
    progress=None,
):
    """Import an export of time, all of it or nothing, and tell each client once. Returns the Report.

    `file` is a seekable binary file, `zone` the tzinfo of local times in it; `client` and `project` are the names for
    rows without one; `format_name`, `dates` and `decimal` settle what the file leaves open. Bad rows raise BadRows
    unless `skip_bad`; a file that cannot be read at all raises ImportRefused. `dry_run` does it all and takes it
    back. With `expect`, the fingerprint of an earlier report, an import that would come out otherwise raises Changed.
    `progress` is called with the share that is done, from 0 to 1.
    """
    client, project = _default_name(client), _default_name(project)
    shares = _Progress(file, progress or _tell_nobody)
    opened = source.opened(file, format_name)
    try:
        read = reader(opened, zone, dates, decimal)
        with transaction.atomic():
            report = _write(
                opened,
                read,
                by=by,
                now=now,
                defaults={"client": client, "project": project},
                require=lambda report: _require_wanted(report, skip_bad, expect),
                progress=shares,
            )
            report.written = not dry_run
            if dry_run:
                transaction.set_rollback(True)
    finally:
        # The file is the caller's to close.
        opened.text.detach()
    return report


def reader(opened, zone, dates, decimal):
    """A function from a row to its Entry, in the styles that the whole file is written in."""
    cells = opened.layout.cells(opened.header)
    order, sign = styles.find(opened.rows(), cells, dates=dates, decimal=decimal)
    opened.text.seek(0)
    currency = opened.layout.currency(opened.header)
    entry = entries.reader(WallClock(zone), order=order, sign=sign, currency=currency)
    return lambda row: entry(cells([*row, ""]))


def _write(opened, read, *, by, now, defaults, require, progress):
    report = Report(opened.layout.name, opened.layout.label)
    stage = staging.begin()
    filing = Filing(report, now=now, **defaults)
    for batch in _batches(opened, read, filing, report):
        stage.add(batch)
        progress.reading()
    totals = stage.settle()
    _conclude(report, filing.created, stage, totals)
    require(report)
    stage.move(created_at=now, progress=progress.writing)
    stage.end()
    _tell(totals, by=by, now=now)
    return report


def _batches(opened, read, filing, report):
    """Lists of rows for the stage; the bad ones go into the report."""
    batch = []
    for line, row, error in opened.rows():
        report.rows += 1
        try:
            if error:
                raise error
            batch.append((line, *filing.staged(read(row))))
        except RowRefused as refusal:
            report.refuse(line, refusal)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if not report.rows:
        raise ImportRefused(_("The file has a header and no rows."))
    if batch:
        yield batch


def _conclude(report, created, stage, totals):
    """Fill in the report, after names that no new entry uses are dropped again."""
    new = sum(count for _client, _project, count, _seconds in totals)
    report.known = report.rows - report.bad_count - new
    if report.known or report.bad_count:
        columns = {Task: "task_id", Project: "project_id", Client: "client_id", User: "user_id"}
        drop_unused({model: created[model] for model in columns}, {m: stage.used(c) for m, c in columns.items()})
    projects = Project.objects.select_related("client").in_bulk([project for _client, project, *_sums in totals])
    report.totals = sorted(
        ProjectTotal(projects[project].client.name, projects[project].name, count, int(seconds))
        for _client, project, count, seconds in totals
    )
    report.new_clients = sorted(client.name for client in created[Client].values())
    report.new_projects = sorted(f"{project.client} / {project}" for project in created[Project].values())
    report.new_tasks = sorted(f"{task.project} / {task}" for task in created[Task].values())
    report.new_people = sorted(user.display_name for user in created[User].values())


def _require_wanted(report, skip_bad, expect):
    if report.bad_count and not skip_bad:
        words = ngettext(
            "%(count)d row is bad; nothing was imported.",
            "%(count)d rows are bad; nothing was imported.",
            report.bad_count,
        )
        raise BadRows(words % {"count": report.bad_count}, report)
    if expect is not None and report.fingerprint != expect:
        raise Changed(_("Meanwhile something changed, and the import would come out otherwise; look again."), report)


def _tell(totals, *, by, now):
    """One event for each client with new time, in the order of their ids: two writers then never wait in a ring."""
    sums = {}
    for client, _project, count, seconds in totals:
        before = sums.get(client, (0, 0))
        sums[client] = before[0] + count, before[1] + int(seconds)
    clients = Client.objects.in_bulk(list(sums))
    for pk, (count, seconds) in sorted(sums.items()):
        facts = {"entries": count, "seconds": seconds}
        events.record("time_logged", client=clients[pk], subject=clients[pk], by=by, now=now, facts=facts)


def _default_name(name):
    try:
        return tidy(name)
    except RowRefused as refusal:
        raise ImportRefused(str(refusal)) from refusal


def _tell_nobody(_share):
    """Nobody watches."""


class _Progress:
    """Tells how much is done: reading by the place in the file, then writing."""

    def __init__(self, file, tell):
        self._file, self._tell = file, tell
        self._size = max(1, file.seek(0, SEEK_END))
        file.seek(0)

    def reading(self):
        self._tell(_READ_SHARE * min(1, self._file.tell() / self._size))

    def writing(self, share):
        self._tell(_READ_SHARE + (1 - _READ_SHARE) * share)

"""`manage.py import_time FILE`: bring in the time of another tracker's export."""

from pathlib import Path
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import now
from django.utils.translation import gettext as _

from accounts import regions
from billing import imports
from billing.formats import hours_of

BAR_WIDTH = 40
MOST_NAMES = 20


class Command(BaseCommand):
    help = (
        "Import the detailed export of Toggl Track, Clockify or Harvest, or a plain CSV. "
        "All of it or nothing; the same file twice adds nothing."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, help="the export, as CSV")
        parser.add_argument("--client", default="", metavar="NAME", help="the client of rows that name none")
        parser.add_argument("--project", default="", metavar="NAME", help="the project of rows that name none")
        parser.add_argument("--timezone", required=True, metavar="ZONE", help="of the times in the file: Europe/Berlin")
        parser.add_argument("--format", default="auto", choices=["auto", *imports.LAYOUTS], help="the tracker")
        parser.add_argument(
            "--dates",
            default="auto",
            choices=["auto", "iso", *imports.DATE_ORDERS],
            help="the order of day, month and year, where the file leaves it open",
        )
        parser.add_argument(
            "--decimal",
            default="auto",
            choices=["auto", *imports.DECIMAL_SIGNS],
            help="the sign before decimals, where the file leaves it open",
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would happen and change nothing")
        parser.add_argument("--skip-bad", action="store_true", help="leave out bad rows and import the others")

    def handle(self, *, file, timezone, **options):
        try:
            regions.check_zone(timezone)
            with file.open("rb") as binary:
                report = self._run(binary, timezone, options)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}") from error
        except imports.BadRows as error:
            self._list_bad_rows(error.report)
            raise CommandError(str(error)) from error
        except imports.ImportRefused as error:
            raise CommandError(str(error)) from error
        self._list_bad_rows(report)
        self._sum_up(report)

    def _run(self, binary, timezone, options):
        bar = Bar(self.stderr) if self.stderr.isatty() else None
        try:
            return imports.run(
                binary,
                zone=ZoneInfo(timezone),
                by=None,
                now=now(),
                client=options["client"],
                project=options["project"],
                format_name=options["format"],
                dates="ymd" if options["dates"] == "iso" else options["dates"],
                decimal=options["decimal"],
                skip_bad=options["skip_bad"],
                dry_run=options["dry_run"],
                progress=bar,
            )
        finally:
            if bar:
                bar.clear()

    def _list_bad_rows(self, report):
        for line, reason in report.bad:
            self.stderr.write(_("line %(line)s: %(reason)s") % {"line": line, "reason": reason})
        if report.bad_not_shown:
            self.stderr.write(_("and %(count)s more") % {"count": report.bad_not_shown})

    def _sum_up(self, report):
        for line in _summary(report):
            self.stdout.write(line)
        for warning in report.warnings:
            self.stderr.write(self.style.WARNING(warning))


def _summary(report):
    """The lines that say what was done, or in a dry run would be."""
    yield _("%(tracker)s: %(rows)s rows read.") % {"tracker": report.tracker, "rows": report.rows}
    for total in report.totals:
        sums = _("%(entries)s entries, %(hours)s h") % {"entries": total.entries, "hours": hours_of(total.seconds)}
        yield f"  {total.client} / {total.project}: {sums}"
    words = (
        _("%(entries)s entries with %(hours)s h imported.")
        if report.written
        else _("%(entries)s entries with %(hours)s h would be imported.")
    )
    yield words % {"entries": report.entries, "hours": hours_of(report.seconds)}
    if report.known:
        yield _("%(count)s were there already.") % {"count": report.known}
    if report.bad_count:
        yield _("%(count)s bad rows left out.") % {"count": report.bad_count}
    for words, names in (
        (_("New clients"), report.new_clients),
        (_("New projects"), report.new_projects),
        (_("New tasks"), report.new_tasks),
        (_("New people, inactive and without a password"), report.new_people),
    ):
        if names:
            yield f"{words} ({len(names)}): {', '.join(names[:MOST_NAMES])}{' …' if len(names) > MOST_NAMES else ''}"
    if not report.written:
        yield _("Nothing was changed.")


class Bar:
    """A line on the terminal that fills up."""

    def __init__(self, out):
        self._out = out
        self._shown = None

    def __call__(self, share):
        percent = int(share * 100)
        if percent != self._shown:
            self._shown = percent
            done = BAR_WIDTH * percent // 100
            self._out.write(f"\r[{'#' * done}{'.' * (BAR_WIDTH - done)}] {percent:3}%", str, ending="")
            self._out.flush()

    def clear(self):
        self._out.write("\r" + " " * (BAR_WIDTH + 8) + "\r", str, ending="")

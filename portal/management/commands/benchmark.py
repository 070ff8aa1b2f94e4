"""`manage.py benchmark`: what pages, open ones too, files and an import cost on the data there is."""

import json
from dataclasses import astuple, fields
from pathlib import Path

from django.core.management import BaseCommand, CommandError
from django.utils.translation import gettext as _

from accounts.errors import Refused
from portal import answered, benchmark, import_benchmark
from portal.benchmark import Cost, FileCost
from portal.import_benchmark import ImportCost


class Command(BaseCommand):
    help = "Count and time every page and file of the portal, for a client of median size and for the largest one."

    def add_arguments(self, parser):
        parser.add_argument("--repeat", type=int, default=20, help="Requests of each page (20).")
        parser.add_argument(
            "--no-files", action="store_true", help="Leave out files, in and out: they take the longest."
        )
        parser.add_argument("--json", type=Path, metavar="FILE", help="Write the figures there too.")

    def handle(self, *, repeat, no_files, json, **_options):
        if repeat < 1:
            raise CommandError(_("Ask for each page once at least."))
        try:
            people = benchmark.small_and_large()
            with answered.in_silence():
                costs = list(benchmark.measure(people, repeat=repeat, with_files=not no_files))
            costs += [] if no_files else import_benchmark.measure("large", people["large"])
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        for kind in (Cost, FileCost, ImportCost):
            rows = [tuple(map(str, astuple(cost))) for cost in costs if isinstance(cost, kind)]
            if rows:
                self.stdout.write(_table([tuple(field.name for field in fields(kind)), *rows]) + "\n")
        if json:
            json.write_text(_dumped(costs))


def _dumped(costs):
    return json.dumps(benchmark.as_json(costs), indent=1) + "\n"


def _table(rows):
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(_line(row, widths) for row in rows)


def _line(row, widths):
    """Words to the left, figures to the right."""
    cells = [text.ljust(width) for text, width in zip(row[:2], widths, strict=False)]
    cells += [text.rjust(width) for text, width in zip(row[2:], widths[2:], strict=True)]
    return "  ".join(cells)

"""Files to import, and what came of them."""

import csv
import io
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from accounts.models import Client, Event, User
from billing import imports
from billing.models import Project, Task, TimeEntry
from billing.tests.factories import NOW

EXPORTS = Path(__file__).parent / "exports"
BERLIN = ZoneInfo("Europe/Berlin")
GENERIC = "client,project,task,person,email,date,start,end,duration,notes,billable\n"
NOTHING = {Client: 0, Project: 0, Task: 0, User: 0, TimeEntry: 0, Event: 0}


def run(content, **options):
    """Import text, bytes or a fixture's name."""
    if isinstance(content, str) and content.endswith(".csv"):
        content = (EXPORTS / content).read_bytes()
    content = content.encode() if isinstance(content, str) else content
    options = {"zone": BERLIN, "by": None, "now": NOW, "client": "Inner Works"} | options
    return imports.run(io.BytesIO(content), **options)


def generic(*rows):
    return GENERIC + "".join(f"{row}\n" for row in rows)


def entry_row(start="09:00", end="10:00", duration="", date="2025-03-04", notes="", **cells):
    """A line of GENERIC: an hour of Ada Park's on Acme's site, unless said otherwise."""
    cells = {"client": "Acme", "project": "Site", "task": "", "person": "Ada Park", "email": ""} | cells
    return ",".join([*cells.values(), date, start, end, duration, notes, "yes"])


def counts():
    return {model: model.objects.count() for model in NOTHING}


def hours_in_database():
    sums = defaultdict(int)
    for entry in TimeEntry.objects.select_related("client", "project"):
        sums[entry.client.name.lower(), entry.project.name] += entry.duration_seconds
    return dict(sums)


def refusal(content, **options):
    with pytest.raises(imports.ImportRefused) as raised:
        run(content, **options)
    return str(raised.value)


def bad_rows(content, **options):
    with pytest.raises(imports.BadRows) as raised:
        run(content, **options)
    return {row.line: row.reason for row in raised.value.report.bad}


def plain_seconds(text):
    hours, minutes, seconds = (int(part) for part in text.split(":"))
    return hours * 3600 + minutes * 60 + seconds


def plain_sums(name, *, duration, delimiter=","):
    """Seconds by client and project, added up from the file without the importer."""
    sums = defaultdict(int)
    with (EXPORTS / name).open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file, delimiter=delimiter):
            sums[(row["Client"] or "Inner Works").lower(), row["Project"]] += duration(row)
    return dict(sums)


def comma_hours(text):
    return int(Decimal(text.replace(".", "").replace(",", ".")) * 3600)

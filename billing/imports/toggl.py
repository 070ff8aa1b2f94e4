"""Toggl Track's detailed report as CSV."""

from billing.imports.layout import Layout

LAYOUT = Layout(
    name="toggl",
    label="Toggl Track",
    columns={
        "client": ("client",),
        "project": ("project",),
        "task": ("task",),
        "person": ("user", "member"),
        "email": ("email",),
        "notes": ("description",),
        "tags": ("tags",),
        "billable": ("billable",),
        "date": ("start date",),
        "start": ("start time",),
        "end_date": ("end date", "stop date"),
        "end": ("end time", "stop time"),
        "duration": ("duration",),
    },
    marks=(("start date",), ("start time",), ("duration",)),
    needs=(("project",), ("person", "email"), ("date",), ("start", "duration"), ("duration", "end")),
)

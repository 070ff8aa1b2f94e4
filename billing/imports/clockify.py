"""Clockify's detailed report as CSV. Its column of hours, minutes and seconds counts; the decimal one is rounded."""

from billing.imports.layout import Layout

LAYOUT = Layout(
    name="clockify",
    label="Clockify",
    columns={
        "client": ("client",),
        "project": ("project",),
        "task": ("task",),
        "person": ("user",),
        "email": ("email",),
        "notes": ("description",),
        "tags": ("tags",),
        "billable": ("billable",),
        "date": ("start date",),
        "start": ("start time",),
        "end_date": ("end date",),
        "end": ("end time",),
        "duration": ("duration (h)",),
        "hours": ("duration (decimal)",),
        "rate": ("billable rate",),
    },
    marks=(("start date",), ("duration (h)", "duration (decimal)")),
    needs=(("project",), ("person", "email"), ("date",), ("duration", "hours", "end")),
)

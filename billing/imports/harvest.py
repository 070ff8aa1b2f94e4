"""Harvest's detailed time report as CSV: hours of a day, without start and end."""

from billing.imports.layout import Layout

LAYOUT = Layout(
    name="harvest",
    label="Harvest",
    columns={
        "client": ("client",),
        "project": ("project",),
        "task": ("task",),
        "first_name": ("first name",),
        "last_name": ("last name",),
        "email": ("email",),
        "notes": ("notes",),
        "billable": ("billable?",),
        "date": ("date",),
        "hours": ("hours",),
        "rate": ("billable rate",),
        "currency": ("currency",),
    },
    marks=(("date",), ("hours",), ("first name", "last name", "billable?")),
    needs=(("project",), ("first_name", "last_name", "email"), ("date",), ("hours",)),
)

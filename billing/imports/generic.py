"""A plain CSV, for every tracker that has no reader of its own.

The first line names the columns, in any order and any case; other columns are ignored.

| column | holds |
|---|---|
| `project` | needed; rows without one need a default |
| `person`, `email` | one of them is needed: the full name, the e-mail address |
| `date` | the day; not needed where `start` holds the day too |
| `start`, `end` | time of day (`9:05`, `09:05:30`, `9:05 PM`), or day and time (`2026-03-04 09:05`,
  `2026-03-04T09:05:00+01:00`); without an offset it is local time of the time zone given for the import |
| `end date` | the day of the end, where that is another one |
| `duration` | `H:MM`, `H:MM:SS` or hours as a number; not needed where `start` and `end` are there |
| `hours` | hours as a number, instead of `duration` |
| `client`, `task`, `notes`, `tags` | text |
| `billable` | yes or no; empty: as the project is |
| `rate`, `currency` | the rate an hour, and its currency (EUR); the currency may stand in the header: `rate (EUR)` |

An entry with a day and a duration but no start is kept as hours of that day.
"""

from billing.imports.layout import Layout

LAYOUT = Layout(
    name="generic",
    label="CSV",
    columns={
        "client": ("client", "customer"),
        "project": ("project",),
        "task": ("task",),
        "person": ("person", "user", "name", "full name"),
        "first_name": ("first name",),
        "last_name": ("last name",),
        "email": ("email", "e-mail"),
        "notes": ("notes", "description", "comment"),
        "tags": ("tags",),
        "billable": ("billable", "billable?"),
        "date": ("date", "start date", "day"),
        "start": ("start", "start time"),
        "end_date": ("end date",),
        "end": ("end", "end time"),
        "duration": ("duration",),
        "hours": ("hours",),
        "rate": ("rate", "hourly rate", "billable rate"),
        "currency": ("currency",),
    },
    marks=(("project",), ("date", "start date", "day", "start"), ("duration", "hours", "end", "end time")),
    needs=(
        ("project",),
        ("person", "email", "first_name", "last_name"),
        ("date", "start"),
        ("duration", "hours", "end"),
    ),
)

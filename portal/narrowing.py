"""Which of a client's work a page is about, in values that a question (`portal.prepared`) can bind."""

from datetime import datetime
from typing import NamedTuple


class Narrowing(NamedTuple):
    """A project, a task, a person, and starts from one instant until before another; None leaves all of them in."""

    project_id: int | None = None
    task_id: int | None = None
    person_id: int | None = None
    start: datetime | None = None
    end: datetime | None = None

    def of(self, entries):
        """Those of `entries` that it is about, in no order."""
        wanted = {"project": self.project_id, "task": self.task_id, "user": self.person_id}
        return entries.filter(**{key: pk for key, pk in wanted.items() if pk}).starting_between(self.start, self.end)

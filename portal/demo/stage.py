"""A timeline: what happens at which moment, played in order up to now."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo


@dataclass
class Stage:
    """Where the demo's story is played: its clock and dice, what was made so far by key, and what is still to come."""

    now: datetime
    zone: ZoneInfo
    chance: Random = field(default_factory=lambda: Random(1814))  # noqa: S311 (the same story each time)
    people: dict = field(default_factory=dict)
    clients: dict = field(default_factory=dict)
    projects: dict = field(default_factory=dict)
    tasks: dict = field(default_factory=dict)
    moments: list = field(default_factory=list)

    @property
    def today(self):
        return self.now.astimezone(self.zone).date()

    def day(self, days_ago):
        """The date so many days ago; on a weekend the Friday before it."""
        return last_workday(self.today - timedelta(days=days_ago))

    def moment(self, day, hour, minute=0):
        """That time of a day at the agency."""
        return datetime.combine(day, time(hour, minute), self.zone)

    def at(self, moment, action, /, **details):
        """Let `action(now=moment, **details)` happen then; what lies after the stage's own now never does."""
        self.moments.append((moment, len(self.moments), action, details))

    def play(self):
        for moment, _order, action, details in sorted(self.moments, key=lambda row: row[:2]):
            if moment <= self.now:
                action(now=moment, **details)


def last_workday(day):
    """The day itself, or the Friday before a weekend."""
    return day - timedelta(days=max(0, day.weekday() - 4))


def next_workday(day):
    """The day itself, or the Monday after a weekend."""
    return day + timedelta(days=(7 - day.weekday()) if day.weekday() > 4 else 0)


def month_start(today, months_ago):
    """The first day of the month so many months before today's."""
    months = today.year * 12 + today.month - 1 - months_ago
    return date(months // 12, months % 12 + 1, 1)

"""Who worked on what and when: eighteen months of weekdays."""

from collections import defaultdict
from datetime import datetime, timedelta
from functools import cache
from typing import NamedTuple

from portal.demo.agency import STAFF
from portal.demo.words import DEEDS, ENDINGS
from portal.demo.work import PROJECTS

DAYS = 546
QUARTER = timedelta(minutes=15)
LENGTHS = (2, 3, 4, 4, 5, 6, 6, 7, 8, 8, 9, 10, 12)  # quarters of an hour, as often as they stand here
PAUSES = (0, 0, 1, 1, 2, 4)
NEVER_BILLED = 0.05
NO_NOTE = 0.04
AN_ENDING = 0.14


class Spell(NamedTuple):
    """A piece of one person's day: the plan of its project, the task's name, and what became of it."""

    plan: object
    task: str
    person: str
    start: datetime
    end: datetime
    notes: str
    billable: bool

    @property
    def seconds(self):
        return int((self.end - self.start).total_seconds())


def worked(stage):
    """All Spells up to yesterday, oldest first."""
    spells = []
    for days_ago in range(DAYS, 0, -1):
        day = stage.today - timedelta(days=days_ago)
        if day.weekday() < 5:
            for place, person in enumerate(STAFF):
                if not _is_away(place, days_ago) and stage.chance.random() < 0.93:
                    spells += _day_of(stage, person, day, days_ago)
    return sorted(spells, key=lambda spell: (spell.end, spell.person))


def seconds_by_project(spells):
    """`{project key: (all seconds, billable seconds)}`."""
    sums = defaultdict(lambda: (0, 0))
    for spell in spells:
        every, billable = sums[spell.plan.key]
        sums[spell.plan.key] = (every + spell.seconds, billable + spell.seconds * spell.billable)
    return sums


def _is_away(place, days_ago):
    """Everyone has two weeks off twice, at different times."""
    return any(begin <= days_ago < begin + 16 for begin in (70 + 23 * place, 380 + 19 * place))


def _day_of(stage, person, day, days_ago):
    spells = []
    start = stage.moment(day, 8, stage.chance.choice([0, 15, 30, 45])) + stage.chance.choice([0, 2, 4]) * QUARTER
    for _spell in range(stage.chance.choice([1, 2, 2, 2, 3, 3])):
        under_way = [row for craft in person.crafts for row in _under_way(craft, days_ago)]
        if not under_way:
            break
        plan, task = stage.chance.choices(under_way, [plan.weight for plan, _task in under_way])[0]
        end = start + stage.chance.choice(LENGTHS) * QUARTER
        billable = stage.chance.random() >= NEVER_BILLED
        spells.append(Spell(plan, task.name, person.username, start, end, _note(stage, task), billable))
        start = end + stage.chance.choice(PAUSES) * QUARTER
    return spells


@cache
def _under_way(craft, days_ago):
    rows = []
    for plan in PROJECTS:
        part = (plan.start - days_ago) / (plan.start - plan.end)
        if plan.end <= days_ago <= plan.start:
            rows += [(plan, task) for task in plan.tasks if task.craft == craft and task.begins <= part < task.ends]
    return rows


def _note(stage, task):
    if stage.chance.random() < NO_NOTE:
        return ""
    note = stage.chance.choice(DEEDS[task.craft]).format(stage.chance.choice(task.subjects.split("; ")))
    return note + (stage.chance.choice(ENDINGS) if stage.chance.random() < AN_ENDING else "")

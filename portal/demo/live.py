"""The demo's people at work while somebody looks on: an entry, a timer, a remark, a bill or its payment."""

import asyncio
import logging
from datetime import timedelta
from decimal import Decimal
from random import Random

from channels.db import database_sync_to_async
from django.utils import timezone

from accounts.errors import Refused
from accounts.models import User
from billing import invoicing, payments, projects, tracking
from billing.invoicing import Line
from billing.models import Invoice, Project, Task, TimeEntry
from portal.demo.agency import CUSTOMERS, LEAD, STAFF
from portal.demo.words import DEEDS
from portal.demo.work import PROJECTS

PAUSE_SECONDS = (6, 14)
QUARTERS = (2, 3, 4, 5, 6, 8)
LONGEST_TIMER = timedelta(minutes=50)
ASKS = (
    "{} is ready for you to look at on the staging site.",
    "We have a question about {}; could you call us tomorrow?",
    "Done with {}. Next week we go on from there.",
)

log = logging.getLogger(__name__)


async def work():
    """Let something happen every few seconds, until the server stops."""
    chance = Random()  # noqa: S311 (nobody's secret)
    while True:
        await asyncio.sleep(chance.uniform(*PAUSE_SECONDS))
        try:
            await database_sync_to_async(something, thread_sensitive=False)(chance, now=timezone.now())
        except Refused as refusal:
            log.info("Nothing came of it: %s", refusal)
        except Exception:
            log.exception("The demo's people could not work")


def something(chance, *, now):
    """Let one thing happen, by the same functions that staff use; returns the deed's name."""
    deed = chance.choices(list(DEEDS_OF_A_DAY), list(DEEDS_OF_A_DAY.values()))[0]
    deed(chance, now=now)
    return deed.__name__


def log_time(chance, *, now):
    task, craft, subject = _some_work(chance)
    person = _person(chance, craft)
    seconds = chance.choice(QUARTERS) * 900
    tracking.log(
        task.project,
        user=person,
        start_time=now - timedelta(seconds=seconds),
        duration_seconds=seconds,
        by=person,
        now=now,
        task=task,
        notes=chance.choice(DEEDS[craft]).format(subject),
    )


def start_or_stop_a_timer(chance, *, now):
    """Whose timer has run long enough stops it, and someone else begins."""
    old = TimeEntry.objects.running().filter(start_time__lt=now - LONGEST_TIMER).first()
    if old is not None:
        tracking.stop_timer(old, by=old.user, now=now)
        return
    task, craft, subject = _some_work(chance)
    person = _person(chance, craft)
    if not TimeEntry.objects.running().filter(user=person).exists():
        notes = chance.choice(DEEDS[craft]).format(subject)
        tracking.start_timer(task.project, user=person, now=now, task=task, notes=notes)


def write(chance, *, now):
    task, craft, subject = _some_work(chance)
    content = chance.choice(ASKS).format(subject)
    content = content[0].upper() + content[1:]
    author = _person(chance, craft)
    projects.comment(task.project, content=content, by=author, now=now, is_internal=False, task=task)


def bill(chance, *, now):
    task, _craft, subject = _some_work(chance)
    client = task.project.client
    customer = next(customer for customer in CUSTOMERS if customer.fields["name"] == client.name)
    hours = Decimal(chance.choice(QUARTERS)) / 4
    line = Line(f"{task.name}: {subject}", hours, task.project.rate)
    draft = invoicing.draft(
        client, lines=[line], now=now, project=task.project, tax_rate=customer.tax_rate, terms=customer.terms
    )
    invoicing.send(draft, by=_lead(), now=now, today=timezone.localdate(now))


def pay(chance, *, now):
    waiting = list(Invoice.objects.sent().unpaid())
    if waiting:
        invoice = chance.choice(waiting)
        payments.record(invoice, amount=invoice.outstanding, paid_on=timezone.localdate(now), by=_lead(), now=now)


# What happens, and how often of all times.
DEEDS_OF_A_DAY = {log_time: 8, start_or_stop_a_timer: 4, write: 3, bill: 2, pay: 1}


def _some_work(chance):
    """A task under way with its craft and one of its subjects."""
    plans = {(plan.name, task.name): task for plan in PROJECTS for task in plan.tasks}
    open_tasks = Task.objects.open().filter(project__status=Project.Status.ACTIVE).select_related("project__client")
    task = chance.choice([task for task in open_tasks if (task.project.name, task.name) in plans])
    plan = plans[task.project.name, task.name]
    return task, plan.craft, chance.choice(plan.subjects.split("; "))


def _person(chance, craft):
    names = [person.username for person in STAFF if craft in person.crafts]
    return User.objects.get(username=chance.choice(names))


def _lead():
    return User.objects.get(username=LEAD)

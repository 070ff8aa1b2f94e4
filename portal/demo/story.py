"""The demo's story: the agency and its people, their projects and remarks, and the time they logged."""

from datetime import timedelta
from decimal import Decimal
from itertools import groupby
from zoneinfo import ZoneInfo

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import F

from accounts import events
from accounts.models import Agency, Client, Event, EventCounter, User
from billing import money, projects, tracking
from billing.models import Project, TimeEntry
from portal.demo import approvals, bills, hours
from portal.demo.agency import AGENCY, CUSTOMERS, LEAD, PASSWORD, PORTAL_PEOPLE, STAFF
from portal.demo.remarks import REMARKS
from portal.demo.stage import Stage
from portal.demo.work import PROJECTS
from portal.models import EventReadMark

ZONE = "Europe/Berlin"
# Older time stands in the journal as one event a client and week.
LOGGED_SINGLY_DAYS = 12
TIMER_MINUTES = 47
UNREAD_DAYS = 8


@transaction.atomic
def tell(*, now):
    """Fill an empty database with the agency's last eighteen months, up to `now`; the same for the same `now`."""
    stage = Stage(now=now.replace(second=0, microsecond=0), zone=ZoneInfo(ZONE))
    _bring_on(stage)
    spells = hours.worked(stage)
    _plan_projects(stage, hours.seconds_by_project(spells))
    _plan_time(stage, spells)
    _plan_remarks(stage)
    bills.plan(stage)
    approvals.plan(stage)
    stage.play()
    _read_notices(stage)
    # Nobody is mailed of what happened before the demo began.
    EventCounter.objects.update(mailed=F("last"))


def _bring_on(stage):
    password = make_password(PASSWORD)
    joined = stage.moment(stage.day(hours.DAYS + 30), 9)
    Agency.objects.create(pk=1, **AGENCY)
    for customer in CUSTOMERS:
        login = {"portal_enabled": True, "portal_username": customer.company_login, "portal_password": password}
        stage.clients[customer.key] = Client.objects.create(
            created_at=joined, **customer.fields, **(login if customer.company_login else {})
        )
    for person in [*STAFF, *PORTAL_PEOPLE]:
        stage.people[person.username] = User.objects.create(
            username=person.username,
            first_name=person.first_name,
            last_name=person.last_name,
            email=person.email,
            password=password,
            is_staff=person.client is None,
            is_superuser=person.username == LEAD,
            client=stage.clients.get(person.client),
            client_portal_enabled=person.client is not None and person.portal,
            timezone="" if person.client else ZONE,
            date_joined=joined,
        )


def _plan_projects(stage, seconds):
    lead = stage.people[LEAD]
    for plan in PROJECTS:
        stage.at(
            stage.moment(stage.day(plan.start + 4), 9, 10), _open, stage=stage, plan=plan, seconds=seconds[plan.key]
        )
        ended = stage.moment(stage.day(plan.end), 16, 30)
        if plan.status == "on_hold":
            stage.at(ended, _change_status, stage=stage, plan=plan, status=Project.Status.ON_HOLD, by=lead)
        if plan.status in {"completed", "archived"}:
            stage.at(ended, _change_status, stage=stage, plan=plan, status=Project.Status.COMPLETED, by=lead)
        if plan.status == "archived":
            later = stage.moment(stage.day(plan.end - 14), 11)
            stage.at(later, _change_status, stage=stage, plan=plan, status=Project.Status.ARCHIVED, by=lead)


def _open(stage, plan, seconds, *, now):
    client = stage.clients[plan.client]
    every, billable = seconds
    rate = client.hourly_rate if plan.hourly_rate is None else plan.hourly_rate
    project = projects.open_project(
        client,
        name=plan.name,
        by=stage.people[LEAD],
        now=now,
        description=plan.description,
        start_date=stage.day(plan.start),
        due_date=stage.day(plan.end) if plan.end else stage.today + timedelta(days=40 + 10 * plan.weight),
        hourly_rate=plan.hourly_rate,
        estimated_hours=_limit(Decimal(every) / money.SECONDS_PER_HOUR, plan.estimate_used),
        budget_amount=_limit(billable * rate / money.SECONDS_PER_HOUR, plan.budget_used),
    )
    stage.projects[plan.key] = project
    for task in plan.tasks:
        ends = round(plan.start - (plan.start - plan.end) * task.ends)
        stage.tasks[plan.key, task.name] = projects.add_task(
            project,
            name=task.name,
            now=now,
            status=task.status,
            due_date=stage.day(ends) if task.ends < 1 or plan.end else project.due_date,
        )


def _limit(spent, part_used):
    """The round limit of which `spent` is about `part_used`; None for no limit."""
    if part_used is None:
        return None
    limit = spent / Decimal(str(part_used))
    step = Decimal(5).scaleb(limit.adjusted() - 2)
    return round(limit / step) * step


def _change_status(stage, plan, status, *, by, now):
    projects.change_status(stage.projects[plan.key], status, by=by, now=now, reason=plan.reason)


def _plan_remarks(stage):
    for place, remark in enumerate(REMARKS):
        moment = stage.moment(stage.day(remark.days_ago), 13, place % 60)
        stage.at(moment, _comment, stage=stage, remark=remark)


def _comment(stage, remark, *, now):
    projects.comment(
        stage.projects[remark.project],
        content=remark.content,
        by=stage.people[remark.author],
        now=now,
        is_internal=remark.internal,
        task=stage.tasks[remark.project, remark.task] if remark.task else None,
    )


def _plan_time(stage, spells):
    since = stage.moment(stage.today - timedelta(days=LOGGED_SINGLY_DAYS), 0)
    weeks = sorted((spell for spell in spells if spell.end < since), key=_client_and_week)
    for _week, rows in groupby(weeks, key=_client_and_week):
        week = list(rows)
        stage.at(week[-1].end + timedelta(minutes=10), _log_week, stage=stage, week=week)
    for spell in spells:
        if spell.end >= since:
            stage.at(spell.end + timedelta(minutes=3), _log, stage=stage, spell=spell)
    stage.at(stage.now - timedelta(minutes=TIMER_MINUTES), _start_timer, stage=stage)


def _client_and_week(spell):
    return spell.plan.client, spell.end.isocalendar()[:2]


def _log_week(stage, week, *, now):
    TimeEntry.objects.bulk_create([_entry(stage, spell) for spell in week])
    client = stage.clients[week[0].plan.client]
    facts = {"entries": len(week), "seconds": sum(spell.seconds for spell in week)}
    events.record("time_logged", client=client, subject=client, by=stage.people[LEAD], now=now, facts=facts)


def _entry(stage, spell):
    project = stage.projects[spell.plan.key]
    rate, amount = tracking.priced(project, billable=spell.billable, hourly_rate=None, seconds=spell.seconds)
    return TimeEntry(
        client_id=project.client_id,
        project=project,
        task=stage.tasks[spell.plan.key, spell.task],
        user=stage.people[spell.person],
        start_time=spell.start,
        end_time=spell.end,
        duration_seconds=spell.seconds,
        notes=spell.notes,
        billable=spell.billable,
        hourly_rate=rate,
        amount=amount,
        created_at=spell.end,
    )


def _read_notices(stage):
    """The clients' people have read what is older than the last few days."""
    since = stage.now - timedelta(days=UNREAD_DAYS)
    for person in PORTAL_PEOPLE:
        user = stage.people[person.username]
        read = Event.objects.for_client(user.client).filter(recorded_at__lt=since)
        up_to = read.newest_first().values_list("number", flat=True).first() or 0
        EventReadMark.objects.create(client=user.client, user=user, up_to=up_to)


def _log(stage, spell, *, now):
    person = stage.people[spell.person]
    tracking.log(
        stage.projects[spell.plan.key],
        user=person,
        start_time=spell.start,
        end_time=spell.end,
        by=person,
        now=now,
        task=stage.tasks[spell.plan.key, spell.task],
        notes=spell.notes,
        billable=spell.billable,
    )


def _start_timer(stage, *, now):
    task = stage.tasks["shop", "Checkout and payments"]
    tracking.start_timer(
        stage.projects["shop"], user=stage.people["jonas"], now=now, task=task, notes="Built the voucher field"
    )

"""Valid rows of work and money, and no more than that."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import factory
from factory.django import DjangoModelFactory

from accounts.tests.factories import ClientFactory, StaffFactory
from billing import approvals, invoicing, quoting
from billing.models import Comment, Project, Task, TimeEntry

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
TODAY = date(2026, 3, 10)


class ProjectFactory(DjangoModelFactory):
    class Meta:
        model = Project

    client = factory.SubFactory(ClientFactory)
    name = factory.Sequence(lambda n: f"Project {n}")
    currency_code = factory.SelfAttribute("client.currency_code")


class TaskFactory(DjangoModelFactory):
    class Meta:
        model = Task

    project = factory.SubFactory(ProjectFactory)
    client = factory.SelfAttribute("project.client")
    name = factory.Sequence(lambda n: f"Task {n}")


class TimeEntryFactory(DjangoModelFactory):
    """An hour of finished work; set `duration_seconds` for another length."""

    class Meta:
        model = TimeEntry

    project = factory.SubFactory(ProjectFactory)
    client = factory.SelfAttribute("project.client")
    user = factory.SubFactory(StaffFactory)
    start_time = NOW
    duration_seconds = 3600
    end_time = factory.LazyAttribute(
        lambda entry: (
            None if entry.duration_seconds is None else entry.start_time + timedelta(seconds=entry.duration_seconds)
        )
    )


class CommentFactory(DjangoModelFactory):
    class Meta:
        model = Comment

    project = factory.SubFactory(ProjectFactory)
    client = factory.SelfAttribute("project.client")
    author = factory.SubFactory(StaffFactory)
    content = "A remark"
    is_internal = False


def requested_approval(project, **entry):
    """A waiting request about one new entry of TODAY."""
    TimeEntryFactory(project=project, **entry)
    return approvals.ask(project, by=StaffFactory(), now=NOW, period_start=TODAY, period_end=TODAY).approval


def draft_invoice(client, amount="100.00", **details):
    """A draft over one line of `amount`, in the client's currency unless `currency_code` says otherwise."""
    lines = [invoicing.Line("Work", Decimal(1), Decimal(amount))]
    return invoicing.draft(client, lines=lines, now=NOW, **details)


def sent_invoice(client, amount="100.00", **details):
    """An invoice sent on TODAY unless `issue_date` says otherwise."""
    return invoicing.send(draft_invoice(client, amount, **details), by=None, now=NOW, today=TODAY)


def sent_quote(client, amount="100.00", title="An offer", **details):
    """A quote sent on TODAY unless `issue_date` says otherwise."""
    lines = [quoting.Line("Work", Decimal(1), Decimal(amount))]
    return quoting.send(
        quoting.draft(client, title=title, lines=lines, now=NOW, **details), by=None, now=NOW, today=TODAY
    )

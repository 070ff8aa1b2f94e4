"""The demo's requests to approve hours: one that waits, one approved, one rejected, all of one client."""

from datetime import timedelta
from typing import NamedTuple

from billing import approvals
from portal.demo.agency import LEAD
from portal.demo.stage import next_workday


class RequestPlan(NamedTuple):
    """A request made so many days ago about the time of a project from `first` to `last` days ago.

    `answer` is what `person` says two days later: nothing, "approved", or the reason of a rejection.
    """

    project: str
    days_ago: int
    first: int
    last: int
    person: str
    answer: str = ""


APPROVED = "approved"
REQUESTS = [
    RequestPlan("shop", 38, 52, 39, "katrin", APPROVED),
    RequestPlan(
        "care",
        24,
        40,
        25,
        "katrin",
        "The work on the contact form belongs to the online shop, as we agreed on the telephone.",
    ),
    RequestPlan("shop", 3, 14, 4, "katrin"),
]


def plan(stage):
    """Put all requests and their answers on the timeline."""
    for request in REQUESTS:
        made = []
        day = stage.day(request.days_ago)
        stage.at(stage.moment(day, 16, 20), _ask, stage=stage, request=request, made=made)
        if request.answer:
            answered = stage.moment(next_workday(day + timedelta(days=2)), 11, 5)
            stage.at(answered, _answer, stage=stage, request=request, made=made)


def _ask(stage, request, made, *, now):
    asked = approvals.ask(
        stage.projects[request.project],
        by=stage.people[LEAD],
        now=now,
        period_start=stage.today - timedelta(days=request.first),
        period_end=stage.today - timedelta(days=request.last),
    )
    made.append(asked.approval)


def _answer(stage, request, made, *, now):
    (approval,) = made
    how = {"by": stage.people[request.person], "now": now, "version": approval.version}
    if request.answer == APPROVED:
        approvals.approve(approval, **how)
    else:
        approvals.reject(approval, reason=request.answer, **how)

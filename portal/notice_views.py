"""Activity, notifications and the way to missed events."""

import re

from django.http import Http404, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from portal import lists, notices
from portal.forms import ActivityFilter
from portal.prepared import ask
from portal.scope import LARGEST_ID, portal_json_view, portal_view
from portal.table_rows import notice_rows

MOST_EVENTS = 100
MOST_UNREAD = 100


@require_GET
@portal_view
def activity(request, scope):
    """What happened, newest first, a page below the event number that `before` gives."""
    chosen = ActivityFilter(request.GET, scope=scope)

    def below(number, most):
        return ask(_shown, scope, (0, most), number, *chosen.kind_and_project) if chosen.is_valid() else []

    page = lists.page_before(request.GET, below, filters=chosen.names)
    facts = {"filter": chosen, "page": page, "notices": _rows(scope, page.rows)}
    return render(request, "portal/activity.html", facts)


@require_GET
@portal_view
def notifications(request, scope):
    """What asks for attention: all that is unread, then the rest a page at a time."""
    page = lists.page_before(request.GET, lambda number, most: ask(_read, scope, (0, most), number), filters=())
    unread = [] if page.before else ask(_unread, scope)
    facts = {"page": page, "unread": _rows(scope, unread), "notices": _rows(scope, page.rows)}
    return render(request, "portal/notifications.html", facts)


def _shown(scope, cut, number, kind, project_id):
    wanted = {"number__lt": number, "kind": kind, "project_id": project_id}
    events = scope.events.filter(**{key: value for key, value in wanted.items() if value is not None})
    return notices.named(scope, events).newest_first()[slice(*cut)]


def _read(scope, cut, number):
    events = notices.read(scope)
    return notices.named(scope, events.filter(number__lt=number) if number else events).newest_first()[slice(*cut)]


def _unread(scope):
    return notices.named(scope, notices.unread(scope)).newest_first()[:MOST_UNREAD]


@require_POST
@portal_view
def mark_read(request, scope, number):
    """Mark one notice read and go to what it tells of."""
    told = notices.mark_read(scope, _number(number), now=timezone.now())
    if told is None:
        raise Http404
    return redirect(told.url)


@require_POST
@portal_view
def mark_all_read(request, scope):
    """Mark all notices read that the page could show; later ones stay unread."""
    notices.mark_all_read(scope, _number(request.POST.get("up_to", "")))
    return redirect("portal:notifications")


@require_GET
@portal_json_view
def events(request, scope):
    """The events after a number, oldest first, MOST_EVENTS at most: the one way to what a page has missed."""
    asked = request.GET.get("after", "")
    after = _number_or_none(asked)
    if after is None:
        said = _("“after” must be an event number, not “%(text)s”.") % {"text": Truncator(asked).chars(40)}
        return JsonResponse({"error": said}, status=400)
    found = ask(_after, scope, after)
    answer = {
        "latest": request.glance.latest,
        "epoch": request.glance.epoch,
        "unread": request.glance.unread,
        "pending": request.glance.pending,
        "events": [notices.frame(event, scope.viewer.locale) for event in found[:MOST_EVENTS]],
    }
    if len(found) > MOST_EVENTS:
        answer["more"] = True
    return JsonResponse(answer)


def _after(scope, number):
    return scope.events.after(number).oldest_first()[: MOST_EVENTS + 1]


def _rows(scope, events):
    return notice_rows(notices.told(scope, events), scope.viewer)


def _number(text):
    number = _number_or_none(text)
    if number is None:
        raise Http404
    return number


def _number_or_none(text):
    return int(text) if re.fullmatch(r"[0-9]{1,19}", text) and int(text) <= LARGEST_ID else None

"""Requests to approve hours: the list, and each request with what it asks about and the viewer's one answer."""

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from billing import approvals as domain
from billing import formats, reports
from portal import wording
from portal.approval_forms import FORMS, ApproveForm, RejectForm
from portal.days import bounds_of, by_day
from portal.lists import listing
from portal.scope import find, portal_view
from portal.table_rows import entry_rows


@require_GET
@portal_view
def approvals(request, scope):
    """All requests, waiting ones first."""
    waiting = scope.approvals.waiting().count()
    rows = listing(
        request.GET, scope.approvals.with_seconds().waiting_first(), count=scope.approvals.count(), filters=()
    )
    facts = {
        "listing": rows,
        "rows": [(approval, wording.approval_state(approval, scope.viewer)) for approval in rows.page],
        "waiting": waiting,
    }
    return render(request, "portal/approvals.html", facts)


@require_http_methods(["GET", "POST"])
@portal_view
def approval(request, scope, approval_id):
    """One request; by POST the viewer's answer to it, where its client's portal takes answers."""
    found = find(scope.approvals, approval_id)
    if request.method == "GET":
        return _page(request, scope, found)
    if not scope.viewer.client.portal_approvals_enabled:
        raise PermissionDenied
    return _answer(request, scope, found)


def _answer(request, scope, found):
    kind = FORMS.get(request.POST.get("answer"))
    form = kind and kind(request.POST)
    if form is None or form.is_broken:
        raise BadRequest("An answer that no form of ours gives")
    if not form.is_valid():
        return _page(request, scope, found, form)
    act = domain.approve if form.ANSWER == "approved" else domain.reject
    said = {name: form.cleaned_data[name] for name in ("version", "reason") if name in form.cleaned_data}
    try:
        act(found, by=scope.viewer.user, now=timezone.now(), **said)
    except domain.ChangedMeanwhile as changed:
        again = find(scope.approvals, found.pk)
        return _page(request, scope, again, kind(_of_version(request.POST, again)), notice=str(changed), status=409)
    except domain.AnsweredMeanwhile:
        messages.error(request, _beaten(find(scope.approvals, found.pk), scope.viewer))
    except domain.ApprovalRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _thanks(scope, found, form.ANSWER))
    return redirect(found)


def _page(request, scope, found, form=None, *, notice="", status=200):
    viewer = scope.viewer
    lines = scope.approval_lines.filter(approval=found)
    total = reports.TimeSums.of(reports.time_sums(lines, "currency_code"))
    rows = listing(request.GET, lines.in_order(), count=total.count, filters=())
    shown = entry_rows(rows.page, viewer, with_project=False)
    facts = {
        "approval": found,
        "state": wording.approval_state(found, viewer),
        "asked_by": wording.person_name(found.requested_by, viewer),
        "total": total,
        "amounts": total.amounts if viewer.client.show_rates else [],
        "listing": rows,
        "days": _days(shown, lines, viewer.zone),
        "renewed": found.renews_id and scope.approvals.filter(pk=found.renews_id).first(),
        "was_changed": found.is_waiting and found.version > 1,
        "notice": notice,
    }
    if found.is_waiting and viewer.client.portal_approvals_enabled:
        facts |= {f"{kind}_form": _form(form, kind, found) for kind in ("approve", "reject")}
    return render(request, "portal/approval.html", facts, status=status)


def _days(rows, lines, zone):
    if not rows:
        return []
    start, end = bounds_of(rows, zone)
    within = lines.filter(start_time__gte=start, start_time__lt=end)
    return by_day(rows, reports.entries_by_day(within, zone=zone))


def _form(sent, kind, found):
    """The form of this kind that was sent, or an empty one about the hours as they are shown now."""
    form = {"approve": ApproveForm, "reject": RejectForm}[kind]
    return sent if type(sent) is form else form(version=found.version)


def _of_version(sent, found):
    """What was sent, about the hours as they are shown now: what was typed is kept."""
    data = sent.copy()
    data["version"] = found.version
    return data


def _thanks(scope, found, answer):
    if answer == "rejected":
        return _("You rejected these hours. The team will read why.")
    total = reports.TimeSums.of(reports.time_sums(scope.approval_lines.filter(approval=found), "currency_code"))
    hours = formats.format_hours(total.seconds, scope.viewer.locale)
    return _("Thank you: you approved %(hours)s hours.") % {"hours": hours}


def _beaten(found, viewer):
    state = wording.approval_state(found, viewer).text
    return _("Your answer was not kept, because these hours were answered meanwhile: %(state)s.") % {"state": state}

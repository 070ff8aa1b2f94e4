"""The viewer's own dashboard: its layout for scripts, and the same by a form."""

import json

from django.contrib import messages
from django.http import JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from portal import layouts
from portal.choice_forms import LayoutForm
from portal.layouts import LayoutRefused
from portal.scope import portal_json_view, portal_view

LARGEST_BODY = 16 * 1024


@require_http_methods(["GET", "POST"])
@portal_json_view
def preferences(request, scope):
    """The viewer's layout; a POST of the same shape saves it."""
    if request.method == "GET":
        return JsonResponse(layouts.layout_of(scope.viewer)._asdict())
    body = request.read(LARGEST_BODY + 1)
    if len(body) > LARGEST_BODY:
        return JsonResponse({"error": _("A layout has 16 KiB at most.")}, status=413)
    try:
        saved = layouts.save(scope.viewer, **_layout_in(body))
    except LayoutRefused as refusal:
        return JsonResponse({"error": str(refusal)}, status=400)
    return JsonResponse(saved._asdict())


@require_http_methods(["GET", "POST"])
@portal_view
def customize(request, scope):
    """Choose widgets and their order; each button saves, and one that moves a widget comes back here."""
    viewer = scope.viewer
    form = LayoutForm(request.POST if request.method == "POST" else None, shown=layouts.layout_of(viewer).widget_order)
    if "reset" in request.POST:
        layouts.reset(viewer)
        return _saved(request)
    if request.method == "POST" and form.is_valid():
        try:
            layouts.save(viewer, widget_ids=form.order)
        except LayoutRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            moved = form.cleaned_data["move"].partition(":")[2]
            return redirect(f"{reverse('portal:customize')}#show-{moved}") if moved else _saved(request)
    return render(request, "portal/customize.html", {"form": form})


def _saved(request):
    messages.success(request, _("Saved. This is your dashboard from now on."))
    return redirect("portal:home")


def _layout_in(body):
    """`{"widget_ids": [...], "widget_order": [...] or None}` of a body, lists of strings both; raises LayoutRefused."""
    sent = _object_in(body)
    if "widget_ids" not in sent:
        raise LayoutRefused(_("“widget_ids” is missing."))
    names = [name for name in ("widget_ids", "widget_order") if name in sent]
    return {name: _strings(name, sent[name]) for name in names}


def _object_in(body):
    try:
        sent = json.loads(body.decode(), object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise LayoutRefused(_("The body is not JSON.")) from None
    if not isinstance(sent, dict):
        raise LayoutRefused(_("The body must be a JSON object."))
    return sent


def _once(pairs):
    """An object's pairs as a dict; of a key that is there twice nobody can say which is meant."""
    found = {}
    for key, value in pairs:
        if key in found:
            raise LayoutRefused(_("“%(key)s” is there more than once.") % {"key": Truncator(key).chars(40)})
        found[key] = value
    return found


def _no_number(text):
    raise ValueError(f"{text} is no number of JSON")


def _strings(name, value):
    if not isinstance(value, list):
        raise LayoutRefused(_("“%(name)s” must be a list.") % {"name": name})
    for place, element in enumerate(value, start=1):
        if not isinstance(element, str):
            said = _("“%(name)s” must be a list of strings; its element %(place)s is none.")
            raise LayoutRefused(said % {"name": name, "place": place})
    return value

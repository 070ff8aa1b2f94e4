"""The design system on one page, for who builds the portal: drawn with the pages' own partials; there in DEBUG only."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout, Submit
from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.colours import contrast
from portal import charts
from portal.lists import Listing
from portal.pieces import weeks_chart
from portal.wording import State

STYLESHEET = Path(__file__).parent / "static/portal/portal.css"
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
WORDS = ("One row", "A name that is rather long for a row of a list", "Donaudampfschifffahrtsgesellschaft" * 4)
STATES = (
    State("Paid on 3 March", "good", "circle-check"),
    State("Due in 5 days", "attention", "clock"),
    State("12 days late", "late", "circle-alert"),
    State("Cancelled", "quiet", "ban"),
)
EMPTY = (
    ("No invoices yet", "Nothing yet: invoices appear here when they are sent to you."),
    ("Nothing in this filter", "Nothing in this filter: widen it."),
    ("Not switched on for you", "Not enabled: ask the agency to switch it on."),
    ("All clear", "Done: nothing to pay and nothing to answer."),
    ("This could not be loaded", "Could not load: check your connection and reload the page."),
)


class SampleForm(forms.Form):
    """A field of each sort that the portal has."""

    name = forms.CharField(label="Name", help_text="As it stands on your invoices.", max_length=20)
    day = forms.DateField(label="Day", widget=forms.DateInput(attrs={"type": "date"}))
    choice = forms.ChoiceField(label="Choice", choices=[("a", "The one"), ("b", "The other")])
    reason = forms.CharField(label="Reason", widget=forms.Textarea(attrs={"rows": 3}), required=False)

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True
        self.helper.layout = Layout("name", "day", "choice", "reason", Submit("", "Send"))


@require_GET
def design(request):
    """Tokens and parts in all their states."""
    if not settings.DEBUG:
        raise Http404
    return render(request, "portal/design.html", facts())


design.opens_to = "developers"


def facts():
    """What the page is drawn from: made up, nobody's."""
    viewer = SimpleNamespace(client=SimpleNamespace(show_rates=True), locale="en-GB")
    weeks = [((NOW - timedelta(weeks=week)).date(), week % 3 * 5400) for week in range(5)]
    return {
        "viewer": viewer,
        "locale": "en-GB",
        "zone": ZoneInfo("Europe/Berlin"),
        "tokens": tokens(),
        "states": STATES,
        "empty": EMPTY,
        "glance": SimpleNamespace(unread=3, pending=100),
        "shares": [(0, False), (0.5, False), (1, False), (1.2, True)],
        "weeks": weeks,
        "weeks_chart": weeks_chart(weeks, viewer),
        "chart": charts.columns(
            [(f"{day} March", "", day % 7) for day in range(1, 32)], first="1 March", last="31 March"
        ),
        "all_budgets": [[_budget(0.4, "60.00 h left")], [_budget(1.3, "30.00 h over")], []],
        "rows": [_invoice(number, state) for number, state in enumerate(STATES, 1)],
        "entries": [_entry(note) for note in (*WORDS, "")],
        "timers": [(_timer(), "Jonas Petersen", 3000)],
        "listing": Listing(Paginator(range(120), 50).page(2), ["There is no page 99; this is page 2."], ""),
        "form": SampleForm(prefix="new"),
        "wrong_form": SampleForm({"wrong-name": "x" * 30, "wrong-day": "someday"}, prefix="wrong"),
    }


def tokens():
    """`[(name, light, dark, contrast on the paper of each)]` of the colours, as the stylesheet has them."""
    css = STYLESHEET.read_text(encoding="utf-8")
    found = re.findall(r"--([a-z-]+): light-dark\((#\w{6}), (#\w{6})\)", css)
    light, dark = next(pair for name, *pair in found if name == "paper")
    return [(name, *both, contrast(both[0], light), contrast(both[1], dark)) for name, *both in found]


def _budget(share, said):
    return {"share": share, "is_over": share > 1, "said": said, "of": "of 100.00 h"}


def _invoice(number, state):
    amount = f"€{1190 * number:,}.00"
    return {
        "url": "#",
        "number": f"INV-2026-{number:04}",
        "issued": {"iso": "2026-03-10", "shown": "10 Mar 2026"},
        "due": {"iso": "2026-03-24", "shown": "24 Mar 2026"},
        "state": state,
        "total": amount,
        "open": amount if number % 2 else "",
    }


def _entry(note):
    return {
        "iso_day": "2026-03-10",
        "day": "Tue, 10 Mar 2026",
        "note": note,
        "task": "",
        "project": "Online shop",
        "url": "#",
        "person": "Jonas Petersen",
        "times": "13:00–15:00" if note else "",
        "hours": "2.00",
        "rate": "€95.00",
        "amount": "€190.00" if note else "",
        "unpriced": "" if note else "not billed",
    }


def _timer():
    project = SimpleNamespace(name="Online shop", get_absolute_url="#")
    return SimpleNamespace(start_time=NOW, notes="Drawing", task=None, project=project)

"""Small parts of pages that need a little arithmetic before they are drawn."""

from functools import cache
from itertools import groupby
from operator import itemgetter

from django import template
from django.utils.html import format_html
from lucide.templatetags.lucide import lucide

from billing.addresses import portal_page
from portal import table_rows
from portal.notices import COUNTED
from portal.parts import STALE_ON
from portal.widgets import WIDGETS

register = template.Library()


BAR = (
    '<svg class="bar{}" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
    '<rect class="bar-track" width="100" height="6"/><rect class="bar-fill" width="{}" height="6"/></svg>'
)


@register.simple_tag
def bar(share, over=False):
    """A bar filled to `share` (1 is all of it), full when over, drawn beside the figure that it repeats."""
    return _bar(" bar-over" if over else "", f"{min(max(float(share), 0), 1) * 100:.1f}")


@cache
def _bar(kind, width):
    return format_html(BAR, kind, width)


@register.simple_tag
def state(state):
    """How a row stands: a wording.State in its colour, with its icon."""
    return format_html('<span class="state state-{}">{}{}</span>', state.tone, icon(state.icon, 16), state.text)


@register.simple_tag
def portal_url(name, pk):
    """`url` for the portal's page about one row."""
    return portal_page(name, pk)


@register.simple_tag
@cache
def icon(name, size):
    """A Lucide icon beside the words that it repeats; each is drawn once a process."""
    return lucide(name, size=size, aria_hidden="true")


@register.simple_tag
def part(name):
    """The attributes of an element that is fetched again when one of its events happens."""
    stale_on = WIDGETS[name].stale_on if name in WIDGETS else STALE_ON[name]
    return format_html('id="part-{}" data-part data-stale-on="{}"', name, " ".join(sorted(stale_on)))


@register.filter
def by_local_day(rows):
    """`[(local date, rows)]` of rows of notices in their order."""
    return [(day, list(group)) for day, group in groupby(rows, key=itemgetter("day"))]


@register.simple_tag(takes_context=True)
def budgets(context, row):
    """What is left of the estimate and the budget of a project, as the viewer may see it."""
    return table_rows.budgets(row, context["viewer"])


@register.filter
def at_most_99(count):
    """A count as the header shows it: `7`, and `99+` where nobody has counted on."""
    return f"{COUNTED - 1}+" if count >= COUNTED else count

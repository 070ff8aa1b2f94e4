"""Small parts of pages that need a little arithmetic before they are drawn."""

from functools import cache
from itertools import groupby

from django import template
from django.utils.html import format_html
from lucide.templatetags.lucide import lucide

from portal.notices import COUNTED
from portal.parts import STALE_ON
from portal.widgets import WIDGETS

register = template.Library()


@register.inclusion_tag("portal/_bar.html")
def bar(share, over=False):
    """A bar filled to `share` (1 is all of it), full when over."""
    return {"width": f"{min(max(float(share), 0), 1) * 100:.1f}", "over": over}


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
def by_local_day(notices, zone):
    """`[(local date, notices)]` of notices in their order."""
    return [(day, list(group)) for day, group in groupby(notices, lambda one: one.recorded_at.astimezone(zone).date())]


@register.filter
def at_most_99(count):
    """A count as the header shows it: `7`, and `99+` where nobody has counted on."""
    return f"{COUNTED - 1}+" if count >= COUNTED else count

"""Small parts of pages that need a little arithmetic before they are drawn."""

from django import template

register = template.Library()


@register.inclusion_tag("portal/_bar.html")
def bar(share, over=False):
    """A bar filled to `share` (1 is all of it), full when over."""
    return {"width": f"{min(max(float(share), 0), 1) * 100:.1f}", "over": over}

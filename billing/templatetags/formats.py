"""Numbers, money, hours and dates in the reader's locale and zone, for templates.

The tags read `locale` (a tag) and `zone` (a ZoneInfo) from the context; pages without a viewer are written as their
language writes, in the site's zone.
"""

from django import template
from django.conf import settings
from django.utils import timezone, translation

from accounts import regions
from billing import formats

register = template.Library()


def _locale(context):
    return context.get("locale") or translation.get_language() or settings.LANGUAGE_CODE


def _zone(context):
    return context.get("zone") or regions.first_zone()


@register.simple_tag(takes_context=True)
def money(context, amount, currency_code):
    return formats.format_money(amount, currency_code, _locale(context))


@register.simple_tag(takes_context=True)
def less(context, amount, currency_code):
    """Money that is taken off: `−€10.00` for a payment of 10, `€10.00` for one taken back."""
    return formats.format_money(-amount, currency_code, _locale(context))


@register.simple_tag(takes_context=True)
def hours(context, seconds):
    return formats.format_hours(seconds or 0, _locale(context))


@register.filter
def clock_hours(seconds):
    """`1:05` for 3,900 seconds."""
    return formats.format_clock_hours(seconds)


@register.simple_tag(takes_context=True)
def number(context, value):
    return formats.format_number(value, _locale(context))


@register.simple_tag(takes_context=True)
def share(context, value):
    return formats.format_share(value, _locale(context))


@register.simple_tag(takes_context=True)
def day(context, value):
    """A date, or the local date of an aware datetime."""
    return formats.format_day(_local_date(context, value), _locale(context))


@register.simple_tag(takes_context=True)
def weekday(context, value):
    """A date, or the local date of an aware datetime, with the day of the week."""
    return formats.format_weekday(_local_date(context, value), _locale(context))


@register.simple_tag(takes_context=True)
def clock(context, value):
    """The local time of day of an aware datetime."""
    return formats.format_clock(value, _zone(context), _locale(context))


@register.simple_tag(takes_context=True)
def isoday(context, value):
    """The local date for machines: `2026-11-22`."""
    return _local_date(context, value).isoformat()


def _local_date(context, value):
    return timezone.localtime(value, _zone(context)).date() if hasattr(value, "hour") else value

"""The staff's agenda, for the template of their first page."""

from django import template

from billing.admin import agenda

register = template.Library()


@register.simple_tag(takes_context=True)
def agenda_blocks(context):
    return agenda.blocks(context["request"])

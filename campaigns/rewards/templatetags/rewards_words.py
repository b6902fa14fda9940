"""How numbers and money are written on the pages of this room."""

from django import template

from campaigns.lib import money

register = template.Library()


@register.filter
def yuan(fen: int) -> str:
    return money.yuan(fen)


@register.filter
def number(count: int) -> str:
    return f"{count:,}"

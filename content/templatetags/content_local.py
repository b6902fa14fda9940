"""What the page of a local version needs."""

from collections.abc import Mapping
from typing import Any

from django import template

register = template.Library()


@register.filter
def of_panel(found: Mapping[str, Any], classes: str) -> Any:
    """What belongs to the panel with these classes ("panel-head")."""
    return found.get(classes.removeprefix("panel-"), [])

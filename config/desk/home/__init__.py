"""The home page (工作台), by role."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from campaigns.tenants.desk import scope_of
from config.desk.home.sections import parts_for


def desk(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Django's index page, turned into the reader's desk."""
    scope = scope_of(request)
    return {**context, "title": _("Home"), "sections": parts_for(scope), "at": scope.at}

"""The pictures on staff's pages: each request asks again whether this log-in, standing here, may see this one."""

from typing import Any
from uuid import UUID

from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from campaigns.lib.clock import now
from campaigns.lib.http.problems import problem_answer
from campaigns.lib.refusals import Refusal
from campaigns.tenants.middleware import own_scope
from campaigns.tenants.scopes import Scope, opened
from content.addresses import read_staff_pass
from content.files import picture_answer
from content.rules import AddressIsVoid
from content.selectors import rendition_in_scope

_HEADERS = {
    # Kept, but asked for each time: nothing is shown from the disk of a counter's machine after a log-out.
    "Cache-Control": "private, no-cache",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@own_scope
@require_safe
def staff_media(request: Any, rendition_id: UUID, signature: str) -> HttpResponseBase:
    """The bytes of one rendition. Logged out, another's or an expired address, a foreign picture: all are absent."""
    try:
        # The session is asked first, so that every answer depends on it alike.
        given = read_staff_pass(
            login_id=request.user.pk, rendition_id=rendition_id, signature=signature, at=now()
        )
        scope: Scope | None = request.find_scope()
        if scope is None or scope.kind != "staff":
            raise AddressIsVoid
        with opened(scope):
            if scope.branch_id != given.branch_id:
                raise AddressIsVoid
            format = rendition_in_scope(scope=scope, rendition_id=rendition_id, item_id=given.item_id)
        return picture_answer(request, rendition_id, format, _HEADERS)
    except (Refusal, FileNotFoundError):
        return problem_answer(request, AddressIsVoid())

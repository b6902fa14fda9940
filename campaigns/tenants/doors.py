"""How a member of staff comes in: the session of the admin, with the assignment chosen in the switcher."""

from typing import Any
from uuid import UUID

from campaigns.lib.clock import now
from campaigns.tenants.scopes import Scope, staff
from campaigns.tenants.selectors import assignments_of

ASSIGNMENT_KEY = "assignment"
STAND_AT_KEY = "stand_at"
# What must be done before anything else (a new password, a second factor): until then the session opens nothing.
DUTY_KEY = "duty"


def session_door(request: Any) -> Scope | None:
    """The scope of the logged-in staff's chosen assignment; the first one held becomes the chosen one.

    None when the chosen one is no longer held: nobody is moved to another branch without noticing, since the
    next click would act there.
    """
    if not request.session.session_key or not request.user.is_authenticated:
        return None
    if request.session.get(DUTY_KEY):
        return None
    at = now()
    held = assignments_of(login_id=request.user.pk, at=at)
    request.assignments = held
    if held and ASSIGNMENT_KEY not in request.session:
        request.session[ASSIGNMENT_KEY] = str(held[0].id)
    chosen = next((a for a in held if str(a.id) == request.session.get(ASSIGNMENT_KEY)), None)
    if chosen is None:
        return None
    return staff(
        login_id=request.user.pk,
        assignment_id=UUID(str(chosen.id)),
        at=at,
        stand_at=request.session.get(STAND_AT_KEY),
        cause=f"{request.method} {request.path}",
    )

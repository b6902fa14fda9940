"""The branch switcher: where I stand, and where else I may stand."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from campaigns.lib.clock import now
from campaigns.tenants.doors import ASSIGNMENT_KEY, STAND_AT_KEY
from campaigns.tenants.middleware import own_scope
from campaigns.tenants.models import Branch, Role
from campaigns.tenants.names import marks_of, shown_path
from campaigns.tenants.scopes import Scope, ScopeClosed, staff_scope
from campaigns.tenants.selectors import Held, assignments_of, path_of, places_of
from config.desk.same_page import same_page

RECENT_KEY = "recent_places"
_RECENT_KEPT = 5
_FOUND_AT_MOST = 20


def _login_id(request: HttpRequest) -> int:
    assert request.user.pk is not None  # admin_view let nobody else in
    return request.user.pk


def held_by(request: HttpRequest) -> list[Held]:
    """Assignments of the request's log-in at this moment."""
    held = getattr(request, "assignments", None)
    return assignments_of(login_id=_login_id(request), at=now()) if held is None else list(held)


def panel(request: HttpRequest, *, scope: Scope, roles: dict[str, Role]) -> dict[str, Any]:
    """What the switcher's panel offers before anything is typed."""
    held = held_by(request)
    chosen = str(scope.carry["assignment"])
    ids = {str(each.id) for each in held}
    return {
        "chosen": chosen,
        "is_below": bool(scope.carry["stand_at"]),
        "held": [
            {"assignment": each, "role": roles.get(each.role, each.role), "is_chosen": str(each.id) == chosen}
            for each in held
        ],
        "recent": [
            {**place, "role": roles.get(place.get("role", ""), "")}
            for place in request.session.get(RECENT_KEY, [])
            if place["assignment"] in ids
            and (place["assignment"], place["branch"]) != (chosen, scope.branch_id)
        ],
    }


@own_scope
@require_GET
def search(request: HttpRequest) -> HttpResponse:
    """Where I may stand, in all my assignments, by name, code or pinyin: {"items": [...]}, nearest first.

    `role` is what one would be there, `above` the path down to it, `marks` the parts of the name that answer.
    """
    words = request.GET.get("q", "")
    found = places_of(login_id=_login_id(request), at=now(), words=words, limit=_FOUND_AT_MOST)
    roles = Role.objects.in_bulk({each.role for each in found})
    items = [
        {
            "assignment": str(each.assignment_id),
            "role": str(roles.get(each.role, each.role)),
            "id": each.branch_id,
            "name": each.name,
            "code": each.code,
            "level": str(Branch.Level(each.level).label),
            "above": shown_path(each.above),
            "is_open": each.is_open,
            "marks": marks_of(each.name, each.pinyin, words),
        }
        for each in found
    ]
    return JsonResponse({"items": items})


@own_scope
@require_POST
def switch(request: HttpRequest) -> HttpResponse:
    """Stand elsewhere: `assignment` (one of mine) and, perhaps, `branch` below it. Refused ones change nothing."""
    asked = request.POST.get("assignment", "")
    at = now()
    held = next(
        (each for each in assignments_of(login_id=_login_id(request), at=at) if str(each.id) == asked), None
    )
    branch = request.POST.get("branch", "")
    if held is None or (branch and not (branch.isascii() and branch.isdigit() and len(branch) < 10)):
        messages.error(request, str(ScopeClosed()))
        return HttpResponseRedirect(reverse("admin:index"))
    stand_at = int(branch) if branch and int(branch) != held.branch_id else None
    try:
        with staff_scope(
            login_id=_login_id(request), assignment_id=held.id, stand_at=stand_at, at=at, cause="switch"
        ) as scope:
            path = path_of(scope=scope)
            back = same_page(request, scope=scope, asked=request.POST.get("next", ""))
    except ScopeClosed as refusal:
        messages.error(request, str(refusal))
        return HttpResponseRedirect(reverse("admin:index"))
    if request.session.get(ASSIGNMENT_KEY) != str(held.id):
        # Other rights under another key: who knew the one before does not share them.
        request.session.cycle_key()
    request.session[ASSIGNMENT_KEY] = str(held.id)
    if stand_at is None:
        request.session.pop(STAND_AT_KEY, None)
    else:
        request.session[STAND_AT_KEY] = stand_at
    name = path[-1].name
    _remember(
        request,
        {
            "assignment": str(held.id),
            "branch": stand_at or held.branch_id,
            "name": name,
            "above": shown_path([each.name for each in path[:-1]]),
            "role": held.role,
        },
    )
    messages.success(
        request,
        _("You now stand at %(branch)s; every page shows what lies there and below.") % {"branch": name},
    )
    return HttpResponseRedirect(back)


def _remember(request: HttpRequest, place: dict[str, Any]) -> None:
    others = [
        each
        for each in request.session.get(RECENT_KEY, [])
        if (each["assignment"], each["branch"]) != (place["assignment"], place["branch"])
    ]
    request.session[RECENT_KEY] = [place, *others][:_RECENT_KEPT]

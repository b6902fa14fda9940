"""Where I am logged in: my sessions, and ending them. About the log-in itself, so without any branch's scope."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.middleware.csrf import get_token
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from campaigns.access.middleware import background
from campaigns.access.models import Session
from campaigns.access.selectors import open_sessions
from campaigns.access.services.sessions import end_other_sessions, end_session
from campaigns.lib.clock import now
from campaigns.lib.refusals import NotFound
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import ScopeClosed, staff_scope
from campaigns.tenants.selectors import Held, assignments_of


def _login_id(request: HttpRequest) -> int:
    assert request.user.pk is not None  # admin_view let nobody else in
    return request.user.pk


@require_GET
def mine(request: Any) -> HttpResponse:
    """The list: this session first, then the others by when they were last seen."""
    at = now()
    sessions = open_sessions(login_id=_login_id(request), at=at)
    places = _places(request, sessions)
    rows = [
        {
            "session": each,
            "place": places.get((each.assignment, each.stand_at), ""),
            "is_this": each.pk == request.session.row_id,
        }
        for each in sessions
    ]
    rows.sort(key=lambda row: not row["is_this"])
    context = {
        **admin.site.each_context(request),
        "title": _("My sessions"),
        "rows": rows,
        "has_others": len(rows) > 1,
    }
    return TemplateResponse(request, "admin/sessions.html", context)


def _places(request: HttpRequest, sessions: list[Session]) -> dict[tuple[UUID | None, int | None], str]:
    """Names of the branches where the sessions last acted, as far as they are still one's own."""
    at, login_id = now(), _login_id(request)
    held: dict[UUID, Held] = {each.id: each for each in assignments_of(login_id=login_id, at=at)}
    names: dict[tuple[UUID | None, int | None], str] = {}
    for session in sessions:
        key = (session.assignment, session.stand_at)
        mine = held.get(session.assignment) if session.assignment else None
        if mine is None or key in names:
            continue
        names[key] = mine.branch_name
        if session.stand_at:
            names[key] = _name_below(login_id, mine, session.stand_at) or mine.branch_name
    return names


def _name_below(login_id: int, held: Held, branch_id: int) -> str:
    try:
        with staff_scope(
            login_id=login_id, assignment_id=held.id, stand_at=branch_id, at=now(), cause="my sessions"
        ) as scope:
            return Branch.objects.get(pk=scope.branch_id).name
    except ScopeClosed:
        return ""


@require_POST
def end(request: Any) -> HttpResponse:
    """End one of one's own; the present one is ended by logging out."""
    back = HttpResponseRedirect(reverse("admin:sessions"))
    try:
        session_id = UUID(request.POST.get("session", ""))
    except ValueError:
        session_id = None
    try:
        if session_id is None or session_id == request.session.row_id:
            raise NotFound
        end_session(login_id=_login_id(request), session_id=session_id, at=now())
    except NotFound:
        messages.warning(request, _("That session had ended already."))
    else:
        messages.success(request, _("The session has ended: that browser must log in again."))
    return back


@require_POST
def end_others(request: Any) -> HttpResponse:
    """End all others, and the access tokens of the counter and the phone."""
    ended = end_other_sessions(login_id=_login_id(request), at=now(), keep=request.session.session_key)
    messages.success(
        request,
        ngettext(
            "%(count)s other session has ended, and every access token with it.",
            "%(count)s other sessions have ended, and every access token with them.",
            ended,
        )
        % {"count": ended},
    )
    return HttpResponseRedirect(reverse("admin:sessions"))


@background
@require_GET
def left(request: Any) -> HttpResponse:
    """How many seconds this session has left. Asked by pages themselves: it keeps nothing alive."""
    return _left(request)


@require_POST
def here(request: Any) -> HttpResponse:
    """Somebody types or moves the mouse in a page that asks nothing else of the server."""
    request.session.note_seen()
    return _left(request)


def _left(request: Any) -> HttpResponse:
    # Who logged in again in another tab has another form token: with it this page's form may still be sent.
    return JsonResponse({"left": request.session.seconds_left(now()), "token": get_token(request)})

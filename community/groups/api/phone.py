"""The page of an entry code on a phone: who scans the poster sees the QR of the group that takes members just now."""

from uuid import UUID

from csp.constants import NONE, SELF
from csp.decorators import csp
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from campaigns.lib.clock import now
from campaigns.lib.http.limits import Limit, address_of, demand
from campaigns.lib.http.malformed import TooMany
from campaigns.lib.refusals import NotFound, Refusal
from campaigns.tenants.middleware import own_scope
from community.groups.api.entries import EntryPositionIn, micro
from community.groups.qr import drawn
from community.groups.refusals import PositionNeeded
from community.groups.services.entries import picture_of_line, show_code

_LOOKS = Limit("entry-page", 30, 60)
_POLICY = {
    "default-src": [NONE],
    "base-uri": [NONE],
    "frame-ancestors": [NONE],
    "form-action": [SELF],
    "script-src": [SELF],
    "style-src": [SELF],
    "img-src": [SELF],
}


@own_scope
@csrf_exempt
@csp(_POLICY)  # type: ignore[arg-type]
@require_http_methods(["GET", "HEAD", "POST"])
def entry_page(request: HttpRequest, slug: str) -> HttpResponseBase:
    """A position comes in the body of a POST, so that no server writes it into its log."""
    context: dict[str, object] = {"slug": slug}
    status = 200
    try:
        demand(_LOOKS, address_of(request))
        shown = show_code(
            slug=slug, at=now(), position=_position(request), is_counted=request.method != "HEAD"
        )
        context |= {"shown": shown}
    except NotFound:
        raise Http404 from None
    except PositionNeeded as refusal:
        context |= {"why": refusal, "asks_position": True}
    except TooMany as refusal:
        context |= {"why": refusal}
        status = 429
    except Refusal as refusal:
        context |= {"why": refusal}
    answer = render(request, "community/phone_entry.html", context, status=status)
    answer.headers["Cache-Control"] = "no-store"
    answer.uses = ("geolocation",)  # type: ignore[attr-defined]
    return answer


@own_scope
@require_safe
def entry_picture(request: HttpRequest, slug: str, line_id: UUID) -> HttpResponseBase:
    """The QR of one line of an open code."""
    try:
        picture, link = picture_of_line(slug=slug, line_id=line_id, at=now())
    except NotFound:
        raise Http404 from None
    found = picture or drawn(link)
    kind = "image/png" if found.startswith(b"\x89PNG") else "image/jpeg"
    return HttpResponse(found, content_type=kind, headers={"Cache-Control": "private, max-age=60"})


def _position(request: HttpRequest) -> tuple[int, int] | None:
    """What the form of the page says; None for what is no position."""
    asked = EntryPositionIn(data={name: request.POST.get(name, "") for name in ("latitude", "longitude")})
    if request.method != "POST" or not asked.is_valid():
        return None
    said = asked.validated_data
    return micro(latitude=said["latitude"], longitude=said["longitude"], system="wgs84")

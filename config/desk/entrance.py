"""At the admin's door: why somebody must log in again, by which ways, and what becomes of what was being done."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME, SESSION_KEY
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from campaigns.access.models import Session

UNSAVED = "unsaved"


def why_again(request: Any) -> str:
    """Why the session that this browser had is over, in one sentence; "" when it had none or went by itself."""
    why = request.session.ended_why
    if why == Session.Why.IDLE:
        return _(
            "You were logged out after %(minutes)s minutes without doing anything. Please log in again."
        ) % {"minutes": settings.SESSION_IDLE // 60}
    if why == Session.Why.TOO_LONG:
        return _("You had been logged in for %(hours)s hours. Please log in again.") % {
            "hours": settings.SESSION_LONGEST // 3600
        }
    if why == Session.Why.ENDED:
        return _("This session was ended from another one of yours. Please log in again.")
    if why == Session.Why.ENDED_BY_OTHER:
        return _("An administrator has ended your sessions. Please log in again, or ask why.")
    if why == Session.Why.CREDENTIALS:
        return _("Your password or second factor has changed. Please log in again.")
    if SESSION_KEY in request.session and not request.user.is_authenticated:
        return _("This log-in has been closed. Ask the administrator of your branch.")
    return ""


def ways_in(request: HttpRequest) -> dict[str, Any]:
    """What the log-in page shows beside its form."""
    unsaved = request.method == "GET" and UNSAVED in request.GET
    return {
        "why_again": why_again(request) if request.method == "GET" else "",
        "unsaved": unsaved,
        "provider_is_on": bool(settings.OIDC_ISSUER),
        "passwords_are_closed": bool(settings.OIDC_ISSUER and settings.OIDC_ONLY),
        "has_exceptions": bool(settings.OIDC_EXCEPT),
    }


def turned_away(request: HttpRequest) -> HttpResponse | None:
    """The answer to who is not logged in and sent something, or asked from within a page; None for a page itself.

    Nobody is led back to an address that only takes forms: the page with the form is where one goes on.
    """
    if "application/json" in request.headers.get("Accept", ""):
        again = why_again(request) or _("You are not logged in.")
        return JsonResponse({"ended": again}, status=401)
    if request.method != "POST":
        return None
    page = urlsplit(request.headers.get("Referer", ""))
    back = f"{page.path}?{page.query}" if page.query else page.path
    is_ours = page.netloc == request.get_host() and url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    query = QueryDict(mutable=True)
    query[REDIRECT_FIELD_NAME] = back if is_ours else reverse("admin:index")
    query[UNSAVED] = "1"
    return HttpResponseRedirect(f"{reverse('admin:login')}?{query.urlencode(safe='/')}")

"""The address that calendars of phones and desktops ask; who knows it is let in."""

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import override
from django.views.decorators.http import require_safe

from campaigns.lib.clock import now
from campaigns.lib.refusals import NotFound
from campaigns.planning.calendar.feeds import read_feed
from campaigns.tenants.scopes import ScopeClosed


@require_safe
def calendar_feed(request: HttpRequest, token: str) -> HttpResponse:
    """iCalendar, in Chinese: a program asks, and nobody's language is known."""
    try:
        with override("zh-hans"):
            written = read_feed(token=token, at=now())
    except (NotFound, ScopeClosed):
        raise Http404 from None
    answer = HttpResponse(written, content_type="text/calendar; charset=utf-8")
    answer["Cache-Control"] = "private, max-age=300"
    answer["X-Robots-Tag"] = "noindex"
    return answer

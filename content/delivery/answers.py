"""A prepared page as a response."""

from django.http import HttpRequest, HttpResponse

from content.delivery.pages import Body


def prepared_answer(request: HttpRequest, body: Body) -> HttpResponse:
    """The bytes with their tag; 304 without them for who has them already (RFC 9110, 13.1.2)."""
    wanted = request.headers.get("If-None-Match", "")
    bare = body.etag.removeprefix("W/")
    if wanted and any(part.strip().removeprefix("W/") in (bare, "*") for part in wanted.split(",")):
        answer = HttpResponse(status=304)
        del answer["Content-Type"]
    else:
        answer = HttpResponse(body.content, content_type="application/json")
    answer["ETag"] = body.etag
    answer["Cache-Control"] = "private, no-cache"
    answer["Vary"] = "Accept-Language, Authorization"
    return answer

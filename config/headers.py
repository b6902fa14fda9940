"""What every answer tells the browser: which sources a page may load from, who may frame it, what may be kept.

The policies name no host but our own. Outside the admin nothing inline runs and nothing is evaluated. In the admin
the theme's Alpine evaluates the expressions in its templates ('unsafe-eval') and its templates carry style
attributes ('unsafe-inline' for styles alone); of inline scripts one runs, the editor's import map, by its hash.
"""

import base64
import hashlib
from functools import cache
from typing import Any

from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.middleware import CSPMiddleware, PolicyParts
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django_prose_editor.widgets import importmap

Policy = dict[str, list[str]]

ADMIN, API_DOCS = "/admin/", "/api/v1/docs/"

# For what is no page: JSON, files, health.
NOTHING: Policy = {
    "default-src": [NONE],
    "base-uri": [NONE],
    "form-action": [NONE],
    "frame-ancestors": [NONE],
}
# The pages that say that something is not there, or went wrong.
PLAIN: Policy = NOTHING | {"style-src": [SELF], "img-src": [SELF]}
# The reader of the API, from the wheel: it draws its icons as data.
READER: Policy = PLAIN | {"script-src": [SELF], "connect-src": [SELF], "img-src": [SELF, "data:"]}
# The phone in a frame of the admin: it shows what people wrote, and runs nothing.
FRAMED: Policy = NOTHING | {
    "style-src": [SELF, UNSAFE_INLINE],
    "img-src": [SELF],
    "media-src": [SELF],
    "frame-ancestors": [SELF],
}
DESK: Policy = NOTHING | {
    "script-src": [SELF, UNSAFE_EVAL],
    "style-src": [SELF, UNSAFE_INLINE],
    "img-src": [SELF, "data:", "blob:"],
    "media-src": [SELF],
    # The calendar's script carries its signs as a font in its own style.
    "font-src": [SELF, "data:"],
    "connect-src": [SELF],
    "frame-src": [SELF],
    "form-action": [SELF],
}

# What no page may ask a browser for, unless its view says so: `response.uses = ("camera",)`.
_FEATURES = (
    *(
        "accelerometer",
        "autoplay",
        "browsing-topics",
        "camera",
        "display-capture",
        "encrypted-media",
        "fullscreen",
    ),
    *("geolocation", "gyroscope", "hid", "idle-detection", "magnetometer", "microphone", "midi", "payment"),
    *(
        "picture-in-picture",
        "publickey-credentials-get",
        "screen-wake-lock",
        "serial",
        "usb",
        "xr-spatial-tracking",
    ),
)


@cache
def permissions(uses: tuple[str, ...] = ()) -> str:
    """The Permissions-Policy of a page that uses these features itself."""
    return ", ".join(f"{feature}=({'self' if feature in uses else ''})" for feature in _FEATURES)


@cache
def _editors_map() -> str:
    """The source expression of the editor's import map, the same on every page that has an editor."""
    text = str(importmap.render()).partition(">")[2].rpartition("</script>")[0]
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def policy_of(request: HttpRequest, response: HttpResponseBase) -> Policy:
    """The content security policy of an answer, by its address and by what it is."""
    path = request.path_info
    if 300 <= response.status_code < 400 or not response.get("Content-Type", "").startswith("text/html"):
        return NOTHING
    if path.startswith(ADMIN):
        if response.get("X-Frame-Options", "").upper() == "SAMEORIGIN":
            return FRAMED
        return DESK | {"script-src": [*DESK["script-src"], _editors_map()]}
    return READER if path == API_DOCS else PLAIN


class Headers(CSPMiddleware):
    """Outermost, so that files, redirects and errors carry them too. What a view has set itself stays."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts: PolicyParts = super().get_policy_parts(request, response, report_only)
        if not report_only and parts.config is None:
            parts.config = dict[str, Any](policy_of(request, response))
        return parts

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        answer: HttpResponseBase = super().process_response(request, response)
        answer.headers.setdefault("Permissions-Policy", permissions(tuple(getattr(answer, "uses", ()))))
        answer.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if request.path_info.startswith(ADMIN):
            # After a log-out the back button finds nothing to show.
            answer.headers.setdefault("Cache-Control", "private, no-store")
        return answer

"""How the admin looks and what its sidebar holds; read by settings.py."""

import os
from typing import Any

from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from config.desk.colours import steps_of

# The bank's own colour, #rrggbb.
ACCENT = os.environ.get("FENHANG_ACCENT", "#1f5fa8")

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": _("Fenhang"),
    "SITE_HEADER": _("Fenhang"),
    "SITE_SUBHEADER": _("Campaign CMS"),
    "SITE_SYMBOL": "account_balance",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("shell/favicon.svg")},
    ],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "BORDER_RADIUS": "6px",
    "COLORS": {"primary": steps_of(ACCENT)},
    "STYLES": [lambda request: static("shell/shell.css"), lambda request: static("shell/sessions.css")],
    "SCRIPTS": [
        lambda request: static("shell/switcher.js"),
        lambda request: static("shell/once.js"),
        lambda request: static("shell/sessions.js"),
        lambda request: static("shell/files.js"),
    ],
    "ACCOUNT": {
        "navigation": [
            {"title": _("Change password"), "link": reverse_lazy("admin:password_change")},
            {"title": _("Second factor"), "link": reverse_lazy("admin:second_factor")},
        ]
    },
    "DASHBOARD_CALLBACK": "config.desk.home.desk",
    "SIDEBAR": {"show_search": False, "navigation": "config.desk.sidebar.groups_for"},
}

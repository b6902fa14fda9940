"""The site of `bench events`: the view that takes events, and one that only parses and answers; all else is the same.

Its database is named by the environment (FENHANG_BENCH_DATABASE).
"""

import os
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

from django.conf import settings  # noqa: E402 - needs what the lines above have loaded
from django.urls import include, path  # noqa: E402
from rest_framework.request import Request  # noqa: E402
from rest_framework.response import Response  # noqa: E402

from campaigns.events.api import Events  # noqa: E402
from campaigns.lib.memory import settle_memory  # noqa: E402
from campaigns.tenants.middleware import own_scope  # noqa: E402
from config.bench.scratch import speak_to  # noqa: E402


class Parses(Events):
    """Reads the token and the batch, and says that all of it was taken. Judges nothing and writes nothing."""

    def post(self, request: Request) -> Response:
        body: Any = request.data
        taken: list[Any] = [event["id"] for event in body["events"]]
        return self.answer({"taken": taken, "known": [], "refused": []})


urlpatterns = [
    path(
        "api/v1/",
        include(
            (
                [
                    path("events", own_scope(Events.as_view()), name="events"),
                    path("parses", own_scope(Parses.as_view()), name="parses"),
                ],
                "api",
            )
        ),
    ),
]

if "FENHANG_BENCH_DATABASE" in os.environ:
    speak_to(os.environ["FENHANG_BENCH_DATABASE"])
    settings.ROOT_URLCONF = __name__
    # One address calls as a thousand phones would.
    settings.RATE_LIMITS = False
    settle_memory()

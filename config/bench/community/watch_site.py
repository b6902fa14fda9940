"""The site of `bench community watch`: the address of heartbeats, and a view that only parses and answers.

Its database is named by the environment (FENHANG_BENCH_DATABASE).
"""

import os
from typing import Any
from uuid import UUID

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

from django.conf import settings  # noqa: E402 - needs what the lines above have loaded
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.urls import include, path  # noqa: E402
from rest_framework.request import Request  # noqa: E402
from rest_framework.response import Response  # noqa: E402

from campaigns.lib.http.views import ApiView  # noqa: E402
from campaigns.lib.memory import settle_memory  # noqa: E402
from campaigns.tenants.middleware import own_scope  # noqa: E402
from community.livestreams.api import BeatIn, Watching  # noqa: E402
from config.bench.scratch import speak_to  # noqa: E402


class Bare(ApiView):
    """The limit: reads the token and the body, and answers."""

    who = "customer"

    def post(self, request: Request, livestream_id: UUID) -> Response:
        given = self.body(BeatIn)
        return self.answer({"state": "live", "seconds": given["seconds"]})


def ready(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def _at(name: str, view: Any) -> Any:
    return path(f"livestreams/<uuid:livestream_id>/{name}", own_scope(view.as_view()), name=name)


urlpatterns = [
    path(
        "api/v1/",
        include(([path("ready", own_scope(ready)), _at("watch", Watching), _at("bare", Bare)], "api")),
    ),
]

if "FENHANG_BENCH_DATABASE" in os.environ:
    speak_to(os.environ["FENHANG_BENCH_DATABASE"])
    settings.ROOT_URLCONF = __name__
    settle_memory()

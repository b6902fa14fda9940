"""The site of `bench community checkins`: the address that checks in, and a view with one statement.

Its database is named by the environment (FENHANG_BENCH_DATABASE).
"""

import os
from typing import Any
from uuid import UUID

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

from django.conf import settings  # noqa: E402 - needs what the lines above have loaded
from django.db import connection  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.urls import include, path  # noqa: E402
from rest_framework.request import Request  # noqa: E402
from rest_framework.response import Response  # noqa: E402

from campaigns.lib.clock import now  # noqa: E402
from campaigns.lib.http.views import ApiView  # noqa: E402
from campaigns.lib.ids import new_id  # noqa: E402
from campaigns.lib.memory import settle_memory  # noqa: E402
from campaigns.tenants.middleware import own_scope  # noqa: E402
from community.checkins.api import CheckIns  # noqa: E402
from config.bench.scratch import speak_to  # noqa: E402


class Bare(ApiView):
    """The limit: reads the token, and commits one row without a rule."""

    who = "customer"

    def post(self, request: Request, group_id: UUID) -> Response:
        fresh = new_id()
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO bench_row (id, thing, customer, at) VALUES (%s, %s, %s, %s)",
                [fresh, group_id, self.scope.carry["customer"], now()],
            )
        return self.answer({"id": fresh, "group_id": group_id}, status=201)


def ready(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def _at(name: str, view: Any) -> Any:
    return path(f"groups/<uuid:group_id>/{name}", own_scope(view.as_view()), name=name)


urlpatterns = [
    path(
        "api/v1/",
        include(
            (
                [path("ready", own_scope(ready)), _at("check-ins", CheckIns), _at("bare", Bare)],
                "api",
            )
        ),
    ),
]

if "FENHANG_BENCH_DATABASE" in os.environ:
    speak_to(os.environ["FENHANG_BENCH_DATABASE"])
    settings.ROOT_URLCONF = __name__
    settle_memory()

"""The site of `bench home`: the home page, and a plain view that checks the same token and returns bytes from Valkey.

Its database is named by the environment (FENHANG_BENCH_DATABASE).
"""

import os

import redis
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

from django.conf import settings  # noqa: E402 - needs what the lines above have loaded
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.urls import include, path  # noqa: E402

from campaigns.lib.memory import settle_memory  # noqa: E402
from campaigns.tenants.middleware import own_scope  # noqa: E402
from config.bench.scratch import speak_to  # noqa: E402
from content.api import HomePage  # noqa: E402

KEY = "fenhang:bench:home"
_VALKEY = redis.Redis.from_url(settings.REDIS_URL)


@own_scope
def plain(request: HttpRequest) -> HttpResponse:
    """A page of the same size, whoever asks with a good token."""
    scope = request.find_scope()  # type: ignore[attr-defined]
    if scope is None or scope.kind != "customer":
        return HttpResponse(status=401)
    return HttpResponse(_VALKEY.get(KEY), content_type="application/json")


urlpatterns = [
    path(
        "api/v1/",
        include(
            (
                [
                    path("home", own_scope(HomePage.as_view()), name="home"),
                    path("plain", plain, name="plain"),
                    # What addresses of pictures are made of; nobody calls it here.
                    path("media/<uuid:rendition_id>/<str:signature>", plain, name="media"),
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

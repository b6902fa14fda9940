"""Every address of the installation."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views import defaults
from django.views.generic import RedirectView

from campaigns.lib.http import problems
from campaigns.planning.calendar.doors import calendar_feed
from campaigns.tenants.middleware import own_scope
from community.groups.api import phone
from config.health import healthz, readyz
from config.metrics import metrics

API_ROOT = "/api/"

urlpatterns = [
    path("healthz", healthz),
    path("readyz", readyz),
    path("metrics", metrics),
    path("calendar/<str:token>.ics", own_scope(calendar_feed), name="calendar-feed"),
    path("api/v1/", include(("config.api", "api"))),
    path("admin/", admin.site.urls),
    path("g/<str:slug>", phone.entry_page, name="entry-page"),
    path("g/<str:slug>/qr/<uuid:line_id>", phone.entry_picture, name="entry-picture"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", RedirectView.as_view(pattern_name="admin:index"), name="front"),
]


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A problem document under the API, a page elsewhere."""
    if request.path.startswith(API_ROOT):
        return problems.not_found(request, exception)
    return defaults.page_not_found(request, exception)


def failed(request: HttpRequest) -> HttpResponse:
    """Likewise for mistakes of ours."""
    if request.path.startswith(API_ROOT):
        return problems.failed(request)
    return defaults.server_error(request)


handler404 = not_found
handler500 = failed

"""`/metrics`: the figures of the installation as Prometheus reads them.

Asked of the database at each scrape, so that any process of any machine answers the same. Requests are counted by
what stands in front of the web processes. No figure names a branch or a person.
"""

from collections.abc import Iterable
from hmac import compare_digest
from ipaddress import ip_address

import psycopg
from django.conf import settings
from django.db import Error
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from campaigns.jobs.watch_gauges import family_of
from campaigns.jobs.watch_rules import LIMITS, Measured
from campaigns.jobs.watch_selectors import last_reading, measured_now, open_alerts
from campaigns.lib.clock import now
from campaigns.tenants.middleware import own_scope
from campaigns.tenants.scopes import system_scope

# Whoever stands behind a proxy is not this machine, whatever address the proxy itself comes from.
_PROXY_MARKS = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA")


@own_scope
@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """404 for whoever may not ask; 503 without a database, which is a figure of its own."""
    if not _may_ask(request):
        raise Http404
    try:
        families = _families()
    except (Error, psycopg.Error):
        return HttpResponse("# database unavailable\n", content_type=CONTENT_TYPE_LATEST, status=503)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Found(families))
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _may_ask(request: HttpRequest) -> bool:
    """By the token; without one set, from this machine alone and not through a proxy on it."""
    if settings.METRICS_TOKEN:
        kind, _space, token = request.headers.get("Authorization", "").partition(" ")
        return kind.lower() == "bearer" and compare_digest(
            token.strip().encode(), settings.METRICS_TOKEN.encode()
        )
    if any(mark in request.META for mark in _PROXY_MARKS):
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def _families() -> list[Metric]:
    with system_scope(at=now(), cause="metrics") as scope:
        measured = measured_now(scope=scope)
        alerts = set(open_alerts().values_list("code", flat=True))
        last = last_reading()
        age = (scope.at - last.at).total_seconds() if last else None
    found = _by_family(measured)
    opened = GaugeMetricFamily(
        "fenhang_alert_open", "1 while the figure stands above its limit.", labels=["code"]
    )
    for code in sorted({*LIMITS, *alerts}):
        opened.add_metric([code], int(code in alerts))
    found.append(opened)
    if age is not None:
        found.append(GaugeMetricFamily("fenhang_watched_seconds_ago", "Age of the last look.", value=age))
    return found


def _by_family(measured: Iterable[Measured]) -> list[Metric]:
    families: dict[str, GaugeMetricFamily] = {}
    for each in measured:
        family = family_of(each.family)
        if each.family not in families:
            labels = [family.label] if family.label else []
            families[each.family] = GaugeMetricFamily(f"fenhang_{each.family}", family.says, labels=labels)
        families[each.family].add_metric([each.label] if family.label else [], each.value)
    return list(families.values())


class _Found:
    """What was measured, as the library's registry asks for it."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> list[Metric]:
        return self._families

"""How the installation runs: figures with their day's line, what stands above its limit, and what did."""

from typing import Any

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from campaigns.jobs.watch_models import Alert
from campaigns.jobs.watch_selectors import courses, is_stale, last_reading, open_alerts
from campaigns.jobs.watch_words import NAMES, advice_of, name_of, value_words
from campaigns.lib.sparkline import sparkline
from campaigns.tenants.desk import ScopedAdmin, scope_of

# In this order; what no gauge measures is left out.
SHOWN = [
    "parts_silent", "due_oldest_seconds", "due_late_seconds", "due.ready", "due.dead", "message_oldest_seconds",
    "message.ready", "message.dead", "long_job_oldest_seconds", "long_job.running", "queue_length.prompt",
    "queue_length.heavy",
]  # fmt: skip


class OpenFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("open", _("still open")), ("over", _("over"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() is None:
            return queryset
        return queryset.filter(closed_at__isnull=self.value() == "open")


@admin.register(Alert)
class AlertAdmin(ScopedAdmin):
    """For those who stand at head office; nobody writes here."""

    noun = "jobs.alert"
    list_display = ("what", "worst_words", "limit_words", "began", "ended")
    list_display_links = ("what",)
    fields = readonly_fields = ("what", "value_now", "worst_words", "limit_words", "began", "ended", "advice")
    list_filter = (OpenFilter,)
    list_before_template = "jobs/watch_head.html"

    class Media:
        css = {"all": ("jobs/watch.css",)}

    def _may(self, request: HttpRequest, verb: str) -> bool:
        scope = getattr(request, "scope", None)
        return bool(verb == "view" and scope and not scope.ancestors and super()._may(request, verb))

    def get_ordering(self, request: HttpRequest) -> Any:
        return (F("closed_at").desc(nulls_first=True), "-opened_at")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        scope, last = scope_of(request), last_reading()
        found = courses(scope=scope, names=SHOWN)
        watched = {
            "figures": [
                {
                    "name": name_of(code),
                    "value": value_words(code, course.value),
                    "worst": value_words(code, course.worst),
                    "line": sparkline(course.points, f"{name_of(code)} · {value_words(code, course.worst)}"),
                    "is_bad": code in {"parts_silent", "due.dead", "message.dead"} and course.value > 0,
                }
                for code, course in ((code, found[code]) for code in SHOWN if code in found)
            ],
            "alerts": [
                {
                    "name": name_of(alert.code),
                    "value": value_words(alert.code, alert.value),
                    "limit": value_words(alert.code, alert.limit),
                    "advice": advice_of(alert.code),
                    "since": alert.opened_at,
                }
                for alert in open_alerts()
            ],
            "last": last,
            "is_stale": is_stale(last, scope.at),
        }
        title = {"title": _("How it runs"), "watched": watched}
        return super().changelist_view(request, {**title, **(extra_context or {})})

    @admin.display(description=_("figure"), ordering="code")
    def what(self, alert: Alert) -> str:
        name = name_of(alert.code) if alert.code in NAMES else alert.code
        return format_html('<strong class="fh-late">{}</strong>', name) if alert.is_open else name

    @admin.display(description=_("worst value"), ordering="worst")
    def worst_words(self, alert: Alert) -> str:
        return value_words(alert.code, alert.worst)

    @admin.display(description=_("value"))
    def value_now(self, alert: Alert) -> str:
        return value_words(alert.code, alert.value)

    @admin.display(description=_("what to do"))
    def advice(self, alert: Alert) -> str:
        return advice_of(alert.code) or "–"

    @admin.display(description=_("limit"))
    def limit_words(self, alert: Alert) -> str:
        return value_words(alert.code, alert.limit)

    @admin.display(description=_("opened at"), ordering="opened_at")
    def began(self, alert: Alert) -> str:
        return date_format(localtime(alert.opened_at), "SHORT_DATETIME_FORMAT")

    @admin.display(description=_("over at"), ordering="closed_at")
    def ended(self, alert: Alert) -> str:
        if alert.closed_at is None:
            return str(_("still open"))
        return date_format(localtime(alert.closed_at), "SHORT_DATETIME_FORMAT")

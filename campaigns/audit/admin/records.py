"""Security records: bank-wide, since nobody is known yet when a log-in fails."""

import json
from ipaddress import ip_address
from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from campaigns.audit.admin.base import ReadOnly
from campaigns.audit.models import SecurityRecord
from campaigns.audit.rules import beyond

KINDS = {
    "login.tried": _("tried to log in"),
    "login.failed": _("log-in failed"),
    "login.succeeded": _("logged in"),
    "login.locked": _("locked after too many tries"),
    "login.recovered": _("logged in with a recovery code"),
    "login.closed": _("log-in closed"),
    "login.reopened": _("log-in opened again"),
    "password.changed": _("password changed"),
    "password.refused": _("wrong password in an open session"),
    "password.reset": _("password reset by another person"),
    "second_factor.enrolled": _("second factor set up"),
    "second_factor.codes_renewed": _("new recovery codes made"),
    "second_factor.reset": _("second factor removed by another person"),
    "login.provider_succeeded": _("logged in by the identity service"),
    "login.provider_failed": _("log-in by the identity service failed"),
    "login.provider_bound": _("bound to an identity of the identity service"),
    "session.ended_by_other": _("sessions ended by an administrator"),
}
# Further than this nobody turns pages; counting millions of rows for it takes seconds.
_FAR = 5_000


class CountedToAPoint(Paginator):  # type: ignore[type-arg]
    """Counts no further than anybody turns."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows[:_FAR].count())


class KindFilter(admin.SimpleListFilter):
    """The kinds that there are, without reading the table for them."""

    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(KINDS.items())

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(SecurityRecord)
class SecurityRecordAdmin(ReadOnly):
    """For those who stand at head office."""

    list_display = ("at", "words", "who", "address")
    list_display_links = ("words",)
    list_filter = (KindFilter,)
    search_fields = ("who", "address")
    search_help_text = _("The log-in name's beginning, or the whole address")
    ordering = ("-id",)
    paginator = CountedToAPoint
    fields = ("at", "words", "who", "address", "detail_words")
    readonly_fields = fields

    def _may(self, request: HttpRequest, verb: str) -> bool:
        scope = getattr(request, "scope", None)
        return bool(scope and not scope.ancestors and super()._may(request, verb))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By an index: names by their beginning, addresses whole."""
        words = search_term.replace("\x00", "").strip()
        if not words:
            return queryset, False
        try:
            return queryset.filter(address=str(ip_address(words))), False
        except ValueError:
            return queryset.filter(who__gte=words, who__lt=beyond(words)), False

    @display(description=_("kind"))
    def words(self, record: SecurityRecord) -> str:
        return str(KINDS[record.kind]) if record.kind in KINDS else record.kind

    @display(description=_("detail"))
    def detail_words(self, row: Any) -> str:
        if not row.detail:
            return "–"
        return format_html(
            "<pre class='fh-pre'>{}</pre>", json.dumps(row.detail, ensure_ascii=False, indent=2)
        )

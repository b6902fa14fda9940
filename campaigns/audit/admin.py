"""The audit, to be read and never written here."""

import json
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from campaigns.audit.models import Entry, SecurityRecord
from campaigns.audit.words import deed, sentence
from campaigns.tenants.desk import ScopedAdmin

_SECURITY = {
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


class ReadOnly(ScopedAdmin):
    """Nobody adds, changes or deletes; the database refuses it as well."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description=_("detail"))
    def detail_words(self, row: Any) -> str:
        if not row.detail:
            return "–"
        return format_html(
            "<pre class='fh-pre'>{}</pre>", json.dumps(row.detail, ensure_ascii=False, indent=2)
        )


class DeedFilter(admin.SimpleListFilter):
    title = _("did")
    parameter_name = "verb"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        verbs = model_admin.get_queryset(request).order_by().values_list("verb", flat=True).distinct()
        return [(verb, f"{deed(verb)} · {verb}") for verb in sorted(verbs)]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(verb=self.value()) if self.value() else queryset


@admin.register(Entry)
class EntryAdmin(ReadOnly):
    noun = "audit.entry"
    list_display = ("at", "words", "branch")
    list_display_links = ("words",)
    list_filter = (DeedFilter,)
    search_fields = ("actor_name", "subject_name", "subject")
    search_help_text = _("Person or thing")
    date_hierarchy = "at"
    ordering = ("-id",)
    list_select_related = ("branch",)
    fields = ("at", "words", "branch", "actor", "verb", "subject", "detail_words", "request_id")
    readonly_fields = fields

    @display(description=_("what happened"))
    def words(self, entry: Entry) -> str:
        return sentence(
            actor_name=entry.actor_name,
            verb=entry.verb,
            subject=entry.subject,
            subject_name=entry.subject_name,
        )


@admin.register(SecurityRecord)
class SecurityRecordAdmin(ReadOnly):
    """Bank-wide, since nobody is known yet when a log-in fails: for those who stand at head office."""

    noun = "audit.entry"
    list_display = ("at", "words", "who", "address")
    list_display_links = ("words",)
    list_filter = ("kind",)
    search_fields = ("who", "address")
    search_help_text = _("Log-in name or address")
    ordering = ("-id",)
    fields = ("at", "words", "who", "address", "detail_words")
    readonly_fields = fields

    def _may(self, request: HttpRequest, verb: str) -> bool:
        scope = getattr(request, "scope", None)
        return bool(scope and not scope.ancestors and super()._may(request, verb))

    @display(description=_("kind"))
    def words(self, record: SecurityRecord) -> str:
        return str(_SECURITY[record.kind]) if record.kind in _SECURITY else record.kind

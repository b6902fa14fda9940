"""Events at head office: which kinds there are, what came by file and by call, and how long it is kept. Read alone."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.formats import date_format, number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from unfold.decorators import display

from campaigns.events.models import Cleared, Drop
from campaigns.events.registry import Kind, kinds, longest_kept, months_before
from campaigns.events.selectors import file_sources, files_lying, months_kept, sources_of
from campaigns.events.services.months import AHEAD
from campaigns.events.words import DOORS, reason_of, room_of, thing_of
from campaigns.tenants.desk import ScopedAdmin, scope_of

KINDS, SOURCES = "events.kind.view", "events.source.view"
_BREAK = mark_safe("<br>")
_COLOURS = {"done": "success", "refused": "warning", "under_way": "info"}
_STATES = {
    "done": pgettext_lazy("file of events", "taken"),
    "refused": pgettext_lazy("file of events", "taken, some rows refused"),
    "under_way": pgettext_lazy("file of events", "under way"),
}


class _Hash(bytes):
    """As addresses write it, whoever makes them."""

    def __str__(self) -> str:
        return self.hex()


class StateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(_STATES.items())

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "under_way":
            return queryset.filter(ended_at__isnull=True)
        if self.value() == "refused":
            return queryset.filter(ended_at__isnull=False, refused__gt=0)
        return queryset.filter(ended_at__isnull=False, refused=0) if self.value() == "done" else queryset


@admin.register(Drop)
class DropAdmin(ScopedAdmin):
    """Files that systems of the bank put down: how far each is, and which rows were refused for what."""

    noun = "events.drop"
    list_display = (
        "name",
        "source",
        "state",
        "rows_shown",
        "taken_shown",
        "known_shown",
        "refused_shown",
        "started_at",
    )
    list_filter = (StateFilter, "source")
    search_fields = ("name",)
    ordering = ("-started_at",)
    list_before_template = "events/drops_head.html"
    change_form_outer_after_template = "events/drop_reasons.html"
    fields = readonly_fields = (
        "name", "source", "state", "size_shown", "rows_shown", "taken_shown", "known_shown", "refused_shown",
        "started_at", "ended_at",
    )  # fmt: skip

    def _may(self, request: HttpRequest, verb: str) -> bool:
        scope = getattr(request, "scope", None)
        return bool(scope and not scope.ancestors and super()._may(request, verb))

    def has_add_permission(self, request: HttpRequest, *_obj: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        own = [
            path("kinds/", view(self.kinds_view), name="events_drop_kinds"),
            path("sources/", view(self.sources_view), name="events_drop_sources"),
        ]
        return own + super().get_urls()

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Drop | None:
        """By the hash in hexadecimal digits, as the audit names it."""
        try:
            key = bytes.fromhex(object_id)
        except ValueError:
            return None
        found: Drop | None = self.get_queryset(request).filter(pk=key).first()
        if found is not None:
            found.fingerprint = _Hash(found.fingerprint)
        return found

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        class DropList(super().get_changelist(request, **kwargs)):  # type: ignore[misc]
            def url_for_result(self, result: Drop) -> str:
                return _page(result)

        return DropList

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        lying = files_lying(folder=settings.EVENT_DROPS)
        return super().changelist_view(request, {**(extra_context or {}), "lying": lying})

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        drop = kwargs.get("obj")
        if drop is not None:
            by_number = sorted(drop.reasons.items(), key=lambda row: -row[1])
            context |= {
                "reasons": [(_number(many), *reason_of(code)) for code, many in by_number],
                "has_older": drop.refused > sum(drop.reasons.values()),
            }
        return super().render_change_form(request, context, *args, **kwargs)

    def kinds_view(self, request: HttpRequest) -> HttpResponse:
        """The registry as a page: no query but how far each kind was deleted."""
        _demand(request, KINDS)
        until = dict(Cleared.objects.values_list("kind", "until"))
        rooms: dict[str, list[Any]] = {}
        for code, kind in sorted(kinds().items()):
            rooms.setdefault(room_of(code), []).append(_row(kind, until.get(code)))
        return self._shown(request, "events/kinds.html", _("Kinds of events"), rooms=list(rooms.items()))

    def sources_view(self, request: HttpRequest) -> HttpResponse:
        """Who calls and who puts down files, without their secrets; and the months, with how long they stay."""
        _demand(request, SOURCES)
        scope = scope_of(request)
        oldest, newest = (months_before(scope.at, many).date() for many in (longest_kept(), -AHEAD))
        months = months_kept(scope=scope)
        return self._shown(
            request,
            "events/sources.html",
            _("Sources and months of events"),
            sources=sources_of(scope=scope, given=settings.EVENT_SOURCES),
            files=[(name, _number(many), last) for name, (many, last) in file_sources().items()],
            months=[
                (each, _number(each.rows), bool(each.first and each.first > scope.at.date()))
                for each in months
            ],
            stray=sum(each.rows for each in months if each.first is None),
            oldest=oldest,
            lacks_months=newest > max((each.first for each in months if each.first), default=oldest),
        )

    def _shown(self, request: HttpRequest, template: str, title: Any, **more: Any) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "title": title, "opts": self.opts, **more}
        return TemplateResponse(request, template, context)

    @display(description=_("state"), label=_COLOURS)
    def state(self, drop: Drop) -> Any:
        state = "under_way" if drop.ended_at is None else "refused" if drop.refused else "done"
        return state, _STATES[state]

    @display(description=_("size in bytes"))
    def size_shown(self, drop: Drop) -> str:
        return _number(drop.size)

    @display(description=_("rows done"), ordering="rows")
    def rows_shown(self, drop: Drop) -> str:
        return _number(drop.rows)

    @display(description=_("rows taken"), ordering="taken")
    def taken_shown(self, drop: Drop) -> str:
        return _number(drop.taken)

    @display(description=_("rows known already"), ordering="known")
    def known_shown(self, drop: Drop) -> str:
        return _number(drop.known)

    @display(description=_("rows refused"), ordering="refused")
    def refused_shown(self, drop: Drop) -> str:
        return _number(drop.refused)


def _demand(request: HttpRequest, verb: str) -> None:
    scope = scope_of(request)
    if scope.ancestors or not scope.may(verb):
        raise PermissionDenied


def _number(many: int) -> str:
    return number_format(many, force_grouping=True)


def _page(drop: Drop) -> str:
    return reverse("admin:events_drop_change", args=[bytes(drop.pk).hex()])


def _row(kind: Kind, until: Any) -> dict[str, Any]:
    doors = [str(DOORS[door]) for door in ("phone", "hook", "file") if door in kind.told_by]
    return {
        "label": kind.label,
        "code": kind.code,
        "doors": "、".join(doors) or _("this system itself"),
        "things": "、".join(thing_of(each) for each in sorted(kind.subjects)) or "–",
        "keeps": kind.keeps,
        "until": date_format(localtime(until), "SHORT_DATE_FORMAT") if until else "",
        "properties": _properties(kind),
    }


def _said(says: Any) -> SafeString | str:
    """A sentence as it is, and codes as what machines write."""
    text = str(says)
    return format_html("<code>{}</code>", text) if text.isascii() else text


def _properties(kind: Kind) -> SafeString:
    if not kind.properties:
        return format_html("{}", "–")
    return format_html_join(
        _BREAK,
        "<code>{}</code> {}{}",
        (
            (
                name,
                _said(each.says),
                format_html(" <strong>{}</strong>", _("required")) if each.is_required else "",
            )
            for name, each in kind.properties.items()
        ),
    )

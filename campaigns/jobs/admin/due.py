"""Due tasks: what was given up first, with its reason, to be run again or called off."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, path, reverse
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _

from campaigns.jobs.due_models import Due
from campaigns.jobs.due_selectors import count_capped, due_figures, names_of
from campaigns.jobs.kinds import due_kind, due_kinds
from campaigns.jobs.services.due import cancel_due, run_again
from campaigns.lib.refs import read_ref
from campaigns.tenants.desk import ScopedAdmin, scope_of
from campaigns.tenants.scopes import current_scope

State = Due.State
# In which order each state is read: what was given up last, what comes next, what ended last.
_ORDER: dict[str, tuple[str, ...]] = {
    State.DEAD: ("-run_at", "-id"),
    State.WAITING: ("ready_at", "id"),
    State.RUNNING: ("ready_at", "id"),
}
_ENDED = ("-ended_at",)


class StateFilter(admin.SimpleListFilter):
    """What was given up, unless another state is asked for."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(value, label) for value, label in State.choices if value != State.DEAD]

    def choices(self, changelist: Any) -> Any:
        first, *rest = super().choices(changelist)
        yield {**first, "display": State.DEAD.label}
        yield from rest

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        state = self.value() or State.DEAD
        rows = queryset.filter(state=state)
        return rows if state in _ORDER else rows.filter(ended_at__isnull=False)


class KindFilter(admin.SimpleListFilter):
    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(kind.code, kind.label) for kind in due_kinds()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


class CappedPaginator(Paginator):
    """A million rows wait; nobody turns so many pages, and counting them for it takes longer than the page."""

    @cached_property
    def count(self) -> int:
        return count_capped(self.object_list)


@admin.register(Due)
class DueAdmin(ScopedAdmin):
    """Nothing is typed here: rows are laid by services, and two buttons call one each."""

    noun = "jobs.due"
    paginator = CappedPaginator
    list_per_page = 25
    list_display = ("what", "thing", "due", "lateness", "branch", "reason")
    list_display_links = ("what",)
    list_select_related = ("branch",)
    list_filter = (StateFilter, KindFilter)
    list_before_template = "jobs/due_head.html"
    change_form_outer_before_template = "jobs/due_acts.html"
    fields = readonly_fields = (
        "what", "thing", "state", "reason", "due", "wall", "lateness", "misfire", "next_try", "tries", "lost",
        "began", "ended", "branch", "version",
    )  # fmt: skip

    class Media:
        css = {"all": ("jobs/due.css",)}

    def has_add_permission(self, request: HttpRequest, *_obj: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_ordering(self, request: HttpRequest) -> Any:
        return _ORDER.get(request.GET.get("state") or State.DEAD, _ENDED)

    @admin.display(description=_("task"))
    def what(self, due: Due) -> str:
        return str(due_kind(due.kind).label)

    @admin.display(description=_("thing"))
    def thing(self, due: Due) -> str:
        name = vars(due).get("thing_name") or due.subject
        scope = current_scope()
        try:
            kind, key = read_ref(due.subject)
            if scope is None or not scope.may(f"{kind}.view"):
                return str(name)
            meta = apps.get_model(kind)._meta
            address = reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[key])
        except (LookupError, ValueError, NoReverseMatch):
            return str(name)
        return format_html('<a href="{}">{}</a>', address, name)

    @admin.display(description=_("due at"), ordering="run_at")
    def due(self, due: Due) -> str:
        return date_format(localtime(due.run_at), "SHORT_DATETIME_FORMAT")

    @admin.display(description=_("planned as"))
    def wall(self, due: Due) -> str:
        return f"{date_format(due.local_time, 'SHORT_DATETIME_FORMAT')} · {due.zone}"

    @admin.display(description=_("late by"))
    def lateness(self, due: Due) -> str:
        if due.state in {State.CANCELLED, State.SKIPPED}:
            return "—"
        # One that still waits is as late as the page is old; asked of the scope that reads it.
        scope = current_scope()
        return span_words(due.late_by(scope.at)) if scope else "—"

    @admin.display(description=_("reason"))
    def reason(self, due: Due) -> str:
        return str(due.why.get("zh" if (get_language() or "zh").startswith("zh") else "en") or "—")

    @admin.display(description=_("next try at"))
    def next_try(self, due: Due) -> str:
        return _moment(due.ready_at) if not due.is_over else "—"

    @admin.display(description=_("last begun at"))
    def began(self, due: Due) -> str:
        return _moment(due.claimed_at)

    @admin.display(description=_("ended at"))
    def ended(self, due: Due) -> str:
        return _moment(due.ended_at)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        own = [
            path("<uuid:due_id>/again/", view(self.again_view), name="jobs_due_again"),
            path("<uuid:due_id>/cancel/", view(self.cancel_view), name="jobs_due_cancel"),
        ]
        return [*own, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        if not self.has_view_permission(request):
            raise PermissionDenied
        figures = due_figures(scope=scope_of(request))
        return super().changelist_view(request, {"figures": figures, **(extra_context or {})})

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The things of a page are named by one query for each sort of thing."""
        listed = super().get_changelist_instance(request)
        rows = list(listed.result_list)
        names = names_of(scope=scope_of(request), subjects=[due.subject for due in rows])
        for due in rows:
            due.thing_name = names.get(due.subject, "")
        listed.result_list = rows
        return listed

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        due = kwargs.get("obj")
        if due is not None:
            scope = scope_of(request)
            due.thing_name = names_of(scope=scope, subjects=[due.subject]).get(due.subject, "")
            context |= {
                "due": due,
                "may_run_again": due.state == State.DEAD and scope.may("jobs.due.run_again"),
                "may_cancel": due.state in {State.DEAD, State.WAITING} and scope.may("jobs.due.cancel"),
            }
        return super().render_change_form(request, context, *args, **kwargs)

    def again_view(self, request: HttpRequest, due_id: UUID) -> HttpResponse:
        return self._act(
            request,
            due_id,
            lambda: run_again(scope=scope_of(request), due_id=due_id),
            gettext("It is run again within a second or two. Load this page again to see how it went."),
        )

    def cancel_view(self, request: HttpRequest, due_id: UUID) -> HttpResponse:
        return self._act(
            request,
            due_id,
            lambda: cancel_due(scope=scope_of(request), due_id=due_id),
            gettext("Called off: it will not happen."),
        )


def span_words(span: timedelta) -> str:
    """A span in its two largest units: "3 days 4 hours"; "on time" below a minute."""
    minutes = int(span.total_seconds() // 60)
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [
        ngettext("%(n)s day", "%(n)s days", days) % {"n": days} if days else "",
        ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours} if hours else "",
        ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes} if minutes and not days else "",
    ]
    return " ".join(part for part in parts if part) or gettext("on time")


def _moment(at: Any) -> str:
    return date_format(localtime(at), "SHORT_DATETIME_FORMAT") if at else "—"

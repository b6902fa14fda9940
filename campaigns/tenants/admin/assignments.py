"""Assignments and roles in the admin."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from campaigns.lib.clock import FOREVER
from campaigns.tenants.desk import ScopedAdmin, each, scope_of
from campaigns.tenants.models import Assignment, Role, RoleExclusion
from campaigns.tenants.services.assignments import assign_role, end_assignment


@admin.register(Assignment)
class AssignmentAdmin(ScopedAdmin):
    noun = "tenants.assignment"
    list_display = ("person", "role", "branch", "held_from", "until")
    list_filter = ("role",)
    search_fields = ("person__name", "person__staff_number")
    searches = "person"
    autocomplete_fields = ("person", "branch")
    search_help_text = _("Name or staff number")
    ordering = ("branch_pos", "role")
    list_select_related = ("person", "role", "branch")
    fields = ("person", "role", "branch", "held_from", "held_until")
    actions = ("end_now",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        scope = getattr(request, "scope", None)
        return bool(scope and scope.may("tenants.person.change"))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"held_from": scope_of(request).at, **super().get_changeform_initial_data(request)}

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        if "held_until" in form.base_fields:
            field = form.base_fields["held_until"]
            field.required = False
            field.initial = None
            field.help_text = _("Empty: until it is ended.")
        return form

    def save_model(self, request: HttpRequest, obj: Assignment, form: Any, change: bool) -> None:
        made = assign_role(
            scope=scope_of(request),
            person=obj.person,
            role=obj.role_id,
            branch_id=obj.branch_id,
            held_from=obj.held_from,
            held_until=form.cleaned_data.get("held_until") or FOREVER,
        )
        obj.pk = made.pk

    @display(description=_("until"), ordering="held_until")
    def until(self, assignment: Assignment) -> Any:
        return until_words(assignment)

    def has_end_permission(self, request: HttpRequest) -> bool:
        return self.has_add_permission(request)

    @admin.action(description=_("End the chosen assignments now"), permissions=["end"])
    def end_now(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        scope = scope_of(request)
        each(
            request,
            queryset,
            lambda assignment: end_assignment(scope=scope, assignment=assignment),
            _("%(count)s assignments have ended; whoever acted in them is asked to choose another."),
        )


@admin.register(Role)
class RoleAdmin(ScopedAdmin):
    """What each role may do. Presets; a bank's changes come by way of its administrator's review."""

    noun = "tenants.role"
    list_display = ("__str__", "code", "held_by", "verb_count")
    search_fields = ("name", "name_en", "code")
    ordering = ("code",)
    fields = ("name", "name_en", "code", "verb_list", "excluded")
    readonly_fields = ("verb_list", "excluded")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        scope = scope_of(request)
        held = Assignment.objects.within(scope).filter(
            role=OuterRef("pk"), held_from__lte=scope.at, held_until__gt=scope.at
        )
        count = held.order_by().values("role").annotate(n=Count("pk")).values("n")
        return super().get_queryset(request).annotate(n_held=Cast(Subquery(count), IntegerField()))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description=_("held here by"))
    def held_by(self, role: Any) -> int:
        return role.n_held or 0

    @display(description=_("rights"))
    def verb_count(self, role: Role) -> int:
        return len(role.verbs)

    @display(description=_("rights"))
    def verb_list(self, role: Role) -> str:
        return format_html("<pre class='fh-pre'>{}</pre>", "\n".join(role.verbs))

    @display(description=_("never together with"))
    def excluded(self, role: Role) -> str:
        pairs = RoleExclusion.objects.filter(Q(role=role) | Q(excludes=role)).select_related(
            "role", "excludes"
        )
        return "、".join(str(p.excludes if p.role_id == role.pk else p.role) for p in pairs) or "–"


def until_words(assignment: Assignment) -> Any:
    """When an assignment ends, in words; an open end is no date."""
    return _("until ended") if assignment.held_until >= FOREVER else assignment.held_until

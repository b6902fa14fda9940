"""The tree in the admin."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import F, Func, IntegerField, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from campaigns.tenants.admin.branch_acts import BranchActs
from campaigns.tenants.desk import scope_of
from campaigns.tenants.models import Branch
from campaigns.tenants.names import shown_path
from campaigns.tenants.selectors import paths_above
from campaigns.tenants.services.branches import add_branch

_DEPTH = {level: depth for depth, level in enumerate(Branch.Level.values)}


@admin.register(Branch)
class BranchAdmin(BranchActs):
    """The tree below the reader, in tree order."""

    noun = "tenants.branch"
    list_display = ("tree_name", "code", "level", "below", "is_open")
    list_filter = ("level", "is_open")
    search_fields = ("name", "code", "pinyin")
    searches = "self"
    autocomplete_fields = ("parent",)
    search_help_text = _("Name, code or pinyin")
    ordering = ("pos",)
    list_per_page = 100
    fields = ("parent", "name", "code", "level", "zone", "is_open", "successor")
    readonly_fields = ("zone", "is_open", "successor")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        inside = Branch.objects.filter(pos__gt=OuterRef("pos"), pos__lte=OuterRef("pos_end")).order_by()
        count = inside.annotate(n=Func(F("id"), function="count", output_field=IntegerField())).values("n")
        return super().get_queryset(request).annotate(n_below=Subquery(count))

    def offered_as(self, request: HttpRequest, rows: Sequence[Any]) -> dict[Any, str]:
        above = paths_above(scope=scope_of(request), branch_ids=[branch.pk for branch in rows])
        return {b.pk: f"{b.name}（{shown_path(above[b.pk])}）" if above.get(b.pk) else b.name for b in rows}

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # renaming, moving and closing are verbs of their own

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ("parent", "name", "code", "level")
        return self.fields if obj.successor_id else self.fields[:-1]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        if "parent" in form.base_fields:
            form.base_fields["parent"].required = True
        if "level" in form.base_fields:
            form.base_fields["level"].choices = [
                c for c in Branch.Level.choices if c[0] != Branch.Level.HEAD_OFFICE
            ]
        return form

    def save_model(self, request: HttpRequest, obj: Branch, form: Any, change: bool) -> None:
        made = add_branch(
            scope=scope_of(request),
            parent_id=obj.parent_id or 0,
            code=obj.code,
            name=obj.name,
            level=obj.level,
        )
        obj.pk = made.pk

    @display(description=_("branch"), ordering="pos")
    def tree_name(self, branch: Branch) -> str:
        indent = 22 * _DEPTH.get(branch.level, 0)
        return format_html('<span style="padding-left:{}px">{}</span>', indent, branch.name)

    @display(description=_("branches below"))
    def below(self, branch: Any) -> str:
        return format_html(
            '<span class="fh-num" style="display:block;width:4em">{}</span>', branch.n_below or "–"
        )

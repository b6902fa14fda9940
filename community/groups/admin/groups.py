"""Groups: the list with how they are doing, and a page with figures, who is in it, and what rooms above say."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget

from campaigns.lib.forms import ServiceForm
from campaigns.tenants.desk import ScopedAdmin, page_of, scope_of
from campaigns.tenants.scopes import Scope
from community.groups.member_files import MOST_BYTES, MOST_ROWS, named_in_file, named_in_text
from community.groups.models import Group
from community.groups.panels import group_panels
from community.groups.refusals import MembersNotNamed
from community.groups.rules import LEAVING_PERCENT, SILENT_DAYS
from community.groups.selectors import (
    customers_among,
    groups_within,
    healths_of,
    kinds_in_use,
    last_left,
    members_shown,
    sign_of,
)
from community.groups.services.groups import add_group, change_group, dissolve_group, end_member
from community.groups.services.healths import note_sign
from community.groups.services.members import add_members

_PER_PAGE = 50


class GroupForm(ServiceForm):
    class Meta:
        model = Group
        fields = ("name", "branch", "kind", "owner", "capacity", "notice")
        widgets = {"notice": UnfoldAdminTextareaWidget(attrs={"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "kind" in self.fields:
            kinds = kinds_in_use() | type(self.instance).kind.get_queryset().filter(pk=self.instance.kind_id)
            self.fields["kind"].queryset = kinds  # type: ignore[attr-defined]


class MembersForm(forms.Form):
    named = forms.CharField(required=False, max_length=40_000)
    file = forms.FileField(required=False)

    def cells(self) -> list[str]:
        """What was pasted or chosen, one of the two. Raises MembersNotNamed."""
        if not self.is_valid() or bool(self.cleaned_data["named"].strip()) == bool(self.cleaned_data["file"]):
            raise MembersNotNamed(most=MOST_ROWS)
        chosen = self.cleaned_data["file"]
        return (
            named_in_file(chosen.read(MOST_BYTES + 1))
            if chosen
            else named_in_text(self.cleaned_data["named"])
        )


class SignForm(forms.Form):
    note = forms.CharField(required=False, max_length=120)


class LifeFilter(admin.SimpleListFilter):
    """Dissolved ones stand in the list, in grey, unless they are left out."""

    title = _("life")
    parameter_name = "life"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [("open", _("not dissolved")), ("over", _("dissolved"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in ("open", "over"):
            return queryset
        return queryset.filter(dissolved_at__isnull=self.value() == "open")


@admin.register(Group)
class GroupAdmin(ScopedAdmin):
    noun = "community.group"
    form = GroupForm
    list_display = (
        "shown_name",
        "kind",
        "health_now",
        "filled",
        "owned_by",
        "branch",
        "source",
        "founded_at",
    )
    list_filter = (LifeFilter, "health", "kind", "source")
    search_fields = ("name",)
    searches = "self"
    search_help_text = _("Name of the group")
    ordering = ("dissolved_at", "-id")
    autocomplete_fields = ("owner", "branch")
    list_before_template = "community/groups_head.html"
    change_form_outer_before_template = "community/group_head.html"
    change_form_outer_after_template = "community/group_page.html"

    class Media:
        css = {"all": ("rewards/batch.css", "rewards/quota.css", "community/groups.css")}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        return groups_within(scope=scope_of(request))

    def get_ordering(self, request: HttpRequest) -> Any:
        return ("-id",)

    def offered_as(self, request: HttpRequest, rows: Any) -> dict[Any, str]:
        return {row.pk: f"{row.name} · {row.branch.name}" for row in rows}

    @admin.display(description=_("name"), ordering="name")
    def shown_name(self, group: Group) -> str:
        if group.dissolved_at is None:
            return group.name
        return format_html('<s class="cg-over">{}</s> <small>{}</small>', group.name, gettext("dissolved"))

    @admin.display(description=_("health"), ordering="health")
    def health_now(self, group: Group) -> str:
        if group.dissolved_at is not None or not group.health:
            return "–"
        return format_html('<span class="cg-word cg-{}">{}</span>', group.health, group.get_health_display())

    @admin.display(description=_("group owner"), ordering="owner_name")
    def owned_by(self, group: Group) -> str:
        return getattr(group, "owner_name", None) or gettext("colleague of another branch")

    @admin.display(description=_("members / capacity"), ordering="member_count")
    def filled(self, group: Group) -> str:
        return format_html(
            '<span class="cg-fill"><meter min="0" max="{}" high="{}" value="{}" aria-hidden="true"></meter>'
            " {} / {}</span>",
            group.capacity,
            group.capacity * 9 // 10,
            group.in_it,
            group.in_it,
            group.capacity,
        )

    def get_fields(self, request: HttpRequest, obj: Group | None = None) -> Any:
        is_theirs = obj is not None and obj.source == Group.Source.WECOM
        return ("name", "branch", "kind", "owned_by" if is_theirs else "owner", "capacity", "notice")

    def get_readonly_fields(self, request: HttpRequest, obj: Group | None = None) -> Any:
        if obj is None:
            return ()
        return ("name", "branch", "owned_by", "notice") if obj.source == Group.Source.WECOM else ("branch",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_open = obj is None or obj.dissolved_at is None
        return is_open and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # what happened in it stays

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"branch": scope_of(request).branch_id, **super().get_changeform_initial_data(request)}

    def save_model(self, request: HttpRequest, obj: Group, form: Any, change: bool) -> None:
        given = form.cleaned_data
        kind = given["kind"].pk if given.get("kind") else ""
        if change:
            change_group(
                scope=scope_of(request),
                group_id=obj.pk,
                name=given.get("name", obj.name),
                owner_id=given["owner"].pk if "owner" in given else obj.owner_id,
                kind_code=kind,
                capacity=given["capacity"],
                notice=given.get("notice", obj.notice),
            )
            return
        made = add_group(
            scope=scope_of(request),
            name=given["name"],
            owner_id=given["owner"].pk,
            branch_id=given["branch"].pk,
            kind_code=kind,
            capacity=given["capacity"],
            notice=given["notice"],
        )
        obj.pk, obj.branch_id, obj.branch_pos = made.pk, made.branch_id, made.branch_pos

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        own = [
            path("<uuid:group_id>/dissolve/", view(self.dissolve_view), name="community_group_dissolve"),
            path("<uuid:group_id>/sign/", view(self.sign_view), name="community_group_sign"),
            path("<uuid:group_id>/members/", view(self.members_view), name="community_group_members"),
            path(
                "<uuid:group_id>/members/<uuid:member_id>/end/",
                view(self.end_view),
                name="community_group_take_out",
            ),
        ]
        return [*own, *super().get_urls()]

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        group = kwargs.get("obj")
        if group is not None:
            context |= _told(request, scope_of(request), group)
        return super().render_change_form(request, context, *args, **kwargs)

    def dissolve_view(self, request: HttpRequest, group_id: UUID) -> HttpResponse:
        return self._act(
            request,
            group_id,
            lambda: dissolve_group(scope=scope_of(request), group_id=group_id),
            gettext("Dissolved: nothing can be planned for it any more."),
        )

    def sign_view(self, request: HttpRequest, group_id: UUID) -> HttpResponse:
        form = SignForm(request.POST)
        note = form.cleaned_data["note"] if form.is_valid() else ""
        return self._act(
            request,
            group_id,
            lambda: note_sign(scope=scope_of(request), group_id=group_id, note=note),
            gettext("Noted: the group is alive today."),
        )

    def members_view(self, request: HttpRequest, group_id: UUID) -> HttpResponse:
        def add() -> None:
            cells = MembersForm(request.POST, request.FILES).cells()
            added = add_members(scope=scope_of(request), group_id=group_id, named=cells)
            if added.count:
                messages.success(request, gettext("%(count)s members were added.") % {"count": added.count})
            # As many as one reads; the rest is counted.
            for each in added.refused[:20]:
                messages.error(request, f"{each.row}. {each.cell}: {each.why}")
            if len(added.refused) > 20:
                more = len(added.refused) - 20
                messages.error(request, gettext("and %(more)s more rows were refused.") % {"more": more})

        return self._act(request, group_id, add)

    def end_view(self, request: HttpRequest, group_id: UUID, member_id: UUID) -> HttpResponse:
        return self._act(
            request,
            group_id,
            lambda: end_member(scope=scope_of(request), group_id=group_id, member_id=member_id),
            gettext("Not in the group any more."),
        )


def _told(request: HttpRequest, scope: Scope, group: Group) -> dict[str, Any]:
    """What the templates beside the form say of one group."""
    is_open, is_hand = group.dissolved_at is None, group.source == Group.Source.HAND
    may_see = scope.may("community.member.view")
    rows = members_shown(scope=scope, group=group) if may_see else None
    page = Paginator(rows, _PER_PAGE).get_page(request.GET.get("page")) if rows is not None else None
    healths = healths_of(scope=scope, group=group)
    within = customers_among(scope=scope, members=list(page or ()))
    may_customer = scope.may("customers.customer.view")
    return {
        "group": group,
        "healths": healths,
        "health": healths[0] if healths else None,
        "sign": sign_of(scope=scope, group=group),
        "silent_days": SILENT_DAYS,
        "leaving_percent": LEAVING_PERCENT,
        "page": page,
        "members": [
            {
                "row": row,
                "who": str(row.customer) if row.customer_id in within else "",
                "to": page_of(f"customers.customer:{row.customer_id}")
                if may_customer and row.customer_id in within
                else "",
            }
            for row in page or ()
        ],
        "left": last_left(scope=scope, group=group) if may_see else [],
        "panels": group_panels(scope=scope, group_id=group.pk),
        "may_add": is_open and is_hand and scope.may("community.member.add"),
        "may_end": is_open and is_hand and scope.may("community.member.end"),
        "may_dissolve": is_open and is_hand and scope.may("community.group.dissolve"),
        "may_sign": is_open and scope.may("community.group.sign"),
        "most_rows": MOST_ROWS,
    }

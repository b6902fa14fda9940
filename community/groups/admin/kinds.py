"""Kinds of groups, kept at head office."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from campaigns.lib.forms import ServiceForm
from campaigns.tenants.desk import ScopedAdmin, scope_of
from community.groups.models import GroupKind
from community.groups.services.kinds import add_kind, change_kind


class KindForm(ServiceForm):
    class Meta:
        model = GroupKind
        fields = ("code", "name", "name_en", "is_active")


@admin.register(GroupKind)
class GroupKindAdmin(ScopedAdmin):
    noun = "community.groupkind"
    form = KindForm
    list_display = ("name", "code", "name_en", "is_active")
    list_before_template = "community/kinds_head.html"

    class Media:
        css = {"all": ("rewards/batch.css",)}

    def get_readonly_fields(self, request: HttpRequest, obj: GroupKind | None = None) -> Any:
        return ("code",) if obj else ("is_active",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # groups of it stay of it

    def save_model(self, request: HttpRequest, obj: GroupKind, form: Any, change: bool) -> None:
        given = form.cleaned_data
        if change:
            change_kind(
                scope=scope_of(request),
                code=obj.pk,
                name=given["name"],
                name_en=given["name_en"],
                is_active=given["is_active"],
            )
        else:
            add_kind(
                scope=scope_of(request), code=given["code"], name=given["name"], name_en=given["name_en"]
            )

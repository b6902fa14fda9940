"""What the wall of the library shows: by kind, folder, tag, and how things stand with rights and use."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from campaigns.tenants.desk import scope_of
from content.asset_selectors import expired, expiring, shelves, tags_within, unused
from content.models import Asset

REMOVED = "removed"
STATES: dict[str, Any] = {
    "unused": _("Unused"),
    "expiring": _("Rights end within 30 days"),
    "expired": _("Rights over"),
    "silent": _("Without description"),
    REMOVED: _("Removed"),
}


class KindFilter(admin.SimpleListFilter):
    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return Asset.Kind.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


class FolderFilter(admin.SimpleListFilter):
    """The folders of the branch where one stands."""

    title = _("folder")
    parameter_name = "folder"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            (str(shelf.folder.pk), f"{'　' * shelf.depth}{shelf.folder.name} ({shelf.count})")
            for shelf in shelves(scope=scope_of(request))
        ]

    def has_output(self) -> bool:
        return True

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        # What is no folder of this branch is no folder: an address that was typed shows nothing.
        if chosen and chosen not in {key for key, _name in self.lookup_choices}:
            return queryset.none()
        return queryset.filter(folder_id=chosen) if chosen else queryset


class TagFilter(admin.SimpleListFilter):
    title = _("tag")
    parameter_name = "tag"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(tag, tag) for tag in tags_within(scope=scope_of(request))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(tags__contains=[self.value()]) if self.value() else queryset


class StateFilter(admin.SimpleListFilter):
    """Removed ones are seen by asking for them alone."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return list(STATES.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        asked, at = self.value(), scope_of(request).at
        if asked == REMOVED:
            return queryset.exclude(retired_at=None)
        rows = queryset.filter(retired_at=None)
        if asked == "unused":
            return unused(rows=rows)
        if asked == "expiring":
            return expiring(rows=rows, at=at)
        if asked == "expired":
            return expired(rows=rows, at=at)
        if asked == "silent":
            return rows.filter(alt="", kind=Asset.Kind.PICTURE)
        return rows


FILTERS = (KindFilter, FolderFilter, TagFilter, StateFilter)

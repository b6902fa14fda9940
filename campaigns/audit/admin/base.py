"""What all pages of the audit have in common."""

from typing import Any

from django.http import HttpRequest

from campaigns.tenants.desk import ScopedAdmin


class ReadOnly(ScopedAdmin):
    """Nobody adds, changes or deletes; the database refuses it as well."""

    noun = "audit.entry"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

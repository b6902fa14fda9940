"""Pages that say all in words and change nothing but by their buttons."""

from typing import Any

from django.http import HttpRequest

from campaigns.tenants.desk import ScopedAdmin


class ReadPage(ScopedAdmin):
    """No form at all: `told` gives the templates what they say of one thing."""

    class Media:
        css = {"all": ("rewards/batch.css", "rewards/quota.css", "rewards/close.css")}

    def told(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        raise NotImplementedError

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return []

    def has_add_permission(self, request: HttpRequest, *_obj: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        thing = kwargs.get("obj")
        if thing is not None:
            context |= self.told(request, thing)
        return super().render_change_form(request, context, *args, **kwargs)

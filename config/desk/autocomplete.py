"""What choice fields offer while one types."""

from typing import Any

from django.contrib.admin.views.autocomplete import AutocompleteJsonView

from campaigns.tenants.desk import ScopedAdmin


class Offers(AutocompleteJsonView):
    """Rows as their own page names them: of a branch also the path, since many have the same name."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        page = self.model_admin
        assert isinstance(page, ScopedAdmin)  # nothing else is registered
        self.named = page.offered_as(self.request, list(context["object_list"]))
        return context

    def serialize_result(self, obj: Any, to_field_name: str) -> dict[str, str]:
        return {"id": str(getattr(obj, to_field_name)), "text": self.named[obj.pk]}

"""Categories of content, kept at head office."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from campaigns.tenants.desk import ScopedAdmin, scope_of
from content.models import Category
from content.services.categories import add_category, change_category


class CategoryForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Category
        fields = ("code", "name", "name_en", "parent", "place", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "parent" in self.fields:
            tops = Category.objects.filter(parent=None).exclude(pk=self.instance.pk or "")
            self.fields["parent"].queryset = tops  # type: ignore[attr-defined]
            self.fields["parent"].help_text = _("Empty: at the top. There are two levels.")

    def values(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        return {
            "name": cleaned["name"],
            "name_en": cleaned["name_en"],
            "parent_code": cleaned["parent"].pk if cleaned["parent"] else "",
            "place": cleaned["place"],
        }


@admin.register(Category)
class CategoryAdmin(ScopedAdmin):
    noun = "content.category"
    form = CategoryForm
    list_display = ("name", "code", "parent", "place", "is_active")
    list_before_template = "content/categories_head.html"

    class Media:
        css = {"all": ("content/content.css",)}

    def get_readonly_fields(self, request: HttpRequest, obj: Category | None = None) -> Any:
        return ("code",) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Category, form: Any, change: bool) -> None:
        scope = scope_of(request)
        if change:
            change_category(
                scope=scope, code=obj.pk, is_active=form.cleaned_data["is_active"], **form.values()
            )
        else:
            add_category(scope=scope, code=form.cleaned_data["code"], **form.values())

"""Definitions of attributes: for all to look up, for head office to change."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from campaigns.customers.models import Attribute
from campaigns.customers.services.attributes import add_attribute, change_attribute
from campaigns.customers.tag_rules import choices_of_lines, lines_of_choices
from campaigns.tenants.desk import ScopedAdmin, scope_of


class BankWide(ScopedAdmin):
    """Definitions that hold for the whole bank: changed by those who stand at head office."""

    def has_add_permission(self, request: HttpRequest, *_obj: Any) -> bool:
        return not scope_of(request).ancestors and self._may(request, "add")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return not scope_of(request).ancestors and self._may(request, "change")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # what was named stays readable


class HeadOffice(BankWide):
    """Seen there alone, too."""

    def _may(self, request: HttpRequest, verb: str) -> bool:
        scope = getattr(request, "scope", None)
        return bool(scope and not scope.ancestors and super()._may(request, verb))


class AttributeForm(forms.ModelForm):  # type: ignore[type-arg]
    choice_lines = forms.CharField(
        label=_("choices"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
        help_text=_("For a choice: one in a line, “code=name=English name”. Codes stay once they are there."),
    )

    class Meta:
        model = Attribute
        fields = ("code", "name", "name_en", "kind", "unit", "is_sensitive", "is_active", "place")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("choice_lines", lines_of_choices(self.instance.choices))


@admin.register(Attribute)
class AttributeAdmin(BankWide):
    noun = "customers.attribute"
    form = AttributeForm
    list_display = ("name_shown", "code", "kind", "choices_shown", "is_sensitive", "is_active")
    list_filter = ("kind", "is_sensitive", "is_active")
    search_fields = ("code", "name", "name_en")
    ordering = ("place", "code")
    fields = ("code", "name", "name_en", "kind", "choice_lines", "unit", "is_sensitive", "is_active", "place")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("code", "kind") if obj is not None else ()

    @display(description=_("name"), ordering="name")
    def name_shown(self, attribute: Attribute) -> str:
        return str(attribute)

    @display(description=_("choices"))
    def choices_shown(self, attribute: Attribute) -> str:
        names = [choice["name"] for choice in attribute.choices]
        return "、".join(names[:4]) + ("…" if len(names) > 4 else "") or "–"

    def save_model(self, request: HttpRequest, obj: Attribute, form: Any, change: bool) -> None:
        given = form.cleaned_data
        terms: dict[str, Any] = {
            "code": obj.code,
            "choices": choices_of_lines(given["choice_lines"]),
            **{field: given[field] for field in ("name", "name_en", "unit", "is_sensitive", "place")},
        }
        if change:
            change_attribute(scope=scope_of(request), is_active=given["is_active"], **terms)
        else:
            add_attribute(scope=scope_of(request), kind=given["kind"], **terms)

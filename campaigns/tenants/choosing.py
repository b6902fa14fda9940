"""Form fields of rows that one finds by typing."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelectMultiple

from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import Scope, current_scope
from campaigns.tenants.selectors import branches_within


class ChosenField(forms.ModelMultipleChoiceField):
    """Rows that one finds by code or name while typing; their ids, in order, in `cleaned_data`.

    `rows` are those that the open scope may choose; `like` is any reference to such a row: its page is searched.
    """

    def __init__(self, rows: Callable[[Scope], Any], like: Any, **kwargs: Any) -> None:
        self.rows = rows
        super().__init__(None, required=False, widget=AutocompleteSelectMultiple(like, admin.site), **kwargs)

    def __deepcopy__(self, memo: Any) -> Any:
        made = super().__deepcopy__(memo)
        scope = current_scope()
        made.queryset = self.rows(scope) if scope is not None else None
        return made

    def clean(self, value: Any) -> Any:
        return sorted(row.pk for row in super().clean(value))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return {str(key) for key in initial or ()} != {str(key) for key in data or ()}


def branches_field(**kwargs: Any) -> ChosenField:
    return ChosenField(
        lambda scope: branches_within(scope=scope), Branch._meta.get_field("successor"), **kwargs
    )

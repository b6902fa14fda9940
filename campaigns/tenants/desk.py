"""The admin's base: every page asks the scope, and only the scope, what may be seen and done."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar
from uuid import UUID

from django.apps import apps
from django.contrib import messages
from django.contrib.admin.utils import model_ngettext
from django.contrib.admin.views.main import ORDER_VAR
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import ForeignKey, Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline

from campaigns.lib.refs import read_ref
from campaigns.lib.refusals import Refusal
from campaigns.tenants.models import Branch, TenantModel
from campaigns.tenants.scopes import Scope
from campaigns.tenants.search import FOUND_AT_MOST, cleaned, narrowed


def scope_of(request: HttpRequest) -> Scope:
    """The request's open scope; raises PermissionDenied when there is none."""
    scope: Scope | None = getattr(request, "scope", None)
    if scope is None:
        raise PermissionDenied
    return scope


def page_of(reference: str) -> str:
    """The admin page of what a reference names; "" when it has none."""
    try:
        kind, key = read_ref(reference)
        model = apps.get_model(kind)
        return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[key])
    except (ValueError, LookupError, NoReverseMatch):
        return ""


def choices_within(model: type[Model], scope: Scope) -> QuerySet[Any]:
    """Rows of `model` that a form may offer: the second wall for choice fields, filters and autocompletes."""
    rows: Any = model._default_manager.all()
    if model is Branch:
        return rows.filter(pos__range=(scope.lo, scope.hi))
    if issubclass(model, TenantModel):
        # Only published copies reach down; a draft that will be handed down is its branch's own.
        is_published = hasattr(model, "handed_down") and hasattr(model, "revision_id")
        return rows.visible(scope) if is_published else rows.within(scope)
    return rows


class ScopedRights:
    """Rights of an admin page from `noun` ("content.item"): view, add, change, delete are verbs of it.

    Without `noun` nothing is allowed. Writers are services: a page that may add or change overrides
    `save_model` with one service call.
    """

    noun: ClassVar[str] = ""

    def _may(self, request: HttpRequest, verb: str) -> bool:
        scope = getattr(request, "scope", None)
        return bool(self.noun and scope is not None and scope.may(f"{self.noun}.{verb}"))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._may(request, "view")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "view")

    # An inline is also told its parent.
    def has_add_permission(self, request: HttpRequest, *_obj: Any) -> bool:
        return self._may(request, "add")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "change")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "delete")


class ScopedAdmin(ScopedRights, ModelAdmin):
    """An admin page whose lists, choices and objects stop at the scope's edge.

    `searches`: "self" when the model's table is `searchable` (campaigns/tenants/search_sql.py), or the relation to
    one that is; `search_fields` then only makes the field appear.
    """

    searches: ClassVar[str] = ""
    actions: Any = None
    list_per_page = 50
    show_full_result_count = False

    def _act(
        self, request: HttpRequest, object_id: UUID, act: Callable[[], Any], done: str = ""
    ) -> HttpResponse:
        """One service call from a button of the page; back to the page with what happened (`done`, or what `act`
        says itself).
        """
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            with transaction.atomic():
                act()
            if done:
                messages.success(request, done)
        except Refusal as refusal:
            messages.error(request, self.said_of(refusal))
        page = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
        return HttpResponseRedirect(reverse(page, args=[object_id]))

    def said_of(self, refusal: Refusal) -> str:
        """A refusal as the page says it."""
        return str(refusal)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        scope = scope_of(request)
        rows = super().get_queryset(request)
        if issubclass(self.model, TenantModel):
            return rows.within(scope)
        if self.model is Branch:
            return rows.filter(pos__range=(scope.lo, scope.hi))
        return rows

    def offered_as(self, request: HttpRequest, rows: Sequence[Any]) -> dict[Any, str]:
        """How a choice field names these rows while one types, by key: what tells them apart."""
        return {row.pk: str(row) for row in rows}

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if not self.searches:
            return super().get_search_results(request, queryset, search_term)
        if not cleaned(search_term):
            return queryset, False
        through = "" if self.searches == "self" else self.searches
        found = narrowed(scope=scope_of(request), rows=queryset, words=search_term, through=through)
        match = request.resolver_match
        is_list = match is not None and str(match.url_name).endswith("_changelist")
        if found.has_more and is_list and request.method == "GET":
            messages.info(
                request,
                _("More than %(count)s match: the nearest are shown. Type more to narrow them down.")
                % {"count": FOUND_AT_MOST},
            )
        # The nearest first, unless a column was chosen to sort by.
        is_sorted = ORDER_VAR in request.GET
        return (found.rows.order_by(*queryset.query.order_by) if is_sorted else found.rows), False

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        refusal: Refusal | None = getattr(request, "refusal", None)
        if refusal is None:
            return form

        class Refused(form):  # type: ignore[misc, valid-type]
            def clean(self) -> Any:
                cleaned = super().clean()
                self.add_error(None, str(refusal))
                return cleaned

        return Refused

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """A refusal of the page's service becomes an error of its form, with what was typed still in it."""
        try:
            with transaction.atomic():
                return super().changeform_view(request, object_id, form_url, extra_context)
        except Refusal as refusal:
            if request.method != "POST":
                raise
            request.refusal = refusal  # type: ignore[attr-defined]
            return super().changeform_view(request, object_id, form_url, extra_context)

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        if "queryset" not in kwargs:
            kwargs["queryset"] = choices_within(db_field.remote_field.model, scope_of(request))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    # Django's own log names things across branches and is no part of ours: services write the audit.
    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        return None

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        return None

    def log_deletions(self, request: HttpRequest, queryset: Any) -> None:
        return None


class ScopedInline(ScopedRights, TabularInline):
    """Rows below a thing; read only unless the page's services write them."""

    extra = 0


def each(request: HttpRequest, queryset: Any, act: Any, done: Any) -> list[tuple[Any, Refusal]]:
    """Run `act(obj)` for each chosen object in a savepoint of its own; report what was done and each refusal.

    `done` is the sentence for the successes, with %(count)s and %(items)s. Returns the refusals.
    """
    refused: list[tuple[Any, Refusal]] = []
    count = 0
    for obj in queryset:
        try:
            with transaction.atomic():
                act(obj)
            count += 1
        except Refusal as refusal:
            refused.append((obj, refusal))
            messages.error(request, f"{obj}: {refusal}")
    if count:
        messages.success(request, done % {"count": count, "items": model_ngettext(queryset, count)})
    if not count and not refused:
        messages.warning(request, _("Nothing was chosen."))
    return refused

"""Categories, tags with their rules and holders, and the terms of the nightly scores."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import path
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from campaigns.customers.admin.attributes import HeadOffice
from campaigns.customers.admin.conditions import AsksConditions, RuleField
from campaigns.customers.admin.customer_tags import TagsOfCustomer
from campaigns.customers.condition_words import sentence_of
from campaigns.customers.conditions import RuleWrong, read_rule
from campaigns.customers.models import ScoringTerms, Tag, TagCategory
from campaigns.customers.services.scoring import change_scoring_terms
from campaigns.customers.services.tag_definitions import add_category, add_tag, change_category, change_tag
from campaigns.customers.services.tag_runs import RUN, ask_run
from campaigns.customers.tag_rules import code_from
from campaigns.customers.tag_selectors import (
    catalogue,
    categories_usable,
    holders_by_branch,
    owns,
    tags_usable,
)
from campaigns.lib.refusals import Refusal
from campaigns.tenants.desk import scope_of
from campaigns.tenants.models import Branch

BRANCHES_SHOWN = 12


@admin.register(TagCategory)
class TagCategoryAdmin(HeadOffice):
    noun = "customers.tagcategory"
    list_display = ("name", "code", "owner", "place")
    list_select_related = ("owner",)
    ordering = ("place", "code")
    fields = ("code", "name", "name_en", "owner", "place")
    autocomplete_fields = ("owner",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return categories_usable(scope=scope_of(request))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("code",) if obj is not None else ()

    def save_model(self, request: HttpRequest, obj: TagCategory, form: Any, change: bool) -> None:
        given = form.cleaned_data
        terms = {field: given[field] for field in ("name", "name_en", "place")}
        terms |= {"code": obj.code, "owner_id": given["owner"].pk}
        if change:
            change_category(scope=scope_of(request), owner_person=obj.owner_person, **terms)
        else:
            add_category(scope=scope_of(request), **terms)


class TagRuleForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Tag
        fields = ("category", "code", "name", "name_en", "kind", "rule", "valid_days", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "code" in self.fields:
            self.fields["code"].required = False
            self.fields["code"].help_text = _(
                "Left empty, it is the name's pinyin. Files of customers name the tag by it."
            )
        if "kind" in self.fields and "rule" in self.fields:
            # What was hidden beside another kind was not said.
            self.fields["rule"].is_asked = self.data.get("kind") == Tag.Kind.COMPUTED  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if "code" in self.fields and not given.get("code"):
            given["code"] = code_from(given.get("name", ""))
        return given

    def _get_validation_exclusions(self) -> set[str]:
        # The service says in words what the constraint on rules would say by its name.
        return {*super()._get_validation_exclusions(), "rule"}


class OfCategory(admin.SimpleListFilter):
    """Of those whose tags mean something here: a neighbour's are nobody else's to read."""

    title = _("category")
    parameter_name = "category"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(each.pk, str(each)) for each in categories_usable(scope=scope_of(request))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(category=self.value()) if self.value() else queryset


@admin.register(Tag)
class TagAdmin(TagsOfCustomer, AsksConditions):
    noun = "customers.tag"
    form = TagRuleForm
    list_display = ("name_shown", "category", "kind", "is_active", "last_run_at")
    list_filter = ("kind", OfCategory, "is_active")
    list_select_related = ("category",)
    search_fields = ("code", "name", "name_en")
    ordering = ("category__place", "name")
    change_form_outer_before_template = "customers/tag_head.html"

    class Media:
        css = {"all": ("customers/tags.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return tags_usable(scope=scope_of(request)).select_related("category__owner")

    @display(description=_("name"), ordering="name")
    def name_shown(self, tag: Tag) -> str:
        return str(tag)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may = self._may(request, "change")
        return may and (obj is None or owns(scope=scope_of(request), category=obj.category))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("category", "code", "kind") if obj is not None else ()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Of a tag that exists only what its kind has; a rule that one may not change stands above as a sentence."""
        fields = ["category", "code", "name", "name_en", "kind", "rule", "valid_days", "is_active"]
        if obj is not None:
            fields.remove("valid_days" if obj.kind == Tag.Kind.COMPUTED else "rule")
        may = self.has_add_permission(request) if obj is None else self.has_change_permission(request, obj)
        return fields if may else [field for field in fields if field != "rule"]

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name != "rule":
            return super().formfield_for_dbfield(db_field, request, **kwargs)
        builder = self.builder(request, only_when=f"kind={Tag.Kind.COMPUTED}", instead="valid_days")
        return RuleField(builder=builder, label=_("who has it"), required=False)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        if obj is not None and "rule" in form.base_fields:
            form.base_fields["rule"].widget.shown["try_url"] += f"?drawer={obj.category_id}"
        return form

    def counted_below(self, request: HttpRequest) -> Branch | None:
        """A tag is run below the owner of its category."""
        usable = categories_usable(scope=scope_of(request)).select_related("owner")
        category = usable.filter(pk=request.POST.get("category") or request.GET.get("drawer", "")).first()
        return category.owner if category is not None else None

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "category":
            scope = scope_of(request)
            mine = [each.pk for each in categories_usable(scope=scope) if owns(scope=scope, category=each)]
            kwargs["queryset"] = TagCategory.objects.filter(pk__in=mine)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Tag, form: Any, change: bool) -> None:
        given, scope = form.cleaned_data, scope_of(request)
        terms = {field: given.get(field) for field in ("name", "name_en", "rule", "valid_days")}
        if change:
            change_tag(scope=scope, tag_id=obj.pk, is_active=given["is_active"], **terms)
        else:
            made = add_tag(
                scope=scope,
                code=given["code"],
                category_code=given["category"].pk,
                kind=given["kind"],
                **terms,
            )
            obj.pk = made.pk

    def get_urls(self) -> list[Any]:
        run = path("<int:tag_id>/run/", self.admin_site.admin_view(self.run_view), name="customers_tag_run")
        return [run, *super().get_urls()]

    def run_view(self, request: HttpRequest, tag_id: int) -> HttpResponse:
        """The rule, now, as a long job."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self._may(request, "run"):
            raise PermissionDenied
        try:
            with transaction.atomic():
                job = ask_run(scope=scope_of(request), tag_id=tag_id)
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return redirect("admin:customers_tag_changelist")
        return redirect("admin:jobs_job_change", job.pk)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        tag = kwargs.get("obj")
        if tag is not None:
            context["tag_card"] = self._card(request, tag)
        return super().render_change_form(request, context, *args, **kwargs)

    def _card(self, request: HttpRequest, tag: Tag) -> dict[str, Any]:
        scope = scope_of(request)
        found = holders_by_branch(scope=scope, tag_id=tag.pk)
        sentence = wrong = ""
        if tag.rule is not None:
            try:
                sentence = sentence_of(read_rule(tag.rule, catalogue()))
            except RuleWrong as refusal:
                wrong = str(refusal)
        return {
            "tag": tag,
            "count": f"{sum(many for _branch, many in found):,}",
            "branches": [
                {"branch": branch, "many": many, "shown": f"{many:,}"}
                for branch, many in found[:BRANCHES_SHOWN]
            ],
            "most": found[0][1] if found else 1,
            "more": len(found) - BRANCHES_SHOWN if len(found) > BRANCHES_SHOWN else 0,
            "sentence": sentence,
            "wrong": wrong,
            "may_run": tag.kind == Tag.Kind.COMPUTED
            and tag.is_active
            and scope.may(RUN)
            and owns(scope=scope, category=tag.category),
        }


class TermsForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = ScoringTerms
        fields = ("window_days", "new_days", "asleep_days", "lost_days", "won_back_days", "loyal_deeds")

    def _get_validation_exclusions(self) -> set[str]:
        # The service says in words what the constraint would say by its name.
        return {*super()._get_validation_exclusions(), "asleep_days"}


@admin.register(ScoringTerms)
class ScoringTermsAdmin(HeadOffice):
    """One row, which the migration made."""

    noun = "customers.scoringterms"
    form = TermsForm
    list_display = ("__str__", "window_days", "new_days", "asleep_days", "lost_days")
    fields = ("window_days", "new_days", "asleep_days", "lost_days", "won_back_days", "loyal_deeds")

    def has_add_permission(self, request: HttpRequest, *_obj: Any) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: ScoringTerms, form: Any, change: bool) -> None:
        change_scoring_terms(scope=scope_of(request), **form.cleaned_data)

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
from campaigns.customers.admin.customer_tags import TagsOfCustomer
from campaigns.customers.condition_words import sentence_of
from campaigns.customers.conditions import ASKED, RuleWrong, read_rule
from campaigns.customers.models import Attribute, ScoringTerms, Tag, TagCategory
from campaigns.customers.services.scoring import change_scoring_terms
from campaigns.customers.services.tag_definitions import add_category, add_tag, change_category, change_tag
from campaigns.customers.services.tag_runs import RUN, ask_run
from campaigns.customers.tag_selectors import (
    catalogue,
    categories_usable,
    holders_by_branch,
    owns,
    tags_usable,
)
from campaigns.lib.refusals import Refusal
from campaigns.tenants.desk import ScopedAdmin, scope_of

BRANCHES_SHOWN = 12


@admin.register(TagCategory)
class TagCategoryAdmin(HeadOffice):
    noun = "customers.tagcategory"
    list_display = ("name", "code", "owner", "place")
    list_select_related = ("owner",)
    ordering = ("place", "code")
    fields = ("code", "name", "name_en", "owner", "place")

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
        if "rule" in self.fields:
            self.fields["rule"].widget = forms.Textarea(
                attrs={
                    "rows": 12,
                    "spellcheck": "false",
                    "class": "ct-code",
                    "style": "width:100%; border:1px solid var(--fh-line)",
                }
            )
            self.fields["rule"].help_text = _("Of a computed tag alone. What may be asked stands above.")

    def _get_validation_exclusions(self) -> set[str]:
        # The service says in words what the constraint on rules would say by its name.
        return {*super()._get_validation_exclusions(), "rule"}


@admin.register(Tag)
class TagAdmin(TagsOfCustomer, ScopedAdmin):
    noun = "customers.tag"
    form = TagRuleForm
    list_display = ("name_shown", "category", "kind", "is_active", "last_run_at")
    list_filter = ("kind", "category", "is_active")
    list_select_related = ("category",)
    search_fields = ("code", "name", "name_en")
    ordering = ("category__place", "name")
    fields = ("category", "code", "name", "name_en", "kind", "rule", "valid_days", "is_active")
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

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "category":
            scope = scope_of(request)
            mine = [each.pk for each in categories_usable(scope=scope) if owns(scope=scope, category=each)]
            kwargs["queryset"] = TagCategory.objects.filter(pk__in=mine)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Tag, form: Any, change: bool) -> None:
        given, scope = form.cleaned_data, scope_of(request)
        terms = {field: given[field] for field in ("name", "name_en", "rule", "valid_days")}
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
        if self.has_change_permission(request, tag) and (tag is None or tag.kind == Tag.Kind.COMPUTED):
            context |= _help()
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


def _help() -> dict[str, Any]:
    """What rules may ask about, as a table."""
    known = catalogue()
    kinds = dict(Attribute.Kind.choices) | {"moment": Attribute.Kind.DATE.label}
    rows = [
        {
            "about": subject.about,
            "name": subject.name,
            "kind": kinds.get(subject.kind, subject.kind),
            "how": " ".join(ASKED[subject.kind]),
            "choices": " ".join(f"{code}={name}" for code, name in list(subject.choices.items())[:12]),
        }
        for subject in known.subjects.values()
    ]
    tags = {
        "about": "tags",
        "name": _("tags"),
        "kind": "",
        "how": " ".join(ASKED["tags"]),
        "choices": " ".join(f"{code}={tag.name}" for code, tag in list(known.tags.items())[:40]),
    }
    money = [s.about.partition(":")[2] for s in known.subjects.values() if s.kind == "money"]
    return {
        "asked_about": [*rows, tags],
        "example": (money or ["monthly_purchase"])[0],
        "example_tag": next(iter(known.tags), "complained"),
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

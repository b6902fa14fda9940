"""The pages of tiers: the scheme with its picture and what it would change, and who holds which tier where."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.forms.widgets import Script
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from campaigns.points.admin.drafts import DraftPage
from campaigns.points.admin.read_only import ReadPage
from campaigns.points.admin.tier_form import FIELDSETS, TiersForm
from campaigns.points.models import Counts, CustomerTier, Tiers
from campaigns.points.selectors.desk import last_moment
from campaigns.points.selectors.tiers import (
    Standing,
    changes_of,
    customer_tiers,
    held_by_branch,
    live_scheme,
    names_of_tiers,
    standing_of,
    tier_trial,
)
from campaigns.points.services.tiers import add_tiers, change_tiers, submit_tiers, take_down_tiers
from campaigns.points.tier_sentences import scheme_sentence, tier_sentence
from campaigns.points.tier_terms import Tier, tier_terms_of
from campaigns.tenants.desk import scope_of
from campaigns.tenants.scopes import Scope


class ReasonForm(forms.Form):
    reason = forms.CharField(max_length=200)


@admin.register(Tiers)
class TiersAdmin(DraftPage):
    noun = "points.tiers"
    form = TiersForm
    fieldsets = FIELDSETS
    list_display = ("title", "branch", "ladder", "state")
    list_select_related = ("branch",)
    search_fields = ("title",)
    list_before_template = "points/tiers_head.html"
    change_form_outer_before_template = "points/tiers_page.html"

    class Media:
        css = {"all": ("rewards/batch.css", "points/tiers.css")}
        js = (Script("points/tiers.js", type="module"),)

    @admin.display(description=_("tiers"))
    def ladder(self, scheme: Tiers) -> str:
        return " → ".join(f"{each['name']} {each['threshold']:,}" for each in scheme.tiers)

    @admin.display(description=_("What counts"))
    def counted(self, scheme: Tiers) -> str:
        """For who may only look: in words. The tiers themselves stand above, as steps."""
        return "、".join(str(Counts(each).label) for each in scheme.counts)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None or self.has_change_permission(request, obj):
            return FIELDSETS
        return [
            (title, {"fields": [("counted" if each == "counts" else each) for each in shown["fields"]]})
            for title, shown in FIELDSETS
            if "tiers" not in shown["fields"]
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        read = super().get_readonly_fields(request, obj)
        return read if self.has_change_permission(request, obj) else [*read, "counted"]

    def save_model(self, request: HttpRequest, obj: Tiers, form: Any, change: bool) -> None:
        if change:
            change_tiers(scope=scope_of(request), scheme_id=obj.pk, terms=form.terms())
        else:
            obj.pk = add_tiers(scope=scope_of(request), terms=form.terms()).pk

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        own = [
            path("<uuid:scheme_id>/submit/", view(self.submit_view), name="points_tiers_submit"),
            path("<uuid:scheme_id>/down/", view(self.down_view), name="points_tiers_down"),
        ]
        return [*own, *super().get_urls()]

    def told(self, scope: Scope, draft: Any) -> dict[str, Any]:
        terms = tier_terms_of(draft)
        return super().told(scope, draft) | {
            "scheme": draft,
            "said": scheme_sentence(terms=terms, language=get_language() or "zh-hans"),
            "steps": steps_shown(terms.tiers),
            "trial": tier_trial(scope=scope, branch_id=draft.branch_id, terms=terms),
        }

    def submit_view(self, request: HttpRequest, scheme_id: UUID) -> HttpResponse:
        return self._act(
            request,
            scheme_id,
            lambda: submit_tiers(scope=scope_of(request), scheme_id=scheme_id),
            gettext("Submitted. Another person must approve it now."),
        )

    def down_view(self, request: HttpRequest, scheme_id: UUID) -> HttpResponse:
        reason = ReasonForm(request.POST)
        words = reason.cleaned_data["reason"] if reason.is_valid() else ""
        return self._act(
            request,
            scheme_id,
            lambda: take_down_tiers(scope=scope_of(request), scheme_id=scheme_id, reason=words),
            gettext(
                "Taken down. Nobody rises, falls or gets a benefit by it; a scheme above takes its place."
            ),
        )


def steps_shown(tiers: Sequence[Tier]) -> list[dict[str, str]]:
    """The picture, the lowest step first; what is typed redraws it (static/points/tiers.js)."""
    return [{"name": tier.name, "said": _gives(tier)} for tier in tiers]


class TierFilter(admin.SimpleListFilter):
    title = _("tier")
    parameter_name = "tier"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(names_of_tiers(scope=scope_of(request)).items())

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(code=self.value()) if self.value() else queryset


class NoticeFilter(admin.SimpleListFilter):
    title = _("told of a fall")
    parameter_name = "told"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("1", gettext("yes"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(noticed_at__isnull=False) if self.value() else queryset


@admin.register(CustomerTier)
class CustomerTierAdmin(ReadPage):
    noun = "points.customertier"
    list_display = ("customer", "tier_name", "branch", "since", "last_day", "noticed_at")
    list_filter = (TierFilter, NoticeFilter)
    list_before_template = "points/customertiers_head.html"
    change_form_outer_before_template = "points/customertier_page.html"

    class Media:
        css = {"all": ("points/tiers.css",)}

    def get_queryset(self, request: HttpRequest) -> Any:
        return customer_tiers(scope=scope_of(request))

    @admin.display(description=_("tier"), ordering="threshold")
    def tier_name(self, held: CustomerTier) -> str:
        return str(getattr(held, "name_told", "") or held.code)

    @admin.display(description=_("tier kept until"), ordering="kept_until")
    def last_day(self, held: CustomerTier) -> str:
        return _day(held.kept_until) or "–"

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        listed = super().get_changelist_instance(request)
        rows = list(listed.result_list)
        names = names_of_tiers(scope=scope_of(request))
        for row in rows:
            row.name_told = names.get(row.code, row.code)
        listed.result_list = rows
        return listed

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        scope = scope_of(request)
        names = names_of_tiers(scope=scope)
        held = held_by_branch(scope=scope)
        live = live_scheme(scope=scope)
        context = {
            "names": list(names.values()),
            "lowest": live.tiers[0]["name"] if live else gettext("none"),
            "scheme": live,
            "places": [(place, [place.by_code.get(code, 0) for code in names]) for place in held],
        }
        return super().changelist_view(request, extra_context={**(extra_context or {}), **context})

    def told(self, request: HttpRequest, obj: CustomerTier) -> dict[str, Any]:
        scope = scope_of(request)
        names = names_of_tiers(scope=scope)
        stands: Standing | None = standing_of(scope=scope, customer_id=obj.pk)
        if stands is not None:
            names |= {tier.code: tier.name for tier in stands.tiers}
        return {
            "held": obj,
            "name": names.get(obj.code, obj.code),
            "stands": stands,
            "gives": _gives(stands.tier) if stands else "",
            "last_day": _day(stands.kept_until) if stands else "",
            "falls_after": _day(stands.falls_at) if stands else "",
            "changes": [
                (
                    each,
                    names.get(each.was, each.was),
                    names.get(each.became, each.became),
                    _day(each.kept_until),
                )
                for each in changes_of(scope=scope, customer_id=obj.pk)
            ],
            "may_customer": scope.may("customers.customer.view"),
        }


def _gives(tier: Tier) -> str:
    return tier_sentence(tier=tier, language=get_language() or "zh-hans")


def _day(end: datetime | None) -> str:
    """The last day before an end that is exclusive, by the reader's clock."""
    last = last_moment(end=end)
    return "" if last is None else date_format(localtime(last), "SHORT_DATE_FORMAT")

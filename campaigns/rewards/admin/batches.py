"""The pages of batches and coupons."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.forms.widgets import Script
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect, JsonResponse
from django.urls import path, reverse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from campaigns.approvals.selectors import standings
from campaigns.approvals.standing import offer_words
from campaigns.approvals.stopped import stop_over
from campaigns.lib.money import yuan
from campaigns.lib.refs import ref
from campaigns.lib.refusals import Refusal
from campaigns.rewards.admin.batch_form import FIELDSETS, BatchForm

# Their pages are registered with this one's.
from campaigns.rewards.admin.counter import CounterPages
from campaigns.rewards.admin.hand import ReasonForm, extend_urls, hand_urls
from campaigns.rewards.admin.held import HeldActs
from campaigns.rewards.admin.shares import moved, opened_query, quota_of
from campaigns.rewards.coupon_history import history_of
from campaigns.rewards.models import Batch, Coupon, Payer
from campaigns.rewards.rules import PAYERS, shown_status
from campaigns.rewards.selectors.budgets import budgets_for, funding_of
from campaigns.rewards.selectors.coupons import funnel_of, names_of, terms_of, zone_of
from campaigns.rewards.selectors.merchants import merchant_names
from campaigns.rewards.sentences import sentence
from campaigns.rewards.services.batches import (
    add_batch,
    change_batch,
    submit_batch,
    take_down_batch,
)
from campaigns.rewards.services.budgets import fund_batch
from campaigns.rewards.services.coupons import void_coupon
from campaigns.rewards.services.refusal_counts import refusals_of
from campaigns.tenants.desk import ScopedAdmin, scope_of
from campaigns.tenants.scopes import current_scope


class FundForm(forms.Form):
    payer = forms.ChoiceField(choices=Payer.choices)
    budget_id = forms.UUIDField(required=False)


def said_of(batch: Batch) -> str:
    """The one sentence a customer reads, in the reader's language."""
    return sentence(terms=terms_of(promise=batch), zone=_zone(), language=get_language() or "zh-hans")


def _zone() -> Any:
    scope = current_scope()
    assert scope is not None
    return zone_of(scope=scope)


@admin.register(Batch)
class BatchAdmin(ScopedAdmin):
    noun = "rewards.batch"
    form = BatchForm
    list_display = ("title", "said", "branch", "state", "used", "claim_from", "claim_until")
    list_select_related = ("branch",)
    list_filter = ("kind", "payer", "handed_down")
    search_fields = ("title",)
    searches = "self"
    autocomplete_fields = ("campaign",)
    change_form_outer_before_template = "rewards/batch_head.html"
    change_form_outer_after_template = "rewards/batch_shares.html"
    fieldsets = FIELDSETS

    class Media:
        css = {"all": ("rewards/batch.css", "rewards/quota.css", "approvals/stops.css", "jobs/long.css")}
        js = (
            "jobs/long.js",
            Script("rewards/batch.js", type="module"),  # type: ignore[arg-type] # the stubs know names
            Script("rewards/quota.js", type="module"),  # type: ignore[arg-type]
        )

    @admin.display(description=_("what the customer reads"))
    def said(self, batch: Batch) -> str:
        return said_of(batch)

    @admin.display(description=_("state"))
    def state(self, batch: Batch) -> str:
        return getattr(batch, "standing_words", "")

    @admin.display(description=_("allotted / in all"))
    def used(self, batch: Batch) -> str:
        return f"{batch.allotted:,} / {batch.quota:,}"

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        page = super().get_changelist_instance(request)
        rows = list(page.result_list)
        stand = standings(scope=scope_of(request), subjects=[ref("rewards.batch", row.pk) for row in rows])
        for row in rows:
            row.standing_words = offer_words(stand[ref("rewards.batch", row.pk)])
        page.result_list = rows
        return page

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # what was planned or promised stays on record

    def save_model(self, request: HttpRequest, obj: Batch, form: Any, change: bool) -> None:
        if change:
            change_batch(scope=scope_of(request), batch_id=obj.pk, terms=form.terms())
        else:
            obj.pk = add_batch(scope=scope_of(request), terms=form.terms()).pk

    def get_urls(self) -> list[Any]:
        own = [
            path("said/", self.admin_site.admin_view(self.said_view), name="rewards_batch_said"),
            path(
                "<uuid:batch_id>/submit/",
                self.admin_site.admin_view(self.submit_view),
                name="rewards_batch_submit",
            ),
            path(
                "<uuid:batch_id>/stock/",
                self.admin_site.admin_view(self.stock_view),
                name="rewards_batch_stock",
            ),
            path(
                "<uuid:batch_id>/fund/", self.admin_site.admin_view(self.fund_view), name="rewards_batch_fund"
            ),
            path(
                "<uuid:batch_id>/down/", self.admin_site.admin_view(self.down_view), name="rewards_batch_down"
            ),
        ]
        return own + hand_urls(self) + super().get_urls()

    def render_change_form(
        self,
        request: HttpRequest,
        context: Any,
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> Any:
        if obj is not None:
            scope = scope_of(request)
            stand = standings(scope=scope, subjects=[ref("rewards.batch", obj.pk)])[
                ref("rewards.batch", obj.pk)
            ]
            context |= {
                "batch": obj,
                "stop": stop_over(
                    scope=scope,
                    kind="rewards.batch",
                    branch_id=obj.branch_id,
                    campaign_id=obj.campaign_id,
                ),
                "batch_said": said_of(obj),
                "funnel": funnel_of(scope=scope, batch=obj),
                "refusals": refusals_of(scope=scope, batch_id=obj.pk),
                "standing_words": offer_words(stand),
                "standing": stand,
                "quota": quota_of(request, obj.pk, reverse("admin:rewards_batch_stock", args=[obj.pk])),
                "funding": self._funding(request, obj),
                "may_submit": scope.may("rewards.batch.submit") and not (stand.last and stand.last.is_open),
                "may_take_down": scope.may("rewards.batch.take_down")
                and (stand.is_live or stand.scheduled is not None),
                "left_to_allot": min(obj.quota, obj.approved_quota or obj.quota) - obj.allotted,
            }
        return super().render_change_form(request, context, add, change, form_url, obj)

    def _funding(self, request: HttpRequest, batch: Batch) -> Any:
        """Who pays, the budget named for each, and those that could be; what is allotted has settled it."""
        scope = scope_of(request)
        named = funding_of(scope=scope, batch_id=batch.pk)
        percents = (batch.head_office_percent, batch.branch_percent, batch.merchant_percent)
        paying = {
            payer: percent
            for payer, percent in zip(PAYERS, percents, strict=True)
            if percent or (not any(percents) and payer == batch.payer) or payer in named
        }
        return {
            "may": scope.may("rewards.batch.change") and not batch.allotted,
            "budgets": list(budgets_for(scope=scope, batch=batch)),
            "rows": [
                {
                    "payer": payer,
                    "label": Payer(payer).label,
                    "percent": percent if any(percents) else 100,
                    "budget": named.get(payer),
                }
                for payer, percent in paying.items()
            ],
        }

    def said_view(self, request: HttpRequest) -> HttpResponse:
        """What a customer would read of the terms as they are typed; or what is wrong with them. Writes nothing."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not (self.has_add_permission(request) or self.has_change_permission(request)):
            raise PermissionDenied
        form = self.get_form(request)(request.POST)
        if not form.is_valid():
            return JsonResponse({"wrong": sorted(form.errors)})
        terms = form.terms()
        try:
            terms.check()
        except Refusal as refusal:
            return JsonResponse({"refused": str(refusal)})
        said = terms.terms(
            names_of(branch_ids=terms.redeem_branches), merchant_names(merchant_ids=terms.redeem_merchants)
        )
        return JsonResponse({"zh": sentence(terms=said, zone=_zone(), language="zh"),
                             "en": sentence(terms=said, zone=_zone(), language="en")})  # fmt: skip

    def submit_view(self, request: HttpRequest, batch_id: UUID) -> HttpResponse:
        return self._act(
            request,
            batch_id,
            lambda: submit_batch(scope=scope_of(request), batch_id=batch_id),
            gettext("Submitted. Another person must approve it now."),
        )

    def stock_view(self, request: HttpRequest, batch_id: UUID) -> HttpResponse:
        act, words = moved(request, batch_id)
        return self._act(request, batch_id, act, words, place=request.POST.get("place", ""))

    def fund_view(self, request: HttpRequest, batch_id: UUID) -> HttpResponse:
        form = FundForm(request.POST)
        if not form.is_valid():
            return self._act(request, batch_id, None, gettext("Choose who pays, and a budget or none."))
        return self._act(
            request,
            batch_id,
            lambda: fund_batch(scope=scope_of(request), batch_id=batch_id, **form.cleaned_data),
            gettext("Noted. Money is reserved once quota is allotted."),
        )

    def down_view(self, request: HttpRequest, batch_id: UUID) -> HttpResponse:
        form = ReasonForm(request.POST)
        if not form.is_valid():
            return self._act(request, batch_id, None, gettext("Say why."))
        return self._act(
            request,
            batch_id,
            lambda: take_down_batch(
                scope=scope_of(request), batch_id=batch_id, reason=form.cleaned_data["reason"]
            ),
            gettext("Taken down. Customers no longer see it; coupons already claimed stay good."),
        )

    def _act(
        self,
        request: HttpRequest,
        batch_id: UUID,
        act: Callable[[], Any] | None,
        words: str,
        place: str = "",
    ) -> HttpResponse:
        """One service call from a button of the page; back to the page with what happened."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        back = HttpResponseRedirect(
            reverse("admin:rewards_batch_change", args=[batch_id]) + opened_query(place)
        )
        if act is None:
            messages.error(request, words)
            return back
        try:
            with transaction.atomic():
                done = act()
        except Refusal as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, done if isinstance(done, str) else words)
        return back


@admin.register(Coupon)
class CouponAdmin(HeldActs, CounterPages):
    """Read only; the code is on nobody's screen but the customer's own."""

    noun = "rewards.coupon"
    list_display = (
        "title",
        "branch",
        "customer_masked",
        "worth",
        "now",
        "claimed_at",
        "usable_until",
        "redeemed_at",
    )
    list_select_related = ("branch", "customer", "redeemed_place")
    list_filter = ("status", "payer", "claimed_at")
    search_fields = ("title",)
    fieldsets = (
        (None, {"fields": ("title", "now", "worth", "branch", "customer_masked", "nth")}),
        (
            _("Times"),
            {"fields": ("claimed_at", "usable_from", "usable_until", "redeemed_at", "redeemed_place")},
        ),
    )
    readonly_fields = (
        "title", "now", "worth", "branch", "customer_masked", "nth", "claimed_at", "usable_from", "usable_until",
        "redeemed_at", "redeemed_place",
    )  # fmt: skip
    change_form_outer_after_template = "rewards/coupon_void.html"

    class Media:
        css = {"all": ("rewards/batch.css",)}

    @admin.display(description=_("customer"))
    def customer_masked(self, coupon: Coupon) -> str:
        return str(coupon.customer)

    @admin.display(description=_("gives"), ordering="off_fen")
    def worth(self, coupon: Coupon) -> str:
        return yuan(coupon.off_fen)

    @admin.display(description=_("status"))
    def now(self, coupon: Coupon) -> str:
        scope = current_scope()
        assert scope is not None
        status = shown_status(status=coupon.status, usable_until=coupon.usable_until, at=scope.at)
        return str(dict(Coupon._meta.get_field("status").flatchoices)[status])

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[Any]:
        void = path(
            "<uuid:coupon_id>/void/", self.admin_site.admin_view(self.void_view), name="rewards_coupon_void"
        )
        return [void, *extend_urls(self), *super().get_urls()]

    def render_change_form(
        self,
        request: HttpRequest,
        context: Any,
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> Any:
        may = obj is not None and obj.status == "claimed" and scope_of(request).may("rewards.coupon.void")
        scope = scope_of(request)
        is_held = obj is not None and obj.status in ("claimed", "expired")
        context |= {
            "coupon": obj,
            "may_void": may,
            "may_release": obj is not None and obj.status == "held" and scope.may("rewards.coupon.release"),
            "may_extend": is_held and scope.may("rewards.coupon.extend"),
            "happened": history_of(scope=scope, coupon=obj) if obj is not None else [],
        }
        return super().render_change_form(request, context, add, change, form_url, obj)

    def void_view(self, request: HttpRequest, coupon_id: UUID) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = ReasonForm(request.POST)
        try:
            if not form.is_valid():
                raise ValidationError(gettext("Say why."))
            with transaction.atomic():
                void_coupon(scope=scope_of(request), coupon_id=coupon_id, reason=form.cleaned_data["reason"])
        except (Refusal, ValidationError) as no:
            messages.error(request, str(no) if isinstance(no, Refusal) else no.message)
        else:
            messages.success(request, gettext("The coupon is void."))
        return HttpResponseRedirect(reverse("admin:rewards_coupon_change", args=[coupon_id]))

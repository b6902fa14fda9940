"""Merchants: the list, and a page with who stands at the tills and what was taken there."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from campaigns.lib.forms import ServiceForm
from campaigns.rewards.admin.hand import ReasonForm
from campaigns.rewards.models import Merchant
from campaigns.rewards.refusals.merchants import PersonNotCashier, ReasonNotGiven
from campaigns.rewards.selectors.merchants import cashiers_of, may_be_cashiers, merchants_visible
from campaigns.rewards.services.merchants import (
    account_shown,
    add_cashier,
    add_merchant,
    change_merchant,
    close_merchant,
    end_cashier,
    phone_shown,
    reopen_merchant,
)
from campaigns.tenants.desk import ScopedAdmin, scope_of

_KEPT = _("Kept sealed, and shown in part. Left empty: as it is.")


def _typed(label: Any, most: int) -> forms.CharField:
    return forms.CharField(
        label=label, required=False, max_length=most, help_text=_KEPT, widget=UnfoldAdminTextInputWidget()
    )


class MerchantForm(ServiceForm):
    phone_typed = _typed(_("contact's phone"), 24)
    account_typed = _typed(_("settlement account"), 40)

    class Meta:
        model = Merchant
        fields = ("code", "name", "handed_down")
        help_texts = {
            "code": _("Unique at the branch, such as the number in the acquirer's system."),
            "handed_down": _("Else the branch's own batches and counters alone use it."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and not self.instance._state.adding:
            for name, shown in (
                ("phone_typed", phone_shown(merchant=self.instance)),
                ("account_typed", account_shown(merchant=self.instance)),
            ):
                if name in self.fields:
                    self.fields[name].widget.attrs["placeholder"] = shown


class PersonForm(forms.Form):
    person = forms.UUIDField()


@admin.register(Merchant)
class MerchantAdmin(ScopedAdmin):
    noun = "rewards.merchant"
    form = MerchantForm
    list_display = ("name", "code", "branch", "state", "handed_down")
    list_select_related = ("branch",)
    list_filter = ("state", "handed_down")
    # Plainly: the search by words looks within the scope, and what is handed down to it lies above.
    search_fields = ("code", "name")
    fieldsets = ((None, {"fields": ("code", "name", "handed_down", "phone_typed", "account_typed")}),)
    list_before_template = "rewards/merchants_empty.html"
    change_form_outer_after_template = "rewards/merchant_tills.html"

    class Media:
        css = {"all": ("rewards/batch.css", "rewards/quota.css")}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Merchant]:
        # With those that a branch above hands down, which are chosen here and kept there.
        return merchants_visible(scope=scope_of(request))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is not None and not self.has_change_permission(request, obj):
            return ((None, {"fields": ("code", "name", "handed_down", "state")}),)
        return super().get_fieldsets(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        scope = scope_of(request)
        within = obj is None or scope.lo <= obj.branch_pos <= scope.hi
        return within and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # what was redeemed there stays on record

    def offered_as(self, request: HttpRequest, rows: Any) -> dict[Any, str]:
        return {row.pk: f"{row.name} ({row.code}) · {row.branch.name}" for row in rows}

    def save_model(self, request: HttpRequest, obj: Merchant, form: Any, change: bool) -> None:
        given = dict(form.cleaned_data)
        given |= {"phone": given.pop("phone_typed"), "account": given.pop("account_typed")}
        if change:
            change_merchant(scope=scope_of(request), merchant_id=obj.pk, **given)
        else:
            made = add_merchant(scope=scope_of(request), **given)
            # Where it stands says who may go on editing it.
            obj.pk, obj.branch_id, obj.branch_pos = made.pk, made.branch_id, made.branch_pos

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        own = [
            path("<uuid:merchant_id>/close/", view(self.close_view), name="rewards_merchant_close"),
            path("<uuid:merchant_id>/reopen/", view(self.reopen_view), name="rewards_merchant_reopen"),
            path(
                "<uuid:merchant_id>/cashiers/", view(self.add_view_cashier), name="rewards_merchant_cashier"
            ),
            path(
                "<uuid:merchant_id>/cashiers/<uuid:cashier_id>/end/",
                view(self.end_view),
                name="rewards_merchant_end_cashier",
            ),
        ]
        return [*own, *super().get_urls()]

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
            is_own = scope.lo <= obj.branch_pos <= scope.hi
            may_add = is_own and scope.may("rewards.cashier.add")
            context |= {
                "merchant": obj,
                "is_own": is_own,
                "cashiers": cashiers_of(scope=scope, merchant_id=obj.pk) if is_own else [],
                "candidates": list(may_be_cashiers(scope=scope)[:100]) if may_add else [],
                "may_add": may_add,
                "may_end": is_own and scope.may("rewards.cashier.end"),
                "may_close": is_own and scope.may("rewards.merchant.close"),
            }
        return super().render_change_form(request, context, add, change, form_url, obj)

    def close_view(self, request: HttpRequest, merchant_id: UUID) -> HttpResponse:
        return self._move(
            request, merchant_id, close_merchant, gettext("Closed: no coupon is taken there any more.")
        )

    def reopen_view(self, request: HttpRequest, merchant_id: UUID) -> HttpResponse:
        return self._move(
            request,
            merchant_id,
            reopen_merchant,
            gettext("Open again: coupons that name it are taken there."),
        )

    def _move(self, request: HttpRequest, merchant_id: UUID, act: Any, done: str) -> HttpResponse:
        form = ReasonForm(request.POST)

        def move() -> None:
            if not form.is_valid():
                raise ReasonNotGiven
            act(scope=scope_of(request), merchant_id=merchant_id, reason=form.cleaned_data["reason"])

        return self._act(request, merchant_id, move, done)

    def add_view_cashier(self, request: HttpRequest, merchant_id: UUID) -> HttpResponse:
        form = PersonForm(request.POST)

        def add() -> None:
            if not form.is_valid():
                raise PersonNotCashier
            add_cashier(
                scope=scope_of(request), merchant_id=merchant_id, person_id=form.cleaned_data["person"]
            )

        return self._act(request, merchant_id, add, gettext("Added: from now on for this merchant alone."))

    def end_view(self, request: HttpRequest, merchant_id: UUID, cashier_id: UUID) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        return self._act(
            request,
            merchant_id,
            lambda: end_cashier(scope=scope_of(request), merchant_id=merchant_id, cashier_id=cashier_id),
            gettext("Ended: this cashier redeems here no more."),
        )

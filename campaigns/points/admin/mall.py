"""The pages of the points mall: goods with their review and stock, and orders with what is done to them."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget

from campaigns.approvals.selectors import Standing
from campaigns.approvals.standing import offer_words
from campaigns.lib.forms import ServiceForm, YuanField
from campaigns.points.admin.drafts import DraftPage
from campaigns.points.mall_publishing import price_words
from campaigns.points.models import Good, GoodStock, MallOrder
from campaigns.points.refusals.mall import ReasonMissing, StockBelowTaken
from campaigns.points.selectors.mall import sold_of
from campaigns.points.services import goods, mall
from campaigns.points.services.goods import CODE, GoodTerms
from campaigns.rewards.admin.hand import ReasonForm
from campaigns.tenants.desk import ScopedAdmin, scope_of
from campaigns.tenants.scopes import Scope


class GoodForm(ServiceForm):
    text = forms.CharField(
        label=_("what the customer reads"),
        max_length=500,
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )
    cash_fen = YuanField(
        label=_("and in money (yuan)"),
        initial=0,
        required=False,
        help_text=_("0: points alone. Points are held for 15 minutes until the money has come."),
    )

    class Meta:
        model = Good
        fields = (
            "title", "text", "kind", "batch", "price_points", "cash_fen", "per_customer_limit", "open_from",
            "open_until", "handed_down",
        )  # fmt: skip
        help_texts = {"batch": _("For a coupon alone: its stock and limits count as well.")}

    def terms(self) -> GoodTerms:
        given = dict(self.cleaned_data)
        batch = given.pop("batch")
        given["cash_fen"] = given["cash_fen"] or 0
        return GoodTerms(**given, batch_id=batch.pk if batch else None)


class StockForm(forms.Form):
    total = forms.IntegerField(min_value=0, max_value=2_000_000_000)


@admin.register(Good)
class GoodAdmin(DraftPage):
    noun = CODE
    form = GoodForm
    list_display = ("title", "price", "kind", "branch", "state", "left", "open_from", "open_until")
    list_select_related = ("branch", "stock")
    list_filter = ("kind", "handed_down")
    search_fields = ("title",)
    autocomplete_fields = ("batch",)
    fieldsets = (
        (None, {"fields": ("title", "text", "kind", "batch")}),
        (_("Price"), {"fields": ("price_points", "cash_fen", "per_customer_limit")}),
        (_("Orders"), {"fields": ("open_from", "open_until", "handed_down")}),
    )
    list_before_template = "points/goods_empty.html"
    change_form_outer_before_template = "points/good_head.html"

    class Media:
        css = {"all": ("rewards/batch.css", "rewards/quota.css")}

    @admin.display(description=_("price"), ordering="price_points")
    def price(self, good: Good) -> str:
        return price_words(good.price_points, good.cash_fen)

    @admin.display(description=_("left / in all"))
    def left(self, good: Good) -> str:
        stock = getattr(good, "stock", None)
        return f"{stock.total - stock.taken:,} / {stock.total:,}" if stock else "0"

    def save_model(self, request: HttpRequest, obj: Good, form: Any, change: bool) -> None:
        if change:
            goods.change_good(scope=scope_of(request), good_id=obj.pk, terms=form.terms())
        else:
            made = goods.add_good(scope=scope_of(request), terms=form.terms())
            obj.pk, obj.branch_id, obj.branch_pos = made.pk, made.branch_id, made.branch_pos

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("<uuid:good_id>/submit/", view(self.submit_view), name="points_good_submit"),
            path("<uuid:good_id>/stock/", view(self.stock_view), name="points_good_stock"),
            path("<uuid:good_id>/down/", view(self.down_view), name="points_good_down"),
            *super().get_urls(),
        ]

    def words_of(self, stand: Standing) -> str:
        return offer_words(stand)

    def told(self, scope: Scope, draft: Any) -> dict[str, Any]:
        return super().told(scope, draft) | {
            "good": draft,
            "price": price_words(draft.price_points, draft.cash_fen),
            "stock": GoodStock.objects.within(scope).filter(pk=draft.pk).first(),
            "sold": sold_of(scope=scope, good_id=draft.pk),
            "may_stock": scope.may("points.good.stock"),
        }

    def submit_view(self, request: HttpRequest, good_id: UUID) -> HttpResponse:
        return self._act(
            request,
            good_id,
            lambda: goods.submit_good(scope=scope_of(request), good_id=good_id),
            gettext("Submitted. Another person must approve it now."),
        )

    def stock_view(self, request: HttpRequest, good_id: UUID) -> HttpResponse:
        form = StockForm(request.POST)

        def stock() -> None:
            if not form.is_valid():
                raise StockBelowTaken(taken=0)
            goods.stock_good(scope=scope_of(request), good_id=good_id, total=form.cleaned_data["total"])

        return self._act(request, good_id, stock, gettext("Noted: so many there are in all."))

    def down_view(self, request: HttpRequest, good_id: UUID) -> HttpResponse:
        form = ReasonForm(request.POST)

        def down() -> None:
            if not form.is_valid():
                raise ReasonMissing
            reason = form.cleaned_data["reason"]
            goods.take_down_good(scope=scope_of(request), good_id=good_id, reason=reason)

        return self._act(
            request,
            good_id,
            down,
            gettext("Taken down. Customers no longer see it; orders stay as they are."),
        )


class CarrierForm(forms.Form):
    carrier = forms.CharField(max_length=80, required=False)


class PaymentForm(forms.Form):
    payment = forms.CharField(max_length=64)


@admin.register(MallOrder)
class MallOrderAdmin(ScopedAdmin):
    """Read only but for its buttons. The address is shown to whoever asks for it by name, and that is noted."""

    noun = "points.mallorder"
    list_display = ("title", "customer_masked", "branch", "paid_with", "stands", "ordered_at", "sent_by")
    list_select_related = ("branch", "customer", "seller", "place")
    list_filter = ("state", "kind", "ordered_at")
    search_fields = ("title",)
    readonly_fields = (
        "title", "kind", "paid_with", "stands", "customer_masked", "branch", "seller", "place", "ordered_at",
        "pay_until", "paid_at", "payment", "sent_at", "sent_by", "ended_at", "reason",
    )  # fmt: skip
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "title",
                    "kind",
                    "paid_with",
                    "stands",
                    "customer_masked",
                    "branch",
                    "seller",
                    "place",
                )
            },
        ),
        (
            _("Times"),
            {
                "fields": (
                    "ordered_at",
                    "pay_until",
                    "paid_at",
                    "payment",
                    "sent_at",
                    "sent_by",
                    "ended_at",
                    "reason",
                )
            },
        ),
    )
    list_before_template = "points/orders_empty.html"
    change_form_outer_before_template = "points/order_acts.html"

    class Media:
        css = {"all": ("rewards/batch.css", "rewards/quota.css")}

    @admin.display(description=_("customer"))
    def customer_masked(self, order: MallOrder) -> str:
        return str(order.customer)

    @admin.display(description=_("state"), ordering="state")
    def stands(self, order: MallOrder) -> str:
        return order.stands

    @admin.display(description=_("price"), ordering="points")
    def paid_with(self, order: MallOrder) -> str:
        return price_words(order.points, order.cash_fen)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("address")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[Any]:
        acts: dict[str, Callable[..., HttpResponse]] = {
            "pay": self.pay_view,
            "send": self.send_view,
            "hand_over": self.hand_over_view,
            "cancel": self.cancel_view,
            "unmask": self.unmask_view,
        }
        own = [
            path(
                f"<uuid:order_id>/{name}/", self.admin_site.admin_view(view), name=f"points_mallorder_{name}"
            )
            for name, view in acts.items()
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
            may = scope_of(request).may
            is_coupon = obj.kind == "coupon"
            context |= {
                "order": obj,
                "may_pay": obj.state == "ordered" and may("points.mallorder.pay"),
                "may_send": (obj.state, obj.kind) == ("paid", "parcel") and may("points.mallorder.send"),
                "may_hand_over": (obj.state, obj.kind) in (("sent", "parcel"), ("paid", "pickup"))
                and may("points.mallorder.send"),
                "may_cancel": (obj.state in ("ordered", "paid") or (is_coupon and obj.state == "given"))
                and may("points.mallorder.cancel"),
                "may_unmask": obj.kind == "parcel" and may("points.mallorder.unmask"),
                "price": price_words(obj.points, obj.cash_fen),
                "owes_back": obj.state == "off" and obj.paid_at is not None and obj.cash_fen,
            }
        return super().render_change_form(request, context, add, change, form_url, obj)

    def pay_view(self, request: HttpRequest, order_id: UUID) -> HttpResponse:
        form = PaymentForm(request.POST)

        def pay() -> None:
            if not form.is_valid():
                raise ReasonMissing
            mall.pay_order(scope=scope_of(request), order_id=order_id, payment=form.cleaned_data["payment"])

        return self._act(request, order_id, pay, gettext("Paid: the points are spent now."))

    def send_view(self, request: HttpRequest, order_id: UUID) -> HttpResponse:
        form = CarrierForm(request.POST)
        carrier = form.cleaned_data["carrier"] if form.is_valid() else ""
        return self._act(
            request,
            order_id,
            lambda: mall.send_order(scope=scope_of(request), order_id=order_id, carrier=carrier),
            gettext("Sent: the customer sees carrier and number."),
        )

    def hand_over_view(self, request: HttpRequest, order_id: UUID) -> HttpResponse:
        return self._act(
            request,
            order_id,
            lambda: mall.hand_over_order(scope=scope_of(request), order_id=order_id),
            gettext("Handed over: the order is done."),
        )

    def cancel_view(self, request: HttpRequest, order_id: UUID) -> HttpResponse:
        form = ReasonForm(request.POST)

        def cancel() -> None:
            if not form.is_valid():
                raise ReasonMissing
            reason = form.cleaned_data["reason"]
            mall.cancel_order(scope=scope_of(request), order_id=order_id, reason=reason)

        return self._act(request, order_id, cancel, gettext("Cancelled: points and stock are back."))

    def unmask_view(self, request: HttpRequest, order_id: UUID) -> HttpResponse:
        def show() -> None:
            shown = mall.show_address(scope=scope_of(request), order_id=order_id)
            messages.info(request, shown or gettext("There is no address: the customer was erased."))

        return self._act(request, order_id, show, gettext("Shown to you once; the audit has noted it."))

"""Tries at draws: what came of each, and handing over what was won."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.points.admin.read_only import ReadPage
from campaigns.points.models import DrawTry
from campaigns.points.refusals.mall import ReasonMissing
from campaigns.points.selectors.draws import sees_draw
from campaigns.points.services import tries
from campaigns.rewards.admin.hand import ReasonForm
from campaigns.tenants.desk import page_of, scope_of


class CarrierForm(forms.Form):
    carrier = forms.CharField(max_length=80)


@admin.register(DrawTry)
class DrawTryAdmin(ReadPage):
    """Read only but for its buttons. The address is shown to whoever asks for it by name, and that is noted."""

    noun = "points.drawtry"
    list_display = ("at", "title", "draw_title", "customer_masked", "branch", "handing_over")
    list_select_related = ("customer", "branch")
    list_filter = ("state", "kind", "missed")
    search_fields = ("title", "draw_title")
    list_before_template = "points/tries_empty.html"
    change_form_outer_before_template = "points/try_page.html"

    @admin.display(description=_("customer"))
    def customer_masked(self, each: DrawTry) -> str:
        return str(each.customer)

    @admin.display(description=_("handing over"), ordering="state")
    def handing_over(self, each: DrawTry) -> str:
        return each.get_state_display() if each.state else "–"

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request).select_related("customer", "branch")
        return rows.defer("address")

    def get_urls(self) -> list[Any]:
        acts: dict[str, Callable[..., HttpResponse]] = {
            "send": self.send_view,
            "hand_over": self.hand_over_view,
            "forgo": self.forgo_view,
            "unmask": self.unmask_view,
        }
        own = [
            path(f"<uuid:try_id>/{name}/", self.admin_site.admin_view(view), name=f"points_drawtry_{name}")
            for name, view in acts.items()
        ]
        return [*own, *super().get_urls()]

    def told(self, request: HttpRequest, obj: DrawTry) -> dict[str, Any]:
        scope = scope_of(request)
        may = scope.may
        # A draw that was handed down lies above.
        sees = may("points.draw.view") and sees_draw(scope=scope, draw_id=obj.draw_id)
        may_send = may("points.drawtry.send")
        steps = (obj.kind, obj.state)
        return {
            "made": obj,
            "draw_page": page_of(f"points.draw:{obj.draw_id}") if sees else "",
            "burnt_page": page_of(f"points.movement:{obj.burnt_id}") if obj.burnt_id else "",
            "given_page": page_of(f"points.movement:{obj.given_id}") if obj.given_id else "",
            "coupon_page": page_of(f"rewards.coupon:{obj.coupon_id}") if obj.coupon_id else "",
            "lacks_address": steps == ("parcel", "won") and obj.sealed_for is None,
            "may_send": steps == ("parcel", "won") and obj.sealed_for is not None and may_send,
            "may_hand_over": steps in (("parcel", "sent"), ("pickup", "won")) and may_send,
            "may_forgo": obj.state == "won" and may_send,
            "may_unmask": obj.sealed_for is not None and may("points.drawtry.unmask"),
        }

    def send_view(self, request: HttpRequest, try_id: UUID) -> HttpResponse:
        form = CarrierForm(request.POST)
        carrier = form.cleaned_data["carrier"] if form.is_valid() else ""
        return self._act(
            request,
            try_id,
            lambda: tries.send_prize(scope=scope_of(request), try_id=try_id, carrier=carrier),
            gettext("Sent: the customer sees carrier and number."),
        )

    def hand_over_view(self, request: HttpRequest, try_id: UUID) -> HttpResponse:
        return self._act(
            request,
            try_id,
            lambda: tries.hand_over_prize(scope=scope_of(request), try_id=try_id),
            gettext("Handed over: the prize is the customer's."),
        )

    def forgo_view(self, request: HttpRequest, try_id: UUID) -> HttpResponse:
        form = ReasonForm(request.POST)

        def forgo() -> None:
            if not form.is_valid():
                raise ReasonMissing
            tries.forgo_prize(scope=scope_of(request), try_id=try_id, reason=form.cleaned_data["reason"])

        return self._act(
            request, try_id, forgo, gettext("Noted as not collected; it counts as won all the same.")
        )

    def unmask_view(self, request: HttpRequest, try_id: UUID) -> HttpResponse:
        def show() -> None:
            shown = tries.show_receiver(scope=scope_of(request), try_id=try_id)
            messages.info(
                request, shown or gettext("There is no address: none was given, or the customer was erased.")
            )

        return self._act(request, try_id, show, gettext("Shown to you once; the audit has noted it."))

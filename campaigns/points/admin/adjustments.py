"""Adjustments by hand and their second person; how much one person may adjust alone."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from campaigns.lib.forms import ServiceForm
from campaigns.points.admin.read_only import ReadPage
from campaigns.points.models import AdjustLimit, Adjustment
from campaigns.points.selectors.balances import balance_of
from campaigns.points.selectors.desk import adjustments_within, has_wallet, names_of
from campaigns.points.services.desk import decide_adjustment, set_limit
from campaigns.tenants.desk import ScopedAdmin, page_of, scope_of


class DecisionForm(forms.Form):
    remark = forms.CharField(required=False, max_length=200)


@admin.register(Adjustment)
class AdjustmentAdmin(ReadPage):
    noun = "points.adjustment"
    list_display = ("asked_at", "amount", "customer", "branch", "state_now", "reason", "asker")
    list_display_links = ("asked_at", "amount")
    list_filter = ("state",)
    list_before_template = "points/adjustments_head.html"
    change_form_outer_before_template = "points/adjustment_page.html"

    def get_queryset(self, request: HttpRequest) -> Any:
        return adjustments_within(scope=scope_of(request))

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Who asked is one query for the page."""
        listed = super().get_changelist_instance(request)
        rows = list(listed.result_list)
        names = names_of(person_ids=[row.asked_by_id for row in rows])
        for row in rows:
            row.asker_name = names.get(row.asked_by_id, "")
        listed.result_list = rows
        return listed

    @admin.display(description=_("points"), ordering="points")
    def amount(self, made: Adjustment) -> str:
        return f"{made.points:+,}"

    @admin.display(description=_("state"), ordering="state")
    def state_now(self, made: Adjustment) -> str:
        if made.state == Adjustment.State.ASKED:
            return format_html('<strong class="rw-red">{}</strong>', made.get_state_display())
        return str(made.get_state_display())

    @admin.display(description=_("asked by"))
    def asker(self, made: Any) -> str:
        return getattr(made, "asker_name", "") or "–"

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        own = [
            path(
                f"<uuid:adjustment_id>/{act}/",
                view(getattr(self, f"{act}_view")),
                name=f"points_adjustment_{act}",
            )
            for act in ("confirm", "decline")
        ]
        return [*own, *super().get_urls()]

    def told(self, request: HttpRequest, obj: Adjustment) -> dict[str, Any]:
        scope = scope_of(request)
        names = names_of(person_ids=[obj.asked_by_id, obj.decided_by_id])
        is_own = obj.asked_by_id is not None and obj.asked_by_id == scope.person_id
        may_wallet = scope.may("points.wallet.view") and has_wallet(scope=scope, customer_id=obj.customer_id)
        is_asked = obj.state == Adjustment.State.ASKED
        return {
            "adjustment": obj,
            "balance": balance_of(scope=scope, customer_id=obj.customer_id),
            "asker": names.get(obj.asked_by_id, "…"),
            "decider": names.get(obj.decided_by_id, ""),
            "wallet_page": page_of(f"points.wallet:{obj.customer_id}") if may_wallet else "",
            "movement_page": page_of(f"points.movement:{obj.movement_id}") if obj.movement_id else "",
            "may_decide": is_asked and not is_own and scope.may("points.adjustment.decide"),
            "is_waiting": is_asked,
        }

    def confirm_view(self, request: HttpRequest, adjustment_id: UUID) -> HttpResponse:
        return self._decide(request, adjustment_id, True, gettext("Posted: the customer has it now."))

    def decline_view(self, request: HttpRequest, adjustment_id: UUID) -> HttpResponse:
        return self._decide(request, adjustment_id, False, gettext("Refused: nothing was moved."))

    def _decide(self, request: HttpRequest, adjustment_id: UUID, is_agreed: bool, done: str) -> HttpResponse:
        form = DecisionForm(request.POST)
        remark = form.cleaned_data["remark"] if form.is_valid() else ""
        return self._act(
            request,
            adjustment_id,
            lambda: decide_adjustment(
                scope=scope_of(request), adjustment_id=adjustment_id, is_agreed=is_agreed, remark=remark
            ),
            done,
        )


class LimitForm(ServiceForm):
    points = forms.IntegerField(
        label=_("may be adjusted alone"),
        min_value=0,
        widget=UnfoldAdminIntegerFieldWidget(),
        help_text=_("Of one customer within a day. 0: every adjustment is decided by a second person."),
    )

    class Meta:
        model = AdjustLimit
        fields = ("branch", "points")


@admin.register(AdjustLimit)
class AdjustLimitAdmin(ScopedAdmin):
    noun = "points.adjustlimit"
    form = LimitForm
    list_display = ("branch", "points", "changed_at")
    list_select_related = ("branch",)
    autocomplete_fields = ("branch",)
    fieldsets = ((None, {"fields": ("branch", "points")}),)
    list_before_template = "points/limits_head.html"

    def has_add_permission(self, request: HttpRequest, *_obj: Any) -> bool:
        return self._may(request, "change")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("branch",) if obj is not None else ()

    def save_model(self, request: HttpRequest, obj: AdjustLimit, form: Any, change: bool) -> None:
        branch_id = obj.branch_id if change else form.cleaned_data["branch"].pk
        made = set_limit(scope=scope_of(request), branch_id=branch_id, points=form.cleaned_data["points"])
        obj.pk, obj.branch_id, obj.branch_pos = made.pk, made.branch_id, made.branch_pos

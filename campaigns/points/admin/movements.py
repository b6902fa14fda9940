"""Movements of points: the list, and a page with both sides, the cause, and what hangs together with it."""

from typing import Any
from uuid import UUID

from django import forms
from django.apps import apps
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.lib.refs import read_ref
from campaigns.points.admin.read_only import ReadPage
from campaigns.points.models import Movement
from campaigns.points.refusals.desk import ReasonNotGiven
from campaigns.points.selectors.desk import has_wallet, movement_told, reversible_for
from campaigns.points.services.desk import take_back
from campaigns.points.verbs import LEAST_REASON
from campaigns.tenants.desk import page_of, scope_of


class BackForm(forms.Form):
    customer = forms.UUIDField()
    reason = forms.CharField(max_length=200)
    owes_rest = forms.BooleanField(required=False)


@admin.register(Movement)
class MovementAdmin(ReadPage):
    noun = "points.movement"
    list_display = ("at", "kind", "named", "customer", "branch")
    list_select_related = ("customer", "branch")
    list_filter = ("kind",)
    ordering = ("-id",)
    list_before_template = "points/movements_head.html"
    change_form_outer_before_template = "points/movement_page.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Movement]:
        return super().get_queryset(request).select_related("customer", "branch")

    @admin.display(description=_("title"))
    def named(self, movement: Movement) -> str:
        return movement.title or "–"

    def get_urls(self) -> list[Any]:
        back = path(
            "<uuid:movement_id>/reverse/",
            self.admin_site.admin_view(self.reverse_view),
            name="points_movement_reverse",
        )
        return [back, *super().get_urls()]

    def told(self, request: HttpRequest, obj: Movement) -> dict[str, Any]:
        scope = scope_of(request)
        told = movement_told(scope=scope, movement=obj)
        may = scope.may("points.movement.reverse")
        wallet = ""
        if (
            obj.customer_id
            and scope.may("points.wallet.view")
            and has_wallet(scope=scope, customer_id=obj.customer_id)
        ):
            wallet = page_of(f"points.wallet:{obj.customer_id}")
        return {
            "movement": obj,
            "told": told,
            "wallet_page": wallet,
            "cause_words": _words(obj.cause),
            "cause_page": page_of(obj.cause) if obj.cause else "",
            "rule_page": page_of(f"points.earningrule:{obj.rule_id}") if obj.rule_id else "",
            "revision_page": page_of(f"approvals.revision:{obj.revision_id}") if obj.revision_id else "",
            "back_for": reversible_for(scope=scope, movement=obj) if may else None,
            "is_given": any(each.customer_id and each.points > 0 for each in told.entries),
            "least_reason": LEAST_REASON,
        }

    def reverse_view(self, request: HttpRequest, movement_id: UUID) -> HttpResponse:
        form = BackForm(request.POST)

        def act() -> None:
            if not form.is_valid():
                raise ReasonNotGiven
            take_back(
                scope=scope_of(request),
                movement_id=movement_id,
                customer_id=form.cleaned_data["customer"],
                reason=form.cleaned_data["reason"],
                owes_rest=form.cleaned_data["owes_rest"],
            )

        return self._act(request, movement_id, act, gettext("Taken back: what follows is shown below."))


def _words(cause: str) -> str:
    """What kind of thing a cause is; the reference itself where it is of no kind that we know."""
    try:
        return str(apps.get_model(read_ref(cause).kind)._meta.verbose_name)
    except (ValueError, LookupError):
        return cause

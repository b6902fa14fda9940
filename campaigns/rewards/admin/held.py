"""Deciding on coupons that were claimed beyond a limit: release or refuse, and the next one opens."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.translation import gettext

from campaigns.lib.refusals import Refusal
from campaigns.rewards.selectors.coupons import coupons_held
from campaigns.rewards.services.coupons import refuse_coupon, release_coupon
from campaigns.tenants.desk import ScopedAdmin, scope_of


class HeldForm(forms.Form):
    decision = forms.ChoiceField(choices=[("release", "release"), ("refuse", "refuse")])
    reason = forms.CharField(max_length=200, required=False)


class HeldActs(ScopedAdmin):
    def get_urls(self) -> list[Any]:
        held = path(
            "<uuid:coupon_id>/held/", self.admin_site.admin_view(self.held_view), name="rewards_coupon_held"
        )
        return [held, *super().get_urls()]

    def held_view(self, request: HttpRequest, coupon_id: UUID) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        scope, form = scope_of(request), HeldForm(request.POST)
        here = HttpResponseRedirect(reverse("admin:rewards_coupon_change", args=[coupon_id]))
        if not form.is_valid() or (
            form.cleaned_data["decision"] == "refuse" and not form.cleaned_data["reason"]
        ):
            messages.error(request, gettext("Say why."))
            return here
        try:
            with transaction.atomic():
                if form.cleaned_data["decision"] == "release":
                    release_coupon(scope=scope, coupon_id=coupon_id)
                else:
                    refuse_coupon(scope=scope, coupon_id=coupon_id, reason=form.cleaned_data["reason"])
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return here
        following = coupons_held(scope=scope).first()
        if following is None:
            messages.success(request, gettext("Decided. Nothing else is held."))
            return here
        messages.success(request, gettext("Decided. This is the next one."))
        return HttpResponseRedirect(reverse("admin:rewards_coupon_change", args=[following.pk]))

"""The clerk's page, on a phone: scan or type, see what it is worth, redeem; reverse within the day."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from campaigns.customers.rules import masked_number
from campaigns.lib.forms import YuanField
from campaigns.lib.geo import MICRO, to_gcj02
from campaigns.lib.money import yuan
from campaigns.lib.refusals import Refusal
from campaigns.rewards.models import Kind, Redemption
from campaigns.rewards.selectors.coupons import redemptions_today, zone_of
from campaigns.rewards.selectors.merchants import CASHIER, merchants_offered, till_of
from campaigns.rewards.services.counter import (
    MOST_NOTED,
    Noted,
    Shown,
    look_at_coupon,
    redeem_at_counter,
    redeem_noted,
)
from campaigns.rewards.services.coupons import reverse_redemption
from campaigns.tenants.desk import ScopedAdmin, scope_of
from campaigns.tenants.scopes import Scope

MAY_REDEEM, MAY_REVERSE = "rewards.coupon.redeem", "rewards.coupon.reverse"


class ShownForm(forms.Form):
    """What the phone sends of one coupon; a position is WGS-84, as browsers have it."""

    text = forms.CharField(max_length=200)
    id = forms.UUIDField(required=False)
    order = YuanField(required=False)
    merchant = forms.CharField(required=False, max_length=80)
    lat = forms.FloatField(required=False, min_value=-90, max_value=90)
    lon = forms.FloatField(required=False, min_value=-180, max_value=180)
    at = forms.DateTimeField(required=False, input_formats=["%Y-%m-%dT%H:%M:%S.%fZ"])

    def shown(self) -> Shown:
        given = self.cleaned_data
        position = None
        if given["lat"] is not None and given["lon"] is not None:
            lat, lon = to_gcj02(given["lat"], given["lon"])
            position = (round(lat * MICRO), round(lon * MICRO))
        return Shown(
            text=given["text"], order_fen=given["order"], position=position, merchant=given["merchant"]
        )


class CounterPages(ScopedAdmin):
    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        own = [
            path("counter/", view(self.counter_view), name="rewards_coupon_counter"),
            path("counter/look/", view(self.look_view), name="rewards_coupon_worth"),
            path("counter/redeem/", view(self.redeem_view), name="rewards_coupon_redeem"),
            path("counter/noted/", view(self.noted_view), name="rewards_coupon_noted"),
            path(
                "counter/<uuid:redemption_id>/reverse/",
                view(self.reverse_view),
                name="rewards_coupon_reverse",
            ),
        ]
        return [*own, *super().get_urls()]

    def counter_view(self, request: HttpRequest) -> HttpResponse:
        scope = _clerk(request, MAY_REDEEM)
        is_cashier = scope.facts.role == CASHIER
        context = {
            "till": till_of(scope=scope) if is_cashier else None,
            "is_cashier": is_cashier,
            "merchants": [] if is_cashier else merchants_offered(scope=scope),
            **self.admin_site.each_context(request),
            "title": _("Counter"),
            "done": [_done(each, scope) for each in redemptions_today(scope=scope)],
            "may_reverse": scope.may(MAY_REVERSE),
            "words": _words(),
        }
        page = TemplateResponse(request, "rewards/counter.html", context)
        page.uses = ("camera", "geolocation")  # type: ignore[attr-defined] # config/headers.py
        return page

    def look_view(self, request: HttpRequest) -> HttpResponse:
        def look(scope: Scope) -> Any:
            seen = look_at_coupon(scope=scope, shown=_read(request).shown())
            until = seen.usable_until.astimezone(zone_of(scope=scope))
            return {
                "title": seen.title,
                "worth": yuan(seen.off_fen),
                "kind": str(Kind(seen.kind).label),
                "needs": yuan(seen.threshold_fen) if seen.threshold_fen else "",
                "until": f"{until:%Y-%m-%d %H:%M}",
                "customer": masked_number(seen.tail),
            }

        return _answer(request, MAY_REDEEM, look)

    def redeem_view(self, request: HttpRequest) -> HttpResponse:
        def redeem(scope: Scope) -> Any:
            form = _read(request)
            if form.cleaned_data["id"] is None:
                raise forms.ValidationError(gettext("The request has no id: reload the page."))
            made = redeem_at_counter(scope=scope, redemption_id=form.cleaned_data["id"], shown=form.shown())
            return _done(made, scope)

        return _answer(request, MAY_REDEEM, redeem)

    def noted_view(self, request: HttpRequest) -> HttpResponse:
        def redeem_all(scope: Scope) -> Any:
            outcomes = redeem_noted(scope=scope, noted=_read_noted(request))
            return {
                "outcomes": [
                    {
                        "id": str(each.noted.redemption_id),
                        "text": each.noted.shown.text,
                        "done": _done(each.redemption, scope) if each.redemption else None,
                        "no": str(each.refusal) if each.refusal else "",
                    }
                    for each in outcomes
                ]
            }

        return _answer(request, MAY_REDEEM, redeem_all)

    def reverse_view(self, request: HttpRequest, redemption_id: UUID) -> HttpResponse:
        def take_back(scope: Scope) -> Any:
            reverse_redemption(
                scope=scope, redemption_id=redemption_id, reason=request.POST.get("reason", "")
            )
            return {"id": str(redemption_id)}

        return _answer(request, MAY_REVERSE, take_back)


def _clerk(request: HttpRequest, verb: str) -> Scope:
    scope = scope_of(request)
    if not scope.may(verb):
        raise PermissionDenied
    return scope


def _answer(request: HttpRequest, verb: str, act: Callable[[Scope], Any]) -> HttpResponse:
    """What `act` gives as JSON, or its refusal: 409, a code, and the sentence for the clerk."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    scope = _clerk(request, verb)
    try:
        with transaction.atomic():
            return JsonResponse(act(scope))
    except Refusal as no:
        return JsonResponse({"code": no.code, "no": str(no)}, status=409)
    except forms.ValidationError as wrong:
        return JsonResponse({"code": "unreadable", "no": " ".join(wrong.messages)}, status=400)


def _read(request: HttpRequest) -> ShownForm:
    form = ShownForm(request.POST)
    if not form.is_valid():
        raise forms.ValidationError([message for messages in form.errors.values() for message in messages])
    return form


def _read_noted(request: HttpRequest) -> list[Noted]:
    try:
        rows = json.loads(request.POST.get("noted", "[]"))
    except ValueError:
        raise forms.ValidationError(gettext("What the phone noted cannot be read.")) from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise forms.ValidationError(gettext("What the phone noted cannot be read."))
    noted = []
    for row in rows[:MOST_NOTED]:
        form = ShownForm(row)
        if not form.is_valid() or form.cleaned_data["id"] is None:
            raise forms.ValidationError(gettext("What the phone noted cannot be read."))
        at: datetime | None = form.cleaned_data["at"]
        noted.append(Noted(redemption_id=form.cleaned_data["id"], shown=form.shown(), at=at))
    return noted


def _done(redemption: Redemption, scope: Scope) -> dict[str, Any]:
    """One redemption as a line of the day's list."""
    return {
        "id": str(redemption.pk),
        "at": f"{redemption.at.astimezone(zone_of(scope=scope)):%H:%M}",
        "title": redemption.title,
        "worth": yuan(redemption.off_fen),
        "reverse": reverse("admin:rewards_coupon_reverse", args=[redemption.pk]),
        "is_reversed": hasattr(redemption, "reversal"),
    }


def _words() -> dict[str, str]:
    """What the page says by itself, in the clerk's language."""
    assert get_language()
    return {
        "redeem": gettext("Redeem"),
        "redeemed": gettext("Redeemed"),
        "reverse": gettext("Reverse"),
        "reversed": gettext("Reversed"),
        "sure": gettext("Reverse this redemption? The customer can use the coupon again."),
        "worth": gettext("worth"),
        "until": gettext("valid until"),
        "title": gettext("coupon"),
        "customer": gettext("customer"),
        "needs": gettext("order from"),
        "noted": gettext("No line: noted on this phone, and sent in order as soon as there is one."),
        "waiting": gettext("noted and not sent yet"),
        "refused": gettext("Not accepted. Settle it with your supervisor:"),
        "no_camera": gettext("The camera cannot be used: allow it, or type the code."),
        "codes_only": gettext("Without a line only codes can be noted: ask the customer for the code."),
        "no_line": gettext("There is no line: try again."),
        "where": gettext("This coupon asks where you are: allow the position."),
    }

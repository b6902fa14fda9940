"""What staff do on a customer's wallet beside adjusting it: extend its points, and keep its household."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.translation import gettext

from campaigns.points.admin.extensions import end_of, said_of
from campaigns.points.models import Wallet
from campaigns.points.refusals.extensions import ExtensionDays
from campaigns.points.refusals.households import EvidenceNotGiven
from campaigns.points.selectors.balances import zone_of
from campaigns.points.selectors.households import household_of, members_of
from campaigns.points.services import extensions, households
from campaigns.tenants.desk import ScopedAdmin, scope_of


class UntilForm(forms.Form):
    until = forms.DateField()
    reason = forms.CharField(required=False, max_length=200)


class MemberForm(forms.Form):
    number = forms.CharField(max_length=60)
    evidence = forms.CharField(max_length=200)


class ReasonForm(forms.Form):
    reason = forms.CharField(required=False, max_length=200)


def told_more(request: HttpRequest, wallet: Wallet) -> dict[str, Any]:
    """What the page says of the household, and may be done."""
    scope = scope_of(request)
    home = household_of(scope=scope, customer_id=wallet.customer_id)
    return {
        "housemates": members_of(scope=scope, household=home) if home else [],
        "may_house": scope.may(households.MAY),
        "may_extend": scope.may(extensions.ADDS),
    }


def wallet_urls(page: ScopedAdmin) -> list[Any]:
    """The addresses of these acts, for the wallets' own."""

    def extend(request: HttpRequest, customer_id: UUID) -> HttpResponse:
        form = UntilForm(request.POST)

        def act() -> None:
            scope = scope_of(request)
            if not form.is_valid():
                raise ExtensionDays
            until: datetime = end_of(form.cleaned_data["until"], zone_of(scope=scope))
            made = extensions.ask_extension(
                scope=scope, customer_id=customer_id, until=until, reason=form.cleaned_data["reason"]
            )
            messages.success(request, said_of(made))

        return page._act(request, customer_id, act)

    def add_member(request: HttpRequest, customer_id: UUID) -> HttpResponse:
        form = MemberForm(request.POST)

        def act() -> None:
            if not form.is_valid():
                raise EvidenceNotGiven
            households.add_member(scope=scope_of(request), customer_id=customer_id, **form.cleaned_data)

        return page._act(
            request, customer_id, act, gettext("Registered: they may pass points on to one another.")
        )

    def end_member(request: HttpRequest, customer_id: UUID, member_id: UUID) -> HttpResponse:
        form = ReasonForm(request.POST)

        def act() -> None:
            reason = form.cleaned_data["reason"] if form.is_valid() else ""
            households.end_membership(scope=scope_of(request), member_id=member_id, reason=reason)

        return page._act(request, customer_id, act, gettext("Ended: the points stay where they are."))

    view = page.admin_site.admin_view
    home = "<uuid:customer_id>/household"
    return [
        path("<uuid:customer_id>/extend/", view(extend), name="points_wallet_extend"),
        path(f"{home}/", view(add_member), name="points_wallet_add_member"),
        path(f"{home}/<uuid:member_id>/end/", view(end_member), name="points_wallet_end_member"),
    ]

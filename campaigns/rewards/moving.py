"""Coupons when two customers turn out to be one, and what a customer's page says of coupons."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.urls import reverse
from django.utils.translation import gettext as _

from campaigns.customers.models import Customer
from campaigns.customers.panels import Moment
from campaigns.lib.refs import read_ref, ref
from campaigns.rewards.models import Coupon, Redemption
from campaigns.tenants.scopes import Scope


def move_coupons(*, scope: Scope, kept: Customer, absorbed: Customer) -> list[str]:
    """What the absorbed one claimed is the kept one's, and counts against the limit per customer."""
    return _called("SELECT move_coupons(%s, %s)", [kept.pk, absorbed.pk])


def return_coupons(*, scope: Scope, kept: Customer, absorbed: Customer, moved: Sequence[str]) -> list[str]:
    """What was claimed by the absorbed one before the merge is the absorbed one's again, in whatever state."""
    ids = [UUID(read_ref(each).id) for each in moved]
    return _called("SELECT return_coupons(%s, %s, %s::uuid[])", [kept.pk, absorbed.pk, ids])


def coupon_moments(scope: Scope, customer_id: UUID, before: datetime, many: int) -> Sequence[Moment]:
    """What the customer claimed, and where it was redeemed."""
    coupons = Coupon.objects.within(scope).filter(customer=customer_id)
    claimed = coupons.filter(claimed_at__lt=before).order_by("-claimed_at", "-pk")[:many]
    redeemed = (
        Redemption.objects.within(scope)
        .filter(coupon__customer=customer_id, at__lt=before)
        .select_related("branch")
        .order_by("-at", "-pk")[:many]
    )
    return [
        *(
            Moment(
                each.claimed_at,
                "earned",
                _("Claimed “%(title)s”.") % {"title": each.title},
                url=_page(each.pk),
            )
            for each in claimed
        ),
        *(
            Moment(
                each.at,
                "done",
                _("Redeemed “%(title)s” at %(branch)s.") % {"title": each.title, "branch": each.branch.name},
                url=_page(each.coupon_id),
            )
            for each in redeemed
        ),
    ]


def _page(coupon_id: UUID) -> str:
    return reverse("admin:rewards_coupon_change", args=[coupon_id])


def _called(call: str, values: list[Any]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(call, values)
        return [ref("rewards.coupon", key) for key in cursor.fetchone()[0]]

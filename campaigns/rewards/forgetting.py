"""Coupons when their customer is to be forgotten, and what is told of them to who asks."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from campaigns.customers.models import Customer
from campaigns.lib.both import Both
from campaigns.lib.refs import ref
from campaigns.rewards.models import Coupon, Redemption, Status
from campaigns.rewards.services.coupons import void_coupon
from campaigns.tenants.scopes import Scope

# Until the next day's settlement a counter may still reverse it.
SETTLED_AFTER = timedelta(days=1)


def unsettled_redemptions(scope: Scope, customer_id: UUID) -> Sequence[Both]:
    """What was redeemed so lately that it is not settled."""
    rows = Redemption.objects.within(scope).filter(
        coupon__customer_id=customer_id, at__gt=scope.at - SETTLED_AFTER, reversal__isnull=True
    )
    many = rows.count()
    if not many:
        return []
    return [
        {
            "zh": f"有 {many} 笔核销尚未结算（核销后一天内）",
            "en": f"{many} redemption(s) of the last day are not settled",
        }
    ]


def give_up_coupons(*, scope: Scope, customer: Customer) -> Sequence[str]:
    """What could still be redeemed is void: a code on a screen would be the last thing that names the customer."""
    held = Coupon.objects.within(scope).filter(customer=customer, status=Status.CLAIMED)
    voided = []
    for coupon_id in held.values_list("pk", flat=True):
        void_coupon(scope=scope, coupon_id=coupon_id, reason="客户注销 · customer erased")
        voided.append(ref("rewards.coupon", coupon_id))
    return voided


def tell_coupons(*, scope: Scope, customer_id: UUID) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Coupons, and where they were redeemed."""
    for coupon in Coupon.objects.within(scope).filter(customer_id=customer_id).order_by("id"):
        yield (
            "coupons",
            {
                "title": coupon.title,
                "status": coupon.status,
                "off_fen": coupon.off_fen,
                "claimed_at": coupon.claimed_at,
                "usable_until": coupon.usable_until,
            },
        )
    rows = Redemption.objects.within(scope).filter(coupon__customer_id=customer_id).select_related("branch")
    for row in rows.order_by("id"):
        yield (
            "redemptions",
            {
                "title": row.title,
                "at": row.at,
                "branch": row.branch.name,
                "off_fen": row.off_fen,
                "order_fen": row.order_fen,
            },
        )

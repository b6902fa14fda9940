"""A coupon set aside for an order, for a time. When that is over it is free again, swept or not."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from campaigns.rewards.refusals.life import BY_WORD
from campaigns.tenants.scopes import Scope

MOST = timedelta(hours=2)
USUALLY = timedelta(minutes=15)


def lock_coupon(*, scope: Scope, coupon_id: UUID, order: str, during: timedelta = USUALLY) -> datetime:
    """Set a coupon aside for an order (its id at the shop, 64 letters), for two hours at most; until when.

    Of the scope's customer, or of the scope's branches for staff. The same order again sets another end. Raises
    NotFound, CouponIsLocked (another order has it), AlreadyRedeemed, CouponIsVoid, CouponExpired, CouponWasGiven.
    """
    if scope.customer_id is None:
        scope.demand("rewards.coupon.redeem")
    until = scope.at + min(during, MOST)
    _decide("SELECT lock_coupon(%s, %s, %s)", [coupon_id, order[:64], until])
    return until


def unlock_coupon(*, scope: Scope, coupon_id: UUID, order: str) -> None:
    """Let go of a coupon that is set aside for this order. Raises NotLocked, also when its time is over."""
    if scope.customer_id is None:
        scope.demand("rewards.coupon.redeem")
    _decide("SELECT unlock_coupon(%s, %s)", [coupon_id, order[:64]])


def _decide(call: str, values: list[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(call, values)
        word = cursor.fetchone()[0]
    if word is not None:
        raise BY_WORD[word]

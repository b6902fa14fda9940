"""A coupon given to another customer: offered by a link for a time, taken, or taken back."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from campaigns.lib.ids import new_id
from campaigns.lib.refusals import NotFound
from campaigns.rewards.codes import gift_hash, gift_token, hash_for
from campaigns.rewards.models import Coupon
from campaigns.rewards.models.codes import Gift
from campaigns.rewards.refusals.life import BY_WORD
from campaigns.rewards.selectors.coupons import coupon_of_customer
from campaigns.tenants.scopes import Scope

OFFERED_FOR = timedelta(hours=24)


class Offer(NamedTuple):
    """What goes into the link; until when it is good."""

    token: str
    until: datetime


def offer_gift(*, scope: Scope, coupon_id: UUID) -> datetime:
    """Offer a coupon of the scope's customer to whoever has the link, for a day or as long as the coupon is good; until
    when. `gift_offered` tells the link.

    It stays the giver's, and usable, until somebody takes it; an offer before this one is taken back. Raises NotFound,
    NotToGive, CodeWasShown, CouponIsLocked, AlreadyRedeemed, CouponIsVoid, CouponExpired, CouponWasGiven.
    """
    gift_id = new_id()
    until = scope.at + OFFERED_FOR
    _decide("SELECT offer_gift(%s, %s, %s, %s)", [coupon_id, gift_id, gift_hash(gift_token(gift_id)), until])
    return gift_offered(scope=scope, coupon_id=coupon_id).until


def gift_offered(*, scope: Scope, coupon_id: UUID) -> Offer:
    """The offer of a coupon that still stands, for its giver. Raises NotFound."""
    if scope.customer_id is None:
        raise NotFound
    rows = Gift.objects.filter(giver_id=scope.customer_id, coupon_id=coupon_id, until__gt=scope.at)
    gift = rows.filter(accepted_at=None, withdrawn_at=None).first()
    if gift is None:
        raise NotFound
    return Offer(gift_token(gift.pk), gift.until)


def withdraw_gift(*, scope: Scope, coupon_id: UUID) -> None:
    """Take an offer back that nobody has taken. Raises NotFound, GiftGone."""
    _decide("SELECT withdraw_gift(%s)", [coupon_id])


def accept_gift(*, scope: Scope, token: str) -> Coupon:
    """Take what somebody offered: a coupon of one's own, with the giver's window and terms and another code.

    It counts against the receiver's limit. Raises GiftGone, OwnGift, LimitReached.
    """
    coupon_id = new_id()
    _decide("SELECT accept_gift(%s, %s, %s)", [gift_hash(token), coupon_id, hash_for(coupon_id)])
    return coupon_of_customer(scope=scope, coupon_id=coupon_id)


def _decide(call: str, values: list[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(call, values)
        word = cursor.fetchone()[0]
    if word is not None:
        raise BY_WORD[word]

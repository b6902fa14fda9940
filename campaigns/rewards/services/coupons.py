"""What happens to coupons: claim, redeem, reverse, void, expire. One call of one verb each; the database decides."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from campaigns.lib.ids import new_id
from campaigns.rewards.codes import claim_hash, code_of, hash_of, open_token, seal_token
from campaigns.rewards.models import Coupon, Redemption, Reversal
from campaigns.rewards.refusals.counted import counted
from campaigns.rewards.refusals.coupons import CouponExpired, NotUsableYet
from campaigns.rewards.refusals.life import BY_WORD
from campaigns.rewards.rules import shown_status
from campaigns.rewards.selectors.coupons import coupon_of_customer
from campaigns.rewards.selectors.merchants import merchant_named
from campaigns.tenants.scopes import Scope


def claim_coupon(*, scope: Scope, batch_id: UUID, code: str | None = None) -> Coupon:
    """One coupon of the batch for the customer of the scope, out of the home branch's share. `code`: where the batch
    asks for one.

    Raises NotFound, NotForYou, NotOpenYet, ClaimIsOver, ClaimsAreStopped, LimitReached, DayLimitReached,
    WeekLimitReached, MonthLimitReached, CapReached, SoldOut, ClaimCodeMissing, ClaimCodeWrong, ClaimCodeSpent,
    CodesGone.
    """
    coupon_id = new_id()
    typed = None if code is None else claim_hash(batch_id, code)
    with counted("claim", batch_id, at=scope.at):
        _decide(
            "SELECT claim_coupon(%s, %s, %s, %s)", [batch_id, coupon_id, hash_of(code_of(coupon_id)), typed]
        )
    return coupon_of_customer(scope=scope, coupon_id=coupon_id)


def issue_redeem_token(*, scope: Scope, coupon_id: UUID) -> tuple[str, datetime]:
    """A token for the QR code, and its end. Raises NotFound, and why the coupon cannot be redeemed now."""
    coupon = coupon_of_customer(scope=scope, coupon_id=coupon_id)
    status = shown_status(status=coupon.status, usable_until=coupon.usable_until, at=scope.at)
    if status != "claimed":
        raise {
            "redeemed": BY_WORD["already_redeemed"],
            "void": BY_WORD["void"],
            "given": BY_WORD["given"],
            "held": BY_WORD["held"],
            "expired": CouponExpired,
        }[status]
    if coupon.usable_from > scope.at:
        raise NotUsableYet
    return seal_token(coupon_id=coupon.pk, redeemed_times=coupon.redeemed_times, at=scope.at)


def redeem_coupon(
    *,
    scope: Scope,
    code: str | None = None,
    token: str | None = None,
    order_fen: int | None = None,
    position: tuple[int, int] | None = None,
    redemption_id: UUID | None = None,
    order: str | None = None,
    merchant: str = "",
) -> Redemption:
    """Spend a coupon of any branch at the branch the scope stands at, by its code or its redeem token.

    `redemption_id`: of the new row, where who asks has one. `order_fen`: the order it is used on, when the clerk knows
    it. `position`: latitude and longitude in millionths of a degree; compared, and kept nowhere. `order`: for which it
    was set aside. `merchant`: code or id of whose till it is; a merchant's own cashier need not say. Raises
    CodeUnknown, TokenInvalid, TokenExpired, TokenSpent, AlreadyRedeemed, CouponIsVoid, CouponHeld, CouponExpired,
    NotUsableYet, OrderTooSmall, OrderMissing, NotAtThisHour, NotOnThisDay, NotHere, PositionMissing, TooFar,
    CouponIsLocked, CouponWasGiven, MerchantUnknown, MerchantIsClosed, MerchantMissing, NotAtMerchant, NoTill.
    """
    scope.demand("rewards.coupon.redeem")
    if (code is None) == (token is None):
        raise ValueError("give either the code or the token")
    redemption_id = redemption_id or new_id()
    coupon_id = times = code_hash = None
    if token is not None:
        opened = open_token(token=token, at=scope.at)
        coupon_id, times = opened.coupon_id, opened.redeemed_times
    else:
        code_hash = hash_of(code or "")
    till = merchant_named(scope=scope, text=merchant).pk if merchant else None
    with counted("redeem", lambda: _batch_of(code_hash, coupon_id), at=scope.at):
        _decide(
            "SELECT redeem_coupon(%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [redemption_id, code_hash, coupon_id, times, order_fen, *(position or (None, None)), order, till],
        )
    return Redemption.objects.within(scope).get(pk=redemption_id)


def reverse_redemption(*, scope: Scope, redemption_id: UUID, reason: str = "") -> Reversal:
    """Take back a redemption of this branch on its own local day; the coupon can be redeemed again.

    Raises NotFound (another branch's too), ReversalTooLate, AlreadyReversed.
    """
    scope.demand("rewards.coupon.reverse")
    reversal_id = new_id()
    _decide("SELECT reverse_redemption(%s, %s, %s)", [reversal_id, redemption_id, reason[:200]])
    return Reversal.objects.within(scope).get(pk=reversal_id)


def void_coupon(*, scope: Scope, coupon_id: UUID, reason: str) -> None:
    """Make a claimed coupon of the scope's branches worthless for good. Raises NotFound, NotVoidable."""
    scope.demand("rewards.coupon.void")
    _decide("SELECT void_coupon(%s, %s)", [coupon_id, reason[:200]])


def release_coupon(*, scope: Scope, coupon_id: UUID) -> None:
    """Let a held coupon be used: who claimed it is no robot. Raises NotFound, NotHeld."""
    scope.demand("rewards.coupon.release")
    _decide("SELECT release_coupon(%s, true, '')", [coupon_id])


def refuse_coupon(*, scope: Scope, coupon_id: UUID, reason: str) -> None:
    """Make a held coupon worthless for good. Raises NotFound, NotHeld."""
    scope.demand("rewards.coupon.release")
    _decide("SELECT release_coupon(%s, false, %s)", [coupon_id, reason[:200]])


def expire_due_coupons(*, scope: Scope, limit: int = 500) -> int:
    """Mark claimed coupons of the scope whose time has passed, and void those that were held for a review until then;
    return how many.

    Only tidies: redemption checks the time itself. Any number of workers may run this together.
    """
    scope.demand("rewards.coupon.expire")
    with connection.cursor() as cursor:
        cursor.execute("SELECT expire_due_coupons(%s)", [limit])
        return int(cursor.fetchone()[0])


def _batch_of(code_hash: bytes | None, coupon_id: UUID | None) -> UUID | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rewards_batch_of(%s, %s)", [code_hash, coupon_id])
        found: UUID | None = cursor.fetchone()[0]
    return found


def _decide(call: str, values: list[Any]) -> None:
    """Call a verb; raise the refusal that its word stands for."""
    with connection.cursor() as cursor:
        cursor.execute(call, values)
        word = cursor.fetchone()[0]
    if word is not None:
        raise BY_WORD[word]

"""Orders that customers pay a part of with a coupon, vouched for by the shop's system."""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from campaigns.audit.services import record_security
from campaigns.lib.hooks import signature_of
from campaigns.lib.ids import new_id
from campaigns.lib.refusals import Refusal
from campaigns.rewards.refusals.counted import counted
from campaigns.rewards.refusals.orders import BY_WORD, OrderStale, OrderUnsigned
from campaigns.rewards.selectors.coupons import coupon_of_customer
from campaigns.tenants.scopes import Scope

# From the shop's signature to the customer's thumb.
WINDOW = timedelta(minutes=15)
_TIMESTAMP = re.compile(r"[0-9]{1,11}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order at a shop: its number there, fen, and where: a merchant (id or code), a branch (code), or at home.

    `position`: latitude and longitude in millionths of a degree (GCJ-02), compared and kept nowhere.
    """

    number: str
    fen: int
    merchant: str = ""
    branch: str = ""
    position: tuple[int, int] | None = None

    def signed(self, deed: str) -> bytes:
        """What the shop's system puts its name to, for "redeem" and for "cancel"."""
        fen = "" if deed == "cancel" else str(self.fen)
        return f"{deed}\n{fen}\n{self.merchant}\n{self.branch}".encode()


@dataclass(frozen=True, slots=True)
class Proof:
    """Who vouches for the order: a system of the bank or of the shop, when (Unix seconds), and its signature in hex."""

    source: str
    timestamp: str
    signature: str


@dataclass(frozen=True, slots=True)
class Fits:
    """One coupon beside an order: what it would be worth in fen, or the refusal that redeeming would raise."""

    coupon_id: UUID
    title: str
    off_fen: int | None
    refusal: Refusal | None


@dataclass(frozen=True, slots=True)
class Paid:
    """What a coupon paid of an order, in fen."""

    redemption_id: UUID
    coupon_id: UUID
    off_fen: int
    at: datetime


def evaluate_order(*, scope: Scope, order: Order) -> list[Fits]:
    """Each coupon that the scope's customer can still use: what it would be worth for this order, or why not; the best
    first. One query, which writes nothing. Raises MerchantUnknown, MerchantIsClosed, BranchUnknown.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM evaluate_order(%s, %s, %s, %s, %s, %s)", _asked(order))
        rows = cursor.fetchall()
    if rows and rows[0][0] is None:
        raise BY_WORD[rows[0][3]]
    return [
        Fits(coupon_id, title, worth, BY_WORD[word]() if word else None)
        for coupon_id, title, worth, word in rows
    ]


def redeem_order(
    *, scope: Scope, order: Order, coupon_id: UUID, proof: Proof, sources: Mapping[str, Mapping[str, Any]]
) -> Paid:
    """Redeem one coupon of the scope's customer for an order that a shop's system vouches for; the same order again
    answers the same. `sources`: as of hooks; those with "orders" set may vouch.

    Raises OrderUnsigned, OrderStale, OrderPaid (with another coupon, amount or customer), OrderCancelled, NotFound,
    BranchUnknown, and what redeem_coupon raises of coupon and place.
    """
    _check(sources, order, proof, "redeem", scope.at)
    with counted("redeem", lambda: _batch(scope, coupon_id), at=scope.at):
        with connection.cursor() as cursor:
            number, fen, *where = _asked(order)
            cursor.execute(
                "SELECT * FROM redeem_order(%s, %s, %s, %s, %s, %s, %s, %s)",
                [new_id(), coupon_id, number, fen, *where],
            )
            word, redemption_id = cursor.fetchone()
        if word is not None:
            raise BY_WORD[word]
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM rewards_paid(%s)", [redemption_id])
        return Paid(redemption_id, *cursor.fetchone())


def cancel_order(
    *, scope: Scope, order: Order, proof: Proof, sources: Mapping[str, Mapping[str, Any]]
) -> UUID:
    """Take back what the scope's customer redeemed for an order, on its local day, once the shop's system says that the
    order is off; the reversal's id. The order's number is used up, and the coupon can be used for another.

    Raises OrderUnsigned, OrderStale, NotFound, ReversalTooLate, AlreadyReversed.
    """
    _check(sources, order, proof, "cancel", scope.at)
    fresh = new_id()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT cancel_order(%s, %s, %s, %s)", [fresh, order.number, order.merchant, order.branch]
        )
        word = cursor.fetchone()[0]
    if word is not None:
        raise BY_WORD[word]
    return fresh


def _asked(order: Order) -> list[Any]:
    return [order.number, order.fen, order.merchant, order.branch, *(order.position or (None, None))]


def _batch(scope: Scope, coupon_id: UUID) -> UUID | None:
    try:
        return coupon_of_customer(scope=scope, coupon_id=coupon_id).batch_id
    except Refusal:
        return None


def _check(
    sources: Mapping[str, Mapping[str, Any]], order: Order, proof: Proof, deed: str, at: datetime
) -> None:
    """Raises OrderUnsigned and OrderStale; a forged order is noted, and outlives the refusal."""
    known = sources.get(proof.source, {})
    secret = str(known.get("secret", "")) if known.get("orders") else ""
    # An unknown source costs as much as a wrong signature, and answers the same.
    due = signature_of(
        secret=secret or "nobody", timestamp=proof.timestamp, nonce=order.number, body=order.signed(deed)
    )
    is_right = hmac.compare_digest(due.encode(), proof.signature.encode())
    if not (secret and is_right and _TIMESTAMP.fullmatch(proof.timestamp)):
        record_security(kind="order.refused", at=at, who=proof.source, address=None)
        raise OrderUnsigned
    if abs(int(proof.timestamp) - at.timestamp()) > WINDOW.total_seconds():
        raise OrderStale(minutes=int(WINDOW.total_seconds() // 60))

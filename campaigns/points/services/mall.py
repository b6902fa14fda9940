"""Orders of the points mall. The database decides; one call of one verb each."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from campaigns.audit.services import record
from campaigns.customers.models import Customer
from campaigns.lib import crypto
from campaigns.lib.ids import new_id
from campaigns.lib.refs import ref
from campaigns.points.models import MallOrder
from campaigns.points.refusals.mall import MALL_BY_WORD, AddressMissing, ReasonMissing
from campaigns.points.rules import key_of
from campaigns.points.selectors.mall import (
    address_of,
    order_in_scope,
    order_of_customer,
    place_of_address,
)
from campaigns.rewards.codes import fresh_coupons
from campaigns.tenants.scopes import Scope

_UNPAID = "超时未付款 · not paid in time"


@dataclass(frozen=True, slots=True)
class Receiver:
    """Who receives what is delivered, and where. Sealed under the customer's key."""

    name: str
    phone: str
    address: str

    def __str__(self) -> str:
        return f"{self.name} {self.phone}\n{self.address}"


def order_good(
    *,
    scope: Scope,
    good_id: UUID,
    points: int,
    key: str,
    receiver: Receiver | None = None,
    place: str = "",
) -> MallOrder:
    """Order one piece for the scope's customer; `points`: the price that the customer was shown, less the discount of
    the tier; `key`: the request's.

    Points are taken at once, or held for 15 minutes until the money has come. `place`: code of the branch where it is
    picked up (empty: at home). Raises NotFound, GoodNotOpenYet, GoodIsOver, GoodIsStopped, PriceChanged, PlaceUnknown,
    AddressMissing, GoodLimitReached, GoodSoldOut, PointsShort, GoodCouponGone.
    """
    order_id = new_id()
    coupons, hashes = fresh_coupons(1)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT word, made FROM order_good(%s, %s, %s, %s, %s, %s, %s, %s)",
            [
                good_id,
                order_id,
                key_of("points.mallorder", scope.customer_id, key),
                points,
                place,
                _sealed(scope, order_id, receiver),
                coupons[0],
                bytes.fromhex(hashes[0]),
            ],
        )
        word, made = cursor.fetchone()
    if word not in (None, "twice"):
        raise MALL_BY_WORD[word]
    return order_of_customer(scope=scope, order_id=made)


def cancel_own_order(*, scope: Scope, order_id: UUID) -> MallOrder:
    """The scope's customer calls an order off before it is sent: points and stock go back, once.

    Raises NotFound, NotToCancel, OrderCouponUsed.
    """
    _cancel(order_id, "客户取消 · cancelled by the customer")
    return order_of_customer(scope=scope, order_id=order_id)


def cancel_order(*, scope: Scope, order_id: UUID, reason: str) -> None:
    """Staff call an order of the scope off. Raises NotFound, ReasonMissing, NotToCancel, OrderCouponUsed."""
    scope.demand("points.mallorder.cancel")
    if not reason.strip():
        raise ReasonMissing
    _cancel(order_id, reason[:200])


def pay_order(*, scope: Scope, order_id: UUID, payment: str) -> None:
    """The money of an order has come, by this reference: its points are spent. Raises NotFound, NotToPay, PayIsOver."""
    scope.demand("points.mallorder.pay")
    if not payment.strip():
        raise ReasonMissing
    _decide("SELECT pay_order(%s, %s, %s)", [order_id, payment[:64], scope.at])


def send_order(*, scope: Scope, order_id: UUID, carrier: str) -> None:
    """What is delivered is on its way, by this carrier and number. Raises NotFound, NotToSend."""
    scope.demand("points.mallorder.send")
    _decide("SELECT move_mall_order(%s, 'sent', %s)", [order_id, carrier[:80]])


def hand_over_order(*, scope: Scope, order_id: UUID) -> None:
    """The customer has it. Raises NotFound, NotToSend."""
    scope.demand("points.mallorder.send")
    _decide("SELECT move_mall_order(%s, 'given', '')", [order_id])


def show_address(*, scope: Scope, order_id: UUID) -> str:
    """Receiver, phone and address of an order, with a line in the audit; empty when there is none. Raises NotFound."""
    scope.demand("points.mallorder.unmask")
    order = order_in_scope(scope=scope, order_id=order_id)
    record(
        scope=scope,
        verb="points.mallorder.unmask",
        subject=ref("points.mallorder", order.pk),
        subject_name=order.title,
        branch_id=order.branch_id,
        branch_pos=order.branch_pos,
    )
    return address_of(scope=scope, order=order)


def sweep_orders(*, scope: Scope, limit: int = 500) -> int:
    """Call off orders whose money did not come in time, and settle what systems told of money; how many of both.

    Any number of workers may run this together.
    """
    with connection.cursor() as cursor:
        # What was told in time first: its moment is when it is settled.
        cursor.execute("SELECT settle_mall_payments(%s)", [limit])
        settled = int(cursor.fetchone()[0])
        cursor.execute("SELECT sweep_mall_orders(%s, %s)", [limit, _UNPAID])
        return settled + int(cursor.fetchone()[0])


def hear_payments(*, source: str, told: list[str], order_ids: list[UUID], at: datetime) -> int:
    """Note what a system of the bank told of orders' money, each once; how many were new. Settled by `sweep_orders`."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT hear_mall_payments(%s, %s, %s::uuid[], %s)", [source, told, order_ids, at])
        return int(cursor.fetchone()[0])


def move_orders(*, scope: Scope, kept: Customer, absorbed: Customer, only: list[UUID] | None) -> list[UUID]:
    """Orders of a merge: the absorbed one's are the kept one's, or (`only`: those that had moved) back again."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT move_mall_orders(%s, %s, %s::uuid[])", [kept.pk, absorbed.pk, only])
        return list(cursor.fetchone()[0])


def _cancel(order_id: UUID, why: str) -> None:
    _decide(
        "SELECT cancel_mall_order(%s, %s, %s, %s)",
        [order_id, key_of("points.mallorder.cancel", order_id), "取消兑换 · order cancelled", why],
    )


def _sealed(scope: Scope, order_id: UUID, receiver: Receiver | None) -> bytes | None:
    if receiver is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT points_own_key()")
        wrapped = cursor.fetchone()[0]
    if wrapped is None or scope.customer_id is None:
        raise AddressMissing
    key = crypto.unwrap_key(bytes(wrapped), person=scope.customer_id)
    place = place_of_address(ordered_by=scope.customer_id, order_id=order_id)
    return crypto.seal(str(receiver), key=key, place=place)


def _decide(call: str, values: list[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(call, values)
        word = cursor.fetchone()[0]
    if word is not None:
        raise MALL_BY_WORD[word]

"""Tries at draws, and handing over what was won. The database decides; one call of one verb each."""

from typing import Any
from uuid import UUID

from django.db import connection

from campaigns.audit.services import record
from campaigns.customers.models import Customer
from campaigns.lib import crypto
from campaigns.lib.ids import new_id
from campaigns.lib.refs import ref
from campaigns.points.models import DrawTry
from campaigns.points.refusals.draws import DRAWS_BY_WORD
from campaigns.points.refusals.mall import AddressMissing, ReasonMissing
from campaigns.points.rules import key_of
from campaigns.points.selectors.draws import (
    address_of,
    draw_on_offer,
    open_pledge,
    place_of_address,
    try_in_scope,
    try_of_customer,
)
from campaigns.points.services.mall import Receiver
from campaigns.points.services.pledges import own_half
from campaigns.rewards.codes import fresh_coupons
from campaigns.tenants.scopes import Scope


def try_draw(*, scope: Scope, draw_id: UUID, points: int, key: str) -> DrawTry:
    """One try of the scope's customer; `points`: the price that the customer was shown, `key`: the request's.

    Points are taken, the try decided and what was won booked in one transaction. Raises NotFound, DrawNotOpenYet,
    DrawIsOver, DrawIsStopped, DrawPriceChanged, TriesOfDayUsed, TriesUsed, PointsShort.
    """
    pledge_id = open_pledge(draw_id=draw_id)
    if pledge_id is None:
        # Never gone live, over, or not for this customer: what cannot be seen is not there.
        draw_on_offer(scope=scope, draw_id=draw_id)
        raise DRAWS_BY_WORD["over"]
    coupons, hashes = fresh_coupons(1)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT word, made FROM draw_try(%s, %s, %s, %s, %s, %s, %s, %s)",
            [
                draw_id,
                new_id(),
                key_of("points.drawtry", scope.customer_id, draw_id, key),
                points,
                pledge_id,
                own_half(pledge_id=pledge_id),
                coupons[0],
                bytes.fromhex(hashes[0]),
            ],
        )
        word, made = cursor.fetchone()
    if word not in (None, "twice"):
        raise DRAWS_BY_WORD[word]
    return try_of_customer(scope=scope, try_id=made)


def receive_prize(*, scope: Scope, try_id: UUID, receiver: Receiver) -> DrawTry:
    """The scope's customer says who receives what was won; sealed under the customer's key. Until it is sent.

    Raises NotFound, PrizeNotToSend, AddressMissing.
    """
    won = try_of_customer(scope=scope, try_id=try_id)
    with connection.cursor() as cursor:
        cursor.execute("SELECT points_own_key()")
        wrapped = cursor.fetchone()[0]
    if wrapped is None or scope.customer_id is None:
        raise AddressMissing
    key = crypto.unwrap_key(bytes(wrapped), person=scope.customer_id)
    place = place_of_address(sealed_for=scope.customer_id, try_id=won.pk)
    _decide("SELECT receive_prize(%s, %s)", [try_id, crypto.seal(str(receiver), key=key, place=place)])
    return try_of_customer(scope=scope, try_id=try_id)


def send_prize(*, scope: Scope, try_id: UUID, carrier: str) -> None:
    """A prize is on its way, by this carrier and number. Raises NotFound, PrizeNotToSend, PrizeAddressMissing."""
    scope.demand("points.drawtry.send")
    _decide("SELECT move_prize(%s, 'sent', %s)", [try_id, carrier[:80]])


def hand_over_prize(*, scope: Scope, try_id: UUID) -> None:
    """The customer has it. Raises NotFound, PrizeNotToSend."""
    scope.demand("points.drawtry.send")
    _decide("SELECT move_prize(%s, 'given', '')", [try_id])


def forgo_prize(*, scope: Scope, try_id: UUID, reason: str) -> None:
    """The customer did not collect it, or gave it up; it stays drawn.

    Raises NotFound, ReasonMissing, PrizeNotToSend.
    """
    scope.demand("points.drawtry.send")
    if not reason.strip():
        raise ReasonMissing
    _decide("SELECT move_prize(%s, 'off', %s)", [try_id, reason[:200]])


def show_receiver(*, scope: Scope, try_id: UUID) -> str:
    """Receiver, phone and address, with a line in the audit; empty when there is none. Raises NotFound."""
    scope.demand("points.drawtry.unmask")
    won = try_in_scope(scope=scope, try_id=try_id)
    record(
        scope=scope,
        verb="points.drawtry.unmask",
        subject=ref("points.drawtry", won.pk),
        subject_name=won.title,
        branch_id=won.branch_id,
        branch_pos=won.branch_pos,
    )
    return address_of(scope=scope, won=won)


def move_tries(*, scope: Scope, kept: Customer, absorbed: Customer, only: list[UUID] | None) -> list[UUID]:
    """Tries of a merge: the absorbed one's are the kept one's, or (`only`: those that had moved) back again."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT move_draw_tries(%s, %s, %s::uuid[])", [kept.pk, absorbed.pk, only])
        return list(cursor.fetchone()[0])


def _decide(call: str, values: list[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(call, values)
        word = cursor.fetchone()[0]
    if word is not None:
        raise DRAWS_BY_WORD[word]

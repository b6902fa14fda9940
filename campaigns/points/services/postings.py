"""Points moved: one call of one verb each; the database decides (sql/).

Each takes a `key` (rules.key_of): posted again, the same key answers with the movement that it made first, and nothing
moves. Deeds of people are noted in the audit by the services that people call; what rules and jobs move is told by the
ledger itself, whose rows nobody can change.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from campaigns.lib.clock import FOREVER
from campaigns.points.models import Account, Ends, MovementKind
from campaigns.points.refusals.ledger import BY_WORD, PointsMissing
from campaigns.tenants.scopes import Scope

MAY = "points.ledger.post"
MOST = 1_000_000_000  # points in one movement: a slip of the hand is no liability


@dataclass(frozen=True, slots=True)
class Posted:
    """The movement, and whether this call made it: False where the key was posted before."""

    movement_id: UUID
    is_new: bool


@dataclass(frozen=True, slots=True)
class Validity:
    """How long points are good once they are in force: n months (None: for good), to the end of what (Ends)."""

    months: int | None = 12
    ends: str = Ends.YEAR


@dataclass(frozen=True, slots=True)
class Accrual:
    """Points for one customer. `cause`: a reference of what brought them."""

    customer_id: UUID
    points: int
    key: UUID
    cause: str = ""


def accrue_points(
    *,
    scope: Scope,
    accruals: Sequence[Accrual],
    issuer_id: int,
    title: str,
    reason: str = "",
    validity: Validity = Validity(),
    waits_until: datetime | None = None,
    waits_for_event: bool = False,
    rule_id: UUID | None = None,
    revision_id: UUID | None = None,
    kind: str = MovementKind.ACCRUE,
) -> list[Posted | None]:
    """Points for customers of the scope, issued by one of its branches; a movement each. None: no such customer here.

    `waits_until` (UTC): pending until then; `waits_for_event`: until `activate_points`. What a customer owes is paid
    first. Raises PointsMissing.
    """
    scope.demand(MAY)
    _check(*(each.points for each in accruals))
    rows = _accrue(
        [each.customer_id for each in accruals], [each.points for each in accruals],
        [each.key for each in accruals], [each.cause for each in accruals], None, issuer_id, kind, title, reason,
        FOREVER if waits_for_event else waits_until, validity, rule_id, revision_id,
    )  # fmt: skip
    return [Posted(movement, word != "twice") if movement else None for _place, word, movement in rows]


def award_points(
    *,
    scope: Scope,
    customer_ids: Sequence[UUID],
    points: Sequence[int],
    key: UUID,
    issuer_id: int,
    title: str,
    reason: str = "",
    cause: str = "",
    validity: Validity = Validity(),
    waits_until: datetime | None = None,
) -> tuple[UUID | None, list[int]]:
    """Points for many by one movement; the movement (None: nobody was found), and the places (from 1) not found.

    The lots of a long job: the key is the lot's, so that a lot done twice gives once. Raises PointsMissing.
    """
    scope.demand(MAY)
    _check(*points)
    rows = _accrue(
        customer_ids, points, [None] * len(points), [cause] * len(points), key, issuer_id, MovementKind.ACCRUE, title,
        reason, waits_until, validity, None, None,
    )  # fmt: skip
    movement = next((row[2] for row in rows if row[2]), None)
    return movement, [place for place, word, _movement in rows if word == "not_found"]


def burn_points(
    *,
    scope: Scope,
    customer_id: UUID,
    points: int,
    key: UUID,
    title: str,
    into: str = Account.MALL,
    place_id: int | None = None,
    merchant_id: UUID | None = None,
    reason: str = "",
    cause: str = "",
    kind: str = MovementKind.BURN,
) -> Posted:
    """Spend a customer's points, what lapses first before the rest, into an account of `place_id` (the scope's branch).

    Raises NotFound, PointsShort, PointsMissing.
    """
    if not scope.customer_id:
        scope.demand(MAY)
    _check(points)
    return _posted(
        "SELECT * FROM burn_points(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            customer_id,
            points,
            kind,
            into,
            place_id or scope.branch_id,
            merchant_id,
            key,
            title,
            reason,
            cause,
        ],
    )


def hold_points(
    *, scope: Scope, customer_id: UUID, points: int, until: datetime, key: UUID, title: str, cause: str = ""
) -> Posted:
    """Set points aside until a moment (UTC); the hold's id is the movement's. Raises NotFound, PointsShort."""
    if not scope.customer_id:
        scope.demand(MAY)
    _check(points)
    return _posted(
        "SELECT * FROM hold_points(%s, %s, %s, %s, %s, %s)", [customer_id, points, until, key, title, cause]
    )


def commit_hold(
    *,
    scope: Scope,
    hold_id: UUID,
    into: str = Account.MALL,
    place_id: int | None = None,
    merchant_id: UUID | None = None,
    title: str | None = None,
) -> None:
    """Spend what was set aside. Raises NotFound, HoldIsSettled, HoldIsOver."""
    _settle(scope, [hold_id, into, place_id or scope.branch_id, merchant_id, title])


def release_hold(*, scope: Scope, hold_id: UUID, title: str | None = None) -> None:
    """Set free what was set aside; what has lapsed meanwhile lapses now. Raises NotFound, HoldIsSettled."""
    _settle(scope, [hold_id, None, None, None, title])


def activate_points(*, scope: Scope, movement_id: UUID) -> None:
    """Bring into force what an accrual left pending for an event. Raises NotFound, HoldIsSettled."""
    scope.demand(MAY)
    _decide("SELECT activate_points(%s)", [movement_id])


def reverse_points(
    *,
    scope: Scope,
    movement_id: UUID,
    customer_id: UUID,
    key: UUID,
    title: str,
    reason: str = "",
    owes_rest: bool = True,
) -> Posted:
    """Undo what a movement gave a customer or took. What was given and is gone, the customer owes, or (not `owes_rest`)
    the issuer bears. Raises NotFound, NotReversible, AlreadyReversed.
    """
    if not scope.customer_id:
        scope.demand(MAY)
    return _posted(
        "SELECT * FROM reverse_points(%s, %s, %s, %s, %s, %s)",
        [movement_id, customer_id, "owe" if owes_rest else "waive", key, title, reason],
    )


def transfer_points(
    *, scope: Scope, giver_id: UUID, receiver_id: UUID, points: int, key: UUID, title: str
) -> Posted:
    """Pass points on to another member of the household. Raises NotFound, PointsShort, NotOneHousehold."""
    if not scope.customer_id:
        scope.demand(MAY)
    _check(points)
    return _posted(
        "SELECT * FROM transfer_points(%s, %s, %s, %s, %s)", [giver_id, receiver_id, points, key, title]
    )


def extend_points(
    *,
    scope: Scope,
    customer_id: UUID,
    until: datetime,
    key: UUID,
    title: str,
    reason: str = "",
    lot_ids: Sequence[UUID] | None = None,
) -> Posted:
    """Let usable points lapse later (UTC): these lots', or all. Raises NotFound, NothingToExtend."""
    scope.demand(MAY)
    return _posted(
        "SELECT * FROM extend_points(%s, %s::uuid[], %s, %s, %s, %s)",
        [customer_id, None if lot_ids is None else list(lot_ids), until, key, title, reason],
    )


def sweep_points(*, scope: Scope, limit: int = 2_500) -> int:
    """Write down what came into force, what lapsed, and holds whose time has passed; how many lots and holds.

    Only tidies: every verb writes down what is due of its customers first. Any number of workers may run this.
    """
    scope.demand(MAY)
    with connection.cursor() as cursor:
        cursor.execute("SELECT sweep_points(%s)", [limit])
        return int(cursor.fetchone()[0])


def _accrue(*values: Any) -> list[tuple[int, str | None, UUID | None]]:
    who, points, keys, causes, whole, issuer, kind, title, reason, waits, validity, rule, revision = values
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT place, word, movement FROM accrue_points(%s::uuid[], %s::bigint[], %s::uuid[], %s::text[], %s, %s,"
            " %s, %s, %s, %s, %s, %s, %s, %s)",
            [list(who), list(points), list(keys), list(causes), whole, issuer, kind, title, reason, waits,
             validity.months, validity.ends, rule, revision],
        )  # fmt: skip
        rows: list[tuple[int, str | None, UUID | None]] = cursor.fetchall()
    return rows


def _posted(call: str, values: list[Any]) -> Posted:
    with connection.cursor() as cursor:
        cursor.execute(call, values)
        word, movement = cursor.fetchone()
    if word not in (None, "twice"):
        raise BY_WORD[word]
    return Posted(movement, word is None)


def _settle(scope: Scope, values: list[Any]) -> None:
    if not scope.customer_id:
        scope.demand(MAY)
    _decide("SELECT settle_hold(%s, %s, %s, %s, %s)", values)


def _decide(call: str, values: list[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(call, values)
        word = cursor.fetchone()[0]
    if word is not None:
        raise BY_WORD[word]


def _check(*points: int) -> None:
    if any(not 0 < each <= MOST for each in points):
        raise PointsMissing

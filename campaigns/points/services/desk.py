"""What people do with the ledger by hand: taking a movement back, and adjustments."""

from typing import Any
from uuid import UUID

from django.db import transaction

from campaigns.audit.services import record
from campaigns.lib.ids import new_id
from campaigns.lib.refs import ref
from campaigns.points.models import AdjustLimit, Adjustment
from campaigns.points.refusals.desk import BY_WORD, AmountNotClear, LimitNotClear
from campaigns.points.refusals.ledger import AlreadyReversed
from campaigns.points.rules import key_of
from campaigns.points.second_person import tell_asker, tell_seconds
from campaigns.points.selectors.balances import movement_in_scope
from campaigns.points.selectors.desk import adjustment_in_scope
from campaigns.points.services.postings import MOST, Posted, reverse_points
from campaigns.points.verbs import ask, reason_of
from campaigns.tenants.scopes import Scope

DECIDES = "points.adjustment.decide"


@transaction.atomic
def take_back(
    *, scope: Scope, movement_id: UUID, customer_id: UUID, reason: str, owes_rest: bool = True
) -> Posted:
    """Take back what a movement gave a customer or took, by hand. What is gone of it the customer owes, or (not
    `owes_rest`) the issuer bears. Raises NotFound, ReasonNotGiven, NotReversible, AlreadyReversed.
    """
    scope.demand("points.movement.reverse")
    reason = reason_of(reason)
    first = movement_in_scope(scope=scope, movement_id=movement_id)
    made = reverse_points(
        scope=scope,
        movement_id=movement_id,
        customer_id=customer_id,
        key=key_of("desk.reverse", movement_id, customer_id),
        title=f"冲正：{first.title}"[:80],
        reason=reason,
        owes_rest=owes_rest,
    )
    if not made.is_new:
        raise AlreadyReversed
    record(
        scope=scope,
        verb="points.movement.reverse",
        subject=ref("points.movement", movement_id),
        subject_name=first.title or str(first.get_kind_display()),
        branch_id=first.branch_id,
        branch_pos=first.branch_pos,
        reversal=str(made.movement_id),
        customer=str(customer_id),
        owes_rest=owes_rest,
        reason=reason,
    )
    return made


@transaction.atomic
def ask_adjustment(*, scope: Scope, customer_id: UUID, points: int, reason: str) -> Adjustment:
    """Give a customer of the scope points (below zero: take them): at once within what one person may adjust alone in a
    day, and above it when another person agrees. Raises NotFound, AmountNotClear, ReasonNotGiven, PointsShort.
    """
    scope.demand("points.adjustment.add")
    if not points or abs(points) > MOST:
        raise AmountNotClear
    reason, fresh = reason_of(reason), new_id()
    ask("SELECT adjust_points(%s, %s, %s, %s)", [fresh, customer_id, points, reason], BY_WORD)
    made = adjustment_in_scope(scope=scope, adjustment_id=fresh)
    _note(scope, made, "points.adjustment.add", points=points, state=made.state, reason=reason)
    if made.state == Adjustment.State.ASKED:
        tell_seconds(scope=scope, asked=made, verb=DECIDES)
    return made


@transaction.atomic
def decide_adjustment(*, scope: Scope, adjustment_id: UUID, is_agreed: bool, remark: str = "") -> Adjustment:
    """Post what another person asked for, or refuse it (then with a remark). Raises NotFound, AdjustmentDecided,
    AdjustmentIsOwn, PointsShort, ReasonNotGiven.
    """
    scope.demand(DECIDES)
    remark = remark.strip()[:200] if is_agreed else reason_of(remark)
    ask("SELECT decide_adjustment(%s, %s, %s)", [adjustment_id, is_agreed, remark], BY_WORD)
    made = adjustment_in_scope(scope=scope, adjustment_id=adjustment_id)
    verb = "points.adjustment.approve" if is_agreed else "points.adjustment.reject"
    _note(scope, made, verb, points=made.points, remark=remark)
    tell_asker(scope=scope, asked=made, is_agreed=is_agreed)
    return made


@transaction.atomic
def set_limit(*, scope: Scope, branch_id: int, points: int) -> AdjustLimit:
    """How many points one person may adjust alone in a day, of one customer of a branch and below it. Head office says
    so. Raises NotFound, LimitNotClear, LimitOfHeadOffice.
    """
    scope.demand("points.adjustlimit.change")
    if not 0 <= points <= MOST:
        raise LimitNotClear
    ask("SELECT set_adjust_limit(%s, %s)", [branch_id, points], BY_WORD)
    limit: AdjustLimit = AdjustLimit.objects.within(scope).select_related("branch").get(branch_id=branch_id)
    record(
        scope=scope,
        verb="points.adjustlimit.change",
        subject=ref("points.adjustlimit", limit.pk),
        subject_name=limit.branch.name,
        branch_id=limit.branch_id,
        branch_pos=limit.branch_pos,
        points=points,
    )
    return limit


def _note(scope: Scope, made: Adjustment, verb: str, **detail: Any) -> None:
    record(
        scope=scope,
        verb=verb,
        subject=ref("points.adjustment", made.pk),
        subject_name=str(made),
        branch_id=made.branch_id,
        branch_pos=made.branch_pos,
        customer=str(made.customer_id),
        **detail,
    )

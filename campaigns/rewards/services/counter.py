"""What happens at the counter: look, redeem, and what was noted while the line was down."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from campaigns.audit.services import record
from campaigns.lib.refs import ref
from campaigns.lib.refusals import Refusal
from campaigns.rewards.codes import read_shown
from campaigns.rewards.models import Redemption
from campaigns.rewards.refusals.claims import TokenNotOffline
from campaigns.rewards.services.coupons import redeem_coupon
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import Scope

# A phone that was without a line longer than this has another problem.
MOST_NOTED = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a customer shows, as the clerk's phone sends it.

    `text`: a code as typed or what the QR code said. `order_fen`: the order, where known. `position`: latitude and
    longitude in millionths of a degree (GCJ-02), where the phone knows it. `merchant`: code or id, where it is not the
    bank's own counter.
    """

    text: str
    order_fen: int | None = None
    position: tuple[int, int] | None = None
    merchant: str = ""


@dataclass(frozen=True, slots=True)
class Looked:
    """What redeeming a coupon here and now would be. Amounts in fen; `tail` ends the holder's customer number."""

    coupon_id: UUID
    title: str
    off_fen: int
    order_fen: int | None
    kind: str
    threshold_fen: int
    usable_until: datetime
    tail: str


def look_at_coupon(*, scope: Scope, shown: Shown) -> Looked:
    """What redeeming it here and now would be: its worth, or the refusal that redeeming would raise.

    It is redeemed, and taken back: so what a clerk is told before is what happens after, whatever rules there are.
    """
    with transaction.atomic():
        seen = _redeem(scope, shown, None)
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM rewards_spent(%s)", [seen.pk])
            facts = cursor.fetchone()
        transaction.set_rollback(True)
    return Looked(seen.coupon_id, seen.title, seen.off_fen, seen.order_fen, *facts)


def redeem_at_counter(*, scope: Scope, redemption_id: UUID, shown: Shown) -> Redemption:
    """Redeem it under an id of the phone's: asked again, it is the same redemption.

    Raises what redeem_coupon raises.
    """
    done = _done(scope, redemption_id)
    if done is not None:
        return done
    try:
        with transaction.atomic():
            return _redeem(scope, shown, redemption_id)
    except Refusal:
        # The same request a moment ago, whose answer was lost.
        done = _done(scope, redemption_id)
        if done is None:
            raise
        return done


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """One redemption that a phone noted while it had no line. `at` is by the phone's clock, and decides nothing."""

    redemption_id: UUID
    shown: Shown
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one: the redemption, or why not. Then the gift is gone and the coupon was not good."""

    noted: Noted
    redemption: Redemption | None
    refusal: Refusal | None


def redeem_noted(*, scope: Scope, noted: Sequence[Noted]) -> list[Outcome]:
    """Redeem what was noted offline, in the order of the noting, each by itself: one that is refused spoils no other.

    Asked again, those that were redeemed are the same redemptions, and those that were refused are tried again.
    """
    outcomes = []
    for each in noted[:MOST_NOTED]:
        redemption = refusal = None
        try:
            kind, _text = read_shown(each.shown.text)
            if kind == "token" and _done(scope, each.redemption_id) is None:
                raise TokenNotOffline
            redemption = redeem_at_counter(scope=scope, redemption_id=each.redemption_id, shown=each.shown)
        except Refusal as no:
            refusal = no
            _note(scope, each, no)
        outcomes.append(Outcome(each, redemption, refusal))
    return outcomes


def _note(scope: Scope, noted: Noted, no: Refusal) -> None:
    """The gift is gone: who asks the audit of the branch finds it."""
    branch = Branch.objects.get(pk=scope.branch_id)
    record(
        scope=scope,
        verb="rewards.counter.miss",
        subject=ref("tenants.branch", branch.pk),
        subject_name=branch.name,
        branch_id=scope.branch_id,
        branch_pos=scope.branch_pos,
        redemption=str(noted.redemption_id),
        code=no.code,
        ends_in=noted.shown.text[-5:],
        noted_at=noted.at.isoformat() if noted.at else None,
    )


def _redeem(scope: Scope, shown: Shown, redemption_id: UUID | None) -> Redemption:
    kind, text = read_shown(shown.text)
    return redeem_coupon(
        scope=scope,
        code=text if kind == "code" else None,
        token=text if kind == "token" else None,
        order_fen=shown.order_fen,
        position=shown.position,
        redemption_id=redemption_id,
        merchant=shown.merchant,
    )


def _done(scope: Scope, redemption_id: UUID) -> Redemption | None:
    assert scope.person_id is not None
    return Redemption.objects.within(scope).filter(pk=redemption_id, person_id=scope.person_id).first()

"""Prize draws, made through the services: three prizes that a million numbers share, and what is left wins nothing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from campaigns.approvals.finding_selectors import findings_of
from campaigns.approvals.services.reviews import approve_revision
from campaigns.customers.scopes import customer_scope
from campaigns.points.draw_terms import DrawTerms, PrizeTerms
from campaigns.points.models import Draw, DrawTry
from campaigns.points.services.draws import add_draw, stock_prize, submit_draw
from campaigns.points.services.tries import try_draw
from tests.support.cast import AT, Cast

PICKUP = PrizeTerms(title="保温杯", kind="pickup", parts=200_000, value_fen=99_00)
POINTS = PrizeTerms(title="五十积分", kind="points", parts=300_000, points=50)
TERMS = DrawTerms(
    title="周年抽奖",
    text="年满 18 周岁的本行客户可参加；实物在归属网点领取，30 天内有效。咨询电话 95000。",
    price_points=10,
    times_day=None,
    open_from=AT - timedelta(days=1),
    open_until=AT + timedelta(days=36_500),  # what goes over HTTP happens now, whenever that is
    handed_down=True,
    prizes=[PICKUP, POINTS],
)
ENDS = AT + timedelta(days=30)


def always(prize: PrizeTerms) -> list[PrizeTerms]:
    """A draw in which every number wins this."""
    return [replace(prize, parts=1_000_000)]


def draft_draw(
    cast: Cast, *, by: str = "north_rewards", stock: int | Sequence[int] = 100, **terms: Any
) -> Draw:
    """A draft of the branch of `by`, with so many of each prize."""
    with cast.play(by).scope() as scope:
        draw = add_draw(scope=scope, terms=replace(TERMS, **terms))
        for nth, prize in enumerate(draw.prizes.all()):
            total = stock if isinstance(stock, int) else stock[nth]
            stock_prize(scope=scope, draw_id=draw.pk, prize_id=prize.pk, total=total)
    return draw


def approved(
    cast: Cast, draw: Draw, *, by: str = "north_rewards", reviewer: str = "north_reviewer", at: datetime = AT
) -> None:
    """Submitted, and approved by another person, who has seen every finding."""
    with cast.play(by).scope(at=at) as scope:
        revision = submit_draw(scope=scope, draw_id=draw.pk)
    with cast.play(reviewer).scope(at=at) as scope:
        seen = [each.finding.pk for each in findings_of(scope=scope, revision=revision)]
        approve_revision(scope=scope, revision_id=revision.pk, sha256=revision.sha256, acknowledged=seen)


def live_draw(
    cast: Cast, *, by: str = "north_rewards", reviewer: str = "north_reviewer", **more: Any
) -> Draw:
    """A draw that was submitted, and approved by another person."""
    draw = draft_draw(cast, by=by, **more)
    approved(cast, draw, by=by, reviewer=reviewer)
    return draw


def tried(customer_id: UUID, draw: Draw, key: str, *, points: int = 10, at: datetime = AT) -> DrawTry:
    """One try of a customer."""
    with customer_scope(customer_id=customer_id, at=at, cause="test") as scope:
        return try_draw(scope=scope, draw_id=draw.pk, points=points, key=key)

"""Goods of the points mall, made through the services, and customers with points to spend."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from campaigns.approvals.services.reviews import approve_revision
from campaigns.points.models import Good
from campaigns.points.services import postings
from campaigns.points.services.goods import GoodTerms, add_good, stock_good, submit_good
from campaigns.points.services.postings import Accrual, Validity
from campaigns.tenants.scopes import system_scope
from tests.support.cast import AT, Cast

TERMS = GoodTerms(
    title="保温杯",
    text="500 毫升，颜色随机",
    price_points=100,
    per_customer_limit=2,
    open_from=AT - timedelta(days=1),
    open_until=AT + timedelta(days=36_500),  # what goes over HTTP happens now, whenever that is
    handed_down=True,
)


def draft_good(cast: Cast, *, by: str = "north_rewards", total: int = 3, **terms: Any) -> Good:
    """A draft of the branch of `by`, with so many in stock."""
    with cast.play(by).scope() as scope:
        good = add_good(scope=scope, terms=replace(TERMS, **terms))
        stock_good(scope=scope, good_id=good.pk, total=total)
    return good


def live_good(
    cast: Cast, *, by: str = "north_rewards", reviewer: str = "north_reviewer", total: int = 3, **terms: Any
) -> Good:
    """A good that was submitted, and approved by another person."""
    good = draft_good(cast, by=by, total=total, **terms)
    with cast.play(by).scope() as scope:
        revision = submit_good(scope=scope, good_id=good.pk)
    with cast.play(reviewer).scope() as scope:
        approve_revision(scope=scope, revision_id=revision.pk, sha256=revision.sha256)
    return good


def earn(cast: Cast, customer_id: UUID, points: int, *, at: datetime = AT) -> None:
    """Points that never lapse, of the branch N."""
    with system_scope(at=at, cause="test") as scope:
        postings.accrue_points(
            scope=scope,
            accruals=[Accrual(customer_id, points, uuid4())],
            issuer_id=cast.branch["N"].pk,
            title="签到奖励",
            validity=Validity(None),
        )

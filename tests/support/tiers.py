"""Schemes of tiers, made and approved through the services, and customers' tiers judged and looked at."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from campaigns.approvals.models import Finding
from campaigns.approvals.services.reviews import approve_revision
from campaigns.points.models import CustomerTier, TierChange, Tiers
from campaigns.points.services.ratings import rate_customers, rate_due
from campaigns.points.services.tiers import add_tiers, change_tiers, submit_tiers
from campaigns.points.tier_terms import Perk, Tier, TierTerms
from campaigns.tenants.scopes import system_scope
from tests.support.cast import AT, Cast

BASE = Tier(code="base", name="普通会员", threshold=0)
SILVER = Tier(code="silver", name="银卡", threshold=1_000, multiplier=12, discount=5)
GOLD = Tier(
    code="gold",
    name="金卡",
    threshold=5_000,
    multiplier=15,
    discount=10,
    perks=(Perk(title="贵宾厅", text="每年 2 次"),),
)
TERMS = TierTerms(title="积分会员", tiers=(BASE, SILVER, GOLD))


def draft_tiers(cast: Cast, *, by: str = "north_rewards", at: datetime = AT, **terms: Any) -> Tiers:
    with cast.play(by).scope(at=at) as scope:
        return add_tiers(scope=scope, terms=replace(TERMS, **terms))


def live_tiers(
    cast: Cast,
    *,
    by: str = "north_rewards",
    reviewer: str = "north_reviewer",
    at: datetime = AT,
    scheme: Tiers | None = None,
    **terms: Any,
) -> Tiers:
    """A scheme that was submitted and approved by another person; `scheme`: the next version of one there is."""
    if scheme is None:
        scheme = draft_tiers(cast, by=by, at=at, **terms)
    else:
        with cast.play(by).scope(at=at) as scope:
            change_tiers(scope=scope, scheme_id=scheme.pk, terms=replace(TERMS, **terms))
    with cast.play(by).scope(at=at) as scope:
        revision = submit_tiers(scope=scope, scheme_id=scheme.pk)
    with cast.play(reviewer).scope(at=at) as scope:
        # How many would rise and fall is said at the review, and let stand by name.
        said = list(Finding.objects.filter(revision=revision).values_list("pk", flat=True))
        approve_revision(scope=scope, revision_id=revision.pk, sha256=revision.sha256, acknowledged=said)
    return scheme


def rated(customer_id: UUID, *, at: datetime) -> dict[str, int]:
    """Judge one customer as the night does."""
    with system_scope(at=at, cause="test") as scope:
        return rate_customers(scope=scope, customer_ids=[customer_id])


def rated_due(*, at: datetime) -> int:
    """Judge whoever waits, as the sweep does; how many customers."""
    many = 0
    with system_scope(at=at, cause="test") as scope:
        while (judged := rate_due(scope=scope)) is not None:
            many += judged
    return many


def tier_of(customer_id: UUID) -> CustomerTier | None:
    with system_scope(at=AT, cause="look"):
        return CustomerTier.objects.filter(customer_id=customer_id).first()


def told(customer_id: UUID) -> list[tuple[str, str, str]]:
    """(why, before, after) of all that happened, oldest first."""
    with system_scope(at=AT, cause="look"):
        rows = TierChange.objects.filter(customer_id=customer_id).order_by("id")
        return list(rows.values_list("why", "was", "became"))

"""Questions about tiers: how a customer stands, what a draft would change, how many hold which where."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import orjson
from django.db import connection
from django.db.models import QuerySet

from campaigns.lib.refusals import NotFound
from campaigns.points.models import CustomerTier, LiveTiers, TierChange, Tiers
from campaigns.points.tier_terms import Tier, TierTerms, tiers_from
from campaigns.tenants.scopes import Scope

# As many customers as a trial looks at; beyond, it says so.
MOST_TRIED = 20_000


def scheme_in_scope(*, scope: Scope, scheme_id: UUID | str) -> Tiers:
    """A draft of the scope's branches. Raises NotFound."""
    found: Tiers | None = Tiers.objects.within(scope).select_related("branch").filter(pk=scheme_id).first()
    if found is None:
        raise NotFound
    return found


def live_scheme(*, scope: Scope) -> LiveTiers | None:
    """Which published scheme is for customers of the scope's own branch: the nearest at or above it?"""
    rows = LiveTiers.objects.filter(branch_id__in=scope.line).select_related("branch")
    return rows.order_by("-branch_pos").first()


class Benefits(NamedTuple):
    """What a customer's tier gives: `multiplier` in tenths of what rules give, `discount` in percent."""

    code: str
    name: str
    multiplier: int
    discount: int


def benefits_of(*, scope: Scope, customer_ids: Collection[UUID]) -> dict[UUID, Benefits]:
    """What the tiers of these customers give, as far as they may be seen from here; nothing without a scheme."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM points_benefits(%s::uuid[])", [list(customer_ids)])
        return {row[0]: Benefits(*row[1:]) for row in cursor.fetchall()}


def own_discount(*, scope: Scope) -> int:
    """How many percent off has the scope's customer in the mall?"""
    found = benefits_of(scope=scope, customer_ids=[scope.customer_id] if scope.customer_id else [])
    return max((each.discount for each in found.values()), default=0)


def percent_of(*, benefits: Benefits | None) -> int:
    """The multiplier as rules count: in percent, 100 without a tier."""
    return 100 if benefits is None else benefits.multiplier * 10


@dataclass(frozen=True, slots=True)
class Standing:
    """How a customer stands at the scope's moment. `counted`: points of the period; `kept`: those that count towards
    keeping the tier until `kept_until` (exclusive, None: for good); `falls_at`: when a notice comes true (exclusive).
    """

    title: str
    zone: str
    tiers: Sequence[Tier]
    place: int
    since: datetime | None
    kept_until: datetime | None
    noticed_at: datetime | None
    falls_at: datetime | None
    counted: int
    kept: int

    @property
    def tier(self) -> Tier:
        return self.tiers[self.place]

    @property
    def next_tier(self) -> Tier | None:
        return self.tiers[self.place + 1] if self.place + 1 < len(self.tiers) else None

    @property
    def to_next(self) -> int:
        """Points missing to the next tier; 0 in the highest."""
        return max(0, self.next_tier.threshold - self.counted) if self.next_tier else 0

    @property
    def to_keep(self) -> int:
        """Points missing to keep the tier beyond its end; 0 when they are enough, or it is kept for good."""
        return max(0, self.tier.threshold - self.kept) if self.kept_until else 0


def standing_of(*, scope: Scope, customer_id: UUID | None) -> Standing | None:
    """How does the customer stand? None without a scheme, or for who is not to be seen from here."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM tier_standing(%s)", [customer_id])
        row = cursor.fetchone()
    if row is None:
        return None
    title, zone, steps, has, since, kept_until, noticed_at, notice_days, counted, kept = row
    falls_at = max(kept_until, noticed_at + timedelta(days=notice_days)) if noticed_at else None
    tiers = tiers_from(orjson.loads(steps))
    return Standing(
        title, zone, tiers, has - 1, since, kept_until, noticed_at, falls_at, int(counted), int(kept)
    )


def changes_of(*, scope: Scope, customer_id: UUID, limit: int = 20) -> list[TierChange]:
    """What happened to the customer's tier, newest first."""
    return list(TierChange.objects.within(scope).filter(customer_id=customer_id).order_by("-id")[:limit])


class Row(NamedTuple):
    """One tier of a draft: how many hold it today, and how many their points would give it."""

    tier: Tier
    holds: int
    reaches: int


@dataclass(frozen=True, slots=True)
class TierTrial:
    """What a draft would do to today's customers with points: `rise` at once, `fall` when their term ends, after a
    notice. `is_cut`: there are more than a trial looks at.
    """

    customers: int
    rise: int
    fall: int
    rows: list[Row]
    is_cut: bool

    @property
    def most(self) -> int:
        """What a full bar stands for; never 0."""
        return max((max(row.holds, row.reaches) for row in self.rows), default=0) or 1


def tier_trial(*, scope: Scope, branch_id: int, terms: TierTerms) -> TierTrial:
    """How many would hold what under these terms, of those with points whom a scheme of this branch is for. Counted on
    today's customers; tiers held now stand where their code does. Writes nothing.
    """
    columns = terms.columns()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT holds, reaches, many FROM tier_trial(%s, %s, %s, %s::text[], %s::jsonb, %s)",
            [
                branch_id,
                terms.period,
                terms.months,
                columns["counts"],
                orjson.dumps(columns["tiers"]).decode(),
                MOST_TRIED,
            ],
        )
        found = [(holds, reaches, int(many)) for holds, reaches, many in cursor.fetchall()]
    customers = sum(many for _holds, _reaches, many in found)
    return TierTrial(
        customers=customers,
        rise=sum(many for holds, reaches, many in found if reaches > holds),
        fall=sum(many for holds, reaches, many in found if reaches < holds),
        rows=[
            Row(
                tier,
                sum(many for holds, _reaches, many in found if holds == place),
                sum(many for _holds, reaches, many in found if reaches == place),
            )
            for place, tier in enumerate(terms.tiers, 1)
        ],
        is_cut=customers == MOST_TRIED,
    )


def customer_tiers(*, scope: Scope) -> QuerySet[CustomerTier]:
    """Which customers of the scope hold a tier of their own, the highest first? Their scheme is a branch's above, whose
    draft is not to be seen from here.
    """
    return CustomerTier.objects.within(scope).select_related("customer", "branch")


class Place(NamedTuple):
    """The scope's own branch, or one just below it with all below that: customers by the code of their tier; `rest`
    has the lowest.
    """

    branch: str
    customers: int
    by_code: dict[str, int]
    warned: int

    @property
    def rest(self) -> int:
        return self.customers - sum(self.by_code.values())


# Own customers first; then each branch below with its whole tree. Inside the scope by policy.
_PLACES = """
WITH place AS (
    SELECT b.id, b.name, b.pos, b.pos AS lo, CASE WHEN b.id = %(here)s THEN b.pos ELSE b.pos_end END AS hi
      FROM tenants_branch b WHERE b.id = %(here)s OR b.parent_id = %(here)s AND b.pos BETWEEN %(lo)s AND %(hi)s
)
SELECT p.name, coalesce(c.many, 0), coalesce(t.codes, '{}'), coalesce(t.warned, 0)
  FROM place p
  LEFT JOIN LATERAL (SELECT count(*) AS many FROM customers_customer c
                      WHERE c.branch_pos BETWEEN p.lo AND p.hi AND c.status = 'active') c ON true
  LEFT JOIN LATERAL (
      SELECT jsonb_object_agg(g.code, g.many) AS codes, sum(g.warned)::int AS warned FROM (
          SELECT t.code, count(*) AS many, count(t.noticed_at) AS warned FROM points_customertier t
           WHERE t.branch_pos BETWEEN p.lo AND p.hi AND t.threshold > 0 GROUP BY t.code) g) t ON true
 ORDER BY p.pos
"""


def held_by_branch(*, scope: Scope) -> list[Place]:
    """How many customers hold which tier, at the scope's branch and below each one under it? One query; branches
    without any customer are left out.
    """
    with connection.cursor() as cursor:
        cursor.execute(_PLACES, {"here": scope.branch_id, "lo": scope.lo, "hi": scope.hi})
        rows = [
            Place(name, int(many), orjson.loads(codes), int(warned))
            for name, many, codes, warned in cursor.fetchall()
        ]
    return [row for row in rows if row.customers]


def names_of_tiers(*, scope: Scope) -> dict[str, str]:
    """What codes of tiers are called: by the nearest scheme above, then by those below; in the order of thresholds."""
    rows = list(LiveTiers.objects.filter(branch_id__in=scope.line)) + list(LiveTiers.objects.within(scope))
    named: dict[str, tuple[int, str]] = {}
    for scheme in rows:
        for tier in tiers_from(scheme.tiers):
            if tier.threshold:
                named.setdefault(tier.code, (tier.threshold, tier.name))
    return {code: name for code, (_threshold, name) in sorted(named.items(), key=lambda each: each[1])}

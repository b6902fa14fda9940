"""Tiers: approved, reached at once, told before a fall, merged, forgotten; what they give."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.approvals.kinds import kind_of
from campaigns.approvals.models import Revision
from campaigns.audit.models import Entry as AuditEntry
from campaigns.customers.services.merges import merge_customers, undo_merge
from campaigns.customers.steps import steps_of, told_by
from campaigns.events.models import Event
from campaigns.lib.refusals import NotAllowed
from campaigns.points.models import CustomerTier, Entry, TierChange, TierDue
from campaigns.points.refusals.tiers import SchemeExists
from campaigns.points.selectors.tiers import held_by_branch, standing_of, tier_trial
from campaigns.points.services.postings import (
    Accrual,
    Posted,
    accrue_points,
    award_points,
    burn_points,
    reverse_points,
)
from campaigns.points.services.ratings import ask_rating, rate_customers
from campaigns.points.services.tiers import take_down_tiers
from campaigns.points.tier_publishing import look_at_moves, say_moves
from campaigns.points.tier_terms import tier_terms_of
from campaigns.tenants.scopes import system_scope
from tests.campaigns.points.test_earning import earn, paid, tell
from tests.support.cast import AT, Cast
from tests.support.point_rules import live_rule
from tests.support.tiers import BASE, GOLD, SILVER, draft_tiers, live_tiers, rated, rated_due, tier_of, told

DAY = timedelta(days=1)


def give(cast: Cast, customer_id: UUID, points: int, *, at: Any = AT, **more: Any) -> Posted:
    with system_scope(at=at, cause="test") as scope:
        [posted] = accrue_points(
            scope=scope,
            accruals=[Accrual(customer_id, points, uuid4())],
            issuer_id=cast.branch["NB"].pk,
            title="签到",
            **more,
        )
    assert posted is not None
    return posted


def test_a_scheme_serves_once_approved_and_whoever_reaches_a_tier_rises_at_once(cast: Cast) -> None:
    nb = cast.customers["nb"].customer.pk
    give(cast, nb, 5_000)
    scheme = draft_tiers(cast)
    with cast.north_rewards.scope(), pytest.raises(SchemeExists):
        draft_tiers(cast)
    assert (rated_due(at=AT), rated(nb, at=AT)) == (0, {})  # a draft serves nobody
    live_tiers(cast, scheme=scheme)
    with cast.north_rewards.scope() as scope:
        revision = Revision.objects.get(kind="points.tiers")
        assert kind_of("points.tiers").differences(scope, revision) == []
        verbs = AuditEntry.objects.filter(verb__startswith="points.tiers.").order_by("id")
        assert list(verbs.values_list("verb", flat=True)) == [
            "points.tiers.add", "points.tiers.change", "points.tiers.submit",
        ]  # fmt: skip
    # From the coming night for points of before; then within the minute.
    assert rated(nb, at=AT) == {"reached": 1}
    held = tier_of(nb)
    assert held is not None
    assert (held.code, held.revision_id, held.since, held.threshold) == ("gold", revision.pk, AT, 5_000)
    nb2 = cast.customers["nb2"].customer.pk
    give(cast, nb2, 999, at=AT + DAY)
    give(cast, nb2, 1, at=AT + DAY)
    assert (rated_due(at=AT + DAY), told(nb2)) == (1, [("reached", "base", "silver")])
    # South is none of North's.
    give(cast, cast.customers["sb"].customer.pk, 9_000, at=AT + DAY)
    assert rated_due(at=AT + DAY) == 1 and tier_of(cast.customers["sb"].customer.pk) is None
    with system_scope(at=AT + DAY, cause="look"):
        events = Event.objects.filter(kind="points.tier_changed").order_by("at", "id")
        assert [each.properties for each in events] == [
            {"was": "base", "became": "gold", "rises": True},
            {"was": "base", "became": "silver", "rises": True},
        ]
        assert TierDue.objects.count() == 0
    # Only the system judges; and head office's own is not what applies to North, which has a nearer one.
    with cast.north_rewards.scope() as scope, pytest.raises(NotAllowed):
        rate_customers(scope=scope, customer_ids=[nb])
    # Taken down: nothing is given by it, and what customers hold waits for another.
    with cast.north_rewards.scope(at=AT + DAY) as scope:
        take_down_tiers(scope=scope, scheme_id=scheme.pk, reason="停办")
        assert standing_of(scope=scope, customer_id=nb) is None
    assert rated(nb, at=AT + 800 * DAY) == {} and tier_of(nb) is not None


def test_what_counts_and_what_does_not(cast: Cast) -> None:
    """Rules and awards as the scheme says; no points passed on, given back by an order, or taken back."""
    live_tiers(cast, counts=("award",))
    live_rule(cast)
    nb = cast.customers["nb"].customer.pk

    def counted() -> int:
        with cast.north_rewards.scope(at=AT + 2 * DAY) as scope:
            stands = standing_of(scope=scope, customer_id=nb)
        assert stands is not None
        return stands.counted

    tell(paid(cast, "t-1", 5_000_00))
    assert (earn(), counted()) == (1, 0)
    taken_back = give(cast, nb, 700)
    give(cast, nb, 300, waits_until=AT + 90 * DAY)
    with system_scope(at=AT, cause="test") as scope:
        award_points(
            scope=scope, customer_ids=[nb, cast.customers["nb2"].customer.pk], points=[40, 50], key=uuid4(),
            issuer_id=cast.branch["N"].pk, title="年终回馈",
        )  # fmt: skip
        spent = burn_points(scope=scope, customer_id=nb, points=60, key=uuid4(), title="兑换")
        reverse_points(
            scope=scope, movement_id=spent.movement_id, customer_id=nb, key=uuid4(), title="取消兑换"
        )
    assert counted() == 700 + 300 + 40
    with system_scope(at=AT + DAY, cause="test") as scope:
        reverse_points(
            scope=scope, movement_id=taken_back.movement_id, customer_id=nb, key=uuid4(), title="作废"
        )
    assert counted() == 300 + 40
    # What is earned pays a debt first, and counts whole.
    with system_scope(at=AT + DAY, cause="test") as scope:
        burn_points(scope=scope, customer_id=nb, points=400, key=uuid4(), title="兑换")
        award = Entry.objects.filter(customer_id=nb, points=40).get()
        reverse_points(scope=scope, movement_id=award.movement_id, customer_id=nb, key=uuid4(), title="作废")
    assert counted() == 300
    give(cast, nb, 55, at=AT + DAY)
    assert counted() == 355


def test_a_fall_is_told_in_time_withdrawn_by_points_and_comes_true_without_them(cast: Cast) -> None:
    live_tiers(cast, keep_months=1, keep_ends="month", months=1)
    nb = cast.customers["nb"].customer.pk
    give(cast, nb, 1_200)
    rated(nb, at=AT)
    held = tier_of(nb)
    assert held is not None and held.kept_until is not None
    ends = held.kept_until
    assert rated(nb, at=ends - 31 * DAY) == {}
    assert rated(nb, at=ends - 30 * DAY) == {"notice": 1}
    with cast.north_rewards.scope(at=ends - 30 * DAY) as scope:
        stands = standing_of(scope=scope, customer_id=nb)
        [notice] = Event.objects.filter(kind="points.tier_notice")
        last = (ends - DAY / 2).date().isoformat()
        assert notice.properties == {"tier": "silver", "missing": 1_000, "until": last}
    assert stands is not None and (stands.to_keep, stands.falls_at) == (1_000, ends)
    give(cast, nb, 1_000, at=ends - 20 * DAY)
    assert rated_due(at=ends - 20 * DAY) == 1
    assert told(nb)[-1] == ("withdrawn", "silver", "silver")
    assert rated(nb, at=ends) == {"renewed": 1}
    held = tier_of(nb)
    assert held is not None and held.kept_until is not None and held.noticed_at is None
    # The night was missed for long: first the notice, and its whole time.
    late = held.kept_until + 100 * DAY
    assert rated(nb, at=late) == {"notice": 1}
    assert [rated(nb, at=late + n * DAY) for n in (1, 29)] == [{}, {}]
    assert rated(nb, at=late + 30 * DAY) == {"not_kept": 1}
    held = tier_of(nb)
    assert held is not None and (held.code, held.kept_until, held.noticed_at) == ("base", None, None)
    assert rated(nb, at=late + 300 * DAY) == {}


def test_another_version_and_another_scheme_take_nobody_a_tier_before_its_time(cast: Cast) -> None:
    scheme = live_tiers(cast)
    nb = cast.customers["nb"].customer.pk
    give(cast, nb, 1_500)
    rated(nb, at=AT)
    # Silver asks for more now, and gold for less: who has it keeps it, by its code.
    live_tiers(cast, scheme=scheme, tiers=(BASE, {**_as(SILVER), "threshold": 2_000}, {**_as(GOLD), "threshold": 3_000}))
    assert rated(nb, at=AT) == {"version": 1}
    held = tier_of(nb)
    assert held is not None and (held.code, held.threshold) == ("silver", 2_000)
    # A version without silver: the highest that asks for no more than what it asked for.
    live_tiers(cast, scheme=scheme, tiers=(BASE, {**_as(SILVER), "code": "jade", "threshold": 1_800}, GOLD))
    assert rated(nb, at=AT) == {"scheme": 1}
    assert told(nb) == [("reached", "base", "silver"), ("scheme", "silver", "jade")]
    # A scheme of the branch itself is nearer than that of the one above.
    live_tiers(cast, by="nb_rewards" if "nb_rewards" in cast.players else "north_rewards") if False else None


def _as(tier: Any) -> dict[str, Any]:
    return {name: getattr(tier, name) for name in ("code", "name", "threshold", "multiplier", "discount", "perks")}

"""Tiers: approved, reached at once, told before a fall, merged, handed over, forgotten."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from campaigns.approvals.checks import Sight
from campaigns.approvals.kinds import Facts, kind_of
from campaigns.approvals.models import Revision
from campaigns.approvals.services.reviews import approve_revision
from campaigns.audit.models import Entry as AuditEntry
from campaigns.customers.models import Customer
from campaigns.customers.services.merges import merge_customers, unmerge_customers
from campaigns.customers.services.rights import erase_customer
from campaigns.customers.steps import told_by
from campaigns.events.models import Event
from campaigns.jobs.long_models import Job
from campaigns.lib.refusals import NotAllowed
from campaigns.points.models import CustomerTier, Entry, LiveTiers, Lot, Movement, TierChange, TierDue, Wallet
from campaigns.points.refusals.tiers import SchemeExists
from campaigns.points.selectors.tiers import (
    held_by_branch,
    standing_of,
    tier_trial,
)
from campaigns.points.services.postings import (
    Accrual,
    Posted,
    accrue_points,
    award_points,
    burn_points,
    reverse_points,
)
from campaigns.points.services.ratings import ask_rating, rate_customers, rate_lot
from campaigns.points.services.tiers import add_tiers, submit_tiers, take_down_tiers
from campaigns.points.tier_publishing import look_at_moves, say_moves
from campaigns.points.tier_terms import tier_terms_of
from campaigns.tenants.scopes import system_scope
from campaigns.tenants.services.branches import add_branch
from campaigns.tenants.services.closing import close_branch
from tests.campaigns.points.test_earning import earn, paid, tell
from tests.support.cast import AT, Cast
from tests.support.customers import anonymous
from tests.support.point_rules import live_rule
from tests.support.tiers import (
    BASE,
    GOLD,
    SILVER,
    TERMS,
    draft_tiers,
    live_tiers,
    rated,
    rated_due,
    tier_of,
    told,
)

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
    scheme = live_tiers(cast, counts=("award",))
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
    # Rules alone, of the last month: by the day of posting, however late the event was told.
    live_tiers(cast, scheme=scheme, counts=("rule",), months=1)
    assert counted() == 500
    tell(paid(cast, "late", 70_00, at=AT - 50 * DAY))
    assert (earn(), counted()) == (1, 507)


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
    everywhere = live_tiers(cast, by="ho_rewards", reviewer="ho_reviewer", title="全行会员")
    nb = cast.customers["nb"].customer.pk
    give(cast, nb, 1_500)
    assert rated_due(at=AT) == 1
    # The nearest scheme above the home branch applies: silver is silver there too, whatever it asks for.
    scheme = live_tiers(cast, tiers=(BASE, replace(SILVER, threshold=2_000), replace(GOLD, threshold=3_000)))
    assert rated(nb, at=AT) == {"scheme": 1}
    held = tier_of(nb)
    assert held is not None
    assert (held.code, held.threshold, held.scheme_id) == ("silver", 2_000, scheme.pk)
    assert told(nb) == [("reached", "base", "silver"), ("scheme", "silver", "silver")]
    # Another version: what was promised stays until its end.
    live_tiers(cast, scheme=scheme, tiers=(BASE, replace(SILVER, threshold=2_500), GOLD))
    assert (rated(nb, at=AT), rated(nb, at=AT)) == ({"version": 1}, {})
    again = tier_of(nb)
    assert again is not None and (again.code, again.kept_until) == ("silver", held.kept_until)
    # A version without silver: the highest that asks for no more than silver did.
    live_tiers(cast, scheme=scheme, tiers=(BASE, replace(SILVER, code="jade", threshold=2_400), GOLD))
    assert rated(nb, at=AT) == {"scheme": 1}
    assert told(nb)[-1] == ("scheme", "silver", "jade")
    # A version that asks for less: up at once.
    jade = replace(SILVER, code="jade", threshold=1_200)
    live_tiers(cast, scheme=scheme, tiers=(BASE, jade, replace(GOLD, threshold=1_500)))
    assert rated(nb, at=AT) == {"reached": 1}
    assert told(nb)[-1] == ("reached", "jade", "gold")
    with cast.north_rewards.scope() as scope:
        take_down_tiers(scope=scope, scheme_id=scheme.pk, reason="停办")
    assert rated(nb, at=AT) == {"scheme": 1}
    held = tier_of(nb)
    assert held is not None and held.scheme_id == everywhere.pk


def test_a_trial_says_who_would_rise_and_fall_and_the_review_reads_it(cast: Cast) -> None:
    scheme = live_tiers(cast)
    for who, points in (("nb", 1_500), ("nb2", 5_200), ("sb", 9_000)):
        give(cast, cast.customers[who].customer.pk, points)
    rated_due(at=AT)
    with cast.north_rewards.scope() as scope:
        terms = replace(tier_terms_of(scheme), tiers=(BASE, replace(SILVER, threshold=1_600), GOLD))
        fall = tier_trial(scope=scope, branch_id=cast.branch["N"].pk, terms=terms)
        assert (fall.customers, fall.rise, fall.fall) == (2, 0, 1)
        assert [(row.tier.code, row.holds, row.reaches) for row in fall.rows] == [
            ("base", 0, 1), ("silver", 1, 0), ("gold", 1, 1),
        ]  # fmt: skip
        frozen = kind_of("points.tiers").freeze(scope, scheme.pk)
        same = Sight("points.tiers", frozen, Facts(), [], [], [])
        assert look_at_moves(scope, same) == []
        other = replace(same, frozen=replace(frozen, payload=terms.columns()))
        [found] = look_at_moves(scope, other)
        assert "2 名有积分的客户测算：0 人将即时升级，1 人将在期满" in say_moves(found.args)
        lines = kind_of("points.tiers").describe(scope, frozen.payload).lines
        assert lines[-1].label == "3. 金卡" and "积分 1.5 倍" in lines[-1].value
        places = {each.branch: each for each in held_by_branch(scope=scope)}
        assert places["北城分行"].by_code == {"silver": 1, "gold": 1} and places["北城分行"].rest == 0
    # South sees nothing of it.
    with cast.play("south_reviewer").scope() as scope:
        assert tier_trial(scope=scope, branch_id=cast.branch["N"].pk, terms=terms).customers == 0
        assert standing_of(scope=scope, customer_id=cast.customers["nb"].customer.pk) is None
        assert CustomerTier.objects.count() == 0


def test_a_merge_keeps_the_higher_tier_and_both_histories_and_can_be_undone(cast: Cast) -> None:
    live_tiers(cast)
    kept = cast.customers["nb"].customer.pk
    with system_scope(at=AT, cause="test") as scope:
        gone = anonymous(scope, cast, "NB", "walk-in")
    give(cast, kept, 1_000)
    give(cast, gone, 5_000)
    assert rated_due(at=AT) == 2
    with system_scope(at=AT + DAY, cause="test") as scope:
        merge = merge_customers(scope=scope, kept=kept, absorbed=gone, why={"by": "test"})
    assert told(kept) == [("reached", "base", "silver"), ("merge", "silver", "gold")]
    assert told(gone) == [("reached", "base", "gold")]
    with cast.north_rewards.scope(at=AT + DAY) as scope:
        stands = standing_of(scope=scope, customer_id=kept)
    # What both had earned counts together.
    assert stands is not None and (stands.tier.code, stands.counted) == ("gold", 6_000)
    # What waits of who was merged is the kept one's to be judged by.
    assert (rated(kept, at=AT + DAY), rated(gone, at=AT + DAY)) == ({}, {})
    with system_scope(at=AT + 2 * DAY, cause="test") as scope:
        unmerge_customers(scope=scope, merge_id=merge.pk, why="不是同一人")
    assert told(kept)[-1] == ("unmerge", "gold", "silver")
    for who, code in ((kept, "silver"), (gone, "gold")):
        held = tier_of(who)
        assert held is not None and held.code == code
        assert rated(who, at=AT + 2 * DAY) == {}
    # Erased: nothing of it is left, and the ledger is.
    with system_scope(at=AT + 3 * DAY, cause="test") as scope:
        told_of = next(step for step in told_by() if step.name == "points: tiers")
        names = [name for name, _row in told_of.act(scope=scope, customer_id=gone)]
        assert names == ["points_tier", "points_tier_changes"]
        erase_customer(scope=scope, customer_id=gone, why="本人要求")
        assert not CustomerTier.objects.filter(customer_id=gone).exists()
        assert not TierChange.objects.filter(customer_id=gone).exists()
        assert Entry.objects.filter(customer_id=gone).exists()


def test_the_night_judges_many_in_few_statements(cast: Cast) -> None:
    """Ten thousand customers in lots; the number of statements does not grow with them."""
    live_tiers(cast, keep_months=0, keep_ends="month", months=1)
    crowd = _crowd(cast, 10_000)
    _plan_anew()
    with system_scope(at=AT, cause="test") as scope:
        for start in range(0, len(crowd), 5_000):
            part = crowd[start : start + 5_000]
            award_points(
                scope=scope, customer_ids=part, points=[900 + 200 * (n % 2) for n in range(len(part))],
                key=uuid4(), issuer_id=cast.branch["NB"].pk, title="年终回馈",
            )  # fmt: skip
        assert TierDue.objects.count() == 2
    _plan_anew()

    def run(at: Any) -> tuple[list[int], dict[str, int]]:
        counts: list[int] = []
        job = Job()
        with system_scope(at=at, cause="test") as scope:
            while True:
                with CaptureQueriesContext(connection) as seen:
                    step = rate_lot(scope=scope, job=job)
                counts.append(len(seen))
                job.cursor = step.cursor
                if step.is_over:
                    break
        assert (step.done, step.total) == (10_000, 10_000)
        return counts, step.cursor["told"]

    with system_scope(at=AT, cause="test") as scope:
        assert ask_rating(scope=scope) is not None and ask_rating(scope=scope) is None
    counts, found = run(AT)
    # The lot's customers and the verb; the total once. A full lot is followed by one look for more.
    assert found == {"reached": 5_000} and max(counts) <= 3 and len(counts) == 6
    _plan_anew()
    assert run(AT + 20 * DAY)[1] == {"renewed": 5_000}
    ends = AT + 60 * DAY
    assert run(ends)[1] == {"notice": 5_000}
    assert run(ends)[1] == {}
    assert run(ends + 30 * DAY)[1] == {"not_kept": 5_000}


_FILLED = ", ".join(
    f"{model._meta.db_table}" for model in (Customer, Entry, Lot, Movement, Wallet, CustomerTier, TierChange)
)


def _plan_anew() -> None:
    """A bank's tables are looked at as they fill, and what is asked of them is planned anew. Here nobody does: what the
    tests before left behind, or a worker that cleaned up after them, says that there are a few rows, or one branch.
    """
    params = {
        **connections["owner"].get_connection_params(),
        "dbname": connection.settings_dict["NAME"],
        "cursor_factory": psycopg.Cursor,
        "autocommit": True,
    }
    with (
        psycopg.connect(**params) as owner,
        system_scope(at=AT, cause="test"),
        connection.cursor() as cursor,
    ):
        owner.execute(f"GRANT MAINTAIN ON {_FILLED} TO fenhang_app")
        cursor.execute(f"ANALYZE {_FILLED}")
        owner.execute(f"REVOKE MAINTAIN ON {_FILLED} FROM fenhang_app")
        cursor.execute("DISCARD PLANS")


def _crowd(cast: Cast, many: int) -> list[UUID]:
    """So many customers of NB, in one statement."""
    home = cast.branch["NB"]
    with system_scope(at=AT, cause="test"):
        made = Customer.objects.bulk_create(
            Customer(branch_id=home.pk, branch_pos=home.pos, number_tail="0000", source="test", joined_at=AT)
            for _n in range(many)
        )
    return [each.pk for each in made]


@pytest.mark.parametrize("has_own", [False, True])
def test_a_closed_branchs_scheme_is_the_successors_unless_that_has_its_own(cast: Cast, has_own: bool) -> None:
    nb = cast.branch["NB"]
    with system_scope(at=AT, cause="test") as scope:
        other = add_branch(
            scope=scope, parent_id=cast.branch["NC"].pk, code="NB2", name="北城二支行", level="branch"
        )
    schemes = {branch.pk: _live_at(cast, branch.pk) for branch in ([nb, other] if has_own else [nb])}
    who = cast.customers["nb"].customer.pk
    give(cast, who, 1_000)
    rated_due(at=AT)
    with cast.ho_administrator.scope() as scope:
        close_branch(scope=scope, branch_id=nb.pk, successor_id=other.pk)
    with system_scope(at=AT, cause="look"):
        live = LiveTiers.objects.get()
        assert (live.branch_id, live.scheme_id) == (other.pk, schemes.get(other.pk, schemes[nb.pk]))
        assert CustomerTier.objects.get(customer_id=who).branch_id == other.pk
    # Silver stays silver, by either.
    assert rated(who, at=AT) == ({"scheme": 1} if has_own else {})
    held = tier_of(who)
    assert held is not None and held.code == "silver"


def _live_at(cast: Cast, branch_id: int) -> UUID:
    """A scheme of one branch below North, in force."""
    with cast.north_rewards.scope(stand_at=branch_id) as scope:
        scheme = add_tiers(scope=scope, terms=TERMS)
        revision = submit_tiers(scope=scope, scheme_id=scheme.pk)
    with cast.north_reviewer.scope() as scope:
        approve_revision(scope=scope, revision_id=revision.pk, sha256=revision.sha256)
    return scheme.pk

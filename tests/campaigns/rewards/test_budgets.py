"""Money reserved with quota, spent at the counter and given back, to the fen."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.approvals.models import Revision
from campaigns.approvals.services.reviews import approve_revision
from campaigns.lib.refusals import NotAllowed, NotFound
from campaigns.rewards.codes import code_of
from campaigns.rewards.models import (
    Batch,
    Budget,
    Coupon,
    Movement,
    Redemption,
    Reservation,
    Share,
    Terms,
)
from campaigns.rewards.publishing import describe
from campaigns.rewards.refusals.shares import (
    AmountsAreReserved,
    AmountsWait,
    BudgetAskedAnew,
    BudgetBelowTaken,
    BudgetClosed,
    BudgetElsewhere,
    BudgetIsUnclear,
    BudgetShort,
    FundingIsFixed,
    PayersAreUnclear,
)
from campaigns.rewards.rules import parts_of, spent_of
from campaigns.rewards.services.batches import add_batch, change_batch, submit_batch
from campaigns.rewards.services.budgets import (
    add_budget,
    approve_budget,
    change_budget,
    fund_batch,
    settle_budgets,
)
from campaigns.rewards.services.coupons import (
    claim_coupon,
    expire_due_coupons,
    redeem_coupon,
    reverse_redemption,
    void_coupon,
)
from campaigns.rewards.services.stock import allot_stock, draw_back_stock, draw_back_subtree
from campaigns.tenants.scopes import system_scope
from campaigns.tenants.services.branches import add_branch
from campaigns.tenants.services.closing import close_branch, merge_branches
from tests.support.cast import AT, Cast, hired
from tests.support.races import together
from tests.support.rewards import TERMS, assert_rewards_agree, draft_batch, merchant_of

SPLIT = {"head_office_percent": 50, "branch_percent": 30, "merchant_percent": 20}


def budget_of(
    cast: Cast, fen: int, *, by: str = "north_rewards", checker: str = "north_reviewer", **more: Any
) -> Budget:
    """A budget of the branch of `by`, approved by another person."""
    window = {"valid_from": AT - timedelta(days=1), "valid_until": AT + timedelta(days=30)} | more
    with cast.play(by).scope() as scope:
        budget = add_budget(scope=scope, name="北方预算", asked_fen=fen, **window)
    with cast.play(checker).scope() as scope:
        return approve_budget(scope=scope, budget_id=budget.pk, asked_fen=fen)


def funded(cast: Cast, budget: Budget, payers: tuple[str, ...] = ("head_office",), **terms: Any) -> Batch:
    batch = draft_batch(cast, **terms)
    with cast.north_rewards.scope() as scope:
        for payer in payers:
            fund_batch(scope=scope, batch_id=batch.pk, payer=payer, budget_id=budget.pk)
    return batch


def publish(cast: Cast, batch: Batch, **shares: int) -> Batch:
    with cast.north_rewards.scope() as scope:
        for code, quantity in shares.items():
            allot_stock(scope=scope, batch_id=batch.pk, branch_id=cast.branch[code].pk, quantity=quantity)
        revision = submit_batch(scope=scope, batch_id=batch.pk)
    with cast.north_reviewer.scope() as scope:
        approve_revision(scope=scope, revision_id=revision.pk, sha256=revision.sha256)
    return batch


def sums(budget: Budget) -> tuple[int, int, int, int]:
    """What is taken of the budget, reserved, held, spent, bank-wide."""
    with system_scope(at=AT, cause="look"):
        budget.refresh_from_db()
        rows = list(
            Reservation.objects.filter(budget=budget).values_list("reserved_fen", "held_fen", "spent_fen")
        )
        assert_rewards_agree()
    return budget.taken_fen, *(sum(row[n] for row in rows) for n in range(3))  # type: ignore[return-value]


def test_one_person_asks_for_a_budget_and_another_approves_it(cast: Cast) -> None:
    window = {"valid_from": AT, "valid_until": AT + timedelta(days=30)}
    with cast.north_rewards.scope() as scope:
        with pytest.raises(BudgetIsUnclear):
            add_budget(scope=scope, name="预算", asked_fen=0, **window)
        budget = add_budget(scope=scope, name="预算", asked_fen=500_00, **window)
        assert (budget.total_fen, budget.asked_by_id) == (0, cast.north_rewards.person.pk)
        with pytest.raises(NotAllowed):
            approve_budget(scope=scope, budget_id=budget.pk, asked_fen=500_00)
        # Past the service too: who asks is who acts, and the total is nobody's to write.
        Budget.objects.filter(pk=budget.pk).update(
            asked_fen=500_00, asked_by_id=cast.north_reviewer.person.pk
        )
        budget.refresh_from_db()
        assert budget.asked_by_id == cast.north_rewards.person.pk
        with connection.cursor() as cursor:
            cursor.execute("SELECT approve_budget(%s, 50000)", [budget.pk])
            assert cursor.fetchone() == ("budget_is_own",)
    with cast.south_reviewer.scope() as scope, pytest.raises(NotFound):
        approve_budget(scope=scope, budget_id=budget.pk, asked_fen=500_00)
    with cast.north_reviewer.scope() as scope:
        with pytest.raises(BudgetAskedAnew):
            approve_budget(scope=scope, budget_id=budget.pk, asked_fen=499_00)
        assert approve_budget(scope=scope, budget_id=budget.pk, asked_fen=500_00).total_fen == 500_00
    with cast.north_rewards.scope() as scope:
        change_budget(scope=scope, budget_id=budget.pk, name="预算", asked_fen=300_00, **window)
    batch = funded(cast, budget)
    with cast.north_rewards.scope() as scope:
        allot_stock(scope=scope, batch_id=batch.pk, branch_id=cast.branch["NB"].pk, quantity=20)
    with cast.north_reviewer.scope() as scope, pytest.raises(BudgetBelowTaken):
        approve_budget(scope=scope, budget_id=budget.pk, asked_fen=300_00)
    assert sums(budget) == (400_00, 400_00, 0, 0)


def test_money_is_reserved_where_quota_is_kept_and_never_more_than_there_is(cast: Cast) -> None:
    budget = budget_of(cast, 200_00)
    batch = funded(cast, budget)
    with cast.north_rewards.scope() as scope:
        nb, nc = cast.branch["NB"].pk, cast.branch["NC"].pk
        allot_stock(scope=scope, batch_id=batch.pk, branch_id=nb, quantity=7)
        with pytest.raises(BudgetShort):
            allot_stock(scope=scope, batch_id=batch.pk, branch_id=nc, quantity=4)
        allot_stock(scope=scope, batch_id=batch.pk, branch_id=nc, quantity=3)
    assert sums(budget) == (200_00, 200_00, 0, 0)
    till = [merchant_of(cast).pk]
    with cast.north_rewards.scope() as scope:
        for refusal, change in (
            (AmountsAreReserved, {"off_fen": 10_00}),
            (AmountsAreReserved, {"payer": "merchant", "redeem_merchants": till}),
            (AmountsAreReserved, SPLIT | {"redeem_merchants": till}),
        ):
            with pytest.raises(refusal):
                change_batch(scope=scope, batch_id=batch.pk, terms=_terms(**change))
        with pytest.raises(FundingIsFixed):
            fund_batch(scope=scope, batch_id=batch.pk, payer="head_office", budget_id=None)
        draw_back_stock(scope=scope, batch_id=batch.pk, branch_id=nb, quantity=2)
    assert sums(budget) == (160_00, 160_00, 0, 0)
    with cast.north_rewards.scope() as scope:
        assert draw_back_subtree(scope=scope, batch_id=batch.pk, branch_id=cast.branch["N"].pk) == 8
        change_batch(scope=scope, batch_id=batch.pk, terms=_terms(off_fen=10_00))
        fund_batch(scope=scope, batch_id=batch.pk, payer="head_office", budget_id=None)
    assert sums(budget) == (0, 0, 0, 0)


def _terms(**more: Any) -> Any:
    return replace(TERMS, **more)


def test_a_province_passes_its_money_on_with_its_quota(cast: Cast) -> None:
    budget = budget_of(cast, 1_000_00, by="ho_rewards", checker="ho_reviewer")
    with cast.ho_rewards.scope() as scope:
        batch = add_batch(scope=scope, terms=TERMS)
        fund_batch(scope=scope, batch_id=batch.pk, payer="head_office", budget_id=budget.pk)
        allot_stock(scope=scope, batch_id=batch.pk, branch_id=cast.branch["N"].pk, quantity=10)
        revision = submit_batch(scope=scope, batch_id=batch.pk)
    with cast.ho_reviewer.scope() as scope:
        approve_revision(scope=scope, revision_id=revision.pk, sha256=revision.sha256)
    with cast.north_rewards.scope() as scope:
        allot_stock(scope=scope, batch_id=batch.pk, branch_id=cast.branch["NB"].pk, quantity=4)
        held = dict(Reservation.objects.values_list("branch__code", "reserved_fen"))
    assert held == {"N": 120_00, "NB": 80_00}
    assert sums(budget) == (200_00, 200_00, 0, 0)


def test_a_coupons_money_through_its_life(cast: Cast) -> None:
    """Spent for what it was worth, returned by a reversal, released by void, expiry and what it was worth less."""
    budget = budget_of(cast, 1_000_00)
    batch = funded(
        cast, budget, ("head_office", "branch", "merchant"), kind="percent_off", percent=15, threshold_fen=0,
        per_customer_limit=9, **SPLIT,
    )  # fmt: skip
    publish(cast, batch, NB=5)
    assert sums(budget) == (100_00, 100_00, 0, 0)

    def claim() -> Coupon:
        with cast.customers["nb"].scope() as scope:
            return claim_coupon(scope=scope, batch_id=batch.pk)

    first, second, _third = claim(), claim(), claim()
    assert sums(budget) == (100_00, 100_00, 0, 0)  # claims move nothing
    with cast.nb_clerk.scope() as scope:
        made = redeem_coupon(
            scope=scope, code=code_of(first.pk), order_fen=33_35, merchant="M1"
        )  # 15%: 5.0025, so 5.00
    assert made.off_fen == 5_00
    assert sums(budget) == (100_00, 80_00, 15_00, 5_00)
    with cast.nb_clerk.scope() as scope:
        reverse_redemption(scope=scope, redemption_id=made.pk)
    assert sums(budget) == (100_00, 100_00, 0, 0)
    with cast.sb_clerk.scope() as scope:  # far from home: the money is of the branch that kept it
        made = redeem_coupon(scope=scope, code=code_of(first.pk), order_fen=33_35, merchant="M1")
    with cast.north_rewards.scope() as scope:
        assert dict(Reservation.objects.values_list("payer", "spent_fen")) == {
            "head_office": 2_50, "branch": 1_50, "merchant": 1_00,
        }  # fmt: skip
        void_coupon(scope=scope, coupon_id=second.pk, reason="客户要求")
    assert sums(budget) == (80_00, 60_00, 15_00, 5_00)
    with system_scope(at=AT + timedelta(days=1), cause="test") as scope:
        assert settle_budgets(scope=scope) == 0
    with system_scope(at=AT + timedelta(days=2), cause="test") as scope:
        assert settle_budgets(scope=scope) == 3
        assert settle_budgets(scope=scope) == 0
    assert sums(budget) == (65_00, 60_00, 0, 5_00)
    with system_scope(at=AT + timedelta(days=9), cause="test") as scope:
        assert expire_due_coupons(scope=scope) == 1
    assert sums(budget) == (45_00, 40_00, 0, 5_00)
    with cast.north_rewards.scope() as scope:
        draw_back_stock(scope=scope, batch_id=batch.pk, branch_id=cast.branch["NB"].pk, quantity=2)
    assert sums(budget) == (5_00, 0, 0, 5_00)
    with system_scope(at=AT, cause="look"):
        assert Movement.objects.filter(cause=f"rewards.redemption:{made.pk}", did="spend").count() == 3
        assert Redemption.objects.count() == 2


def test_a_batch_names_budgets_it_may_and_payers_that_sum_to_a_hundred(cast: Cast) -> None:
    budget = budget_of(cast, 100_00)
    for wrong in (
        {"head_office_percent": 50},
        {"head_office_percent": 50, "branch_percent": 51},
        {"branch_percent": 60, "merchant_percent": 40},  # it says head office pays
    ):
        with pytest.raises(PayersAreUnclear):
            draft_batch(cast, **wrong)
    batch = draft_batch(cast)
    south = hired(cast, "rewards_operator", "S")
    with south.scope() as scope:
        other = add_budget(
            scope=scope, name="南方", asked_fen=1, valid_from=AT, valid_until=AT + timedelta(days=1)
        )
    with cast.north_rewards.scope() as scope:
        with pytest.raises(BudgetElsewhere):
            fund_batch(scope=scope, batch_id=batch.pk, payer="branch", budget_id=other.pk)
        fund_batch(scope=scope, batch_id=batch.pk, payer="head_office", budget_id=budget.pk)
    with cast.north_rewards.scope(at=AT + timedelta(days=31)) as scope, pytest.raises(BudgetClosed):
        allot_stock(scope=scope, batch_id=batch.pk, branch_id=cast.branch["NB"].pk, quantity=1)
    assert sums(budget) == (0, 0, 0, 0)


percents = st.one_of(
    st.just((0, 0, 0)),
    st.tuples(st.integers(0, 100), st.integers(0, 100))
    .map(sorted)
    .map(lambda p: (p[0], p[1] - p[0], 100 - p[1])),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.integers(1, 10**12), percents, st.sampled_from(["head_office", "branch", "merchant"]),
            st.floats(0, 1),
        ),
        min_size=1, max_size=40,
    )
)  # fmt: skip
def test_parts_sum_to_the_fen_and_nobody_spends_what_was_not_reserved(cast: Cast, rows: list[Any]) -> None:
    """In Python and in the database alike, whatever the percentages and amounts."""
    asked, expected = [], []
    for fen, shares, payer, share in rows:
        parts = parts_of(fen=fen, payer=payer, percents=shares)
        assert sum(parts) == fen
        for part, percent in zip(parts, shares, strict=True):
            assert not any(shares) or abs(part - fen * percent / 100) < 1 + fen * 1e-12
        worth = min(fen, int(fen * share))
        spent = spent_of(worth=worth, parts=parts)
        assert sum(spent) == worth
        assert all(0 <= low <= part for low, part in zip(spent, parts, strict=True))
        asked.append((fen, payer, *shares, worth))
        expected.append((list(parts), list(spent)))
    with system_scope(at=AT, cause="test"), connection.cursor() as cursor:
        for row, wanted in zip(asked, expected, strict=True):
            cursor.execute(
                "SELECT p, rewards_spent(%s, p) FROM rewards_parts(%s, %s, %s, %s, %s) p",
                [row[-1], *row[:-1]],
            )
            assert cursor.fetchone() == (wanted[0], wanted[1])


@pytest.mark.commits
def test_counters_redeem_reverse_and_operators_move_at_once_to_the_fen(committed_cast: Cast) -> None:
    cast = committed_cast
    budget = budget_of(cast, 2_000_00)
    batch = publish(cast, funded(cast, budget, per_customer_limit=50), NB=30)
    with cast.customers["nb"].scope() as scope:
        coupons = [claim_coupon(scope=scope, batch_id=batch.pk).pk for _ in range(12)]

    def counter(clerk: str, keys: list[UUID]) -> Any:
        def act() -> int:
            for key in keys:
                with cast.play(clerk).scope() as scope:
                    made = redeem_coupon(scope=scope, code=code_of(key), order_fen=150_00)
                if key.int % 2:
                    with cast.play(clerk).scope() as scope:
                        reverse_redemption(scope=scope, redemption_id=made.pk)
            return len(keys)

        return act

    def operator() -> int:
        with cast.north_rewards.scope() as scope:
            draw_back_stock(scope=scope, batch_id=batch.pk, branch_id=cast.branch["NB"].pk, quantity=5)
        with cast.north_rewards.scope() as scope:
            void_coupon(scope=scope, coupon_id=coupons[10], reason="x")
            allot_stock(scope=scope, batch_id=batch.pk, branch_id=cast.branch["NB"].pk, quantity=3)
        return 1

    results = together(
        [
            counter("nb_clerk", coupons[:3]),
            counter("sb_clerk", coupons[3:6]),
            counter("nb_clerk", coupons[6:9]),
            operator,
        ]
    )
    assert results == [3, 3, 3, 1]
    spent = sum(20_00 for key in coupons[:9] if not key.int % 2)
    assert sums(budget) == (27 * 20_00, 27 * 20_00 - spent, 0, spent)


def test_a_branch_that_closes_leaves_its_money_with_its_quota(cast: Cast) -> None:
    """What nobody claimed goes to the successor, nodes and reservations with it; a claimed coupon's stays."""
    with cast.ho_administrator.scope() as scope:
        nb2 = add_branch(
            scope=scope, parent_id=cast.branch["NC"].pk, code="NB2", name="北城二支行", level="branch"
        )
    budget = budget_of(cast, 1_000_00)
    batch = publish(cast, funded(cast, budget), NB=10, NC=2)
    with cast.customers["nb"].scope() as scope:
        coupon = claim_coupon(scope=scope, batch_id=batch.pk)
    with cast.ho_administrator.scope() as scope:
        close_branch(scope=scope, branch_id=cast.branch["NB"].pk, successor_id=nb2.pk)
    assert sums(budget) == (240_00, 240_00, 0, 0)
    with cast.north_rewards.scope() as scope:
        held = dict(Reservation.objects.values_list("branch__code", "reserved_fen"))
        assert held == {"NB": 20_00, "NB2": 180_00, "NC": 40_00}
        shares = {
            s.branch.code: (s.received, s.given, s.kept) for s in Share.objects.select_related("branch")
        }
    assert shares == {"N": (12, 12, 0), "NC": (12, 10, 2), "NB2": (10, 1, 9), "NB": (1, 0, 1)}
    with cast.sb_clerk.scope() as scope:
        redeem_coupon(scope=scope, code=code_of(coupon.pk))
    assert sums(budget) == (240_00, 220_00, 0, 20_00)


def test_when_the_issuer_closes_its_successor_issues_and_keeps_the_budget(cast: Cast) -> None:
    with cast.ho_administrator.scope() as scope:
        n2 = add_branch(
            scope=scope, parent_id=cast.branch["HO"].pk, code="N2", name="北方二分行", level="province"
        )
    budget = budget_of(cast, 1_000_00)
    batch = publish(cast, funded(cast, budget), NB=10, N=5)
    with cast.ho_administrator.scope() as scope:
        merge_branches(scope=scope, branch_id=cast.branch["N"].pk, into_id=n2.pk)
    assert sums(budget) == (300_00, 300_00, 0, 0)
    with system_scope(at=AT, cause="look"):
        assert {Budget.objects.get().branch_id, Batch.objects.get().branch_id} == {n2.pk}
        shares = {
            s.branch.code: (s.received, s.given, s.kept) for s in Share.objects.select_related("branch")
        }
    assert {code: sums for code, sums in shares.items() if any(sums)} == {
        "N2": (15, 10, 5), "NC": (10, 10, 0), "NB": (10, 0, 10),
    }  # fmt: skip
    assert batch.pk


def test_an_approved_revision_and_its_terms_carry_who_pays(cast: Cast) -> None:
    budget = budget_of(cast, 1_000_00)
    batch = publish(cast, funded(cast, budget, ("head_office", "branch"), **SPLIT), NB=1)
    with system_scope(at=AT, cause="look") as scope:
        terms = Terms.objects.get(batch=batch)
        assert (terms.head_office_percent, terms.branch_percent, terms.merchant_percent) == (50, 30, 20)
        revision = Revision.objects.get(pk=terms.pk)
        assert revision.payload["branch_percent"] == 30
        assert set(revision.payload["budgets"]) == {"head_office", "branch"}
        told = {line.key: line.value for line in describe(scope, revision.payload).lines}
    assert told["payer"] == "总行 50%、支行 30%、商户 20%"
    assert "北方预算" in told["budgets"]
    # The merchant's part draws on no budget: 80 % of 20 yuan are reserved.
    assert sums(budget) == (16_00, 16_00, 0, 0)


def test_money_is_reserved_by_the_amounts_that_are_live(cast: Cast) -> None:
    """A draft that was made cheaper while nothing is allotted waits for its approval."""
    budget = budget_of(cast, 1_000_00)
    batch = publish(cast, draft_batch(cast), NB=5)
    with cast.north_rewards.scope() as scope:
        draw_back_subtree(scope=scope, batch_id=batch.pk, branch_id=cast.branch["N"].pk)
        change_batch(scope=scope, batch_id=batch.pk, terms=_terms(off_fen=10_00))
        fund_batch(scope=scope, batch_id=batch.pk, payer="head_office", budget_id=budget.pk)
        with pytest.raises(AmountsWait):
            allot_stock(scope=scope, batch_id=batch.pk, branch_id=cast.branch["NB"].pk, quantity=1)
        change_batch(scope=scope, batch_id=batch.pk, terms=_terms())
        allot_stock(scope=scope, batch_id=batch.pk, branch_id=cast.branch["NB"].pk, quantity=1)
    assert sums(budget) == (20_00, 20_00, 0, 0)

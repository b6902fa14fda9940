"""Quota goes down the tree and comes back, and never becomes more."""

from dataclasses import replace
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.db.utils import DatabaseError

from campaigns.lib.refusals import NotAllowed, NotFound
from campaigns.rewards.models import Batch, Stock
from campaigns.rewards.refusals.coupons import (
    AboveQuota,
    BranchElsewhere,
    QuantityIsNotPositive,
    UnusedTooFew,
)
from campaigns.rewards.selectors.coupons import shares_of
from campaigns.rewards.services.batches import change_batch
from campaigns.rewards.services.coupons import claim_coupon
from campaigns.rewards.services.stock import allot_stock, draw_back_stock
from tests.support.cast import Cast
from tests.support.rewards import TERMS, draft_batch, live_batch


def held(cast: Cast, batch: Batch) -> dict[str, tuple[int, int]]:
    with cast.ho_rewards.scope() as scope:
        return {s.branch_name: (s.allotted, s.claimed) for s in shares_of(scope=scope, batch_id=batch.pk)}


def test_all_allotments_together_stay_within_the_quota(cast: Cast) -> None:
    batch = draft_batch(cast)
    with cast.north_rewards.scope() as scope:
        assert allot_stock(scope=scope, batch_id=batch.pk, branch_id=cast.branch["NB"].pk, quantity=60) == 60
        assert allot_stock(scope=scope, batch_id=batch.pk, branch_id=cast.branch["NC"].pk, quantity=39) == 39
        with pytest.raises(AboveQuota) as refused:
            allot_stock(scope=scope, batch_id=batch.pk, branch_id=cast.branch["NB"].pk, quantity=2)
        assert refused.value.values == {"quota": 100, "left": 1}
        assert allot_stock(scope=scope, batch_id=batch.pk, branch_id=cast.branch["NB"].pk, quantity=1) == 61
    assert held(cast, batch) == {"北城分行": (39, 0), "北城中山路支行": (61, 0)}


def test_a_raised_total_counts_only_once_it_is_approved(cast: Cast) -> None:
    batch = live_batch(cast, shares={"NB": 100})
    with cast.north_rewards.scope() as scope:
        change_batch(scope=scope, batch_id=batch.pk, terms=replace(TERMS, quota=500))
        with pytest.raises(AboveQuota):
            allot_stock(scope=scope, batch_id=batch.pk, branch_id=cast.branch["NB"].pk, quantity=1)
        # Past the service too: the approved quota is the published one, and a CHECK keeps allotments under it.
        with pytest.raises(DatabaseError, match="not the published one"), transaction.atomic():
            Batch.objects.filter(pk=batch.pk).update(approved_quota=500)
        with pytest.raises(IntegrityError, match="allotted_within_approved_quota"), transaction.atomic():
            Batch.objects.filter(pk=batch.pk).update(allotted=101)


def test_a_large_share_is_spread_over_buckets_and_a_small_one_is_one_row(cast: Cast) -> None:
    batch = draft_batch(cast, quota=20_000)
    with cast.north_rewards.scope() as scope:
        allot_stock(scope=scope, batch_id=batch.pk, branch_id=cast.branch["NC"].pk, quantity=199)
        allot_stock(scope=scope, batch_id=batch.pk, branch_id=cast.branch["NB"].pk, quantity=1_001)
        allot_stock(scope=scope, batch_id=batch.pk, branch_id=cast.branch["NB"].pk, quantity=16_000)
        assert Stock.objects.filter(branch=cast.branch["NC"]).count() == 1
        buckets = list(Stock.objects.filter(branch=cast.branch["NB"]).values_list("allotted", flat=True))
    assert len(buckets) == 64
    assert sum(buckets) == 17_001
    assert max(buckets) - min(buckets) <= 1


def test_what_nobody_claimed_is_drawn_back_and_what_was_claimed_stays(cast: Cast) -> None:
    batch = live_batch(cast, shares={"NB": 10})
    with cast.customers["nb"].scope() as scope:
        claim_coupon(scope=scope, batch_id=batch.pk)
    with cast.north_rewards.scope() as scope:
        with pytest.raises(UnusedTooFew) as refused:
            draw_back_stock(scope=scope, batch_id=batch.pk, branch_id=cast.branch["NB"].pk, quantity=10)
        assert refused.value.values == {"unused": 9, "quantity": 10}
        assert (
            draw_back_stock(scope=scope, batch_id=batch.pk, branch_id=cast.branch["NB"].pk, quantity=9) == 1
        )
        assert Batch.objects.get(pk=batch.pk).allotted == 1
    assert held(cast, batch) == {"北城中山路支行": (1, 1)}


def test_quota_goes_to_the_batchs_own_branches_only(cast: Cast) -> None:
    batch = draft_batch(cast)
    alone = draft_batch(cast, handed_down=False)
    with cast.north_rewards.scope() as scope:
        for code in ("SB", "HO", "S"):
            with pytest.raises(BranchElsewhere):
                allot_stock(scope=scope, batch_id=batch.pk, branch_id=cast.branch[code].pk, quantity=1)
        with pytest.raises(BranchElsewhere):
            allot_stock(scope=scope, batch_id=alone.pk, branch_id=cast.branch["NB"].pk, quantity=1)
    with cast.ho_rewards.scope() as scope, pytest.raises(BranchElsewhere):
        allot_stock(scope=scope, batch_id=batch.pk, branch_id=cast.branch["SB"].pk, quantity=1)
    assert held(cast, batch) == {}


@pytest.mark.parametrize("quantity", [0, -1])
def test_nothing_and_less_cannot_be_allotted(cast: Cast, quantity: int) -> None:
    batch = draft_batch(cast)
    with cast.north_rewards.scope() as scope:
        for move in (allot_stock, draw_back_stock):
            with pytest.raises(QuantityIsNotPositive):
                move(scope=scope, batch_id=batch.pk, branch_id=cast.branch["NB"].pk, quantity=quantity)


def test_without_the_right_or_the_batch_nothing_is_allotted(cast: Cast) -> None:
    batch = draft_batch(cast)
    with cast.nb_manager.scope() as scope, pytest.raises(NotAllowed):
        allot_stock(scope=scope, batch_id=batch.pk, branch_id=cast.branch["NB"].pk, quantity=1)
    with cast.north_rewards.scope() as scope, pytest.raises(NotFound):
        allot_stock(scope=scope, batch_id=uuid4(), branch_id=cast.branch["NB"].pk, quantity=1)


def test_staff_cannot_write_what_was_claimed(cast: Cast) -> None:
    live_batch(cast)
    with (
        cast.north_rewards.scope(),
        pytest.raises(DatabaseError, match="permission denied"),
        transaction.atomic(),
    ):
        Stock.objects.update(claimed=0)

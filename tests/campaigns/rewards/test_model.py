"""The life of coupons as a model: a random walk beside books in plain Python (tests/support/coupon_books.py), which
must agree with the bank after every step, in what was said and in every sum.

WALK_SEED walks another way; a walk that failed says its seed and the steps before.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connections

from tests.support.cast import Cast
from tests.support.coupon_deeds import DEEDS
from tests.support.coupon_walk import Disagreement, Walk

pytestmark = pytest.mark.commits
SEED = int(os.environ.get("WALK_SEED", "20261123"))

# What was switched off, and what the walk says differs then.
PLANTED = {
    "rewards_coupons_are_released ON rewards_coupon": "money differ",
    "rewards_reversal_is_returned ON rewards_reversal": "money differ",
}


@contextmanager
def without(trigger: str) -> Iterator[None]:
    """A mistake in the bank: what a trigger does is forgotten for the block."""
    name, _on, table = trigger.split()
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {name}")
        try:
            yield
        finally:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER {name}")


def test_three_hundred_steps_agree(committed_cast: Cast) -> None:
    walk = Walk(committed_cast, seed=SEED).run(300)
    assert len(walk.said) > 40, walk.said


@pytest.mark.disagrees
@pytest.mark.parametrize("trigger", PLANTED)
def test_a_planted_mistake_is_found(committed_cast: Cast, trigger: str) -> None:
    """The control: a walk in which no step could fail would prove nothing."""
    walk = Walk(committed_cast, seed=SEED, always_funded=True)
    with without(trigger), pytest.raises(Disagreement, match=PLANTED[trigger]) as said:
        walk.run(240)
    assert f"seed {SEED}, step {walk.done}" in str(said.value)


@pytest.mark.proof
def test_ten_thousand_steps_agree(committed_cast: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    walk = Walk(committed_cast, seed=SEED).run(10_000)
    with capsys.disabled():
        print(
            f"\nseed {SEED}: "
            + ", ".join(f"{deed} {word} {n}" for (deed, word), n in sorted(walk.said.items()))
        )
    # Every deed was done, and was refused where it can be.
    done = {deed for deed, word in walk.said if word == "ok"}
    assert {"claim", "grant", "redeem", "reverse", "offer", "accept", "withdraw", "lock", "unlock", "void", "extend",
            "allot", "draw_back", "change", "stop", "lift", "expire", "settle"} <= done  # fmt: skip
    assert {word for _deed, word in walk.said} >= REFUSED
    assert set(DEEDS) - {"pass_on", "hand_back", "clear", "resume"} <= done


REFUSED = {
    "not_found",
    "rewards.budget.short",
    "rewards.claim.cap_reached",
    "rewards.claim.day_limit_reached",
    "rewards.claim.limit_reached",
    "rewards.claim.over",
    "rewards.claim.sold_out",
    "rewards.claim.stopped",
    "rewards.coupon.already_redeemed",
    "rewards.coupon.expired",
    "rewards.coupon.given",
    "rewards.coupon.locked",
    "rewards.coupon.not_extendable",
    "rewards.coupon.not_later",
    "rewards.coupon.not_locked",
    "rewards.coupon.not_voidable",
    "rewards.coupon.order_too_small",
    "rewards.coupon.void",
    "rewards.gift.gone",
    "rewards.gift.not_to_give",
    "rewards.gift.own",
    "rewards.grant.customer_unknown",
    "rewards.grant.limit_reached",
    "rewards.grant.sold_out",
    "rewards.redeem.order_missing",
    "rewards.redemption.already_reversed",
    "rewards.redemption.reversal_too_late",
    "rewards.stock.above_quota",
    "rewards.stock.branch_elsewhere",
    "rewards.stock.quantity_is_not_positive",
    "rewards.stock.share_too_small",
    "rewards.stock.unused_too_few",
}

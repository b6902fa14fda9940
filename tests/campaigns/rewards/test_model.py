"""The life of coupons as a model: a random walk beside books in plain Python (tests/support/coupon_books.py), which
must agree with the bank after every step, in what was said and in every sum.
"""

import os

import pytest

from tests.support.cast import Cast
from tests.support.coupon_walk import Walk


@pytest.mark.commits
def test_three_hundred_steps_agree(committed_cast: Cast) -> None:
    walk = Walk(committed_cast, seed=int(os.environ.get("WALK_SEED", "1"))).run(
        int(os.environ.get("WALK_STEPS", "300"))
    )
    for key, n in sorted(walk.said.items()):
        print(key, n)

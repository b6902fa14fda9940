"""Every test of the suite is asked afterwards whether the books of rewards agree (tests/support/agreeing.py)."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connections

from campaigns.audit.services import record
from campaigns.lib.refs import ref
from campaigns.rewards.services.coupons import claim_coupon
from tests.support.agreeing import agreeing
from tests.support.cast import Cast
from tests.support.rewards import live_batch


def _ended(request: pytest.FixtureRequest, *marks: str) -> None:
    """As if a test with these marks ended here."""
    node = SimpleNamespace(get_closest_marker=lambda name: name in marks)
    fake: Any = SimpleNamespace(
        fixturenames=request.fixturenames, getfixturevalue=request.getfixturevalue, node=node
    )
    asked = agreeing(fake)
    next(asked)
    next(asked, None)


@pytest.mark.disagrees
def test_a_test_that_leaves_books_that_disagree_fails(
    committed_cast: Cast, request: pytest.FixtureRequest
) -> None:
    assert "_books_agree" in request.fixturenames
    _ended(request)
    batch = live_batch(committed_cast)
    with committed_cast.customers["nb"].scope() as scope:
        claim_coupon(scope=scope, batch_id=batch.pk)
    _ended(request)
    with connections["owner"].cursor() as cursor:
        cursor.execute("UPDATE rewards_stock SET claimed = claimed + 1")
    with pytest.raises(AssertionError, match=r'not so: stock: .*"taken": 2') as said:
        _ended(request)
    assert "audited" not in str(said.value)
    _ended(request, "disagrees")


@pytest.mark.disagrees
def test_what_is_rolled_back_at_the_end_is_asked_before(cast: Cast, request: pytest.FixtureRequest) -> None:
    batch = live_batch(cast)
    with cast.customers["nb"].scope() as scope:
        coupon = claim_coupon(scope=scope, batch_id=batch.pk)
    _ended(request)
    # About all that the serving role could do wrong: it may add lines to the audit.
    with cast.north_rewards.scope() as scope:
        record(
            scope=scope,
            verb="rewards.coupon.claim",
            subject=ref("rewards.coupon", coupon.pk),
            subject_name="twice",
        )
    with pytest.raises(AssertionError, match="not so: audited: ") as said:
        _ended(request)
    assert str(coupon.pk) in str(said.value)

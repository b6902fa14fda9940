"""Every test of the suite is asked afterwards whether the books agree (tests/support/agreeing.py)."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections, transaction

from campaigns.audit.services import record
from campaigns.lib.refs import ref
from campaigns.points.services.postings import Accrual, accrue_points, hold_points
from campaigns.rewards.services.coupons import claim_coupon
from campaigns.tenants.scopes import system_scope
from tests.support.agreeing import agreeing
from tests.support.cast import AT, Cast
from tests.support.points import assert_points_agree
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


@pytest.mark.disagrees
def test_a_test_that_leaves_a_ledger_that_disagrees_fails(
    committed_cast: Cast, request: pytest.FixtureRequest
) -> None:
    """Each way in which only the owner, with the triggers off, could make it lie."""
    with system_scope(at=AT, cause="test") as scope:
        who = committed_cast.customers["nb"].customer.pk
        for points in (100, 40):
            accrue_points(
                scope=scope,
                accruals=[Accrual(who, points, uuid4())],
                issuer_id=committed_cast.branch["N"].pk,
                title="签到",
            )
        hold_points(
            scope=scope, customer_id=who, points=30, until=AT + timedelta(hours=1), key=uuid4(), title="下单"
        )
    _ended(request)
    wrong = {
        "UPDATE points_wallet SET usable = usable + 1": ("wallets", "shares"),
        "UPDATE points_lot SET rest = rest - 1 WHERE rest > 1": ("lots", "shares", "liability"),
        "UPDATE points_hold SET state = 'free', settled_at = until": ("holds",),
        "UPDATE points_entry SET points = points - 5 WHERE account = 'issued'": ("zero",),
        "DELETE FROM points_movement WHERE kind = 'hold'": ("strays",),
        "UPDATE points_entry SET kind = 'expire' WHERE account = 'wallet' AND points < 0": (
            "strays",
            "lapsed",
        ),
    }
    for lie, codes in wrong.items():
        with transaction.atomic("owner"), connections["owner"].cursor() as cursor:
            for table in ("entry", "movement"):
                cursor.execute(f"ALTER TABLE points_{table} DISABLE TRIGGER points_is_never_edited")
            cursor.execute(lie)
            with pytest.raises(AssertionError) as said:
                assert_points_agree("owner")
            for code in codes:
                assert f"{code}: " in str(said.value), (lie, code)
            transaction.set_rollback(True, "owner")
    with connections["owner"].cursor() as cursor:
        cursor.execute("UPDATE points_wallet SET usable = usable + 1")
    with pytest.raises(AssertionError, match="not so: wallets: "):
        _ended(request)
    _ended(request, "disagrees")

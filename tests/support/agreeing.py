"""After every test of the suite the books of rewards and of points agree."""

from collections.abc import Iterator

import pytest
from django.db import connections

from campaigns.tenants.scopes import NoBank, system_scope
from tests.support.cast import AT
from tests.support.points import assert_points_agree
from tests.support.rewards import assert_rewards_agree


def agreeing(request: pytest.FixtureRequest) -> Iterator[None]:
    """Before, and after, a test: what it wrote is asked before it is undone.

    Not asked of a test that says `disagrees`, nor of one whose database is not its own.
    """
    names = [name for name in ("committed", "transactional_db", "db") if name in request.fixturenames]
    if not names and request.node.get_closest_marker("django_db"):
        names = ["db"]
    if names:
        request.getfixturevalue(names[0])  # first, so that it ends last
    yield
    if names and not request.node.get_closest_marker("disagrees"):
        assert_what_is_there_agrees()


def assert_what_is_there_agrees() -> None:
    """The books agree, asked in a scope of its own. They are empty unless there is a batch, a budget or a wallet: all
    rows of their rooms hang at one of them, so most tests are asked no more than that.
    """
    if connections["default"].needs_rollback:
        return  # what was written is gone
    try:
        with system_scope(at=AT, cause="check"), connections["default"].cursor() as cursor:
            cursor.execute(
                "SELECT EXISTS (SELECT FROM rewards_batch) OR EXISTS (SELECT FROM rewards_budget),"
                " EXISTS (SELECT FROM points_wallet) OR EXISTS (SELECT FROM points_movement)"
            )
            has_coupons, has_points = cursor.fetchone()
            if has_coupons:
                assert_rewards_agree()
            if has_points:
                assert_points_agree()
    except NoBank:
        return

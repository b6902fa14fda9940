"""Whatever a test of this room did, stock, coupons, redemptions, audit and history agree afterwards."""

from collections.abc import Iterator

import pytest

from campaigns.tenants.scopes import system_scope
from tests.support.cast import AT
from tests.support.rewards import assert_rewards_agree


@pytest.fixture(autouse=True)
def _agreeing(request: pytest.FixtureRequest) -> Iterator[None]:
    name = next((n for n in ("cast", "committed_cast") if n in request.fixturenames), None)
    if name is None:
        yield
        return
    request.getfixturevalue(name)
    yield
    with system_scope(at=AT, cause="check"):
        assert_rewards_agree()

"""Real campaigns played through the services: windows with both ends, grants, redemptions and why not."""

from collections import Counter
from collections.abc import Iterator
from datetime import date

import pytest
from django.db import connections
from pytest_django.plugin import DjangoDbBlocker

from campaigns.lib.clock import now
from campaigns.tenants.scopes import system_scope
from config.bench.scratch import scratch_database
from config.replay.completejourney import Records, play
from tests.support.rewards import assert_rewards_agree
from tests.support.template import template_name

DAY = date(2017, 3, 1)
RECORDS = Records(
    windows={"1": (DAY, date(2017, 3, 9)), "2": (date(2017, 3, 5), date(2017, 3, 7))},
    targeted={"1": ["a", "b"], "2": ["b"]},
    redemptions=[
        (DAY, "1", "a"),
        (date(2017, 3, 7), "2", "b"),  # on the last day
        (date(2017, 3, 8), "2", "b"),  # a day late
        (date(2017, 3, 9), "1", "a"),
        (date(2017, 3, 9), "1", "c"),  # never sent to
    ],
)


@pytest.fixture(autouse=True)
def _alone(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with django_db_blocker.unblock(), scratch_database("fenhang_replay_test", rooms=(), like=template_name()):
        yield
        for alias in connections:
            connections[alias].close()


@pytest.mark.parametrize(
    ("is_one_each", "granted", "refused"),
    [
        (False, {"campaign 1": 3, "campaign 2": 2}, {"nothing was granted": 1, "rewards.coupon.expired": 1}),
        (
            True,
            {"campaign 1": 2, "campaign 2": 1},
            {"nothing was granted": 1, "rewards.coupon.already_redeemed": 2},
        ),
    ],
)
def test_what_happened_is_accepted_and_what_could_not_is_refused_by_name(
    is_one_each: bool, granted: dict[str, int], refused: dict[str, int]
) -> None:
    played = play(RECORDS, is_one_each=is_one_each, say=lambda _words: None)
    assert {each.title: each.granted for each in played} == granted
    whole = sum((each.refused for each in played), Counter[str]())
    assert whole == refused
    assert sum(each.accepted for each in played) == len(RECORDS.redemptions) - whole.total()
    assert sum(each.on_last_day for each in played) == (1 if is_one_each else 2)
    with system_scope(at=now(), cause="look"):
        assert_rewards_agree()

"""Rivals at the ledger's desk; beside them the control, who read, decide and then write."""

import threading
from typing import Any

import pytest
from django.db.models import Sum

from campaigns.points.models import Adjustment, Entry
from campaigns.points.services import desk
from campaigns.tenants.scopes import system_scope
from tests.campaigns.points.test_desk import adjust, earn, usable
from tests.support.cast import AT, Cast
from tests.support.races import together

pytestmark = pytest.mark.commits


def names(results: list[Any]) -> list[str]:
    return sorted(getattr(each, "state", type(each).__name__) for each in results)


def test_two_small_adjustments_at_once_count_one_another(committed_cast: Cast) -> None:
    cast = committed_cast
    earn(cast, 1)
    assert names(together([lambda: adjust(cast, 300)] * 5)) == [
        "asked",
        "asked",
        "posted",
        "posted",
        "posted",
    ]
    assert usable(cast) == 901
    # Without the wallet held, everybody finds room within 1,000 and everybody gives.
    met = threading.Barrier(5)

    def give() -> bool:
        with system_scope(at=AT, cause="control"):
            given = Entry.objects.filter(title="签到奖励", customer__isnull=False).aggregate(n=Sum("points"))[
                "n"
            ]
        met.wait(30)
        if given + 300 <= 1_000:
            earn(cast, 300)
        return True

    together([give] * 5)
    assert usable(cast) == 901 + 1_500


def test_of_two_who_decide_at_once_and_one_who_takes_back_each_happens_once(committed_cast: Cast) -> None:
    cast = committed_cast
    asked = adjust(cast, 5_000)

    def decide(by: str, is_agreed: bool) -> Any:
        with cast.play(by).scope() as scope:
            return desk.decide_adjustment(
                scope=scope, adjustment_id=asked.pk, is_agreed=is_agreed, remark="金额核对无误"
            )

    rivals = [lambda: decide("nb_manager", True), lambda: decide("ho_rewards", True)]
    assert names(together(rivals * 2)) == ["AdjustmentDecided"] * 3 + ["posted"]
    assert usable(cast) == 5_000
    with system_scope(at=AT, cause="test"):
        done = Adjustment.objects.get(pk=asked.pk)
    who = cast.customers["nb"].customer.pk

    def back() -> Any:
        with cast.north_rewards.scope() as scope:
            assert done.movement_id is not None
            return desk.take_back(
                scope=scope, movement_id=done.movement_id, customer_id=who, reason="重复发放"
            )

    assert names(together([back] * 4)) == ["AlreadyReversed"] * 3 + ["Posted"]
    assert usable(cast) == 0

"""Checking in: who may, when, with what proof, and what it gives."""

from datetime import timedelta

import pytest

from campaigns.points.models import Wallet
from community.checkins.refusals import AlreadyDone
from tests.support.cast import AT, Cast
from tests.support.checkins import checked_in, group_of, live_programme

pytestmark = pytest.mark.django_db


def test_first(cast: Cast) -> None:
    group = group_of(cast, "nb")
    who = cast.customers["nb"].customer.pk
    live_programme(cast, streak_days=2, streak_points=10, goal_count=3, goal_points=7, points_cap=100)
    done = checked_in(who, group, AT - timedelta(days=0))
    assert (done.points, done.streak, done.state) == (5, 1, "counted")
    with pytest.raises(AlreadyDone):
        checked_in(who, group)
    nxt = checked_in(who, group, AT + timedelta(days=1))
    assert (nxt.points, nxt.streak) == (15, 2)
    with cast.customers["nb"].scope():
        assert Wallet.objects.get().usable == 20

"""Two workers, two phones: each post is handed out once, a group gets no more than it may, one confirmation counts."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.db import IntegrityError

from campaigns.notices.models import Notice
from campaigns.tenants.scopes import system_scope
from community.plans.models import PlanRun, Post
from community.plans.refusals import PostIsOver
from community.plans.services import sending
from community.plans.services.laying import lay_due
from community.plans.services.posts import confirm_post
from community.plans.services.runs import apply_plan
from tests.support.cast import AT, Cast
from tests.support.plans import HELLO, group_of, live_plan, local, operator, posts_of, swept
from tests.support.races import together

pytestmark = pytest.mark.commits
NINE = local("2026-11-23 09:00")


def worker(act: Callable[..., int], at: datetime, **more: int) -> Callable[[], int]:
    def work() -> int:
        with system_scope(at=at, cause="test") as scope:
            return act(scope=scope, **more)

    return work


def test_rivals_hand_out_once_and_keep_the_cap_with_a_control(committed_cast: Cast) -> None:
    cast = committed_cast
    operator(cast)
    plan = live_plan(cast, *(replace(HELLO, id=uuid4(), day={"every": 1}, at=time(9)) for _n in range(6)))
    group = group_of(cast)
    with cast.operator.scope() as scope:
        run = apply_plan(scope=scope, plan_id=plan.pk, group_id=group.pk)
    # Four lay the same anew at the same time.
    with system_scope(at=AT, cause="test"):
        PlanRun.objects.filter(pk=run.pk).update(lay_at=AT)
    before = {(post.card_id, post.occasion) for post in posts_of(group)}
    assert sorted(together([worker(lay_due, NINE) for _n in range(4)])) == [0, 0, 0, 1]
    after = [(post.card_id, post.occasion) for post in posts_of(group)]
    assert len(after) == len(set(after)) and set(after) >= before
    # Six posts of one moment, three workers with two each: three go out.
    came = together([worker(sending.send_due, NINE, limit=2) for _n in range(3)])
    assert sum(came) == 6
    states = Counter((post.state, post.why) for post in posts_of(group) if post.due_at == NINE)
    assert states == {("due", ""): 3, ("refused", "cap"): 3}
    with cast.nb_clerk.scope(at=NINE):
        keys = list(Notice.objects.values_list("key", flat=True))
    assert len(keys) == len(set(keys))
    _control(cast, group.pk)
    # Two phones confirm the same: one of them.
    post = posts_of(group, "due")[0]

    def confirm() -> Post:
        with cast.nb_clerk.scope(at=NINE) as scope:
            return confirm_post(scope=scope, post_id=post.pk)

    came = together([confirm, confirm])
    assert sorted(type(each).__name__ for each in came) == ["Post", PostIsOver.__name__]


def _control(cast: Cast, group_id: Any) -> None:
    """Without the lock of the group both count before either writes, and both mean to be the day's first: the numbers'
    own key alone stands between.
    """
    tomorrow = local("2026-11-24 09:00")
    with system_scope(at=tomorrow, cause="test") as scope:
        lay_due(scope=scope)
    barrier = threading.Barrier(2, timeout=20)
    counted = sending._counted

    def counted_together(*given: Any) -> Any:
        found = counted(*given)
        barrier.wait()
        return found

    with (
        patch.object(sending, "_LOCK_GROUPS", "SELECT %s::text[]"),
        patch.object(sending, "_counted", counted_together),
    ):
        came = together([worker(sending.send_due, tomorrow, limit=3) for _n in range(2)])
    assert Counter(type(each) for each in came) == {int: 1, IntegrityError: 1}
    swept(tomorrow)
    states = Counter(post.state for post in posts_of(group_id) if post.due_at == tomorrow)
    assert states == {"due": 3, "refused": 3}

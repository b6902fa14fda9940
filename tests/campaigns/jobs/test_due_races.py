"""Workers side by side, stopped and late ones: each effect once, with a control that shows what it would be else."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connections

from campaigns.jobs.due_models import Due
from campaigns.jobs.due_rules import LEASE
from campaigns.jobs.services import carrying_out
from campaigns.jobs.services.due import Laid, Ran, cancel, lay_many
from campaigns.lib.ids import new_id
from campaigns.tenants.scopes import opened, system, system_scope
from tests.support.cast import AT, Cast
from tests.support.due import KIND, Bell, bell, due_rows, run_at, rung
from tests.support.races import together, until_one_sleeps

SOON = AT + timedelta(hours=1)


@pytest.fixture(name="bell")
def _bell() -> Iterator[Bell]:
    with bell() as made:
        yield made


def lay_some(cast: Cast, many: int) -> None:
    top = cast.branch["HO"]
    local = SOON.replace(tzinfo=None)
    with system_scope(at=AT, cause="test") as scope:
        lay_many(
            scope=scope,
            rows=[
                Laid(KIND, f"test.thing:{n}", "", SOON, local, "UTC", top.pk, top.pos) for n in range(many)
            ],
        )


def claim() -> tuple[list[UUID], UUID]:
    """The first half of a worker's turn: it has claimed, and is stopped before it begins."""
    attempt = new_id()
    return carrying_out._claim(carrying_out._CLAIM_SOUND, attempt, SOON, 100), attempt


def go_on(claimed: tuple[list[UUID], UUID]) -> Ran:
    """The second half, whenever it comes."""
    return carrying_out._carry_out(*claimed, lambda: SOON + LEASE, carrying_out._system_alone)


def test_four_workers_share_the_rows_and_ring_each_once(committed_cast: Cast, bell: Bell) -> None:
    lay_some(committed_cast, 120)
    ran = together([lambda: run_at(SOON, lot=10)] * 4)
    assert sum(each.done for each in ran) == 120
    assert len(rung()) == len(set(rung())) == 120

    # The control: the same, each worker reading what is due and doing it, without a claim.
    gate = threading.Barrier(2, timeout=30)

    def unguarded() -> None:
        with system_scope(at=SOON, cause="test") as scope:
            found = list(Due.objects.within(scope).filter(state="done")[:10])
            gate.wait()
            for due in found:
                bell.ring(scope, due)

    together([unguarded] * 2)
    assert len(rung()) == 140 and len(set(rung())) == 120


# What a claim does when it is slow: it has looked, and locks only now what somebody else may have taken meanwhile.
SLOW = carrying_out._CLAIM.format(which="c.lost < 9 AND pg_sleep(0.2) IS NOT NULL")


def claimed_beside_a_slow_one(alone: bool) -> Ran:
    """What a worker carries out that claims while a slow one looks, and goes on while that one has not committed."""
    looks, has_locked, ended = threading.Event(), threading.Event(), threading.Event()

    def slow() -> int:
        values = {"attempt": new_id(), "until": SOON + LEASE, "now": SOON, "lot": 100}
        with opened(system(at=SOON, cause="test")) as scope, connections[scope.using].cursor() as cursor:
            if alone:
                cursor.execute(carrying_out._ALONE)
            looks.set()
            cursor.execute(SLOW, values)
            has_locked.set()
            if not alone:
                ended.wait(30)
            return cursor.rowcount

    def quick() -> Ran:
        looks.wait(30)
        until_one_sleeps()
        claimed = claim()
        if not alone:
            has_locked.wait(30)
        ran = go_on(claimed) if claimed[0] else Ran()
        ended.set()
        return ran

    of_slow, ran = together([slow, quick])
    return Ran(claimed=of_slow) if alone else ran


def test_a_slow_claim_leaves_no_row_to_its_lease(committed_cast: Cast, bell: Bell) -> None:
    lay_some(committed_cast, 3)
    # The control: nobody waits for another's claim. The rows are the quick one's, and locked by the slow one.
    assert claimed_beside_a_slow_one(alone=False) == Ran(claimed=3, done=0)
    assert rung() == []
    assert run_at(SOON + LEASE) == Ran(claimed=3, done=3)
    lay_some(committed_cast, 6)
    assert claimed_beside_a_slow_one(alone=True) == Ran(claimed=3)


def test_a_worker_that_wakes_after_its_lease_finds_nothing_of_its_own(
    committed_cast: Cast, bell: Bell
) -> None:
    lay_some(committed_cast, 3)
    sleeper = claim()
    assert run_at(SOON) == Ran()
    assert run_at(SOON + LEASE) == Ran(claimed=3, done=3)
    assert go_on(sleeper) == Ran(claimed=3)
    assert len(rung()) == 3 and {due.lost for due in due_rows()} == {1}


def test_what_is_under_way_is_taken_by_nobody_however_long_it_takes(committed_cast: Cast, bell: Bell) -> None:
    lay_some(committed_cast, 1)
    begun, may_end = threading.Event(), threading.Event()

    def slow(due: Due) -> None:
        begun.set()
        assert may_end.wait(30)

    bell.answer = slow

    def rival() -> tuple[Ran, int]:
        assert begun.wait(30)
        try:
            taken = run_at(SOON + 2 * LEASE)
            with opened(system(at=SOON, cause="test")) as scope:
                return taken, cancel(scope=scope, kind=KIND, subject="test.thing:0")
        finally:
            may_end.set()

    assert together([lambda: run_at(SOON), rival]) == [Ran(claimed=1, done=1), (Ran(), 0)]
    assert rung() == [("test.thing:0", "")]


def test_cancelling_what_is_claimed_and_not_begun_keeps_it_from_happening(
    committed_cast: Cast, bell: Bell
) -> None:
    lay_some(committed_cast, 1)
    sleeper = claim()
    with opened(system(at=SOON, cause="test")) as scope:
        assert cancel(scope=scope, kind=KIND, subject="test.thing:0") == 1
    assert go_on(sleeper) == Ran(claimed=1)
    assert run_at(SOON + LEASE) == Ran()
    assert rung() == []

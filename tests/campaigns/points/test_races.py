"""Rivals for one wallet; beside them the control: the same rivals reading, deciding, and then writing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from campaigns.points.models import Household, Member
from campaigns.points.rules import key_of
from campaigns.points.selectors.balances import balance_of
from campaigns.points.services import postings
from campaigns.points.services.postings import Accrual, Validity
from campaigns.tenants.scopes import system_scope
from tests.support.cast import AT, Cast
from tests.support.points_walk import assert_ledger_agrees
from tests.support.races import together

pytestmark = pytest.mark.commits


def outcome(results: list[Any]) -> dict[str, int]:
    names = [type(result).__name__ for result in results]
    return {name: names.count(name) for name in sorted(set(names))}


def act(service: Any, at: Any = AT, **args: Any) -> Callable[[], Any]:
    def run() -> Any:
        with system_scope(at=at, cause="race") as scope:
            return service(scope=scope, **args)

    return run


def earn(cast: Cast, who: str, points: int, **more: Any) -> Any:
    with system_scope(at=AT, cause="race") as scope:
        accruals = [Accrual(cast.customers[who].customer.pk, points, uuid4())]
        return postings.accrue_points(
            scope=scope, accruals=accruals, issuer_id=cast.branch["N"].pk, title="赚", **more
        )[0]


def has(cast: Cast, who: str, at: Any = AT) -> tuple[int, int, int]:
    with system_scope(at=at, cause="race") as scope:
        assert_ledger_agrees()
        now = balance_of(scope=scope, customer_id=cast.customers[who].customer.pk)
        return now.usable, now.pending, now.held


def read_decide_write(cast: Cast, rivals: int, points: int) -> int:
    """What twenty do without the verb: how many believed that they had spent."""
    key = cast.customers["nb"].customer.pk

    def careless() -> bool:
        with system_scope(at=AT, cause="race"), connection.cursor() as cursor:
            cursor.execute("SELECT usable FROM points_wallet WHERE customer_id = %s", [key])
            enough = bool(cursor.fetchone()[0] >= points)
            cursor.execute("SELECT pg_sleep(0.2)")
            return enough

    return sum(together([careless] * rivals))


def test_twenty_gifts_at_once_from_one_balance(committed_cast: Cast) -> None:
    cast = committed_cast
    nb = cast.branch["NB"]
    giver, receiver = (cast.customers[name].customer.pk for name in ("nb", "nb2"))
    earn(cast, "nb", 100)
    with cast.nb_manager.scope():
        home = Household.objects.create(branch=nb, branch_pos=nb.pos, name="王家", opened_at=AT)
        for each in (giver, receiver):
            Member.objects.create(
                branch=nb, branch_pos=nb.pos, household=home, customer_id=each, evidence="户口簿", since=AT
            )
    args = {"giver_id": giver, "receiver_id": receiver, "points": 10, "title": "赠"}
    done = together([act(postings.transfer_points, key=uuid4(), **args) for _n in range(20)])
    assert outcome(done) == {"PointsShort": 10, "Posted": 10}
    assert (has(cast, "nb"), has(cast, "nb2")) == ((0, 0, 0), (100, 0, 0))
    # Both ways at once: nobody waits crosswise, nothing is lost.
    back = args | {"giver_id": receiver, "receiver_id": giver}
    earn(cast, "nb", 100)
    acts = [act(postings.transfer_points, key=uuid4(), **(args if n % 2 else back)) for n in range(12)]
    assert outcome(together(acts)) == {"Posted": 12}
    assert (has(cast, "nb"), has(cast, "nb2")) == ((100, 0, 0), (100, 0, 0))
    assert read_decide_write(cast, 12, 100) == 12


def test_one_key_many_times_moves_once(committed_cast: Cast) -> None:
    cast = committed_cast
    key = key_of("race", "earn")
    accruals = [Accrual(cast.customers["nb"].customer.pk, 10, key)]
    give = {"accruals": accruals, "issuer_id": cast.branch["N"].pk, "title": "赚"}
    done = together([act(postings.accrue_points, **give) for _n in range(12)])
    assert sum(each[0].is_new for each in done) == 1
    assert len({each[0].movement_id for each in done}) == 1
    burn = {"customer_id": accruals[0].customer_id, "points": 4, "key": uuid4(), "title": "花"}
    done = together([act(postings.burn_points, **burn) for _n in range(12)])
    assert sum(each.is_new for each in done) == 1
    assert has(cast, "nb") == (6, 0, 0)


@pytest.mark.parametrize("late", [False, True])
def test_a_hold_is_settled_once_whoever_comes_first(committed_cast: Cast, late: bool) -> None:
    """Spent, set free and swept at once, within its time and after it."""
    cast = committed_cast
    earn(cast, "nb", 100)
    at = AT + timedelta(minutes=16 if late else 1)
    for _round in range(4):
        held = act(
            postings.hold_points, customer_id=cast.customers["nb"].customer.pk, points=10,
            until=AT + timedelta(minutes=15), key=uuid4(), title="下单",
        )()  # fmt: skip
        before = has(cast, "nb", at)[0]
        acts = [act(postings.commit_hold, at, hold_id=held.movement_id) for _n in range(3)]
        acts += [act(postings.release_hold, at, hold_id=held.movement_id) for _n in range(3)]
        acts += [act(postings.sweep_points, at)]
        done = outcome(together(acts))
        spent = 100 - 10 * _round - has(cast, "nb", at)[0] if not late else 0
        assert done.get("NoneType", 0) <= 1 and done.get("Deadlock", 0) == 0, done
        assert has(cast, "nb", at)[2] == 0
        assert late is False or has(cast, "nb", at)[0] == before + 10
        assert spent in (0, 10)
        if spent == 0:
            act(
                postings.burn_points,
                customer_id=cast.customers["nb"].customer.pk,
                points=10,
                key=uuid4(),
                title="x",
            )()
        if late:
            earn(cast, "nb", 10)


def test_lapsing_and_spending_at_the_same_moment(committed_cast: Cast) -> None:
    """Points that lapse are spent before their end or not at all; both at once lose none and double none."""
    cast = committed_cast
    earn(cast, "nb", 50, validity=Validity(1, "day"))
    earn(cast, "nb", 50, validity=Validity(None))
    with system_scope(at=AT, cause="race") as scope:
        end = balance_of(scope=scope, customer_id=cast.customers["nb"].customer.pk).next_end
    assert end is not None
    spend = {"customer_id": cast.customers["nb"].customer.pk, "points": 10, "title": "花"}
    acts: list[Callable[[], Any]] = []
    for _n in range(5):
        acts += [
            act(postings.burn_points, end - timedelta(seconds=1), key=uuid4(), **spend),
            act(postings.burn_points, end, key=uuid4(), **spend),
            act(postings.sweep_points, end),
        ]
    done = outcome(together(acts))
    assert set(done) <= {"Posted", "PointsShort", "int"}, done
    spent = 10 * done["Posted"]
    left = has(cast, "nb", end)[0]
    with system_scope(at=end, cause="race"), connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(sum(points), 0) FROM points_entry WHERE account = 'expired'")
        lapsed = int(cursor.fetchone()[0])
    assert spent + left + lapsed == 100

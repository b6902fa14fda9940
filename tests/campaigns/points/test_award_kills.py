"""The workers of a bulk award, of its taking back, and of the close of a day are killed, again and again, and others go
on: nothing is lost, nothing doubled. Beside it the same deaths where a lot is posted apart from its note: with its key
nothing doubles, without it does.
"""

import io
import multiprocessing
import os
import signal
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from time import sleep
from typing import Any
from unittest.mock import patch
from uuid import UUID, uuid4

import pytest
import time_machine
from django.db import IntegrityError, connection, connections, transaction

from campaigns.customers.services.customers import add_customer
from campaigns.jobs.services.long_runs import run_long
from campaigns.points import tasks
from campaigns.points.models import Award, AwardLot, AwardRow, LedgerClose
from campaigns.points.selectors.awards import award_in_scope
from campaigns.points.selectors.desk import periods_due
from campaigns.points.services import award_runs, awards, postings
from campaigns.points.services.awards import AwardTerms
from campaigns.tenants.scopes import system, system_scope
from tests.support.cast import AT, Cast
from tests.support.deaths import until_the_dead_are_gone
from tests.support.jobs import reopen
from tests.support.points_walk import assert_ledger_agrees

pytestmark = pytest.mark.commits

MANY, LOT = 40, 2  # customers, and how many of them in a movement
LATER = AT + timedelta(days=1)


def killed(deaths: int, seed: int, work: Callable[[Any], None]) -> int:
    """Do the work in processes of which the first ones are killed after a few parts; how many were."""
    fork, draw, died = multiprocessing.get_context("fork"), Random(seed), 0
    seen = fork.Value("i", 0)
    for turn in range(deaths + 1):
        connections.close_all()
        is_last, until = turn == deaths, seen.value + draw.randint(2, 6)
        process = fork.Process(target=_alone, args=(work, seen))
        process.start()
        while not is_last and process.is_alive() and seen.value < until:
            process.join(0.001)
        process.join(120 if is_last else draw.uniform(0, 0.02))
        if process.is_alive():
            assert process.pid is not None
            os.kill(process.pid, signal.SIGKILL)
            died += 1
        process.join()
        until_the_dead_are_gone()
    assert process.exitcode == 0
    return died


def _alone(work: Callable[[Any], None], seen: Any) -> None:
    connections.close_all()
    seen.value += 1
    work(seen)
    connections.close_all()


def worker(award: Award, ends: str, since: datetime) -> Callable[[Any], None]:
    """As the task does it, until the award stands at `ends`. Each part is minutes after the one before, so that
    nobody waits for the lease of the dead.
    """

    def work(seen: Any) -> None:
        step = award_runs._step

        def counted(*args: Any) -> Any:
            seen.value += 1
            return step(*args)

        def clock() -> datetime:
            return since + timedelta(minutes=5 * seen.value)

        with patch.object(award_runs, "_step", counted):
            while now(award).state != ends:
                if not run_long(scope=system(at=clock(), cause="kill"), reopen=reopen, clock=clock):
                    sleep(0.01)

    return work


def careless(award: Award, key: Callable[[AwardLot], UUID]) -> Callable[[Any], None]:
    """Who posts a lot in one transaction and notes it in another."""

    def work(seen: Any) -> None:
        while True:
            with system_scope(at=AT, cause="kill") as scope:
                lot = AwardLot.objects.filter(award=award, posted_at=None).order_by("number").first()
                if lot is None:
                    return
                who = list(AwardRow.objects.filter(lot_id=lot.pk).values_list("customer_id", flat=True))
            with system_scope(at=AT, cause="kill") as scope:
                postings.award_points(
                    scope=scope, customer_ids=who, points=[10] * len(who), key=key(lot), issuer_id=lot.issuer_id,
                    title="回馈",
                )  # fmt: skip
            seen.value += 1
            sleep(0.01)
            with connections["owner"].cursor() as cursor:
                cursor.execute("UPDATE points_awardlot SET posted_at = now() WHERE id = %s", [lot.pk])

    return work


def people(cast: Cast) -> list[str]:
    numbers = [f"K-{n:04d}" for n in range(MANY)]
    with system_scope(at=AT, cause="kill") as scope:
        for n, number in enumerate(numbers):
            home = cast.branch["SB" if n % 2 else "NB"]
            add_customer(scope=scope, branch_id=home.pk, number=number, source="kill")
    return numbers


def agreed(cast: Cast, numbers: list[str]) -> Award:
    """An award that waits for its worker."""
    with cast.ho_rewards.scope() as scope:
        award = awards.load_award(
            scope=scope,
            terms=AwardTerms(title="回馈", reason="双十一活动", each=10),
            file=io.BytesIO(("客户号\n" + "\n".join(numbers)).encode()),
            name="a.csv",
        )
    with patch.object(award_runs, "POSTED_AT_ONCE", LOT):
        while run_long(scope=system(at=AT, cause="kill"), reopen=reopen, clock=lambda: AT):
            pass
    with cast.ho_rewards.scope() as scope:
        return awards.ask_award(scope=scope, award_id=award.pk)


def agrees() -> None:
    with system_scope(at=AT, cause="test"):
        assert_ledger_agrees()


def now(award: Award) -> Award:
    with system_scope(at=LATER, cause="kill") as scope:
        return award_in_scope(scope=scope, award_id=award.pk)


def asked(statement: str) -> tuple[int, ...]:
    with system_scope(at=LATER, cause="kill"), connection.cursor() as cursor:
        cursor.execute(statement)
        return tuple(int(each) for each in cursor.fetchone())


def given() -> tuple[int, ...]:
    """Points out of accruals, and how many movements of them there are."""
    return asked(
        "SELECT coalesce(sum(points), 0), count(DISTINCT movement_id) FROM points_entry"
        " WHERE kind = 'accrue' AND customer_id IS NOT NULL"
    )


def test_killed_workers_of_an_award_and_of_its_taking_back_lose_and_double_nothing(
    committed_cast: Cast,
) -> None:
    award = agreed(committed_cast, people(committed_cast))
    assert award.state == "agreed"
    assert killed(8, 20261123, worker(award, "posted", AT)) >= 4
    assert given() == (MANY * 10, MANY // LOT)
    agrees()
    with committed_cast.ho_rewards.scope(at=LATER) as scope:
        awards.take_back_award(scope=scope, award_id=award.pk, reason="名单有误，整批收回")
    with patch.object(award_runs, "BACK_AT_ONCE", 2):
        assert killed(6, 1123, worker(award, "returned", LATER)) >= 3
    assert asked("SELECT count(*) FROM points_awardrow WHERE back = 'done'") == (MANY,)
    assert asked(
        "SELECT count(*), count(DISTINCT customer_id) FROM points_movement WHERE kind = 'reverse'"
    ) == (MANY, MANY)
    assert asked("SELECT sum(usable), sum(pending), sum(owed) FROM points_wallet") == (0, 0, 0)
    agrees()


def test_the_same_deaths_double_a_lot_that_is_posted_without_its_key_and_not_with_it(
    committed_cast: Cast,
) -> None:
    numbers = people(committed_cast)
    keyed = agreed(committed_cast, numbers)
    assert killed(6, 20261123, careless(keyed, lambda lot: lot.pk)) >= 3
    assert given() == (MANY * 10, MANY // LOT)
    # The control.
    loose = agreed(committed_cast, numbers)
    killed(6, 20261123, careless(loose, lambda _lot: uuid4()))
    assert given() > (2 * MANY * 10, 2 * MANY // LOT)


def test_killed_closers_close_every_day_once(committed_cast: Cast) -> None:
    # From the first close on, no day is missed.
    with time_machine.travel(AT - timedelta(days=6), tick=False):
        assert tasks.close_ledgers() == 1
    for day in range(5, 0, -1):
        with system_scope(at=AT - timedelta(days=day), cause="kill") as scope:
            give = [
                postings.Accrual(committed_cast.customers[who].customer.pk, day, uuid4())
                for who in ("nb", "sb")
            ]
            issuer = committed_cast.branch["N"].pk
            postings.accrue_points(scope=scope, accruals=give, issuer_id=issuer, title="签到奖励")
    with system_scope(at=AT, cause="kill") as scope:
        due = periods_due(scope=scope, limit=500)

    def work(seen: Any) -> None:
        close = tasks.close_missed

        def counted(**given: Any) -> Any:
            seen.value += 1
            return close(**given)

        with patch.object(tasks, "close_missed", counted):
            tasks.close_ledgers()

    assert len(due) >= 10
    assert killed(5, 7, work) >= 3
    with system_scope(at=LATER, cause="kill"):
        rows = list(
            LedgerClose.objects.order_by("id").values_list("branch_id", "period", "day", "nth", "is_green")
        )
    assert sorted(row[:3] for row in rows[1:]) == sorted(due)
    assert {row[3:] for row in rows} == {(1, True)}


def test_the_table_of_awards_keeps_maker_and_checker_apart(committed_cast: Cast) -> None:
    award = agreed(committed_cast, people(committed_cast)[:3])
    for change, name in (
        ("alone = 1", "points_award_above_the_limit_has_a_checker"),
        ("decided_by_id = asked_by_id", "points_award_maker_is_not_checker"),
        ("state = 'refused'", "points_award_is_refused_by_somebody"),
    ):
        with (
            pytest.raises(IntegrityError, match=name),
            transaction.atomic("owner"),
            connections["owner"].cursor() as cursor,
        ):
            cursor.execute(f"UPDATE points_award SET {change} WHERE id = %s", [award.pk])

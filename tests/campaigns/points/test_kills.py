"""Whoever posts is killed, again and again, and begins anew with the same keys: nothing is lost, nothing doubled."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, connections

from campaigns.points.models import Account
from campaigns.points.rules import key_of
from campaigns.points.services import postings
from campaigns.points.services.postings import Accrual, Validity
from campaigns.tenants.scopes import system_scope
from tests.support.cast import AT, Cast
from tests.support.deaths import until_the_dead_are_gone
from tests.support.points_walk import assert_ledger_agrees

pytestmark = pytest.mark.commits

STEPS = 60
LATER = AT + timedelta(days=62)


def work(done: Any, who: list[UUID], issuer: int, key: Callable[[object], UUID]) -> None:
    """Postings, an award in lots, a burn, a hold that is spent, and the sweep of what lapses; each by its own key."""
    for nth in range(STEPS):
        done.value += 1
        with system_scope(at=AT, cause="kill") as scope:
            give = [Accrual(who[nth % len(who)], 10, key(("earn", nth)))]
            lapsing = Validity(1, "day") if nth % 2 else Validity(None)
            postings.accrue_points(scope=scope, accruals=give, issuer_id=issuer, title="赚", validity=lapsing)
        if nth % 6 == 0:
            with system_scope(at=AT, cause="kill") as scope:
                postings.award_points(
                    scope=scope, customer_ids=who, points=[3] * len(who), key=key(("award", nth)),
                    issuer_id=issuer, title="奖", validity=Validity(None),
                )  # fmt: skip
        if nth % 5 == 4:
            with system_scope(at=AT, cause="kill") as scope:
                args: dict[str, Any] = {"customer_id": who[0], "points": 1, "title": "花"}
                postings.burn_points(scope=scope, key=key(("burn", nth)), **args)
        if nth % 10 == 9:
            until = AT + timedelta(days=90)
            with system_scope(at=AT, cause="kill") as scope:
                held = postings.hold_points(scope=scope, key=key(("hold", nth)), until=until, **args)
            if held.is_new or _is_open(held.movement_id):
                with system_scope(at=AT, cause="kill") as scope:
                    postings.commit_hold(scope=scope, hold_id=held.movement_id, into=Account.DRAW)
    while True:
        with system_scope(at=LATER, cause="kill") as scope:
            if not postings.sweep_points(scope=scope, limit=2):
                return


def _is_open(hold: UUID) -> bool:
    with system_scope(at=AT, cause="kill"), connection.cursor() as cursor:
        cursor.execute("SELECT state = 'open' FROM points_hold WHERE id = %s", [hold])
        return bool(cursor.fetchone()[0])


def killed(deaths: int, seed: int, *args: Any) -> int:
    """Do the work in processes of which the first ones are killed, each somewhere in it; how many were."""
    draw, died = Random(seed), 0
    fork = multiprocessing.get_context("fork")
    for turn in range(deaths + 1):
        connections.close_all()
        done = fork.Value("i", 0)
        process = fork.Process(target=work, args=(done, *args))
        process.start()
        until = draw.randint(1, STEPS)
        while turn < deaths and process.is_alive() and done.value < until:
            process.join(0.001)
        process.join(draw.uniform(0, 0.02) if turn < deaths else 120)
        if process.is_alive():
            assert process.pid is not None
            os.kill(process.pid, signal.SIGKILL)
            died += 1
        process.join()
        until_the_dead_are_gone()
        with system_scope(at=AT, cause="kill"):
            assert_ledger_agrees()
    assert process.exitcode == 0
    return died


def sums() -> dict[tuple[str, str], int]:
    with system_scope(at=LATER, cause="kill"), connection.cursor() as cursor:
        cursor.execute("SELECT kind, account, sum(points) FROM points_entry GROUP BY 1, 2")
        return {(kind, account): int(points) for kind, account, points in cursor.fetchall()}


def test_killed_posters_lose_and_double_nothing(committed_cast: Cast) -> None:
    who = [committed_cast.customers[name].customer.pk for name in ("nb", "nb2", "sb")]
    issuer = committed_cast.branch["HO"].pk
    assert killed(14, 20261123, who, issuer, lambda what: key_of("kill", what)) >= 10
    told = sums()
    assert told["accrue", "issued"] == -(STEPS * 10 + STEPS // 6 * 3 * len(who))
    assert (told["burn", "mall"], told["commit", "draw"]) == (STEPS // 5, STEPS // 10)
    # Half of what was earned lapses, less what was spent of it, which ends first.
    assert told["expire", "expired"] == STEPS // 2 * 10 - STEPS // 5 - STEPS // 10
    with system_scope(at=LATER, cause="kill"), connection.cursor() as cursor:
        cursor.execute("SELECT count(*), count(DISTINCT key) FROM points_movement WHERE key IS NOT NULL")
        rows, keys = cursor.fetchone()
    assert rows == keys == STEPS + STEPS // 6 + STEPS // 5 + STEPS // 10


def test_without_keys_the_same_deaths_double(committed_cast: Cast) -> None:
    """The control."""
    who = [committed_cast.customers[name].customer.pk for name in ("nb", "nb2", "sb")]
    killed(4, 20261123, who, committed_cast.branch["HO"].pk, lambda _what: uuid4())
    assert sums()["accrue", "issued"] < -(STEPS * 10 + STEPS // 6 * 3 * len(who))

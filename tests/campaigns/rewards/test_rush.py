"""A hundred thousand claims by 64 clients over every path at once, while quota is moved: nothing oversold, nothing
undersold, nobody above a limit, and the books agree to the unit. Minutes long: `uv run pytest -m proof` runs it.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from random import Random
from typing import Any
from uuid import UUID

import pytest
from django.db import connections
from pytest_django.plugin import DjangoDbBlocker

from campaigns.customers.scopes import customer_scope
from campaigns.lib.clock import now
from campaigns.lib.refusals import Refusal
from campaigns.rewards.models import Coupon, Stock
from campaigns.rewards.services.coupons import claim_coupon
from campaigns.rewards.services.grants import grant_coupon, grant_lot
from campaigns.rewards.services.stock import allot_stock, draw_back_stock
from campaigns.tenants.scopes import system_scope
from config.bench import claims, serving
from config.bench.callers import call
from config.bench.scratch import scratch_database
from tests.support.rewards import assert_rewards_agree
from tests.support.template import template_name

pytestmark = [pytest.mark.proof, pytest.mark.real_clock]

PEOPLE, EACH = 10_000, 6
STOCK, FEW = 50_000, 5_000
REQUESTS = 80_000


@pytest.fixture
def bank(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[claims.Bank]:
    with django_db_blocker.unblock(), scratch_database("fenhang_rush", rooms=(), like=template_name()):
        yield claims.Bank(40, most=PEOPLE)


def told(acts: Counter[str], act: Callable[[], Any]) -> None:
    try:
        act()
        acts["done"] += 1
    except Refusal as no:
        acts[no.code] += 1


def test_a_hundred_thousand_claims_over_every_path(bank: claims.Bank) -> None:
    plenty = bank.fresh(quantity=STOCK, per_customer_limit=EACH)
    capped = bank.fresh(
        quantity=FEW, per_customer_limit=1, cap_per_day=FEW - 1_000, per_address_limit=FEW - 500
    )
    by_hand: Counter[str] = Counter()
    is_over = threading.Event()

    def keep(act: Callable[[Random], Any], seed: int) -> threading.Thread:
        def run() -> None:
            draw = Random(seed)
            while not is_over.is_set():
                told(by_hand, lambda: act(draw))
            connections.close_all()

        return threading.Thread(target=run)

    def alone(draw: Random) -> Any:
        """As a task does it, in the customer's own scope."""
        with customer_scope(customer_id=draw.choice(bank.customers), at=now(), cause="rush") as scope:
            return claim_coupon(scope=scope, batch_id=plenty)

    def one(draw: Random) -> Any:
        """As an operator does it in the admin."""
        with system_scope(at=now(), cause="rush") as scope:
            return grant_coupon(
                scope=scope, batch_id=plenty, customer_id=draw.choice(bank.customers), reason="补偿"
            )

    def many(draw: Random) -> Any:
        """As a loaded list does it."""
        with system_scope(at=now(), cause="rush") as scope:
            chosen = draw.sample(bank.customers, 100)
            return grant_lot(
                scope=scope, batch_id=plenty, customer_ids=chosen, reason="名单", notes_each=True
            )

    def move(draw: Random) -> Any:
        """Quota goes away and comes back meanwhile."""
        number = draw.randrange(1, 200)
        with system_scope(at=now(), cause="rush") as scope:
            draw_back_stock(scope=scope, batch_id=plenty, branch_id=bank.branch.pk, quantity=number)
        with system_scope(at=now(), cause="rush") as scope:
            allot_stock(scope=scope, batch_id=plenty, branch_id=bank.branch.pk, quantity=number)

    with serving.site("fenhang_rush", "config.bench.claims_site", threads=claims.THREADS) as (port, _pid):
        beside = [keep(act, seed) for seed, act in enumerate((alone, one, many, move))]
        for thread in beside:
            thread.start()
        try:
            statuses = over_http(bank, port, {plenty: REQUESTS - 12_000, capped: 12_000})
        finally:
            is_over.set()
            for thread in beside:
                thread.join()
        # Whatever was held when somebody asked is asked for again: in the end nothing is left.
        statuses += over_http(bank, port, {plenty: PEOPLE * 2})

    assert set(statuses) <= {201, 409}, statuses
    assert by_hand["done"] > 1_000, by_hand
    with system_scope(at=now(), cause="rush"):
        made = Coupon.objects.filter(how="claimed").count()
        left = sum(s.allotted - s.claimed for s in Stock.objects.filter(batch_id=plenty))
        held = Counter(Coupon.objects.filter(batch_id=plenty).values_list("customer_id", flat=True))
        assert Coupon.objects.filter(batch_id=capped).count() == FEW - 1_000
        assert_rewards_agree()
    assert sum(held.values()) == STOCK - left
    assert left == 0 or min(held.get(who, 0) for who in bank.customers) == EACH
    assert max(held.values()) <= EACH
    assert statuses[201] <= made
    assert sum(statuses.values()) + sum(by_hand.values()) >= 100_000


def over_http(bank: claims.Bank, port: int, wanted: dict[UUID, int]) -> Counter[int]:
    """So many claims of each batch by 64 clients: how often each status was answered."""
    asked = [
        bank.request("claims", batch, next(bank.turn))
        for batch, number in wanted.items()
        for _ in range(number)
    ]
    Random(7).shuffle(asked)
    _seconds, answers = call(port, [asked[n::64] for n in range(64)])
    return Counter(answers.statuses)

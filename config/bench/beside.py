"""What goes on beside something else: deeds done again and again in other processes, and how many a second."""

import multiprocessing
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import connections

from campaigns.lib.clock import now
from campaigns.points.services.postings import Accrual, Validity, accrue_points
from campaigns.requests.services import Answer
from campaigns.rewards.services.claims import Wish, claim_together
from campaigns.tenants.scopes import system_scope
from config.bench.bank import AT


@dataclass(frozen=True, slots=True)
class Deed:
    """What one thread does, and by what name it is counted."""

    name: str
    act: Callable[[random.Random], object]


def beside(processes: Sequence[Sequence[Deed]], work: Callable[[], object]) -> dict[str, float]:
    """By name: how often a second each deed is done while `work` runs, a thread for each in processes of their own."""
    for each in connections.all():
        each.close()
    context = multiprocessing.get_context("fork")
    rates, over = context.Queue(), context.Event()
    running = [
        context.Process(target=_process, args=(deeds, nth, over, rates))
        for nth, deeds in enumerate(processes)
    ]
    for process in running:
        process.start()
    work()
    over.set()
    told: Counter[str] = Counter()
    for _each in running:
        told.update(rates.get(timeout=60))
    for process in running:
        process.join()
    return dict(told)


def _process(deeds: Sequence[Deed], seed: int, over: Any, rates: Any) -> None:
    done = [0] * len(deeds)
    began = time.perf_counter()

    def repeat(number: int) -> None:
        draw = random.Random(seed * 100 + number)
        while not over.is_set():
            deeds[number].act(draw)
            done[number] += 1
        connections.close_all()

    threads = [threading.Thread(target=repeat, args=(number,)) for number in range(len(deeds))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took, made = time.perf_counter() - began, Counter[str]()
    for deed, many in zip(deeds, done, strict=True):
        made[deed.name] += many / took  # type: ignore[assignment]
    rates.put(made)


def posting(*, issuer: int, who: Callable[[int], UUID], many: int, validity: Validity) -> Deed:
    """Ten points for one of so many customers, through the service."""

    def post(draw: random.Random) -> None:
        accruals = [Accrual(who(draw.randrange(many)), 10, uuid4())]
        with system_scope(at=AT, cause="bench") as scope:
            accrue_points(scope=scope, accruals=accruals, issuer_id=issuer, title="bench", validity=validity)

    return Deed("postings", post)


def claiming(*, batch: UUID, customers: Sequence[UUID]) -> Deed:
    """One of these customers claims a coupon, as the view does it, without HTTP."""

    def claim(draw: random.Random) -> None:
        told = claim_together(
            wish=Wish(
                customer_id=draw.choice(customers),
                batch_id=batch,
                at=now() + timedelta(seconds=1),
                route="bench",
                key=uuid4().hex,
                fingerprint=b"bench",
                tell=lambda outcome: Answer(403 if isinstance(outcome, Exception) else 201, {}, b"{}"),
                request_id=uuid4(),
            )
        )
        if told.answer.status != 201:
            raise AssertionError("a claim was refused")

    return Deed("claims", claim)

"""Claims that share a transaction: each is answered as if it were alone, and all of it is written or nothing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from campaigns.audit.models import Entry
from campaigns.customers.services.customers import add_customer
from campaigns.events.models import Event
from campaigns.lib.clock import now
from campaigns.requests.models import RequestKey
from campaigns.requests.rules import KeyReused
from campaigns.requests.services import Answer
from campaigns.rewards.models import Batch, Coupon, Stock
from campaigns.rewards.services import claims
from campaigns.rewards.services.claims import Told, Wish
from campaigns.rewards.services.stock import draw_back_stock
from campaigns.tenants.scopes import ScopeClosed, system_scope
from tests.support.cast import AT, Cast
from tests.support.races import together
from tests.support.rewards import live_batch, told, wish_of


def live(cast: Cast, **terms: Any) -> Batch:
    """Claimable at this real moment: lots ask the clock."""
    at = now()
    return live_batch(
        cast, at=at, claim_from=at - timedelta(hours=1), claim_until=at + timedelta(days=3), **terms
    )


def crowd(cast: Cast, many: int, branch: str = "NB") -> list[UUID]:
    with system_scope(at=AT, cause="crowd") as scope:
        return [
            add_customer(
                scope=scope,
                branch_id=cast.branch[branch].pk,
                number=f"{branch}-lot-{n:06d}",
                unionid=f"union-lot-{branch}-{n}",
                source="cast",
            ).pk
            for n in range(many)
        ]


def said(outcomes: list[Any]) -> list[str]:
    return [
        f"{o.answer.status} {o.answer.body.decode().split()[-1]}{' again' if o.is_replay else ''}"
        if isinstance(o, Told)
        else type(o).__name__
        for o in outcomes
    ]


def test_a_lot_answers_each_as_if_alone(cast: Cast) -> None:
    batch = live(cast, shares={"NB": 4, "NC": 1}, per_customer_limit=1)
    soon = live_batch(
        cast, at=now(), claim_from=now() + timedelta(days=1), claim_until=now() + timedelta(days=2)
    )
    one, two, three, four, five, six = crowd(cast, 6)
    far = crowd(cast, 2, "NC")
    sb = cast.customers["sb"].customer.pk
    before = [wish_of(one, batch, key="claim-before"), wish_of(two, batch)]
    assert said(claims._claim_all(before)) == ["201 claimed"] * 2
    lot = [
        wish_of(one, batch, key="claim-before"),
        wish_of(two, batch),
        wish_of(three, batch),
        wish_of(four, soon),
        wish_of(sb, batch),
        wish_of(uuid4(), batch),
        wish_of(five, batch),
        wish_of(far[0], batch),
        wish_of(six, batch),
        wish_of(far[1], batch),
    ]
    assert said(claims._claim_all(lot)) == [
        "201 claimed again",
        "409 rewards.claim.limit_reached",
        "201 claimed",
        "409 rewards.claim.not_open_yet",
        "404 not_found",
        "ScopeClosed",
        "201 claimed",
        "201 claimed",
        "409 rewards.claim.sold_out",
        "409 rewards.claim.sold_out",
    ]
    with system_scope(at=now(), cause="look"):
        assert Coupon.objects.filter(batch=batch).count() == 5
        held = Coupon.objects.get(customer=five)
        entry = Entry.objects.get(subject=f"rewards.coupon:{held.pk}")
        assert (entry.actor, entry.request_id) == (f"customers.customer:{five}", lot[6].request_id)
        event = Event.objects.get(subject=f"rewards.coupon:{held.pk}")
        assert (event.customer_id, event.kind) == (five, "rewards.coupon.claimed")
        # Effects and refusals by a rule are kept; who is nobody has nothing to keep it under.
        assert RequestKey.objects.filter(route="api:claims").count() == 2 + 8


def test_a_refusal_is_answered_again_and_another_request_under_the_key_is_refused(cast: Cast) -> None:
    batch, other = live(cast, shares={"NB": 1}), live(cast)
    one, two = crowd(cast, 2)
    assert told(wish_of(one, batch)) == "201 claimed"
    assert told(wish_of(two, batch, key="claim-again")) == "409 rewards.claim.sold_out"
    with cast.north_rewards.scope(at=now()) as scope:
        draw_back_stock(scope=scope, batch_id=other.pk, branch_id=cast.branch["NB"].pk, quantity=1)
    assert told(wish_of(two, batch, key="claim-again")) == "409 rewards.claim.sold_out again"
    with pytest.raises(KeyReused):
        told(wish_of(two, other, key="claim-again"))
    with pytest.raises(ScopeClosed):
        told(wish_of(uuid4(), batch))


def test_a_key_that_was_kept_long_enough_is_as_good_as_absent(cast: Cast) -> None:
    batch = live(cast, per_customer_limit=2)
    (one,) = crowd(cast, 1)
    assert told(wish_of(one, batch, key="claim-week")) == "201 claimed"
    with system_scope(at=now(), cause="look"):
        RequestKey.objects.filter(key="claim-week").update(made_at=now() - timedelta(days=8))
    assert told(wish_of(one, batch, key="claim-week")) == "201 claimed"
    assert told(wish_of(one, batch, key="claim-week")) == "201 claimed again"


def test_one_whose_answer_fails_takes_nobody_along_and_leaves_nothing(cast: Cast) -> None:
    batch = live(cast)
    one, two = crowd(cast, 2)

    def fail(outcome: object) -> Answer:
        raise ValueError("no answer")

    bad = Wish(one, batch.pk, now(), "api:claims", "claim-bad-one", b"x", fail, uuid4())
    with pytest.raises(ValueError, match="no answer"):
        claims.claim_together(wish=bad)
    assert told(wish_of(two, batch)) == "201 claimed"
    with system_scope(at=now(), cause="look"):
        assert not Coupon.objects.filter(customer=one).exists()
        assert not RequestKey.objects.filter(key="claim-bad-one").exists()


def at_once(wishes: list[Wish]) -> dict[str, int]:
    """How often each answer was given to claims of as many threads."""
    answers = together([lambda wish=wish: told(wish) for wish in wishes])  # type: ignore[misc]
    return {answer: answers.count(answer) for answer in sorted(set(map(str, answers)))}


@pytest.mark.commits
@pytest.mark.parametrize("left", [1, 12, 1_000 - 3])
def test_rivals_in_lots_get_what_is_there_and_no_more(committed_cast: Cast, left: int) -> None:
    """The last ones lie scattered over buckets, and a lot wants more than any bucket has."""
    cast = committed_cast
    batch = live(cast, shares={"NB": 1_000}, quota=1_000)
    with cast.north_rewards.scope(at=now()) as scope:
        draw_back_stock(scope=scope, batch_id=batch.pk, branch_id=cast.branch["NB"].pk, quantity=1_000 - left)
    wishes = [wish_of(customer, batch) for customer in crowd(cast, 24)]
    got = min(left, 24)
    expected = {"201 claimed": got, "409 rewards.claim.sold_out": 24 - got}
    assert at_once(wishes) == {answer: many for answer, many in expected.items() if many}
    with cast.north_rewards.scope():
        assert sum(s.allotted - s.claimed for s in Stock.objects.all()) == left - got


@pytest.mark.commits
def test_one_key_eight_ways_at_once_is_one_coupon_and_one_answer(committed_cast: Cast) -> None:
    cast = committed_cast
    batch = live(cast, per_customer_limit=8)
    one, two = crowd(cast, 2)
    wishes = [wish_of(who, batch, key="claim-8-ways") for who in (one, two) for _ in range(8)]
    answers = together([lambda wish=wish: claims.claim_together(wish=wish) for wish in wishes])  # type: ignore[misc]
    for mine in (answers[:8], answers[8:]):
        assert len({told.answer.body for told in mine}) == 1
        assert sorted(told.is_replay for told in mine) == [False] + [True] * 7
    with system_scope(at=now(), cause="look"):
        assert Coupon.objects.count() == 2


@pytest.mark.commits
def test_processes_that_claim_for_the_same_customers_crosswise_never_stand_still(
    committed_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each thread leads lots of its own, as processes do, over two batches, whose stock runs out on the way."""
    cast = committed_cast
    batches = [live(cast, shares={"NB": 40}, per_customer_limit=3) for _ in range(2)]
    people = crowd(cast, 12)

    def process(shift: int) -> Callable[[], list[str]]:
        def act() -> list[str]:
            answers = []
            for turn in range(4):
                order = people[shift + turn :] + people[: shift + turn]
                lot = [wish_of(who, batches[(n + shift) % 2]) for n, who in enumerate(order)]
                answers += said(claims._claim_all(lot))
            return answers

        return act

    results = together([process(shift) for shift in (0, 3, 5, 8)])
    assert all(isinstance(result, list) for result in results), results
    answers = [answer for result in results for answer in result]
    with system_scope(at=now(), cause="look"):
        assert Coupon.objects.count() == answers.count("201 claimed")
    assert set(answers) <= {"201 claimed", "409 rewards.claim.sold_out", "409 rewards.claim.limit_reached"}
    assert answers.count("201 claimed") == min(72, 80)

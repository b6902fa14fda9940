"""Over HTTP, at the site as it is served: the same key is one effect and one answer, also where the process that serves
is killed between the two, or the database's reply is lost.
"""

import http.client
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from uuid import UUID, uuid4

import orjson
import pytest

from campaigns.lib.clock import now
from campaigns.lib.http import tokens
from campaigns.requests.models import RequestKey
from campaigns.rewards.codes import code_of
from campaigns.rewards.models import Batch, Coupon, Redemption
from campaigns.rewards.services.grants import grant_lot
from campaigns.tenants.scopes import system_scope
from tests.campaigns.rewards.test_races import crowd
from tests.support.answering import Caller, Site, Told, answering, at_once
from tests.support.calls import staff_token
from tests.support.cast import Cast
from tests.support.rewards import assert_rewards_agree, live_batch

pytestmark = [pytest.mark.commits, pytest.mark.real_clock]


def live(cast: Cast, *, stock: int, each: int) -> Batch:
    """Claimable at this real moment."""
    at = now()
    return live_batch(
        cast, at=at, claim_from=at - timedelta(hours=1), claim_until=at + timedelta(days=3), quota=stock,
        shares={"NB": stock}, per_customer_limit=each,
    )  # fmt: skip


def token_of(customer_id: UUID) -> str:
    return tokens.issue(kind="customer", subject=str(customer_id), seconds=7200)


# --- the same key, eight ways at once ---------------------------------------------------------------------------


@dataclass
class Asked:
    """One request under one key, and what its eight senders were told."""

    token: str
    path: str
    body: object
    key: str = field(default_factory=lambda: f"eight-{uuid4().hex}")
    told: list[Told] = field(default_factory=list)


def eight_ways(site: Site, asked: list[Asked], *, crews: int) -> int:
    """Each request by the eight callers of a crew at the same moment; how often one was told to try again.

    Nobody is killed here, and nobody goes without an answer.
    """
    put_off = [0]
    why: list[str] = []

    def member(mine: list[Asked], met: threading.Barrier) -> Callable[[], None]:
        def run() -> None:
            caller = Caller(site.port, "")
            for one in mine:
                caller.token = one.token
                met.wait(90)
                one.told.append(caller.post(one.path, key=one.key, body=one.body))
            put_off[0] += caller.put_off
            why.extend(caller.why)

        return run

    acts = []
    for crew in range(crews):
        met = threading.Barrier(8)
        acts += [member(asked[crew::crews], met) for _way in range(8)]
    at_once(acts, within=400)
    assert not why, why
    return put_off[0]


def keys_eight_ways(cast: Cast, site: Site, keys: int, *, crews: int) -> None:
    """Of so many keys two thirds are claims, of which some find nothing left, and one third redemptions, of which some
    find the coupon redeemed under another key.
    """
    claims, coupons = keys * 2 // 3, keys // 4
    people = crowd(cast, claims)
    scarce = live(cast, stock=claims * 3 // 4, each=1)
    granted = live(cast, stock=coupons, each=1)
    with system_scope(at=now(), cause="granted") as scope:
        made = grant_lot(
            scope=scope, batch_id=granted.pk, customer_ids=people[:coupons], reason="补偿", notes_each=True
        ).coupon_ids
    clerk = staff_token(cast.nb_clerk, 7200)
    asked = [Asked(token_of(one), f"batches/{scarce.pk}/claims", {}) for one in people]
    asked += [
        Asked(clerk, "staff/redemptions", {"code": code_of(made[n % coupons])}) for n in range(keys - claims)
    ]
    Random(8).shuffle(asked)
    put_off = eight_ways(site, asked, crews=crews)

    statuses: Counter[int] = Counter()
    for one in asked:
        assert len(one.told) == 8
        assert len({told.answer for told in one.told}) == 1, [told.answer for told in one.told]
        # One of them did it, and seven were told what it was told.
        assert sorted(told.is_replay for told in one.told) == [False] + [True] * 7
        statuses[one.told[0].status] += 1
    with system_scope(at=now(), cause="look"):
        kept = {row.key: (row.status, bytes(row.body)) for row in RequestKey.objects.all()}
        assert kept == {one.key: (one.told[0].status, one.told[0].body) for one in asked}
        done = {
            "claims": set(Coupon.objects.filter(batch=scarce).values_list("pk", flat=True)),
            "redemptions": set(Redemption.objects.values_list("pk", flat=True)),
        }
    for name, effects in done.items():
        answers = [one.told[0] for one in asked if one.path.endswith(name)]
        ids = [UUID(orjson.loads(told.body)["id"]) for told in answers if told.status == 201]
        assert len(ids) == len(effects) and set(ids) == effects
        assert len(answers) > len(ids) > 0
    assert set(statuses) == {201, 409}
    assert len(done["claims"]) == claims * 3 // 4 and len(done["redemptions"]) == coupons
    print(f"\n{keys} keys eight ways: {dict(statuses)}; told to try again {put_off} times")


# --- killed between effect and answer ---------------------------------------------------------------------------


@dataclass
class Killed:
    """What became of claims while those who served them were killed."""

    told: dict[str, Told] = field(default_factory=dict)
    left_alone: int = 0
    died: int = 0  # of `told`, whose first answer died with its process
    careless: int = 0  # claims of those who ask again under another key
    doubled: int = 0  # of those, whose first answer died with its process


def through_kills(
    cast: Cast, site: Site, *, callers: int, each: int, every: int, random_kills: int
) -> Killed:
    """So many callers claim so often. Every `every`-th claim kills the process that serves it after the effect; others
    are killed at any moment, claims of others under way; and then replies to COMMIT are lost.
    """
    batch = live(cast, stock=callers * each * 4, each=30_000)
    people, found, lock = crowd(cast, callers, "kill"), Killed(), threading.Lock()

    def phone(number: int) -> Callable[[], None]:
        careless = number == 0
        caller = Caller(site.port, token_of(people[number]))

        def run() -> None:
            for turn in range(each):
                key, dies = f"kill-{number}-{turn:05d}", turn % every == number % every
                told = caller.post(f"batches/{batch.pk}/claims", key=key, dies=dies, renews_key=careless)
                assert told.status == 201, told
                with lock:
                    if careless:
                        found.careless += 1
                        found.doubled += dies
                    else:
                        found.told[key] = told
                        found.died += dies
            with lock:
                found.left_alone += caller.left_alone

        return run

    def killer() -> None:
        draw = Random(7)
        for _kill in range(random_kills):
            # Only where somebody serves: else nothing was killed.
            while not site.kill_one(draw.randrange(4)):
                site.is_over.wait(0.1)
            site.is_over.wait(draw.uniform(0.5, 3))

    at_once([*[phone(number) for number in range(callers)], killer], within=500)
    with system_scope(at=now(), cause="look"):
        mine = Coupon.objects.filter(batch=batch).exclude(customer_id=people[0])
        held = {str(pk) for pk in mine.values_list("pk", flat=True)}
        kept = dict(RequestKey.objects.filter(key__startswith="kill-").values_list("key", "body"))
        careless_made = Coupon.objects.filter(batch=batch, customer_id=people[0]).count()
        assert_rewards_agree()
    # Each key one coupon, and the answer that is kept is the one that was told.
    assert {orjson.loads(told.body)["id"] for told in found.told.values()} == held
    assert len(held) == len(found.told) == (callers - 1) * each
    for key, told in found.told.items():
        assert bytes(kept[key]) == told.body
    assert sum(told.is_replay for told in found.told.values()) >= found.died > 0
    # The control: who takes another key gets another coupon, at least for each answer that died with its process.
    assert careless_made >= found.careless + found.doubled > found.careless
    return found


def lost_replies(cast: Cast, site: Site, *, callers: int, each: int) -> int:
    """The same while the database's replies to COMMIT are lost: done, and nobody knows. How many were lost."""
    batch = live(cast, stock=callers * each, each=30_000)
    people, told = crowd(cast, callers, "lost"), {}
    before, site.relay.loses = site.relay.lost, 0.3

    def phone(number: int) -> Callable[[], None]:
        caller = Caller(site.port, token_of(people[number]))

        def run() -> None:
            for turn in range(each):
                key = f"lost-{number}-{turn:05d}"
                told[key] = caller.post(f"batches/{batch.pk}/claims", key=key)

        return run

    at_once([phone(number) for number in range(callers)], within=300)
    site.relay.loses = 0.0
    with system_scope(at=now(), cause="look"):
        held = {str(pk) for pk in Coupon.objects.filter(batch=batch).values_list("pk", flat=True)}
        kept = dict(RequestKey.objects.filter(key__startswith="lost-").values_list("key", "body"))
        assert_rewards_agree()
    assert {orjson.loads(one.body)["id"] for one in told.values()} == held
    assert len(held) == callers * each
    assert {key: bytes(body) for key, body in kept.items()} == {key: one.body for key, one in told.items()}
    return site.relay.lost - before


def idle_lines_keep_nobody_out(site: Site) -> None:
    """More browsers than the site has threads keep their lines and say nothing; whoever comes next is answered."""
    lines = [http.client.HTTPConnection("127.0.0.1", site.port, timeout=10) for _browser in range(48)]
    for line in lines:
        line.request("GET", "/api/v1/batches")
        answer = line.getresponse()
        answer.read()
        assert answer.status == 401 and not answer.will_close
    for line in lines:
        line.close()


def test_one_effect_and_one_answer_whatever_is_killed(committed_cast: Cast) -> None:
    with answering() as site:
        idle_lines_keep_nobody_out(site)
        keys_eight_ways(committed_cast, site, 40, crews=2)
        assert lost_replies(committed_cast, site, callers=4, each=6) > 0
        through_kills(committed_cast, site, callers=3, each=3, every=3, random_kills=0)


@pytest.mark.proof
def test_a_thousand_keys_eight_ways(committed_cast: Cast) -> None:
    with answering() as site:
        keys_eight_ways(committed_cast, site, 1_000, crews=6)


@pytest.mark.proof
def test_claims_through_kills_and_lost_replies(
    committed_cast: Cast, capsys: pytest.CaptureFixture[str]
) -> None:
    with answering(seed=11) as site:
        lost = lost_replies(committed_cast, site, callers=16, each=100)
        found = through_kills(committed_cast, site, callers=16, each=100, every=100, random_kills=20)
        replays = sum(told.is_replay for told in found.told.values())
        with capsys.disabled():
            print(
                f"\n{lost} replies to COMMIT lost; {site.starts} starts, {found.left_alone} requests left without an"
                f" answer, {replays} answers told from what was kept"
            )
        assert lost > 100 and site.starts > 1

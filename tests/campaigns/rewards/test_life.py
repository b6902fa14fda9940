"""What becomes of a coupon that somebody holds: given on, set aside, extended, void by the list; every "no" counted."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from pytest_django import Settings as Given

from campaigns.audit.models import Entry
from campaigns.customers.scopes import customer_scope
from campaigns.jobs.long_models import Job
from campaigns.lib.clock import now
from campaigns.lib.http import tokens
from campaigns.lib.refusals import NotAllowed, NotFound, Refusal
from campaigns.rewards.codes import code_of
from campaigns.rewards.models import Coupon
from campaigns.rewards.models.codes import RefusalCount
from campaigns.rewards.refusals import counted
from campaigns.rewards.refusals.coupons import (
    AlreadyRedeemed,
    CodeUnknown,
    CouponExpired,
    LimitReached,
    NotVoidable,
    SoldOut,
)
from campaigns.rewards.refusals.life import (
    CouponIsLocked,
    CouponWasGiven,
    ExpiredTooLong,
    GiftGone,
    NoCouponHeld,
    NotExtendable,
    NotLater,
    NotLocked,
    NotToGive,
    OwnGift,
    ReasonMissing,
)
from campaigns.rewards.refusals.shares import BudgetShort
from campaigns.rewards.selectors.coupons import coupons_of_customer, funnel_of
from campaigns.rewards.services.batch_files import refused_rows
from campaigns.rewards.services.coupons import (
    claim_coupon,
    expire_due_coupons,
    issue_redeem_token,
    redeem_coupon,
    reverse_redemption,
    void_coupon,
)
from campaigns.rewards.services.gifts import accept_gift, gift_offered, offer_gift, withdraw_gift
from campaigns.rewards.services.grants import grant_coupon
from campaigns.rewards.services.locks import lock_coupon, unlock_coupon
from campaigns.rewards.services.many import extend_all, extend_coupon, extend_list, void_all, void_list
from campaigns.rewards.services.refusal_counts import refusals_of, write_refusals
from campaigns.rewards.services.stock import allot_stock
from campaigns.tenants.scopes import system_scope
from tests.campaigns.rewards.test_budgets import budget_of, funded, publish
from tests.campaigns.rewards.test_races import crowd, outcome
from tests.support.calls import Caller
from tests.support.cast import AT, Cast
from tests.support.jobs import run
from tests.support.races import together
from tests.support.rewards import live_batch


@pytest.fixture(autouse=True)
def _private(settings: Given, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def claimed(cast: Cast, name: str = "nb", batch: Any = None, **terms: Any) -> Coupon:
    batch = batch or live_batch(cast, **terms)
    with cast.customers[name].scope() as scope:
        return claim_coupon(scope=scope, batch_id=batch.pk)


def offered(cast: Cast, coupon: Coupon, name: str = "nb", at: Any = AT) -> str:
    with cast.customers[name].scope(at=at) as scope:
        offer_gift(scope=scope, coupon_id=coupon.pk)
        return gift_offered(scope=scope, coupon_id=coupon.pk).token


def taken(cast: Cast, token: str, name: str = "nb2", at: Any = AT) -> Coupon:
    with cast.customers[name].scope(at=at) as scope:
        return accept_gift(scope=scope, token=token)


# --- given on -------------------------------------------------------------------------------------------------


def test_a_given_coupon_is_the_receivers_with_its_window_and_another_code(cast: Cast) -> None:
    coupon = claimed(cast, may_be_given=True)
    token = offered(cast, coupon)
    with pytest.raises(OwnGift):
        taken(cast, token, "nb")
    # A customer of another province: who has the link may.
    got = taken(cast, token, "sb")
    with system_scope(at=AT, cause="look"):
        before = Coupon.objects.get(pk=coupon.pk)
    assert (before.status, before.customer_id) == ("given", cast.customers["nb"].customer.pk)
    assert (got.status, got.how, got.caused_by, got.nth) == (
        "claimed",
        "given",
        f"rewards.coupon:{coupon.pk}",
        1,
    )
    for same in ("usable_from", "usable_until", "revision_id", "branch_id", "off_fen"):
        assert getattr(got, same) == getattr(before, same)
    with cast.nb_clerk.scope() as scope:
        with pytest.raises(CouponWasGiven):
            redeem_coupon(scope=scope, code=code_of(coupon.pk))
        assert redeem_coupon(scope=scope, code=code_of(got.pk)).off_fen == 20_00
    with cast.customers["nb"].scope() as scope:
        assert not coupons_of_customer(scope=scope, state="usable").exists()
        with pytest.raises(CouponWasGiven):
            issue_redeem_token(scope=scope, coupon_id=coupon.pk)
        # The giver's claim still counts.
        with pytest.raises(LimitReached):
            claim_coupon(scope=scope, batch_id=coupon.batch_id)
    with pytest.raises(GiftGone):
        taken(cast, token, "nb2")
    with cast.north_rewards.scope() as scope:
        # One coupon of the stock, whoever holds it.
        assert funnel_of(scope=scope, batch=coupon.batch).claimed == 1
        deeds = Entry.objects.filter(verb__in=["rewards.coupon.give", "rewards.coupon.receive"])
        assert {(e.verb, e.subject) for e in deeds} == {
            ("rewards.coupon.give", f"rewards.coupon:{coupon.pk}"),
            ("rewards.coupon.receive", f"rewards.coupon:{got.pk}"),
        }


def test_what_is_not_to_give_is_not_offered_and_an_offer_ends(cast: Cast) -> None:
    plain = claimed(cast)
    with cast.customers["nb"].scope() as scope:
        with pytest.raises(NotToGive):
            offer_gift(scope=scope, coupon_id=plain.pk)
        with pytest.raises(NotFound):
            gift_offered(scope=scope, coupon_id=plain.pk)
    coupon = claimed(cast, may_be_given=True)
    with cast.customers["nb2"].scope() as scope, pytest.raises(NotFound):
        offer_gift(scope=scope, coupon_id=coupon.pk)
    first = offered(cast, coupon)
    # Another offer takes the first one back; a day later nobody may any more, though nothing was swept.
    second = offered(cast, coupon)
    for token, at in ((first, AT), (second, AT + timedelta(hours=24)), ("nonsense", AT)):
        with pytest.raises(GiftGone):
            taken(cast, token, at=at)
    with cast.customers["nb"].scope() as scope:
        withdraw_gift(scope=scope, coupon_id=coupon.pk)
        with pytest.raises(GiftGone):
            withdraw_gift(scope=scope, coupon_id=coupon.pk)
    with pytest.raises(GiftGone):
        taken(cast, second)
    third = offered(cast, coupon)
    with cast.nb_clerk.scope() as scope:
        redeem_coupon(scope=scope, code=code_of(coupon.pk))
    with pytest.raises(GiftGone):
        taken(cast, third)
    with cast.customers["nb"].scope() as scope, pytest.raises(AlreadyRedeemed):
        offer_gift(scope=scope, coupon_id=coupon.pk)
    # The receiver's limit holds.
    batch = live_batch(cast, may_be_given=True)
    claimed(cast, "nb2", batch)
    with pytest.raises(LimitReached):
        taken(cast, offered(cast, claimed(cast, "nb", batch)))


@pytest.mark.commits
def test_one_gift_is_taken_by_one_and_a_redemption_beside_it_wins_or_loses(
    committed_cast: Cast, control: Callable[[int, int], int]
) -> None:
    cast = committed_cast
    coupon = claimed(cast, may_be_given=True)
    token = offered(cast, coupon)
    rivals = crowd(cast, 7)

    def take(customer_id: UUID) -> Callable[[], Any]:
        def act() -> Any:
            with customer_scope(customer_id=customer_id, at=AT, cause="race") as scope:
                return accept_gift(scope=scope, token=token)

        return act

    def redeem() -> Any:
        with cast.nb_clerk.scope() as scope:
            return redeem_coupon(scope=scope, code=code_of(coupon.pk))

    said = outcome(together([redeem, *[take(each) for each in rivals]]))
    assert said in (
        {"Coupon": 1, "CouponWasGiven": 1, "GiftGone": 6},
        {"Redemption": 1, "GiftGone": 7},
    ), said
    assert control(8, 1) == 8


# --- set aside ------------------------------------------------------------------------------------------------


def test_a_coupon_set_aside_is_its_orders_until_its_time_is_over(cast: Cast) -> None:
    coupon = claimed(cast)
    with cast.customers["nb"].scope() as scope:
        until = lock_coupon(scope=scope, coupon_id=coupon.pk, order="A-1")
        assert until == AT + timedelta(minutes=15)
        with pytest.raises(CouponIsLocked):
            lock_coupon(scope=scope, coupon_id=coupon.pk, order="A-2")
        assert lock_coupon(
            scope=scope, coupon_id=coupon.pk, order="A-1", during=timedelta(days=9)
        ) == AT + timedelta(hours=2)
        with pytest.raises(NotLocked):
            unlock_coupon(scope=scope, coupon_id=coupon.pk, order="A-2")
    with cast.customers["nb2"].scope() as scope, pytest.raises(NotFound):
        lock_coupon(scope=scope, coupon_id=coupon.pk, order="A-1")
    with cast.nb_clerk.scope() as scope:
        for order in (None, "A-2"):
            with pytest.raises(CouponIsLocked):
                redeem_coupon(scope=scope, code=code_of(coupon.pk), order=order)
        done = redeem_coupon(scope=scope, code=code_of(coupon.pk), order="A-1")
        reverse_redemption(scope=scope, redemption_id=done.pk)
        # What was set aside was used: nobody's now.
        assert redeem_coupon(scope=scope, code=code_of(coupon.pk))
    other = claimed(cast)
    with cast.customers["nb"].scope() as scope:
        lock_coupon(scope=scope, coupon_id=other.pk, order="A-1")
    # Over by the clock alone.
    with cast.nb_clerk.scope(at=AT + timedelta(minutes=15)) as scope:
        assert redeem_coupon(scope=scope, code=code_of(other.pk))
    with cast.customers["nb"].scope(at=AT + timedelta(minutes=15)) as scope, pytest.raises(NotLocked):
        unlock_coupon(scope=scope, coupon_id=other.pk, order="A-1")


@pytest.mark.commits
def test_two_orders_for_one_coupon(committed_cast: Cast, control: Callable[[int, int], int]) -> None:
    cast = committed_cast
    coupon = claimed(cast)

    def lock(order: str) -> Callable[[], Any]:
        def act() -> Any:
            with cast.customers["nb"].scope() as scope:
                return lock_coupon(scope=scope, coupon_id=coupon.pk, order=order)

        return act

    assert outcome(together([lock(f"A-{n}") for n in range(8)])) == {"CouponIsLocked": 7, "datetime": 1}
    assert control(8, 1) == 8


# --- extended, void -------------------------------------------------------------------------------------------


def test_an_extension_is_later_and_brings_back_what_expired_lately(cast: Cast) -> None:
    coupon = claimed(cast)
    end = coupon.usable_until

    def extend(until: Any, at: Any = AT, reason: str = "网点停电") -> None:
        with cast.north_rewards.scope(at=at) as scope:
            extend_coupon(scope=scope, coupon_id=coupon.pk, until=until, reason=reason)

    for until, at, refusal in (
        (end, AT, NotLater),
        (end - timedelta(days=1), AT, NotLater),
        (end + timedelta(days=1), end + timedelta(days=2), NotLater),
        (end + timedelta(days=90), end + timedelta(days=30), ExpiredTooLong),
    ):
        with pytest.raises(refusal):
            extend(until, at)
    with pytest.raises(ReasonMissing):
        extend(end + timedelta(days=1), reason=" ")
    with cast.nb_manager.scope() as scope, pytest.raises(NotAllowed):
        extend_coupon(scope=scope, coupon_id=coupon.pk, until=end + timedelta(days=1), reason="x")
    with cast.ho_rewards.scope(stand_at=cast.branch["S"].pk) as scope, pytest.raises(NotFound):
        extend_coupon(scope=scope, coupon_id=coupon.pk, until=end + timedelta(days=1), reason="x")
    with system_scope(at=end, cause="sweep") as scope:
        assert expire_due_coupons(scope=scope) == 1
    late = end + timedelta(days=3)
    with cast.nb_clerk.scope(at=late) as scope, pytest.raises(CouponExpired):
        redeem_coupon(scope=scope, code=code_of(coupon.pk))
    extend(late + timedelta(days=1), at=late)
    with cast.nb_clerk.scope(at=late) as scope:
        redeem_coupon(scope=scope, code=code_of(coupon.pk))
    with pytest.raises(NotExtendable):
        extend(late + timedelta(days=9), at=late)
    with system_scope(at=AT, cause="look"):
        assert Entry.objects.get(verb="rewards.coupon.extend").detail["reason"] == "网点停电"


def test_what_expired_is_not_extended_with_money_that_others_have_by_now(cast: Cast) -> None:
    """Four coupons expire and give their money back; three others are allotted for it; one may come back."""
    budget = budget_of(cast, 100_00)
    batch = publish(cast, funded(cast, budget, per_customer_limit=9), NB=5)
    held = [claimed(cast, "nb", batch) for _turn in range(4)]
    end = held[0].usable_until
    until = end + timedelta(days=2)
    with system_scope(at=end, cause="sweep") as scope:
        assert expire_due_coupons(scope=scope) == 4
    with cast.north_rewards.scope(at=end) as scope:
        allot_stock(scope=scope, batch_id=batch.pk, branch_id=cast.branch["NB"].pk, quantity=3)
        job = extend_all(scope=scope, batch_id=batch.pk, until=until, reason="网点停电")
    assert run(at=end)
    with cast.north_rewards.scope(at=end) as scope:
        for coupon in sorted(held, key=lambda each: each.pk)[1:]:
            with pytest.raises(BudgetShort):
                extend_coupon(scope=scope, coupon_id=coupon.pk, until=until, reason="网点停电")
    with system_scope(at=end, cause="look"):
        job.refresh_from_db()
        assert (job.state, job.done, job.refused) == ("done", 4, 3)
        assert Coupon.objects.get(status="claimed").pk == min(each.pk for each in held)
        budget.refresh_from_db()
        assert budget.taken_fen == 100_00


def test_many_are_extended_and_voided_by_a_list_and_as_a_whole(cast: Cast) -> None:
    batch = live_batch(cast, per_customer_limit=2)
    mine = [claimed(cast, "nb", batch) for _turn in range(2)]
    other = claimed(cast, "nb2", batch)
    until = other.usable_until + timedelta(days=5)

    def listed(names: list[str], act: Callable[..., Any], **more: Any) -> Job:
        file = io.BytesIO(("客户号\n" + "\n".join(cast.customers[n].number for n in names)).encode())
        with cast.north_rewards.scope() as scope:
            asked = act(scope=scope, batch_id=batch.pk, file=file, name="l.csv", reason="停业", **more)
        assert run()
        with system_scope(at=AT, cause="look") as scope:
            assert {words["zh"] for _line, words in refused_rows(scope=scope, file=asked)} <= {
                NoCouponHeld.zh
            }
            return Job.objects.get(pk=asked.job_id)

    job = listed(["nb", "sb"], extend_list, until=until)
    assert (job.state, job.done, job.refused) == ("done", 2, 1)
    with system_scope(at=AT, cause="look"):
        assert list(Coupon.objects.filter(usable_until=until).order_by("pk")) == mine
    with cast.north_rewards.scope() as scope:
        with pytest.raises(NotLater):
            extend_all(scope=scope, batch_id=batch.pk, until=AT, reason="x")
        job = extend_all(scope=scope, batch_id=batch.pk, until=until, reason="全部延期")
    assert run()
    with system_scope(at=AT, cause="look"):
        job.refresh_from_db()
        # Two of three had that end already.
        assert (job.done, job.refused, Coupon.objects.filter(usable_until=until).count()) == (3, 2, 3)
    job = listed(["nb", "nb"], void_list)
    assert (job.done, job.refused) == (2, 1)
    with system_scope(at=AT, cause="look"):
        assert sorted(Coupon.objects.values_list("status", flat=True)) == ["claimed", "void", "void"]
    with cast.nb_clerk.scope() as scope:
        redeem_coupon(scope=scope, code=code_of(other.pk))
    with cast.north_rewards.scope() as scope:
        with pytest.raises(NotVoidable):
            void_coupon(scope=scope, coupon_id=other.pk, reason="x")
        job = void_all(scope=scope, batch_id=batch.pk, reason="全部作废")
    assert run()
    with system_scope(at=AT, cause="look"):
        job.refresh_from_db()
        assert (job.state, job.done) == ("done", 0)
        assert Entry.objects.filter(verb="rewards.coupon.void").count() == 2


# --- every "no", counted --------------------------------------------------------------------------------------


def test_every_no_is_counted_by_reason_and_outlives_what_was_rolled_back(cast: Cast) -> None:
    counted.taken()  # of the tests before
    batch = live_batch(cast, shares={"NB": 1})
    coupon = claimed(cast, "nb", batch)
    nb2 = cast.customers["nb2"].customer.pk

    def refused(act: Callable[[], Any], times: int = 1) -> None:
        for _turn in range(times):
            with pytest.raises(Refusal):
                act()

    def claim(name: str) -> Any:
        with cast.customers[name].scope() as scope:
            return claim_coupon(scope=scope, batch_id=batch.pk)

    def grant() -> Any:
        with cast.north_rewards.scope() as scope:
            return grant_coupon(scope=scope, batch_id=batch.pk, customer_id=nb2, reason="x")

    def redeem(code: str) -> Any:
        with cast.nb_clerk.scope() as scope:
            return redeem_coupon(scope=scope, code=code, order_fen=1)

    refused(lambda: claim("nb2"), 3)
    refused(lambda: claim("nb"))
    refused(grant, 2)
    refused(lambda: redeem(code_of(coupon.pk)))
    refused(lambda: redeem(code_of(uuid4())))  # of no batch
    with system_scope(at=AT, cause="sweep") as scope:
        assert write_refusals(scope=scope) == 4
        assert write_refusals(scope=scope) == 0
    refused(lambda: claim("nb2"))
    with system_scope(at=AT, cause="sweep") as scope:
        assert write_refusals(scope=scope) == 1
        assert RefusalCount.objects.count() == 4
    with cast.north_rewards.scope() as scope:
        said = [(each.deed, each.words, each.number) for each in refusals_of(scope=scope, batch_id=batch.pk)]
        assert said[:2] == [("claim", SoldOut.zh, 4), ("grant", said[1][1], 2)]
        assert len(said) == 4 and CodeUnknown.zh not in {words for _deed, words, _number in said}
    with cast.sb_manager.scope() as scope:
        assert refusals_of(scope=scope, batch_id=batch.pk) == []


def test_without_valkey_nothing_is_counted_and_nobody_waits(cast: Cast, settings: Given) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    counted.count("claim", uuid4(), "rewards.claim.sold_out", at=AT)
    assert counted._closed_until > 0
    assert counted.taken() == []
    counted._closed_until = 0.0


def test_a_gift_goes_over_http_without_its_link_in_a_stored_answer(cast: Cast) -> None:
    batch = live_batch(cast, at=now(), may_be_given=True, usable_days=30_000)
    giver, receiver = (
        Caller(tokens.issue(kind="customer", subject=str(cast.customers[n].customer.pk), seconds=900))
        for n in ("nb", "nb2")
    )
    coupon = giver.post(f"/api/v1/batches/{batch.pk}/claims", key="k-claim-01").json()
    assert coupon["how"] == "claimed"
    path = f"/api/v1/me/coupons/{coupon['id']}/gift"
    assert giver.get(path).status_code == 404
    offered = giver.post(path, key="k-offer-01")
    assert offered.status_code == 201 and set(offered.json()) == {"until"}
    link = giver.get(path).json()
    assert link["until"] == offered.json()["until"]
    assert receiver.get(path).status_code == 404
    got = receiver.post("/api/v1/gifts", {"token": link["token"]}, key="k-take-01")
    assert (got.status_code, got.json()["how"]) == (201, "given")
    again = receiver.post("/api/v1/gifts", {"token": link["token"]}, key="k-take-01")
    assert again.content == got.content
    assert receiver.get(f"/api/v1/me/coupons/{got.json()['id']}").json()["code"]
    assert receiver.get(f"/api/v1/me/coupons/{got.json()['id']}/code").status_code == 404
    assert giver.get(f"/api/v1/me/coupons/{coupon['id']}").json()["status"] == "given"

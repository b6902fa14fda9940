"""What went wrong with coupons elsewhere, by engine and number: each is a test here. Races have a control beside them,
the same rivals reading, deciding, and then writing.
"""

import threading
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from pytest_django import Settings as Given

from campaigns.customers.scopes import customer_scope
from campaigns.lib.clock import now
from campaigns.lib.refusals import Refusal
from campaigns.rewards.codes import code_of
from campaigns.rewards.models import Batch, Budget, Coupon, Redemption, Reversal, Stock
from campaigns.rewards.refusals.coupons import (
    AboveQuota,
    AlreadyRedeemed,
    NotVoidable,
    OrderTooSmall,
    SoldOut,
    UnusedTooFew,
)
from campaigns.rewards.refusals.life import CouponIsLocked, GiftGone, NotLocked
from campaigns.rewards.refusals.shares import BudgetShort
from campaigns.rewards.services.claim_codes import set_shared_code
from campaigns.rewards.services.coupons import (
    claim_coupon,
    expire_due_coupons,
    redeem_coupon,
    reverse_redemption,
    void_coupon,
)
from campaigns.rewards.services.gifts import gift_offered, offer_gift, withdraw_gift
from campaigns.rewards.services.locks import lock_coupon, unlock_coupon
from campaigns.rewards.services.stock import allot_stock, draw_back_stock, draw_back_subtree
from campaigns.tenants.scopes import system_scope
from tests.campaigns.rewards.test_budgets import budget_of, funded, publish, sums
from tests.campaigns.rewards.test_codes import made
from tests.campaigns.rewards.test_races import claims, crowd, outcome
from tests.support.cast import AT, Cast
from tests.support.races import together, until_one_waits
from tests.support.rewards import live_batch, told, wish_of


@pytest.fixture(autouse=True)
def _private(settings: Given, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def claim(cast: Cast, batch: Batch, name: str = "nb", at: Any = AT) -> Coupon:
    with cast.customers[name].scope(at=at) as scope:
        return claim_coupon(scope=scope, batch_id=batch.pk)


def left_at(cast: Cast, batch: Batch) -> int:
    with system_scope(at=AT, cause="look"):
        return sum(s.allotted - s.claimed for s in Stock.objects.filter(batch=batch))


# --- limits passed by many at once ------------------------------------------------------------------------------


@pytest.mark.commits
def test_saleor_544(committed_cast: Cast, control: Callable[[int, int], int]) -> None:
    """Two customers checked out at the same moment with a voucher that had one use left, and both got it."""
    cast = committed_cast
    batch = live_batch(cast, shares={"NB": 1})
    rivals = [cast.customers[name].customer.pk for name in ("nb", "nb2")]
    assert outcome(claims(cast, batch.pk, rivals)) == {"Coupon": 1, "SoldOut": 1}
    assert control(2, 1) == 2


@pytest.mark.commits
def test_pretix_6067(committed_cast: Cast, control: Callable[[int, int], int]) -> None:
    """The lock was taken, and then the count from before the lock was believed: what a rival had redeemed while one
    waited was not in it.
    """
    cast = committed_cast
    batch = live_batch(cast, shares={"NB": 1}, per_customer_limit=1)
    has_taken = threading.Event()

    def hold() -> Coupon:
        with cast.customers["nb"].scope() as scope:
            taken = claim_coupon(scope=scope, batch_id=batch.pk)
            has_taken.set()
            until_one_waits()  # who has read "one left"
        return taken

    def follow() -> Coupon:
        assert has_taken.wait(30)
        with cast.customers["nb2"].scope() as scope:
            return claim_coupon(scope=scope, batch_id=batch.pk)

    first, second = together([hold, follow])
    assert isinstance(first, Coupon) and isinstance(second, SoldOut), (first, second)
    assert control(2, 1) == 2


@pytest.mark.commits
def test_pretix_6396(committed_cast: Cast) -> None:
    """A voucher's budget, not its uses, was passed: orders at the same moment each saw the money that was left.

    Two batches draw on one budget at once. The control: all eight read "100 yuan left" before anybody wrote.
    """
    cast = committed_cast
    budget = budget_of(cast, 100_00)
    batches = [funded(cast, budget) for _ in range(2)]
    read = []

    def allot(batch: Batch, code: str) -> Any:
        def act() -> UUID:
            with cast.north_rewards.scope() as scope:
                read.append(Budget.objects.get(pk=budget.pk).total_fen)
                allot_stock(scope=scope, batch_id=batch.pk, branch_id=cast.branch[code].pk, quantity=2)
                return batch.pk

        return act

    results = together([allot(batch, code) for batch in batches for code in ("NB", "NC", "N", "NB")])
    assert sorted(type(r).__name__ for r in results) == ["BudgetShort"] * 6 + ["UUID"] * 2
    assert sums(budget) == (80_00, 80_00, 0, 0)
    assert sum(min(fen, 40_00) for fen in read) > 100_00


@pytest.mark.commits
def test_medusa_13451(committed_cast: Cast, control: Callable[[int, int], int]) -> None:
    """Uses were counted by customer at last, but by reading the count, comparing it and writing it back; and what was
    spent above the limit was let through when it was registered.
    """
    cast = committed_cast
    batch = live_batch(cast, per_customer_limit=2, shares={"NB": 50})
    rival = cast.customers["nb"].customer.pk
    assert outcome(claims(cast, batch.pk, [rival] * 8)) == {"Coupon": 2, "LimitReached": 6}
    assert control(8, 2) == 8


@pytest.mark.commits
def test_django_oscar_4612(committed_cast: Cast, control: Callable[[int, int], int]) -> None:
    """Whether a single-use voucher was still good was asked in one transaction, and its use written in another one."""
    cast = committed_cast
    coupon = claim(cast, live_batch(cast))

    def redeem(clerk: str) -> Callable[[], Redemption]:
        def act() -> Redemption:
            with cast.play(clerk).scope() as scope:
                return redeem_coupon(scope=scope, code=code_of(coupon.pk))

        return act

    results = together([redeem("nb_clerk"), redeem("sb_clerk")])
    assert outcome(results) == {AlreadyRedeemed.__name__: 1, "Redemption": 1}
    assert control(2, 1) == 2


@pytest.mark.commits
def test_shopware_11245(committed_cast: Cast, control: Callable[[int, int], int]) -> None:
    """A one-time code was checked and spent in separate steps: sent from several carts at once it was good in each."""
    cast = committed_cast
    batch = live_batch(cast, claims_by="single", per_customer_limit=9)
    _asked, codes = made(cast, batch, 1)

    def typed(name: str) -> Callable[[], Coupon]:
        def act() -> Coupon:
            with cast.customers[name].scope() as scope:
                return claim_coupon(scope=scope, batch_id=batch.pk, code=codes[0])

        return act

    results = together([typed(name) for name in ["nb", "nb2"] * 4])
    assert outcome(results) == {"ClaimCodeSpent": 7, "Coupon": 1}
    assert control(8, 1) == 8


@pytest.mark.commits
def test_eventyay_1398(committed_cast: Cast, control: Callable[[int, int], int]) -> None:
    """A voucher for three was redeemed five times at once: it was found valid before the lock was asked for."""
    cast = committed_cast
    batch = live_batch(cast, claims_by="shared", shares={"NB": 3})
    with cast.north_rewards.scope() as scope:
        set_shared_code(scope=scope, batch_id=batch.pk, code="SPRING")

    def typed(customer_id: UUID) -> Callable[[], Coupon]:
        def act() -> Coupon:
            with customer_scope(customer_id=customer_id, at=AT, cause="race") as scope:
                return claim_coupon(scope=scope, batch_id=batch.pk, code="SPRING")

        return act

    assert outcome(together([typed(each) for each in crowd(cast, 5)])) == {"Coupon": 3, "SoldOut": 2}
    assert control(5, 3) == 5


# --- the fix that undid what had been done ----------------------------------------------------------------------


@pytest.mark.commits
def test_saleor_15849(committed_cast: Cast) -> None:
    """Two runs of one checkout: the first counted the last use, the second was refused for it and refunded the payment,
    and the first then finished an order whose money was gone.

    Eight sendings of one claim for the last coupon hear the same, and a refused redemption takes nothing back from the
    one that was done. The control: sent under keys of their own, seven hear "no".
    """
    cast = committed_cast
    at = now()
    terms = {"at": at, "claim_from": at - timedelta(hours=1), "claim_until": at + timedelta(days=1)}
    last, other = (live_batch(cast, shares={"NB": 1}, **terms) for _ in range(2))
    one = cast.customers["nb"].customer.pk

    def heard(batch: Batch, key: str) -> list[str]:
        wishes = [wish_of(one, batch, key=key and f"{key}-as-one") for _turn in range(8)]
        return sorted(together([lambda wish=wish: told(wish) for wish in wishes]))  # type: ignore[misc]

    assert heard(last, "checkout") == ["201 claimed", *["201 claimed again"] * 7]
    assert heard(other, "") == ["201 claimed", *["409 rewards.claim.limit_reached"] * 7]

    budgeted = publish(cast, funded(cast, budget_of(cast, 100_00)), NB=5)
    coupon = claim(cast, budgeted)

    def redeem() -> Redemption:
        with cast.nb_clerk.scope() as scope:
            return redeem_coupon(scope=scope, code=code_of(coupon.pk))

    assert outcome(together([redeem] * 6)) == {"AlreadyRedeemed": 5, "Redemption": 1}
    with system_scope(at=AT, cause="look"):
        assert Coupon.objects.get(pk=coupon.pk).status == "redeemed"
        assert Redemption.objects.count() == 1 and not Reversal.objects.exists()
        assert sums(Budget.objects.get()) == (100_00, 80_00, 0, 20_00)


# --- use that was not given back, or given back twice -----------------------------------------------------------


def test_pretix_165(cast: Cast) -> None:
    """Who cancelled an order had lost the voucher. (And it was feared that giving it back would oversell what others
    had bought meanwhile.)
    """
    budget = budget_of(cast, 40_00)
    batch = publish(cast, funded(cast, budget), NB=2)
    coupon = claim(cast, batch)
    with cast.nb_clerk.scope() as scope:
        done = redeem_coupon(scope=scope, code=code_of(coupon.pk))
    claim(cast, batch, "nb2")  # the last one
    assert sums(budget) == (40_00, 20_00, 0, 20_00)
    with cast.nb_clerk.scope() as scope:
        reverse_redemption(scope=scope, redemption_id=done.pk)
    # Its own place in the stock and its own money: nobody else's.
    assert (left_at(cast, batch), sums(budget)) == (0, (40_00, 40_00, 0, 0))
    with cast.sb_clerk.scope() as scope:
        assert redeem_coupon(scope=scope, code=code_of(coupon.pk)).follows_id is not None
    assert sums(budget) == (40_00, 20_00, 0, 20_00)


def test_saleor_16676(cast: Cast) -> None:
    """A voucher that was taken off a draft order stayed used."""
    batch = live_batch(cast, shares={"NB": 10})
    coupon = claim(cast, batch)
    with cast.customers["nb"].scope() as scope:
        lock_coupon(scope=scope, coupon_id=coupon.pk, order="draft-1")
        unlock_coupon(scope=scope, coupon_id=coupon.pk, order="draft-1")
        lock_coupon(scope=scope, coupon_id=coupon.pk, order="draft-2")
        unlock_coupon(scope=scope, coupon_id=coupon.pk, order="draft-2")
    with cast.nb_clerk.scope() as scope:
        assert redeem_coupon(scope=scope, code=code_of(coupon.pk)).off_fen == 20_00
    # And quota that was handed out by mistake: all of it is there again.
    with cast.north_rewards.scope() as scope:
        allot_stock(scope=scope, batch_id=batch.pk, branch_id=cast.branch["NC"].pk, quantity=90)
        draw_back_stock(scope=scope, batch_id=batch.pk, branch_id=cast.branch["NC"].pk, quantity=90)
        allot_stock(scope=scope, batch_id=batch.pk, branch_id=cast.branch["NB"].pk, quantity=90)
    assert left_at(cast, batch) == 99


def test_saleor_18439(cast: Cast) -> None:
    """Deleting a draft order gave back a use that had never been counted, so the voucher had more than its limit."""
    budget = budget_of(cast, 100_00)
    batch = publish(cast, funded(cast, budget, may_be_given=True, per_customer_limit=9), NB=5)
    kept, gone, locked = (claim(cast, batch) for _turn in range(3))
    with cast.customers["nb"].scope() as scope:
        offer_gift(scope=scope, coupon_id=kept.pk)
        withdraw_gift(scope=scope, coupon_id=kept.pk)
        with pytest.raises(GiftGone):
            withdraw_gift(scope=scope, coupon_id=kept.pk)
        with pytest.raises(NotLocked):
            unlock_coupon(scope=scope, coupon_id=kept.pk, order="never")
        lock_coupon(scope=scope, coupon_id=locked.pk, order="draft-1")
    with cast.north_rewards.scope() as scope:
        void_coupon(scope=scope, coupon_id=gone.pk, reason="误发")
        for _again in range(3):
            with pytest.raises(NotVoidable):
                void_coupon(scope=scope, coupon_id=gone.pk, reason="误发")
        with pytest.raises(UnusedTooFew):
            draw_back_stock(scope=scope, batch_id=batch.pk, branch_id=cast.branch["NB"].pk, quantity=3)
    # 5 coupons' worth, less the one that is void: given back once.
    assert (left_at(cast, batch), sums(budget)) == (2, (80_00, 80_00, 0, 0))
    with system_scope(at=kept.usable_until, cause="sweep") as scope:
        assert [expire_due_coupons(scope=scope) for _again in range(3)] == [2, 0, 0]
    assert (left_at(cast, batch), sums(budget)) == (2, (40_00, 40_00, 0, 0))
    with cast.north_rewards.scope(at=kept.usable_until) as scope:
        # The money of three is there again, and the quota is not: they were handed out.
        allot_stock(scope=scope, batch_id=batch.pk, branch_id=cast.branch["NB"].pk, quantity=3)
        with pytest.raises(BudgetShort):
            allot_stock(scope=scope, batch_id=batch.pk, branch_id=cast.branch["NB"].pk, quantity=1)
    assert left_at(cast, batch) == 5


def test_shopware_8575(cast: Cast) -> None:
    """Who broke a payment off had used up the one voucher that each customer may use."""
    coupon = claim(cast, live_batch(cast, per_customer_limit=1))

    class PaymentBrokenOff(Exception):
        pass

    with cast.customers["nb"].scope() as scope:
        until = lock_coupon(scope=scope, coupon_id=coupon.pk, order="A-1")
    with pytest.raises(PaymentBrokenOff), cast.nb_clerk.scope() as scope:
        redeem_coupon(scope=scope, code=code_of(coupon.pk), order="A-1")
        raise PaymentBrokenOff
    with cast.nb_clerk.scope() as scope:
        with pytest.raises(OrderTooSmall):
            redeem_coupon(scope=scope, code=code_of(coupon.pk), order="A-1", order_fen=99_99)
        with pytest.raises(CouponIsLocked):
            redeem_coupon(scope=scope, code=code_of(coupon.pk), order="A-2")
    # Nobody let go of it, and no sweep ran.
    with cast.nb_clerk.scope(at=until) as scope:
        assert redeem_coupon(scope=scope, code=code_of(coupon.pk), order="A-2").off_fen == 20_00


# --- counters that leak away ------------------------------------------------------------------------------------


def test_counters_leak_nothing_until_all_is_claimed(cast: Cast) -> None:
    """Reservations that fail, end or are taken back leave a little behind each time elsewhere, until a batch that has
    plenty says "sold out". Here forty are handed out through all of that, and exactly forty.
    """
    draw = Random(15849)
    budget = budget_of(cast, 40 * 20_00)
    batch = publish(cast, funded(cast, budget, may_be_given=True, per_customer_limit=40, quota=40), NB=1)
    nb, at, handed_out = cast.branch["NB"].pk, AT, 0

    def allotted(quantity: int) -> None:
        with cast.north_rewards.scope(at=at) as scope:
            allot_stock(scope=scope, batch_id=batch.pk, branch_id=nb, quantity=quantity)

    for _turn in range(400):
        at += timedelta(minutes=draw.randrange(1, 200))
        with cast.north_rewards.scope(at=at) as scope:
            back = draw_back_subtree(scope=scope, batch_id=batch.pk, branch_id=cast.branch["N"].pk)
            # Whatever happened before, what was never handed out is there: not one less, and not one more.
            with pytest.raises(AboveQuota) as refused:
                allot_stock(scope=scope, batch_id=batch.pk, branch_id=nb, quantity=41 - handed_out)
            assert refused.value.values["left"] == 40 - handed_out >= back
        if handed_out == 40:
            break
        allotted(draw.randrange(1, 41 - handed_out))
        coupon = claim(cast, batch, draw.choice(["nb", "nb2"]), at)
        handed_out += 1
        _turned_over(cast, coupon, at, draw)
    assert handed_out == 40
    with pytest.raises(SoldOut):
        claim(cast, batch, at=at)
    at += timedelta(days=30)
    with system_scope(at=at, cause="sweep") as scope:
        while expire_due_coupons(scope=scope):
            pass
    # All are void, or expired: no fen is reserved for anybody.
    assert sums(budget) == (0, 0, 0, 0)


def _turned_over(cast: Cast, coupon: Coupon, at: Any, draw: Random) -> None:
    """What a coupon's holder, a clerk and an operator may do and undo, or fail to do."""
    holder = next(c for c in cast.customers.values() if c.customer.pk == coupon.customer_id)
    for _deed in range(draw.randrange(4)):
        deed = draw.choice(["redeem", "offer", "lock", "void"])
        try:
            if deed == "redeem":
                with cast.nb_clerk.scope(at=at) as scope:
                    done = redeem_coupon(
                        scope=scope, code=code_of(coupon.pk), order_fen=draw.choice([1, 100_00])
                    )
                    reverse_redemption(scope=scope, redemption_id=done.pk)
            elif deed == "void":
                with cast.north_rewards.scope(at=at) as scope:
                    void_coupon(scope=scope, coupon_id=coupon.pk, reason="误发")
            else:
                with holder.scope(at=at) as scope:
                    if deed == "offer":
                        offer_gift(scope=scope, coupon_id=coupon.pk)
                        assert gift_offered(scope=scope, coupon_id=coupon.pk)
                    else:
                        lock_coupon(
                            scope=scope, coupon_id=coupon.pk, order="A-1", during=timedelta(minutes=1)
                        )
                        unlock_coupon(scope=scope, coupon_id=coupon.pk, order="A-1")
        except Refusal:
            continue

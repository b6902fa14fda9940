"""What everybody wants at once: tickets, limits by where a claim comes from, holding for review, and staff."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import translation

from campaigns.customers.scopes import customer_scope
from campaigns.customers.services.staff import link_staff
from campaigns.lib.clock import now
from campaigns.lib.refusals import NotAllowed
from campaigns.rewards.codes import code_of
from campaigns.rewards.coupon_history import history_of
from campaigns.rewards.models import Coupon, Origin
from campaigns.rewards.refusals.claims import CouponHeld, NotHeld, NothingToHold, TicketInvalid
from campaigns.rewards.refusals.life import NotExtendable
from campaigns.rewards.services.coupons import (
    expire_due_coupons,
    issue_redeem_token,
    redeem_coupon,
    refuse_coupon,
    release_coupon,
)
from campaigns.rewards.services.gifts import offer_gift
from campaigns.rewards.services.locks import lock_coupon
from campaigns.rewards.services.many import extend_coupon
from campaigns.rewards.tickets import device_hash, is_ticket_good, issue_ticket, range_hash
from campaigns.tenants.scopes import system_scope
from tests.campaigns.rewards.test_api import API, as_customer, live_now
from tests.campaigns.rewards.test_lots import at_once, crowd, live
from tests.support.cast import Cast
from tests.support.rewards import draft_batch, told, wish_of


def test_a_ticket_is_good_for_its_customer_and_batch_for_ten_minutes() -> None:
    from uuid import uuid4

    batch, customer, at = uuid4(), uuid4(), now()
    ticket, until = issue_ticket(batch_id=batch, customer_id=customer, at=at)
    assert timedelta(minutes=9, seconds=58) < until - at <= timedelta(minutes=10)
    mine: dict[str, Any] = {"ticket": ticket, "batch_id": batch, "customer_id": customer}
    assert is_ticket_good(**mine, at=until - timedelta(seconds=1))
    assert not is_ticket_good(**mine, at=until)
    for other in (
        {"batch_id": uuid4()},
        {"customer_id": uuid4()},
        {"ticket": ticket[:-2] + "AA"},
        {"ticket": "é"},
    ):
        with pytest.raises(TicketInvalid):
            is_ticket_good(**mine | other, at=at)


def test_a_range_of_addresses_is_a_24_or_a_48() -> None:
    same = {range_hash(address) for address in ("203.0.113.1", "203.0.113.254", "::ffff:203.0.113.9")}
    assert len(same) == 1
    assert range_hash("203.0.114.1") not in same
    assert range_hash("2001:db8:1::1") == range_hash("2001:db8:1:ffff::2") != range_hash("2001:db8:2::1")
    assert range_hash("a phone") is None


def test_the_page_of_a_batch_hands_out_the_ticket_that_the_claim_asks_for(cast: Cast) -> None:
    nb = as_customer(cast, "nb")
    batch = live_now(cast, needs_ticket=True, per_customer_limit=3)
    page = nb.get(f"{API}batches/{batch.pk}").json()
    assert page["as_of"] < page["ticket_until"] and page["left"] == 10
    claims = f"{API}batches/{batch.pk}/claims"
    assert nb.post(claims, key="claim-no-ticket").json()["code"] == "rewards.claim.ticket_missing"
    forged = nb.post(claims, {"ticket": "x" * 27}, key="claim-forged-1")
    assert (forged.status_code, forged.json()["code"]) == (400, "rewards.claim.ticket_invalid")
    assert nb.post(claims, {"ticket": page["ticket"]}, key="claim-ticket-1").status_code == 201
    assert nb.post(claims, {"tickets": "x"}, key="claim-ticket-2").status_code in (400, 422)
    plain = nb.get(f"{API}batches/{live_now(cast).pk}").json()
    assert (plain["ticket"], plain["ticket_until"]) == (None, None)


def test_one_device_and_one_network_get_so_many_and_the_next_is_told_which(cast: Cast) -> None:
    batch = live(cast, per_device_limit=2, per_address_limit=3, shares={"NB": 10})
    people = crowd(cast, 6)
    phone, tablet, home = device_hash("phone"), device_hash("tablet"), range_hash("203.0.113.7")
    assert told(wish_of(people[0], batch, address=home)) == "422 rewards.claim.device_missing"
    for who in people[:2]:
        assert told(wish_of(who, batch, device=phone, address=home)) == "201 claimed"
    assert told(wish_of(people[2], batch, device=phone)) == "409 rewards.claim.device_limit_reached"
    assert told(wish_of(people[2], batch, device=tablet, address=home)) == "201 claimed"
    assert (
        told(wish_of(people[3], batch, device=device_hash("third"), address=home))
        == "409 rewards.claim.address_limit_reached"
    )
    # Where nobody knows the address there is nothing to count by; and a refusal counted nothing.
    assert told(wish_of(people[3], batch, device=device_hash("third"))) == "201 claimed"
    with system_scope(at=now(), cause="look"):
        assert sorted(Origin.objects.values_list("kind", "claimed")) == [
            ("address", 3), ("device", 1), ("device", 1), ("device", 2),
        ]  # fmt: skip


def test_what_is_beyond_the_limit_is_held_and_good_once_it_is_released(cast: Cast) -> None:
    with pytest.raises(NothingToHold):
        draft_batch(cast, holds_excess=True)
    batch = live(cast, per_device_limit=1, holds_excess=True, shares={"NB": 10})
    phone = device_hash("phone")
    one, two, three = crowd(cast, 3)
    assert [told(wish_of(who, batch, device=phone)) for who in (one, two, three)] == [
        "201 claimed", "201 held", "201 held",
    ]  # fmt: skip
    with system_scope(at=now(), cause="look"):
        first, second = Coupon.objects.filter(status="held").order_by("pk")
    with cast.nb_clerk.scope(at=now()) as scope, pytest.raises(CouponHeld):
        redeem_coupon(scope=scope, code=code_of(first.pk))
    with customer_scope(customer_id=first.customer_id, at=now(), cause="held") as scope:
        for ask in (
            lambda: issue_redeem_token(scope=scope, coupon_id=first.pk),
            lambda: offer_gift(scope=scope, coupon_id=first.pk),
            lambda: lock_coupon(scope=scope, coupon_id=first.pk, order="A-1"),
        ):
            with pytest.raises(CouponHeld):
                ask()
    with cast.nb_clerk.scope(at=now()) as scope, pytest.raises(NotAllowed):
        release_coupon(scope=scope, coupon_id=first.pk)
    with cast.north_rewards.scope(at=now()) as scope:
        release_coupon(scope=scope, coupon_id=first.pk)
        refuse_coupon(scope=scope, coupon_id=second.pk, reason="同一设备")
        for again in (first, second):
            with pytest.raises(NotHeld):
                release_coupon(scope=scope, coupon_id=again.pk)
    with cast.nb_clerk.scope(at=now()) as scope:
        assert redeem_coupon(scope=scope, code=code_of(first.pk)).off_fen == 20_00
    with system_scope(at=now(), cause="look"):
        assert Coupon.objects.get(pk=second.pk).status == "void"


def test_what_nobody_decided_in_time_is_void_and_no_extension_brings_it_back(cast: Cast) -> None:
    batch = live(cast, per_device_limit=1, holds_excess=True, shares={"NB": 10})
    one, two = crowd(cast, 2)
    assert [told(wish_of(who, batch, device=device_hash("phone"))) for who in (one, two)] == [
        "201 claimed", "201 held",
    ]  # fmt: skip
    with system_scope(at=now(), cause="look"):
        held = Coupon.objects.get(status="held")
    with system_scope(at=held.usable_until - timedelta(seconds=1), cause="sweep") as scope:
        assert expire_due_coupons(scope=scope) == 0
    late = held.usable_until + timedelta(seconds=1)
    with system_scope(at=late, cause="sweep") as scope:
        assert (expire_due_coupons(scope=scope), expire_due_coupons(scope=scope)) == (2, 0)
        assert set(Coupon.objects.values_list("status", flat=True)) == {"expired", "void"}
    with cast.north_rewards.scope(at=late) as scope:
        with pytest.raises(NotExtendable):
            extend_coupon(scope=scope, coupon_id=held.pk, until=late + timedelta(days=3), reason="补")
        with translation.override("zh-hans"):
            assert [each.words for each in history_of(scope=scope, coupon=held)][1:] == [
                "到期前无人复核，已作废"
            ]


def test_staff_claim_nothing_of_a_branch_they_work_at_unless_it_lets_them(cast: Cast) -> None:
    one, two = crowd(cast, 2)
    with cast.play("nb_manager").scope(at=now()) as scope:
        link_staff(scope=scope, customer_id=one, person_id=cast.nb_clerk.person.pk)
    closed, open_to_all = live(cast), live(cast, staff_may_claim=True)
    assert told(wish_of(one, closed)) == "409 rewards.claim.staff_of_branch"
    assert told(wish_of(two, closed)) == "201 claimed"
    assert told(wish_of(one, open_to_all)) == "201 claimed"


@pytest.mark.commits
def test_one_device_many_ways_at_once_gets_its_limit(committed_cast: Cast) -> None:
    cast = committed_cast
    batch = live(cast, per_device_limit=3, shares={"NB": 50})
    phone = device_hash("phone")
    wishes = [wish_of(who, batch, device=phone) for who in crowd(cast, 12)]
    assert at_once(wishes) == {"201 claimed": 3, "409 rewards.claim.device_limit_reached": 9}

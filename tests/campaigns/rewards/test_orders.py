"""Orders: which coupons fit, paying with one once, and taking that back; the shop's system vouches for each."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from campaigns.audit.models import SecurityRecord
from campaigns.lib.clock import now
from campaigns.lib.hooks import signature_of
from campaigns.rewards.codes import code_of
from campaigns.rewards.models import Coupon, Redemption
from campaigns.rewards.refusals.coupons import ReversalTooLate
from campaigns.rewards.refusals.orders import OrderCancelled, OrderPaid, OrderStale, OrderUnsigned
from campaigns.rewards.services.coupons import claim_coupon, redeem_coupon
from campaigns.rewards.services.locks import lock_coupon
from campaigns.rewards.services.orders import Order, Proof, cancel_order, evaluate_order, redeem_order
from campaigns.tenants.scopes import system_scope
from tests.campaigns.rewards.test_api import API, as_customer, claimed, live_now
from tests.campaigns.rewards.test_races import outcome
from tests.support.cast import AT, Cast
from tests.support.races import together
from tests.support.rewards import assert_rewards_agree, live_batch, merchant_of

SOURCES = {"mall": {"secret": "s" * 32, "orders": True}, "core": {"secret": "c" * 32}}


def proof_of(
    order: Order, deed: str = "redeem", *, source: str = "mall", at: Any = AT, **wrong: Any
) -> Proof:
    timestamp = str(int(at.timestamp()))
    secret = wrong.get("secret", SOURCES[source]["secret"])
    signature = signature_of(
        secret=str(secret), timestamp=timestamp, nonce=order.number, body=order.signed(deed)
    )
    return Proof(source, timestamp, signature)


def paid(cast: Cast, order: Order, coupon: Coupon, *, who: str = "nb", at: Any = AT, **proof: Any) -> Any:
    with cast.customers[who].scope(at=at) as scope:
        return redeem_order(
            scope=scope,
            order=order,
            coupon_id=coupon.pk,
            proof=proof_of(order, at=at, **proof),
            sources=SOURCES,
        )


def several(cast: Cast) -> dict[str, Coupon]:
    """A wallet: 20 off from 100; 15 per cent, at most 30; at a merchant alone; in the south alone."""
    till = merchant_of(cast)
    batches = {
        "plain": live_batch(cast),
        "percent": live_batch(cast, kind="percent_off", percent=15, threshold_fen=0, off_fen=30_00),
        "shop": live_batch(cast, off_fen=50_00, redeem_merchants=[till.pk]),
        "far": live_batch(
            cast, redeem_branches=[cast.branch["NC"].pk], circles=[[30_000_000, 120_000_000, 500]]
        ),
    }
    with cast.customers["nb"].scope() as scope:
        return {name: claim_coupon(scope=scope, batch_id=batch.pk) for name, batch in batches.items()}


def test_each_coupon_says_what_it_would_be_worth_or_why_not_and_redeeming_says_the_same(cast: Cast) -> None:
    held = several(cast)
    names = {coupon.pk: name for name, coupon in held.items()}
    with cast.customers["nb"].scope() as scope:

        def told(**order: Any) -> dict[str, Any]:
            fits = evaluate_order(scope=scope, order=Order(number="", **order))
            return {names[f.coupon_id]: f.off_fen if f.refusal is None else f.refusal.code for f in fits}

        at_home = told(fen=150_00)
        assert at_home == {
            "percent": 22_50,
            "plain": 20_00,
            "shop": "rewards.redeem.merchant_missing",
            "far": "rewards.redeem.position_missing",
        }
        assert list(at_home)[:2] == ["percent", "plain"]  # the best first
        assert told(fen=90_00)["plain"] == "rewards.coupon.order_too_small"
        at_shop = told(fen=150_00, merchant="M1")
        assert (at_shop["shop"], at_shop["plain"]) == (50_00, "rewards.redeem.not_at_merchant")
        assert told(fen=150_00, position=(30_000_100, 120_000_100))["far"] == 20_00
        assert told(fen=150_00, branch="SB")["far"] == "rewards.redeem.not_here"
        # One question, however many coupons; nothing is written.
        with CaptureQueriesContext(connection) as seen:
            told(fen=150_00)
        assert [query["sql"].split("(")[0] for query in seen] == ["SELECT * FROM evaluate_order"]
        assert not Coupon.objects.exclude(status="claimed").exists()
        lock_coupon(scope=scope, coupon_id=held["plain"].pk, order="T-1")
        assert told(fen=150_00)["plain"] == "rewards.coupon.locked"
        fits = evaluate_order(scope=scope, order=Order(number="T-1", fen=150_00))
        assert {names[f.coupon_id] for f in fits if f.refusal is None} == {"percent", "plain"}
    # What was said is what happens, coupon by coupon.
    for name, word in (("shop", "rewards.redeem.merchant_missing"), ("far", "rewards.redeem.position_missing"),
                       ("plain", "rewards.coupon.locked")):  # fmt: skip
        with pytest.raises(Exception) as refused:
            paid(cast, Order(number=f"O-{name}", fen=150_00), held[name])
        assert getattr(refused.value, "code", "") == word
    assert paid(cast, Order(number="T-1", fen=150_00), held["plain"]).off_fen == 20_00
    assert paid(cast, Order(number="T-2", fen=150_00), held["percent"]).off_fen == 22_50
    with cast.customers["sb"].scope() as scope:
        assert evaluate_order(scope=scope, order=Order(number="", fen=150_00)) == []


def test_an_order_is_paid_once_and_only_when_the_shop_vouches_for_it(committed_cast: Cast) -> None:
    cast = committed_cast
    held = several(cast)
    order = Order(number="A-1", fen=150_00, merchant="M1")
    for wrong in (
        {"secret": "guess"},
        {"source": "core"},  # tells events, and vouches for no orders
    ):
        with pytest.raises(OrderUnsigned):
            paid(cast, order, held["shop"], **wrong)
    with cast.customers["nb"].scope() as scope:
        for changed in (
            Order(number="A-1", fen=151_00, merchant="M1"),
            Order(number="A-2", fen=150_00, merchant="M1"),
            Order(number="A-1", fen=150_00, merchant="M2"),
            Order(number="A-1", fen=150_00),
        ):
            with pytest.raises(OrderUnsigned):
                redeem_order(scope=scope, order=changed, coupon_id=held["shop"].pk, proof=proof_of(order),
                             sources=SOURCES)  # fmt: skip
        with pytest.raises(OrderUnsigned):  # a cancelling signature pays nothing
            redeem_order(scope=scope, order=order, coupon_id=held["shop"].pk, proof=proof_of(order, "cancel"),
                         sources=SOURCES)  # fmt: skip
        with pytest.raises(OrderStale):
            redeem_order(scope=scope, order=order, coupon_id=held["shop"].pk,
                         proof=proof_of(order, at=AT - timedelta(minutes=16)), sources=SOURCES)  # fmt: skip
    with system_scope(at=AT, cause="look"):
        assert SecurityRecord.objects.filter(kind="order.refused").count() == 7
        assert not Redemption.objects.exists()
    done = paid(cast, order, held["shop"])
    assert paid(cast, order, held["shop"]) == done
    with pytest.raises(OrderPaid):
        paid(cast, order, held["plain"])
    with cast.customers["nb2"].scope() as scope:
        theirs = claim_coupon(scope=scope, batch_id=held["plain"].batch_id)
    with pytest.raises(OrderPaid):
        paid(cast, order, theirs, who="nb2")
    # The shop's numbers are its own: the same one at the bank's counter is another order.
    paid(cast, Order(number="A-1", fen=150_00), held["plain"])
    with cast.nb_clerk.scope():
        [row] = Redemption.objects.filter(order_key="A-1", merchant__isnull=True)
        assert (row.person_id, row.branch_id) == (None, cast.branch["NB"].pk)
    with cast.customers["nb"].scope() as scope, pytest.raises(DatabaseError), transaction.atomic():
        Redemption.objects.create(pk=uuid4())  # verbs alone write
    with system_scope(at=AT, cause="look"):
        assert_rewards_agree()


def test_a_cancelled_order_gives_its_coupon_back_once_and_in_time(cast: Cast) -> None:
    held = several(cast)
    order = Order(number="B-1", fen=150_00, merchant="M1")
    paid(cast, order, held["shop"])

    def cancel(who: str = "nb", at: Any = AT, **proof: Any) -> Any:
        with cast.customers[who].scope(at=at) as scope:
            return cancel_order(
                scope=scope, order=order, proof=proof_of(order, "cancel", at=at, **proof), sources=SOURCES
            )

    for refused in (
        lambda: cancel(secret="guess"),  # else a customer would take back what paid a meal already eaten
        lambda: cancel("nb2"),
        lambda: cancel(at=AT + timedelta(days=1)),
    ):
        with pytest.raises(Exception) as no:
            refused()
        assert type(no.value).__name__ in {"OrderUnsigned", "NotFound", ReversalTooLate.__name__}
    cancel()
    with pytest.raises(Exception, match=r"(?i)reversed|冲正"):
        cancel()
    with pytest.raises(OrderCancelled):
        paid(cast, order, held["shop"])
    again = paid(cast, Order(number="B-2", fen=150_00, merchant="M1"), held["shop"])
    assert again.off_fen == 50_00
    with system_scope(at=AT, cause="look"):
        assert_rewards_agree()
    # What a clerk redeemed is nobody's order.
    with cast.nb_clerk.scope() as scope:
        redeem_coupon(scope=scope, code=code_of(held["plain"].pk), order_fen=150_00)
    with cast.customers["nb"].scope() as scope, pytest.raises(Exception, match=r"(?i)not found|没有找到"):
        other = Order(number="B-3", fen=0)
        cancel_order(scope=scope, order=other, proof=proof_of(other, "cancel"), sources=SOURCES)


@pytest.mark.commits
def test_one_order_eight_times_at_once_and_two_coupons_for_one_order(
    committed_cast: Cast, control: Callable[[int, int], int]
) -> None:
    cast = committed_cast
    batch = live_batch(cast, per_customer_limit=2)
    with cast.customers["nb"].scope() as scope:
        one, two = (claim_coupon(scope=scope, batch_id=batch.pk) for _n in range(2))
    first, second = Order(number="R-1", fen=150_00), Order(number="R-2", fen=150_00)
    results = together([lambda: paid(cast, first, one)] * 8)
    assert outcome(results) == {"Paid": 8}
    assert len({result.redemption_id for result in results}) == 1
    with cast.customers["nb2"].scope() as scope:
        other = claim_coupon(scope=scope, batch_id=batch.pk)
    rivals = together([lambda: paid(cast, second, two), lambda: paid(cast, second, other, who="nb2")])
    assert outcome(rivals) == {"OrderPaid": 1, "Paid": 1}
    assert control(2, 1) == 2
    with system_scope(at=AT, cause="look"):
        assert Redemption.objects.count() == 2
        assert_rewards_agree()


def test_an_order_over_http(cast: Cast, settings: Any) -> None:
    settings.EVENT_SOURCES = SOURCES
    nb = as_customer(cast, "nb")
    coupon = claimed(nb, live_now(cast))
    body = {"order": "H-1", "amount_fen": 150_00}
    [seen] = nb.post(f"{API}orders/evaluate", body).json()["coupons"]
    assert (seen["coupon_id"], seen["off_fen"], seen["refusal"]) == (coupon["id"], 20_00, None)
    [small] = nb.post(f"{API}orders/evaluate", {"amount_fen": 1}).json()["coupons"]
    assert (small["off_fen"], small["refusal"]["code"]) == (None, "rewards.coupon.order_too_small")
    assert nb.post(f"{API}orders/evaluate", {"amount_fen": 1, "merchant": "?"}).status_code == 404

    def proof(deed: str) -> dict[str, str]:
        made = proof_of(Order(number="H-1", fen=150_00), deed, at=now())
        return {"source": made.source, "timestamp": made.timestamp, "signature": made.signature}

    asked = body | {"coupon": coupon["id"], "proof": proof("redeem")}
    assert nb.post(f"{API}orders/redeem", asked).status_code == 400  # no key
    done = nb.post(f"{API}orders/redeem", asked, key="order-000001")
    assert (done.status_code, done.json()["off_fen"]) == (201, 20_00)
    assert nb.post(f"{API}orders/redeem", asked, key="order-000001").content == done.content
    assert nb.post(f"{API}orders/redeem", asked, key="order-000002").json() == done.json()
    forged = asked | {"amount_fen": 999_00}
    assert (
        nb.post(f"{API}orders/redeem", forged, key="order-000003").json()["code"] == "rewards.order.unsigned"
    )
    back = nb.post(f"{API}orders/H-1/cancel", {"proof": proof("cancel")}, key="cancel-00001")
    assert back.status_code == 201, back.content
    assert nb.get(f"{API}me/coupons/{coupon['id']}").json()["status"] == "claimed"

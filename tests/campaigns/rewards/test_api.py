"""Coupons over HTTP, as the mini-program and the clerk's phone ask for them."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from campaigns.lib.clock import now
from campaigns.lib.http import tokens
from campaigns.rewards.codes import code_of
from campaigns.rewards.models import Coupon, Redemption
from campaigns.tenants.scopes import system_scope
from tests.support.calls import Caller, as_staff
from tests.support.cast import Cast
from tests.support.rewards import live_batch

API = "/api/v1/"


def as_customer(cast: Cast, name: str) -> Caller:
    subject = str(cast.customers[name].customer.pk)
    return Caller(tokens.issue(kind="customer", subject=subject, seconds=900))


def live_now(cast: Cast, **terms: Any) -> Any:
    """A batch that can be claimed at this real moment: HTTP asks the clock."""
    at = now()
    return live_batch(
        cast, at=at, claim_from=at - timedelta(hours=1), claim_until=at + timedelta(days=3), **terms
    )


@pytest.fixture
def nb(cast: Cast) -> Caller:
    return as_customer(cast, "nb")


def claimed(nb: Caller, batch: Any, key: str = "claim-0000001") -> Any:
    answer = nb.post(f"{API}batches/{batch.pk}/claims", key=key)
    assert answer.status_code == 201, answer.content
    return answer.json()


def test_the_whole_way_of_a_coupon(cast: Cast, nb: Caller) -> None:
    batch = live_now(cast)
    [seen] = nb.get(f"{API}batches").json()["items"]
    assert (seen["id"], seen["sentence"], seen["left"], seen["claimed"]) == (
        str(batch.pk), "满100减20，领取后7天内有效", 10, 0,
    )  # fmt: skip
    coupon = claimed(nb, batch)
    assert (coupon["off_fen"], coupon["status"], coupon["batch_id"]) == (20_00, "claimed", str(batch.pk))
    detail = nb.get(f"{API}batches/{batch.pk}").json()
    assert (detail["left"], detail["claimed"]) == (9, 1)
    token = nb.post(f"{API}me/coupons/{coupon['id']}/redeem-token").json()
    clerk = as_staff(cast.nb_clerk)
    answer = clerk.post(
        f"{API}staff/redemptions", {"token": token["token"], "order_fen": 120_00}, key="redeem-0001"
    )
    assert answer.status_code == 201, answer.content
    assert answer.json()["off_fen"] == 20_00
    assert nb.get(f"{API}me/coupons/{coupon['id']}").json()["status"] == "redeemed"
    back = clerk.post(
        f"{API}staff/redemptions/{answer.json()['id']}/reversal", {"reason": "退单"}, key="reverse-0001"
    )
    assert back.status_code == 201, back.content
    assert nb.get(f"{API}me/coupons/{coupon['id']}").json()["status"] == "claimed"


def test_terms_are_told_with_the_batch_and_the_coupon_and_a_position_is_asked(cast: Cast, nb: Caller) -> None:
    batch = live_now(cast, kind="percent_off", percent=15, circles=[[30_274_085, 120_155_070, 500]],
                     redeem_branches=[cast.branch["NB"].pk], per_day_limit=1)  # fmt: skip
    [seen] = nb.get(f"{API}batches").json()["items"]
    told = {"percent": 15, "thing": None, "face_value": None, "face_unit": None, "hours_from": None,
            "hours_until": None, "weekdays": [], "day_rule": None, "places": ["北城中山路支行"], "merchants": [],
            "circles": [{"lat": 30.274085, "lon": 120.15507, "metres": 500}]}  # fmt: skip
    assert (seen["terms"], seen["per_day_limit"], seen["usable_days"]) == (told, 1, 7)
    coupon = claimed(nb, batch)
    assert nb.get(f"{API}me/coupons").json()["items"][0]["terms"] == told
    clerk, body = as_staff(cast.nb_clerk), {"code": code_of_id(coupon["id"]), "order_fen": 100_00}
    answers = [
        clerk.post(f"{API}staff/redemptions", body | more, key=f"redeem-{n:04d}")
        for n, more in enumerate(
            ({}, {"position": {"lat": 99, "lon": 0}}, {"position": {"lat": 30.29, "lon": 120.155}},
             {"position": {"lat": 30.275, "lon": 120.155}})
        )
    ]  # fmt: skip
    assert [answer.status_code for answer in answers] == [422, 400, 409, 201]
    assert answers[0].json()["code"] == "rewards.redeem.position_missing"
    assert answers[2].json()["code"] == "rewards.redeem.too_far"
    assert answers[3].json()["off_fen"] == 15_00


def test_a_claim_under_one_key_is_one_coupon_and_one_answer(cast: Cast, nb: Caller) -> None:
    batch = live_now(cast, per_customer_limit=5)
    first = nb.post(f"{API}batches/{batch.pk}/claims", key="claim-0000001")
    again = nb.post(f"{API}batches/{batch.pk}/claims", key="claim-0000001")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    with system_scope(at=now(), cause="look"):
        assert Coupon.objects.count() == 1


def test_a_refusal_is_a_problem_with_a_code_and_is_replayed(cast: Cast, nb: Caller) -> None:
    batch = live_now(cast)
    claimed(nb, batch)
    for _ in range(2):
        no = nb.post(f"{API}batches/{batch.pk}/claims", key="claim-0000002")
        assert (no.status_code, no.json()["code"]) == (409, "rewards.claim.limit_reached")
        assert no.headers["Content-Type"].startswith("application/problem+json")


@pytest.mark.parametrize(
    "path", ["batches/{id}/claims", "staff/redemptions", "staff/redemptions/{id}/reversal"]
)
def test_money_like_things_need_a_key(cast: Cast, nb: Caller, path: str) -> None:
    caller = as_staff(cast.nb_clerk) if path.startswith("staff") else nb
    answer = caller.post(
        API + path.format(id=uuid4()), {"code": "X"} if path.endswith("redemptions") else None
    )
    assert answer.status_code == 400
    assert "key" in answer.json()["code"]


def test_a_foreign_thing_and_an_absent_thing_answer_alike(cast: Cast, nb: Caller) -> None:
    batch = live_now(cast, by="north_rewards")
    coupon = claimed(nb, batch)
    sb = as_customer(cast, "sb")
    for path in ("batches/{}", "me/coupons/{}"):
        foreign_id = batch.pk if path.startswith("batches") else coupon["id"]
        foreign, absent = sb.get(API + path.format(foreign_id)), sb.get(API + path.format(uuid4()))
        assert (foreign.status_code, absent.status_code) == (404, 404)
        assert {**foreign.json(), "instance": ""} == {**absent.json(), "instance": ""}
        assert set(foreign.headers) == set(absent.headers)
    for number, batch_id in enumerate((batch.pk, uuid4())):
        assert sb.post(f"{API}batches/{batch_id}/claims", key=f"foreign-{number:06d}").status_code == 404
    for number, coupon_id in enumerate((coupon["id"], uuid4())):
        assert (
            sb.post(f"{API}me/coupons/{coupon_id}/redeem-token", key=f"token-{number:06d}").status_code == 404
        )
    clerk, other = as_staff(cast.nb_clerk), as_staff(cast.sb_clerk)
    made = clerk.post(f"{API}staff/redemptions", {"code": code_of_id(coupon["id"])}, key="redeem-0001").json()
    for number, redemption_id in enumerate((made["id"], uuid4())):
        no = other.post(f"{API}staff/redemptions/{redemption_id}/reversal", key=f"reverse-{number:06d}")
        assert no.status_code == 404


def code_of_id(coupon_id: str) -> str:
    from uuid import UUID

    return code_of(UUID(coupon_id))


def test_the_code_is_shown_to_its_holder_and_kept_in_no_stored_answer(cast: Cast, nb: Caller) -> None:
    from campaigns.requests.models import RequestKey

    coupon = claimed(nb, live_now(cast))
    code = nb.get(f"{API}me/coupons/{coupon['id']}").json()["code"]
    assert code == code_of_id(coupon["id"])
    with system_scope(at=now(), cause="look"):
        stored = b"".join(bytes(key.body or b"") for key in RequestKey.objects.all())
        assert stored
        assert code.encode() not in stored
    answer = as_staff(cast.sb_clerk).post(f"{API}staff/redemptions", {"code": code}, key="redeem-0001")
    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, None),
        ({"code": "x", "token": "y"}, 400, None),
        ({"code": "x", "order_fen": -1}, 400, None),
        ({"code": "x", "order_fen": "viel"}, 400, None),
        ({"code": "x" * 61}, 400, None),
        ({"code": "0000"}, 404, "rewards.coupon.code_unknown"),
        ({"token": "0000"}, 422, "rewards.redeem_token.invalid"),
    ],
)
def test_what_a_clerk_sends_wrongly_is_refused_in_words(
    cast: Cast, body: dict[str, Any], status: int, code: str | None
) -> None:
    answer = as_staff(cast.nb_clerk).post(f"{API}staff/redemptions", body, key="redeem-0001")
    assert answer.status_code == status, answer.content
    assert code is None or answer.json()["code"] == code
    assert answer.json()["detail_zh"]
    with system_scope(at=now(), cause="look"):
        assert not Redemption.objects.exists()


def test_who_may_ask_what(cast: Cast, nb: Caller) -> None:
    assert Caller().get(f"{API}batches").status_code == 401
    assert as_staff(cast.nb_clerk).get(f"{API}batches").status_code in (401, 403)
    assert nb.post(f"{API}staff/redemptions", {"code": "x"}, key="redeem-0001").status_code in (401, 403)
    assert (
        as_staff(cast.nb_editor).post(f"{API}staff/redemptions", {"code": "x"}, key="redeem-0001").status_code
        == 403
    )


def test_a_wallet_is_read_page_by_page_and_by_tab(cast: Cast, nb: Caller) -> None:
    batch = live_now(cast, per_customer_limit=3)
    ids = [claimed(nb, batch, key=f"claim-{n:07d}")["id"] for n in range(3)]
    first = nb.get(f"{API}me/coupons?limit=2&state=usable").json()
    rest = nb.get(f"{API}me/coupons?limit=2&state=usable&cursor={first['next']}").json()
    assert [c["id"] for c in first["items"] + rest["items"]] == ids[::-1]
    assert rest["next"] is None
    assert nb.get(f"{API}me/coupons?state=used").json()["items"] == []
    assert nb.get(f"{API}me/coupons?state=lost").status_code == 400
    assert nb.get(f"{API}me/coupons?colour=red").status_code == 400


def test_an_unchanged_list_is_not_sent_again(cast: Cast, nb: Caller) -> None:
    batch = live_now(cast, per_customer_limit=2)
    tag = nb.get(f"{API}batches").headers["ETag"]
    assert nb.get(f"{API}batches", If_None_Match=tag).status_code == 304
    claimed(nb, batch)
    assert nb.get(f"{API}batches", If_None_Match=tag).status_code == 200


def test_a_clerk_elsewhere_hears_what_it_is_worth_before_and_nothing_happens(cast: Cast, nb: Caller) -> None:
    batch = live_batch(cast, by="ho_rewards", reviewer="ho_reviewer", at=now(), kind="percent_off", percent=15,
                       claim_from=now() - timedelta(hours=1), claim_until=now() + timedelta(days=3))  # fmt: skip
    coupon = claimed(nb, batch)
    clerk, body = as_staff(cast.sb_clerk), {"code": code_of_id(coupon["id"])}
    assert clerk.post(f"{API}staff/redemptions/worth", body).json()["code"] == "rewards.redeem.order_missing"
    seen = clerk.post(f"{API}staff/redemptions/worth", body | {"order_fen": 120_00}).json()
    assert (seen["off_fen"], seen["kind"], seen["coupon_id"]) == (18_00, "percent_off", coupon["id"])
    with system_scope(at=now(), cause="look"):
        assert not Redemption.objects.exists() and Coupon.objects.get().status == "claimed"
    token = nb.post(f"{API}me/coupons/{coupon['id']}/redeem-token").json()["token"]
    assert (
        clerk.post(f"{API}staff/redemptions/worth", {"token": token, "order_fen": 120_00}).status_code == 200
    )
    made = clerk.post(f"{API}staff/redemptions", {"token": token, "order_fen": 120_00}, key="redeem-0001")
    assert (made.status_code, made.json()["off_fen"]) == (201, 18_00)

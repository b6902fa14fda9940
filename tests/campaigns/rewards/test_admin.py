"""The pages of batches and coupons, as each role finds them."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from campaigns.lib.clock import now
from campaigns.rewards.models import Batch, Stock
from campaigns.rewards.services.coupons import claim_coupon
from campaigns.tenants.scopes import system_scope
from tests.campaigns.rewards.test_api import live_now
from tests.support.cast import Cast
from tests.support.rewards import draft_batch, merchant_of

FORM = {
    "title": "新券",
    "campaign": "",
    "kind": "cash_off",
    "threshold_fen": "100",
    "off_fen": "20.50",
    "claim_from_0": "2026-11-01",
    "claim_from_1": "00:00:00",
    "claim_until_0": "2027-11-01",
    "claim_until_1": "00:00:00",
    "usable_days": "7",
    "usable_from_0": "",
    "usable_from_1": "",
    "usable_until_0": "",
    "usable_until_1": "",
    "per_customer_limit": "1",
    "payer": "branch",
    "handed_down": "on",
    "quota": "500",
}


def desk_of(cast: Cast, name: str) -> Client:
    client = Client()
    client.force_login(cast.play(name).login)
    return client


def page(client: Client, name: str, *args: Any) -> str:
    answer = client.get(reverse(f"admin:{name}", args=args))
    assert answer.status_code == 200, answer
    return answer.content.decode()


def test_an_operator_makes_a_batch_with_money_in_yuan(cast: Cast) -> None:
    client = desk_of(cast, "north_rewards")
    answer = client.post(reverse("admin:rewards_batch_add"), FORM)
    assert answer.status_code == 302, answer.content.decode()[:3000]
    with system_scope(at=now(), cause="look"):
        batch = Batch.objects.get()
        assert (batch.threshold_fen, batch.off_fen, batch.quota, batch.branch_id) == (
            100_00, 20_50, 500, cast.branch["N"].pk,
        )  # fmt: skip
    assert "满100减20.5，领取后7天内有效" in page(client, "rewards_batch_change", batch.pk)
    assert "满100减20.5，领取后7天内有效" in page(client, "rewards_batch_changelist")


def test_a_form_has_the_amounts_of_its_kind_alone_and_keeps_everything_it_is_told(cast: Cast) -> None:
    client = desk_of(cast, "north_rewards")
    nb, nc, till = cast.branch["NB"].pk, cast.branch["NC"].pk, merchant_of(cast)
    typed = FORM | {
        "kind": "percent_off", "percent": "15", "thing": "left over", "face_value": "0",
        "usable_after_days": "3", "hours_from": "22:00", "hours_until": "02:00", "weekdays": ["5", "6"],
        "day_rule": "not_holidays", "redeem_branches": [nb, nc], "claim_branches": [nc], "redeem_merchants": [till.pk],
        "circles": "30.274085，120.155070, 500", "stages": ["asleep"], "per_day_limit": "2", "new_within_days": "",
    }  # fmt: skip
    said = client.post(reverse("admin:rewards_batch_said"), typed).json()
    assert said["zh"].startswith("满100元8.5折，最高减20.5元，领取后第3天起7天内有效，仅限周五、周六"), said
    assert client.post(reverse("admin:rewards_batch_said"), typed | {"weekdays": "9"}).json() == {
        "wrong": ["weekdays"]
    }
    # A foreign branch, and one that there is not, are no choices.
    for foreign in (cast.branch["SB"].pk, 987_654):
        answer = client.post(reverse("admin:rewards_batch_said"), typed | {"redeem_branches": [foreign]})
        assert answer.json() == {"wrong": ["redeem_branches"]}
    assert client.post(reverse("admin:rewards_batch_add"), typed).status_code == 302
    with system_scope(at=now(), cause="look"):
        batch = Batch.objects.get()
    assert (batch.percent, batch.thing, batch.face_value, batch.weekdays) == (15, "", None, [5, 6])
    assert batch.circles == [[30_274_085, 120_155_070, 500]]
    assert (batch.redeem_branches, batch.redeem_merchants) == (sorted([nb, nc]), [till.pk])
    assert (batch.claim_branches, batch.stages, batch.per_day_limit, batch.new_within_days) == (
        [cast.branch["NC"].pk], ["asleep"], 2, None,
    )  # fmt: skip
    text = page(client, "rewards_batch_change", batch.pk)
    assert "30.274085, 120.155070, 500" in text
    assert f'<option value="{till.pk}" selected' in text
    assert said["zh"] in text


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"off_fen": "200"}, "减免金额须大于 0"),
        ({"claim_until_0": "2026-10-01"}, "领取的结束时间必须晚于开始时间"),
        ({"usable_days": ""}, "有效期请二选一"),
    ],
)
def test_a_refusal_is_an_error_of_the_form_and_nothing_is_saved(
    cast: Cast, wrong: dict[str, str], words: str
) -> None:
    answer = desk_of(cast, "north_rewards").post(reverse("admin:rewards_batch_add"), FORM | wrong)
    assert answer.status_code == 200
    assert words in answer.content.decode()
    with system_scope(at=now(), cause="look"):
        assert not Batch.objects.exists()


def test_quota_is_allotted_and_drawn_back_in_place_and_a_refusal_is_said(cast: Cast) -> None:
    batch = draft_batch(cast)
    client, branch = desk_of(cast, "north_rewards"), cast.branch["NB"].pk
    stock = reverse("admin:rewards_batch_stock", args=[batch.pk])
    for quantity, move, expected in (
        (30, "allot", 30),
        (10, "draw_back", 20),
        (81, "allot", 20),
        (0, "allot", 20),
    ):
        answer = client.post(stock, {"branch": branch, "quantity": quantity, "move": move}, follow=True)
        with system_scope(at=now(), cause="look"):
            assert Stock.objects.get().allotted == expected
    assert "北城中山路支行" in answer.content.decode()
    answer = client.post(stock, {"branch": branch, "quantity": 81, "move": "allot"}, follow=True)
    assert "只剩 80 张可分配" in answer.content.decode()
    assert client.get(stock).status_code == 405


def test_a_batch_is_submitted_from_its_page_and_missing_things_are_named(cast: Cast) -> None:
    batch = draft_batch(cast)
    client = desk_of(cast, "north_rewards")
    submit = reverse("admin:rewards_batch_submit", args=[batch.pk])
    assert client.post(submit, follow=True).status_code == 200
    with cast.north_rewards.scope():
        assert "审核" not in str(batch)
    client.post(
        reverse("admin:rewards_batch_stock", args=[batch.pk]),
        {"branch": cast.branch["NB"].pk, "quantity": 5, "move": "allot"},
    )
    client.post(submit)
    from campaigns.approvals.models import Revision

    with system_scope(at=now(), cause="look"):
        assert Revision.objects.get().subject == f"rewards.batch:{batch.pk}"


def test_the_page_of_a_live_batch_shows_its_funnel_and_no_code_of_a_coupon(cast: Cast) -> None:
    batch = live_now(cast)
    with cast.customers["nb"].scope(at=now()) as scope:
        coupon = claim_coupon(scope=scope, batch_id=batch.pk)
    text = page(desk_of(cast, "north_rewards"), "rewards_batch_change", batch.pk)
    assert "¥20.00" in text
    manager = desk_of(cast, "nb_manager")
    assert "****0001" in page(manager, "rewards_coupon_changelist")
    assert "****0001" in page(manager, "rewards_coupon_change", coupon.pk)


def test_a_neighbour_finds_neither_batch_nor_coupon(cast: Cast) -> None:
    batch = live_now(cast)
    with cast.customers["nb"].scope(at=now()) as scope:
        coupon = claim_coupon(scope=scope, batch_id=batch.pk)
    client = desk_of(cast, "sb_manager")
    assert "北方满减券" not in page(client, "rewards_batch_changelist")
    assert "北方满减券" not in page(client, "rewards_coupon_changelist")
    # As Django answers for an absent object: back to the index.
    for name, key in (("rewards_batch_change", batch.pk), ("rewards_coupon_change", coupon.pk)):
        assert client.get(reverse(f"admin:{name}", args=[key])).status_code == 302


def test_those_who_only_look_cannot_change_allot_or_void(cast: Cast) -> None:
    batch = live_now(cast)
    with cast.customers["nb"].scope(at=now()) as scope:
        coupon = claim_coupon(scope=scope, batch_id=batch.pk)
    client = desk_of(cast, "ho_auditor")
    assert "满100减20" in page(client, "rewards_batch_change", batch.pk)
    assert client.post(reverse("admin:rewards_batch_change", args=[batch.pk]), FORM).status_code == 403
    stock = {"branch": cast.branch["NB"].pk, "quantity": 5, "move": "allot"}
    client.post(reverse("admin:rewards_batch_stock", args=[batch.pk]), stock)
    client.post(reverse("admin:rewards_coupon_void", args=[coupon.pk]), {"reason": "x"})
    with system_scope(at=now(), cause="look"):
        assert Stock.objects.get().allotted == 10
        coupon.refresh_from_db()
        assert coupon.status == "claimed"
    assert desk_of(cast, "nb_clerk").get(reverse("admin:rewards_batch_changelist")).status_code == 403

"""A draw over HTTP, as the mini-program asks for it; and its pages, as staff and auditors do."""

from dataclasses import replace
from datetime import timedelta

import time_machine
from django.test import Client
from django.urls import reverse

from campaigns.points.draws import outcome
from campaigns.points.models import Draw, DrawStock, DrawTry, LiveDraw
from campaigns.points.services.pledges import reveal_draws
from campaigns.tenants.scopes import system_scope
from tests.campaigns.points.test_desk_pages import found, link_in, posted
from tests.campaigns.rewards.test_admin import desk_of, page
from tests.campaigns.rewards.test_api import as_customer
from tests.support.cast import AT, Cast
from tests.support.draws import PICKUP, POINTS, always, approved, live_draw, tried
from tests.support.mall import earn

API = "/api/v1/"


def test_seen_with_its_odds_tried_once_a_key_and_drawn_again_by_oneself(cast: Cast) -> None:
    ends = AT + timedelta(hours=3)
    draw = live_draw(cast, prizes=[PICKUP, POINTS], stock=[5, 9], open_until=ends, times_day=3)
    who = cast.customers["nb"].customer.pk
    earn(cast, who, 25)
    nb = as_customer(cast, "nb")
    [seen] = nb.get(f"{API}points/draws").json()["items"]
    assert [(prize["title"], prize["odds"], prize["left"]) for prize in seen["prizes"]] == [
        ("保温杯", 200_000, True), ("五十积分", 300_000, True),
    ]  # fmt: skip
    assert (seen["id"], seen["price_points"], seen["tries_left"], seen["fallback_odds"]) == (
        str(draw.pk), 10, 3, 500_000,
    )  # fmt: skip
    [pledge] = seen["pledges"]
    assert pledge["seed"] is None and len(pledge["sha256"]) == 64
    here = f"{API}points/draws/{draw.pk}"
    assert nb.post(f"{here}/tries", {"points": 10}).status_code == 400  # no key
    changed = nb.post(f"{here}/tries", {"points": 9}, key="try-00000001")
    assert (changed.status_code, changed.json()["code"]) == (409, "points.draw.price_changed")
    first = nb.post(f"{here}/tries", {"points": 10}, key="try-00000002")
    assert first.status_code == 201, first.content
    assert nb.post(f"{here}/tries", {"points": 10}, key="try-00000002").content == first.content
    assert (first.json()["sha256"], first.json()["seed"]) == (pledge["sha256"], None)
    assert nb.get(here).json()["tries_left"] == 2
    assert as_customer(cast, "sb").get(here).status_code == 404
    assert (
        as_customer(cast, "sb").post(f"{here}/tries", {"points": 10}, key="try-00000003").status_code == 404
    )
    assert nb.get(f"{here}/pledges").json() == [pledge]
    with system_scope(at=ends + timedelta(minutes=10), cause="test") as scope:
        assert reveal_draws(scope=scope) == 1
    # Whoever has the answer can draw again, with nothing else of ours.
    [mine] = nb.get(f"{API}me/points/tries").json()["items"]
    seed = bytes.fromhex(mine["seed"])
    number = outcome(seed=seed, draw_id=draw.pk, customer_id=mine["tried_by"], nth=mine["nth"])
    assert number == mine["number"]
    wins = next(
        (p for p, upto in zip(seen["prizes"], (200_000, 500_000), strict=True) if number < upto), None
    )
    assert (mine["prize_id"], mine["title"]) == ((wins["id"], wins["title"]) if wins else (None, "谢谢参与"))
    # So can who never tried, when the draw itself is no longer on offer.
    with time_machine.travel(ends + timedelta(minutes=11), tick=False):
        nb2 = as_customer(cast, "nb2")
        assert nb2.get(here).status_code == 404
        assert nb2.get(f"{here}/pledges").json() == [pledge | {"seed": mine["seed"]}]
        assert as_customer(cast, "sb").get(f"{here}/pledges").status_code == 404


def test_what_is_delivered_asks_for_an_address_and_is_sent_from_its_page(cast: Cast) -> None:
    draw = live_draw(cast, prizes=always(replace(PICKUP, kind="parcel")), price_points=0)
    nb = as_customer(cast, "nb")
    won = nb.post(f"{API}points/draws/{draw.pk}/tries", {"points": 0}, key="try-00000001").json()
    assert (won["state"], won["needs_receiver"]) == ("won", True)
    client = desk_of(cast, "nb_manager")
    assert "请提醒客户" in page(client, "points_drawtry_change", won["id"])
    home = {"name": "王敏", "phone": "13800138000", "address": "文三路 1 号"}
    said = nb.post(f"{API}me/points/tries/{won['id']}/receiver", home, key="home-0000001")
    assert (said.status_code, said.json()["needs_receiver"]) == (200, False)
    assert "13800138000" not in said.content.decode() + page(client, "points_drawtry_change", won["id"])
    assert "13800138000" in posted(client, "points_drawtry_unmask", won["id"])
    assert "已发出" in posted(client, "points_drawtry_send", won["id"], carrier="顺丰 SF1")
    assert "已交付" in posted(client, "points_drawtry_hand_over", won["id"])
    [mine] = nb.get(f"{API}me/points/tries").json()["items"]
    assert (mine["state"], mine["sent_by"]) == ("delivered", "顺丰 SF1")
    late = nb.post(f"{API}me/points/tries/{won['id']}/receiver", home, key="home-0000002")
    assert (late.status_code, late.json()["code"]) == (409, "points.draw.not_to_send")


def _prize(nth: int, **typed: str) -> dict[str, str]:
    row = dict.fromkeys(("id", "title", "kind", "odds", "points", "batch", "value"), "") | typed
    return {f"prizes-{nth}-{column}": value for column, value in row.items()}


def test_a_draw_is_written_stocked_approved_and_judged_on_its_page(cast: Cast, client: Client) -> None:
    client = desk_of(cast, "north_rewards")
    form = {
        "title": "中秋抽奖", "text": "每位客户每天一次", "price_points": "0", "times_day": "1", "times_all": "",
        "open_from_0": "2026-11-20", "open_from_1": "08:00", "open_until_0": "2026-12-20", "open_until_1": "08:00",
        "fallback_title": "谢谢参与", "fallback_points": "", "months": "12", "ends": "year", "handed_down": "on",
        **_prize(1, title="月饼礼盒", kind="pickup", odds="0.5", value="268.5"),
        **_prize(2, title="十积分", kind="points", odds="60.25", points="10"),
        **_prize(3, title=" ", kind="points"),
    }  # fmt: skip
    add = reverse("admin:points_draw_add")
    over = client.post(add, form | {"prizes-1-odds": "50"})
    assert "超过 100%" in over.content.decode()
    assert client.post(add, form).status_code == 302
    draw = found(Draw, title="中秋抽奖")
    with system_scope(at=AT, cause="look"):
        rows = list(draw.prizes.values_list("title", "parts", "points", "value_fen"))
    assert rows == [("月饼礼盒", 5_000, 0, 268_50), ("十积分", 602_500, 10, 0)]
    text = page(client, "points_draw_change", draw.pk)
    assert 'value="0.5"' in text and 'value="268.5"' in text and "免费" in text
    # Without stock it cannot be submitted, and says of which prize.
    assert "“十积分”的库存" in posted(client, "points_draw_submit", draw.pk)
    with system_scope(at=AT, cause="look"):
        prizes = dict(draw.prizes.values_list("title", "pk"))
    for prize in prizes.values():
        assert "已保存库存总数" in posted(client, "points_draw_stock", draw.pk, prize, total=40)
    # A prize whose name is emptied is offered no more; its stock stays.
    fewer = form | {
        "prizes-1-id": str(prizes["月饼礼盒"]),
        "prizes-2-id": str(prizes["十积分"]),
        "prizes-1-title": "",
    }
    change = reverse("admin:points_draw_change", args=[draw.pk])
    assert client.post(change, fewer).status_code == 302
    with system_scope(at=AT, cause="look"):
        assert list(draw.prizes.filter(is_offered=True).values_list("title", flat=True)) == ["十积分"]
        assert DrawStock.objects.count() == 2
    approved(cast, draw)
    assert [prize["parts"] for prize in found(LiveDraw).prizes] == [602_500]
    review = page(desk_of(cast, "north_reviewer"), "points_draw_change", draw.pk)
    assert "60.25%" in review and "种子的 SHA-256" in review
    for nth, who in enumerate(("nb", "nb2")):
        tried(cast.customers[who].customer.pk, draw, f"k{nth}", points=0)
    text = page(client, "points_draw_change", draw.pk)
    assert "抽奖次数太少" in text and "pt-bar" in text
    checked = page(client, "points_draw_check", draw.pk)
    assert "目前没有不一致" in checked and "openssl dgst" in checked
    assert link_in(text, "points_draw_check", draw.pk)
    assert "已下线" in posted(client, "points_draw_down", draw.pk, reason="改规则")
    with system_scope(at=AT, cause="look"):
        assert DrawTry.objects.count() == 2 and not LiveDraw.objects.exists()

"""What tiers give: to rules, in the mall, on the phone; and a stop that suspends it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils.translation import override

from campaigns.approvals.services.stops import add_stop
from campaigns.lib.clock import now
from campaigns.points.api.tiers import sentence_of
from campaigns.points.earning_rules import Boost
from campaigns.points.models import Movement
from campaigns.points.refusals.mall import PriceChanged
from campaigns.points.selectors.tiers import (
    benefits_of,
    own_discount,
    standing_of,
)
from campaigns.points.services.mall import order_good
from campaigns.points.telling import points_lines
from campaigns.tenants.scopes import system_scope
from tests.campaigns.points.test_earning import earn, paid, tell
from tests.campaigns.points.test_tiers import give
from tests.support.cast import AT, Cast
from tests.support.mall import live_good
from tests.support.point_rules import live_rule
from tests.support.tiers import (
    live_tiers,
    rated,
    rated_due,
)

DAY = timedelta(days=1)


def test_a_tier_multiplies_what_rules_give_and_lowers_prices_of_the_mall(cast: Cast, client: Any) -> None:
    live_tiers(cast, at=AT - DAY)
    rule = live_rule(cast, boosts=(Boost("weekday", 1, 130),))
    nb, nb2 = (cast.customers[who].customer.pk for who in ("nb", "nb2"))
    give(cast, nb, 5_000)
    rated_due(at=AT)
    # 22 November 2026 is a Sunday. On Monday the rule gives 1.3 times: gold's 1.5 is more.
    tell(
        paid(cast, "t-1", 100_00),
        paid(cast, "t-2", 100_00, at=AT + DAY),
        paid(cast, "t-3", 100_00, who="nb2"),
    )
    tell(paid(cast, "t-4", 100_00, who="nb2", at=AT + DAY))
    assert earn() == 4
    with system_scope(at=AT, cause="look"):
        rows = Movement.objects.filter(rule_id=rule.pk).order_by("customer_id", "id")
        found = [
            (each.customer_id, each.title, each.entries.get(customer_id=each.customer_id).points)
            for each in rows
        ]
    assert sorted(found) == sorted(
        [
            (nb, "消费积分 · 金卡 ×1.5", 15), (nb, "消费积分 · 金卡 ×1.5", 15),
            (nb2, "消费积分", 10), (nb2, "消费积分", 13),
        ]
    )  # fmt: skip
    # The mall: 105 points less ten percent, rounded up.
    good = live_good(cast, kind="pickup", price_points=105)
    with cast.customers["nb"].scope(at=AT + DAY) as scope:
        with pytest.raises(PriceChanged):
            order_good(scope=scope, good_id=good.pk, points=105, key="one")
        order = order_good(scope=scope, good_id=good.pk, points=95, key="two")
        assert order.points == 95
    with cast.customers["nb2"].scope(at=AT + DAY) as scope, pytest.raises(PriceChanged):
        order_good(scope=scope, good_id=good.pk, points=95, key="three")
    for who, own in (("nb", 95), ("nb2", 105)):
        headers = cast.customers[who].headers()
        [row] = client.get("/api/v1/points/goods", headers=headers).json()["items"]
        one = client.get(f"/api/v1/points/goods/{good.pk}", headers=headers).json()
        assert [(each["price_points"], each["own_price_points"]) for each in (row, one)] == [(105, own)] * 2


def test_the_phone_reads_how_one_stands(cast: Cast, client: Any) -> None:
    url = "/api/v1/me/points/tier"
    headers = cast.customers["nb"].headers()
    assert client.get(url, headers=headers).json() == {"own": None}
    live_tiers(cast, at=AT)
    nb, at = cast.customers["nb"].customer.pk, now()
    give(cast, nb, 700, at=at)
    told_now = client.get(url, headers=headers).json()["own"]
    assert (told_now["tier"]["code"], told_now["counted"], told_now["to_next"]) == ("base", 700, 300)
    assert told_now["sentence"] == "距银卡还差 300 分" and told_now["kept_until"] is None
    give(cast, nb, 4_300, at=at)
    rated_due(at=at)
    told_now = client.get(url, headers=headers).json()["own"]
    assert (told_now["tier"]["code"], told_now["next_tier"], told_now["to_keep"]) == ("gold", None, 5_000)
    assert told_now["tier"]["perks"] == [{"title": "贵宾厅", "text": "每年 2 次"}]
    assert told_now["sentence"].startswith("保级还差 5,000 分，") and told_now["notice"] is None
    with system_scope(at=at, cause="look") as scope:
        stands = standing_of(scope=scope, customer_id=nb)
        lines = points_lines(scope, nb)
    assert stands is not None and stands.kept_until is not None
    gone = timedelta(days=400)
    short = replace(stands, kept_until=AT + 9 * DAY, kept=4_700)
    with override("zh-hans"):
        assert sentence_of(short, AT) == "保级还差 300 分，12 月 1 日到期"
        assert (
            sentence_of(replace(short, kept_until=AT + gone), AT)
            == "保级还差 300 分，2027 年 12 月 27 日到期"
        )
        assert sentence_of(replace(short, kept=5_000), AT) == "积分已足够，12 月 1 日后继续保级"
        silver = replace(short, place=1, counted=1_200, kept=0, kept_until=AT + gone)
        assert sentence_of(silver, AT) == "距金卡还差 3,800 分"
        assert sentence_of(replace(silver, falls_at=AT + 9 * DAY), AT) == "保级还差 1,000 分，12 月 1 日到期"
    assert (lines[0].label, lines[0].value) == ("会员等级", "金卡")


def test_an_emergency_stop_suspends_what_tiers_give_and_how_they_are_judged(cast: Cast) -> None:
    live_tiers(cast)
    nb = cast.customers["nb"].customer.pk
    give(cast, nb, 5_000)
    assert rated_due(at=AT) == 1
    with cast.customers["nb"].scope() as scope:
        assert own_discount(scope=scope) == 10
        # Another customer's is not told, whoever asks.
        assert benefits_of(scope=scope, customer_ids=[cast.customers["nb2"].customer.pk]) == {}
    with cast.ho_administrator.scope() as scope:
        add_stop(scope=scope, branch_id=cast.branch["N"].pk, reason="核查", kind="points.tiers")
    with cast.customers["nb"].scope() as scope:
        assert own_discount(scope=scope) == 0
        assert standing_of(scope=scope, customer_id=nb) is None
    assert rated(nb, at=AT + 900 * DAY) == {}

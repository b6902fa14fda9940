"""Rivals for the prizes of a draw, with a control; and a record that the owner of the database has touched."""

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from campaigns.points.draw_terms import PrizeTerms
from campaigns.points.models import Draw, DrawPledge, DrawStock, DrawTry, Movement
from campaigns.points.redrawing import Verdict
from campaigns.points.selectors.redraws import drawn_again
from campaigns.points.services.pledges import reveal_draws
from campaigns.rewards.models import Coupon
from campaigns.tenants.scopes import system_scope
from tests.campaigns.rewards.conftest import control as control  # noqa: PLC0414 - a fixture
from tests.campaigns.rewards.test_races import crowd, outcome
from tests.support.cast import AT, Cast
from tests.support.draws import ENDS, PICKUP, POINTS, always, live_draw, tried
from tests.support.mall import earn
from tests.support.races import together
from tests.support.rewards import live_batch

pytestmark = pytest.mark.commits


def _trying(draw: Draw, customer_id: Any, key: str, points: int = 0) -> Callable[[], DrawTry]:
    return lambda: tried(customer_id, draw, key, points=points)


def _again(draw: Draw) -> Verdict:
    with system_scope(at=AT, cause="test") as scope:
        return drawn_again(scope=scope, draw_id=draw.pk)


def _rivals_for_the_last(cast: Cast, many: int) -> None:
    draw = live_draw(cast, prizes=always(PICKUP), stock=1, price_points=0)
    came = together([_trying(draw, each, "one") for each in crowd(cast, many, f"last{many}")])
    assert outcome(came) == {"DrawTry": many}
    assert sorted(each.missed for each in came) == ["", *["stock"] * (many - 1)]
    # Every one has its place in the line at the stock.
    assert sorted(each.serial for each in came) == list(range(2, many + 2))
    with system_scope(at=AT, cause="test"):
        stock = DrawStock.objects.get(prize__draw=draw)
        assert (stock.total, stock.taken, stock.serial) == (1, 1, many + 1)
    assert _again(draw).differences == []


def test_twelve_rivals_for_the_last_prize_and_one_customer_with_one_try_left(
    committed_cast: Cast, control: Callable[[int, int], int]
) -> None:
    cast = committed_cast
    _rivals_for_the_last(cast, 12)
    # Both doors of one customer: one try left, and points for three.
    who = cast.customers["nb"].customer.pk
    earn(cast, who, 39)
    draw = live_draw(cast, prizes=[replace(PICKUP, parts=1)], times_day=1)
    assert outcome(together([_trying(draw, who, f"k{n}", 10) for n in range(6)])) == {
        "DrawTry": 1, "TriesOfDayUsed": 5,
    }  # fmt: skip
    many = live_draw(cast, prizes=always(POINTS), stock=50, times_day=None)
    came = together([_trying(many, who, f"k{n}", 10) for n in range(6)])
    assert outcome(came) == {"DrawTry": 6}  # each wins fifty, and pays the next
    assert sorted(each.nth for each in came) == [1, 2, 3, 4, 5, 6]
    # The same request key six times is one try.
    same = together([_trying(many, who, "same", 10)] * 6)
    assert len({each.pk for each in same}) == 1
    with system_scope(at=AT, cause="test"):
        assert Movement.objects.filter(kind="burn").count() == 1 + 6 + 1
    assert _again(many).differences == []
    # Coupons: as many as the batch has, and never more than the draw has of them, with what was granted undone again.
    rivals = crowd(cast, 8, "coupons")
    for share, stock, missed in ((3, 5, "coupon"), (10, 3, "stock")):
        batch = live_batch(cast, shares={"NB": share}, per_customer_limit=5)
        coupon = PrizeTerms(title="满减券", kind="coupon", parts=1_000_000, batch_id=batch.pk)
        draw = live_draw(cast, prizes=[coupon], stock=stock, price_points=0)
        came = together([_trying(draw, each, "one") for each in rivals])
        assert outcome(came) == {"DrawTry": 8}
        assert sorted(each.missed for each in came) == ["", "", "", *[missed] * 5]
        with system_scope(at=AT, cause="test"):
            held = set(Coupon.objects.filter(batch_id=batch.pk).values_list("pk", flat=True))
        assert held == {each.coupon_id for each in came if each.coupon_id}
        assert _again(draw).differences == []
    assert control(12, 1) == 12


@pytest.mark.proof
def test_sixty_four_rivals_for_the_last_prize(
    committed_cast: Cast, control: Callable[[int, int], int]
) -> None:
    _rivals_for_the_last(committed_cast, 64)
    assert control(64, 1) == 64


@pytest.mark.disagrees
def test_what_the_databases_owner_changes_behind_the_triggers_is_told(committed_cast: Cast) -> None:
    cast = committed_cast
    draw = live_draw(cast, open_until=ENDS, price_points=0)
    rivals = crowd(cast, 10)
    for each in rivals:
        tried(each, draw, "one", points=0)
    with system_scope(at=ENDS.replace(hour=23), cause="test") as scope:
        assert reveal_draws(scope=scope) == 1
    assert _again(draw).differences == []
    with system_scope(at=AT, cause="test"):
        lost = DrawTry.objects.filter(prize=None).first()
        pledge = DrawPledge.objects.get()
    assert lost is not None

    def touched(sql: str, *values: Any) -> set[str]:
        """What the check says after a change of the owner's."""
        with connections["owner"].cursor() as cursor:
            cursor.execute("BEGIN")
            try:
                cursor.execute("ALTER TABLE points_drawtry DISABLE TRIGGER points_drawtry_stays")
                cursor.execute(sql, values)
                cursor.execute("ALTER TABLE points_drawtry ENABLE TRIGGER points_drawtry_stays")
                cursor.execute("COMMIT")
            except BaseException:
                cursor.execute("ROLLBACK")
                raise
        with pytest.raises(CommandError, match="differences"):
            call_command("check_draw", str(draw.pk), stdout=io.StringIO())
        return {each.word for each in _again(draw).differences}

    prizes = {prize.title: prize.pk for prize in draw.prizes.all()}
    assert {"number", "prize"} <= touched("UPDATE points_drawtry SET number = 0 WHERE id = %s", lost.pk)
    assert "stock" in touched(
        "UPDATE points_drawstock SET taken = taken + 1 WHERE prize_id = %s", prizes["保温杯"]
    )
    assert "pledge" in touched(
        "UPDATE points_drawpledge SET seed = sha256(seed) || sha256(sha256(seed)) WHERE id = %s", pledge.pk
    )

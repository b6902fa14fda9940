"""Points of the demo bank: what customers were given, earned, spent and are about to lose; rule, draw, tiers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaigns.customers.scopes import customer_scope
from campaigns.customers.tag_selectors import tags_usable
from campaigns.points.draw_terms import DrawTerms, PrizeTerms
from campaigns.points.models import Account
from campaigns.points.rule_terms import RuleTerms
from campaigns.points.rules import key_of
from campaigns.points.services.awards import AwardTerms, load_tag_award
from campaigns.points.services.draws import add_draw, stock_prize, submit_draw
from campaigns.points.services.postings import (
    Accrual,
    Validity,
    accrue_points,
    award_points,
    burn_points,
    hold_points,
    reverse_points,
)
from campaigns.points.services.ratings import rate_due
from campaigns.points.services.rules import add_rule, submit_rule
from campaigns.points.services.tiers import add_tiers, submit_tiers
from campaigns.points.services.tries import try_draw
from campaigns.points.tier_terms import Perk, Tier, TierTerms
from campaigns.tenants.scopes import system_scope

if TYPE_CHECKING:
    from uuid import UUID

    from config.demo.story import DemoBank


def give_points(demo: DemoBank) -> None:
    """A month of a few hundred points, so that every page of the ledger has something to show."""
    with demo.act("rewards", days_ago=30) as scope:
        rule = add_rule(
            scope=scope,
            terms=RuleTerms(
                title="手机银行消费积分",
                event_kind="core.paid",
                counted_by="amount_fen",
                points=1,
                per=10_00,
                cap_day=500,
                runs_from=demo.days_ago(29),
                runs_until=demo.days_ago(-365),
            ),
        )
        revision = submit_rule(scope=scope, rule_id=rule.pk)
    demo.approve("reviewer", revision, days_ago=29.5)
    _tiers(demo)
    head_office = demo.branches["HO"].pk
    for code, customers in demo.customers.items():
        with system_scope(at=demo.days_ago(25), cause="load_demo") as scope:
            award_points(
                scope=scope, customer_ids=customers, points=[200] * len(customers), key=key_of("demo", code),
                issuer_id=head_office, title="金秋理财节赠送", validity=Validity(2, "month"),
            )  # fmt: skip
        for number, customer_id in enumerate(customers):
            _live(demo, code, number, customer_id)
        with system_scope(at=demo.days_ago(1), cause="load_demo") as scope:
            given = [Accrual(customers[0], 900, key_of("demo", code, "first"))]
            accrue_points(scope=scope, accruals=given, issuer_id=head_office, title="理财达标奖励")
    with system_scope(at=demo.days_ago(0.5), cause="load_demo") as scope:
        while rate_due(scope=scope) is not None:
            pass
    _award(demo)
    _draw_prizes(demo)


def _award(demo: DemoBank) -> None:
    """For the best customers: a worker checks the rows; then it waits for its asker, and for another who agrees."""
    with demo.act("rewards", days_ago=0.05) as scope:
        terms = AwardTerms(title="年末贵宾回馈", reason="四季度贵宾客户维系", each=200)
        load_tag_award(scope=scope, terms=terms, tag_id=tags_usable(scope=scope).get(code="vip").pk)


def _draw_prizes(demo: DemoBank) -> None:
    """A draw of head office's that runs; each customer has tried it a few times, and some prizes are to hand over."""
    with demo.act("rewards", days_ago=10) as scope:
        draw = add_draw(
            scope=scope,
            terms=DrawTerms(
                title="金秋理财节抽奖",
                text="年满 18 周岁的本行个人客户可参加，每天 2 次。实物在归属网点领取，邮寄奖品请在“我的抽奖”填写地址，"
                "中奖后 30 天内有效。咨询电话 95000。",
                price_points=20,
                times_day=2,
                times_all=20,
                open_from=demo.days_ago(9),
                open_until=demo.days_ago(-21),
                fallback_points=2,
                months=3,
                ends="month",
                handed_down=True,
                prizes=[
                    PrizeTerms(title="登机箱", kind="parcel", parts=10_000, value_fen=399_00),
                    PrizeTerms(title="保温杯", kind="pickup", parts=80_000, value_fen=69_00),
                    PrizeTerms(title="50 积分", kind="points", parts=160_000, points=50),
                ],
            ),
        )
        for prize, total in zip(draw.prizes.all(), (5, 30, 300), strict=True):
            stock_prize(scope=scope, draw_id=draw.pk, prize_id=prize.pk, total=total)
        revision = submit_draw(scope=scope, draw_id=draw.pk)
    demo.approve("reviewer", revision, days_ago=9.5)
    for customers in demo.customers.values():
        for number, customer_id in enumerate(customers):
            for nth in range(1 + number % 3):
                at = demo.days_ago(6 - nth - number * 0.1)
                with customer_scope(customer_id=customer_id, at=at, cause="load_demo") as scope:
                    try_draw(scope=scope, draw_id=draw.pk, points=20, key=f"demo-{nth}")


def _tiers(demo: DemoBank) -> None:
    """Three tiers of the whole bank, in force since before the first points."""
    with demo.act("rewards", days_ago=34) as scope:
        scheme = add_tiers(
            scope=scope,
            terms=TierTerms(
                title="积分会员",
                tiers=[
                    Tier(code="base", name="普通会员", threshold=0),
                    Tier(code="silver", name="银卡会员", threshold=240, multiplier=12, discount=5),
                    Tier(
                        code="gold", name="金卡会员", threshold=1_000, multiplier=15, discount=10,
                        perks=[Perk(title="贵宾厅", text="每年 2 次"), Perk(title="专属客户经理")],
                    ),
                ],
                keep_ends="quarter",
            ),
        )  # fmt: skip
        revision = submit_tiers(scope=scope, scheme_id=scheme.pk)
    demo.approve("reviewer", revision, days_ago=33.5)


def _live(demo: DemoBank, code: str, number: int, customer_id: UUID) -> None:
    """One customer's three weeks: a check-in a few days, something bought, something taken back."""
    own = demo.branches[code].pk
    for day in (18, 11, 4):
        with system_scope(at=demo.days_ago(day - number * 0.1), cause="load_demo") as scope:
            given = [Accrual(customer_id, 10 + number, key_of("demo", customer_id, day))]
            (posted,) = accrue_points(scope=scope, accruals=given, issuer_id=own, title="网点活动签到")
    if number % 3 == 0:
        with system_scope(at=demo.days_ago(3), cause="load_demo") as scope:
            burn_points(
                scope=scope, customer_id=customer_id, points=60, key=key_of("demo", customer_id, "burn"),
                title="兑换保温杯", into=Account.MALL, place_id=own,
            )  # fmt: skip
    if number % 3 == 1 and posted is not None:
        with system_scope(at=demo.days_ago(2), cause="load_demo") as scope:
            reverse_points(
                scope=scope, movement_id=posted.movement_id, customer_id=customer_id,
                key=key_of("demo", customer_id, "undo"), title="签到作废", reason="重复签到",
            )  # fmt: skip
    if number == 2:
        with system_scope(at=demo.days_ago(0.1), cause="load_demo") as scope:
            hold_points(
                scope=scope, customer_id=customer_id, points=20, until=demo.days_ago(-1),
                key=key_of("demo", customer_id, "hold"), title="兑换雨伞（待付款）",
            )  # fmt: skip

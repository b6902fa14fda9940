"""Points of the demo bank: what customers were given, earned, spent and are about to lose; a rule, and tiers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaigns.points.models import Account
from campaigns.points.rule_terms import RuleTerms
from campaigns.points.rules import key_of
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

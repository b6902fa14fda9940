"""The points desk of the demo bank: goods with orders in each state, what waits for a second person, days closed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from campaigns.customers.scopes import customer_scope
from campaigns.points.selectors.tiers import own_discount
from campaigns.points.services.closing import close_ledger
from campaigns.points.services.desk import ask_adjustment, decide_adjustment
from campaigns.points.services.extensions import ask_extension
from campaigns.points.services.goods import GoodTerms, add_good, stock_good, submit_good
from campaigns.points.services.mall import (
    Receiver,
    cancel_own_order,
    hand_over_order,
    order_good,
    pay_order,
    send_order,
)
from campaigns.points.tier_rules import own_price
from campaigns.rewards.services.closing import close_day

if TYPE_CHECKING:
    from uuid import UUID

    from campaigns.points.models import MallOrder
    from config.demo.story import DemoBank

# title, how it is got, points, fen, in stock
_GOODS = [
    ("保温杯", "pickup", 120, 0, 60),
    ("东北大米 5 千克", "parcel", 150, 0, 40),
    ("空气炸锅", "parcel", 300, 99_00, 10),
]


def keep_desk(demo: DemoBank) -> None:
    """What the people at the desk have done lately, and left open."""
    mall = _Mall(demo)
    cup, rice, fryer = (mall.sell(*good) for good in _GOODS)
    xihu, tianhe = demo.customers["ZJ0101"], demo.customers["GD0101"]
    home = Receiver("陈女士", "13800000001", "浙江省杭州市西湖区文三路 1 号")
    # Waits at the branch, was handed over, was sent, waits to be sent, was called off; and one waits for its money.
    mall.order(xihu[0], cup, 120, days_ago=0.8)
    given = mall.order(xihu[1], cup, 120, days_ago=0.75)
    sent = mall.order(xihu[0], rice, 150, days_ago=0.7, receiver=home)
    mall.order(xihu[2], rice, 150, days_ago=0.3, receiver=home)
    off = mall.order(xihu[3], cup, 120, days_ago=0.65)
    paid = mall.order(tianhe[0], fryer, 300, days_ago=0.6, receiver=home)
    mall.order(xihu[0], fryer, 300, days_ago=0.004, receiver=home)
    with customer_scope(customer_id=xihu[3], at=demo.days_ago(0.62), cause="load_demo") as scope:
        cancel_own_order(scope=scope, order_id=off.pk)
    with demo.act("rewards", days_ago=0.595) as scope:
        pay_order(scope=scope, order_id=paid.pk, payment="PAY20261122001")
    with demo.act("rewards", days_ago=0.4) as scope:
        hand_over_order(scope=scope, order_id=given.pk)
        send_order(scope=scope, order_id=sent.pk, carrier="顺丰 SF1023456789")
    _ask_for_others(demo, xihu)
    _close(demo)


class _Mall:
    """Goods on sale and who ordered them."""

    def __init__(self, demo: DemoBank) -> None:
        self.demo, self.orders = demo, 0

    def sell(self, title: str, kind: str, points: int, fen: int, total: int) -> UUID:
        demo = self.demo
        with demo.act("rewards", days_ago=4) as scope:
            terms = GoodTerms(
                title=title, kind=kind, price_points=points, cash_fen=fen, per_customer_limit=2,
                text="数量有限，兑完为止。",
                open_from=demo.days_ago(4), open_until=demo.days_ago(-60), handed_down=True,
            )  # fmt: skip
            good = add_good(scope=scope, terms=terms)
            stock_good(scope=scope, good_id=good.pk, total=total)
            revision = submit_good(scope=scope, good_id=good.pk)
        demo.approve("reviewer", revision, days_ago=3.5)
        return good.pk

    def order(
        self,
        customer_id: UUID,
        good_id: UUID,
        points: int,
        *,
        days_ago: float,
        receiver: Receiver | None = None,
    ) -> MallOrder:
        self.orders += 1
        with customer_scope(
            customer_id=customer_id, at=self.demo.days_ago(days_ago), cause="load_demo"
        ) as scope:
            price = own_price(points=points, discount=own_discount(scope=scope))
            key = f"demo-order-{self.orders}"
            return order_good(scope=scope, good_id=good_id, points=price, key=key, receiver=receiver)


def _ask_for_others(demo: DemoBank, customers: list[UUID]) -> None:
    """One adjustment was agreed to, one waits, and so does an extension."""
    with demo.act("rewards", days_ago=0.5) as scope:
        first = ask_adjustment(
            scope=scope, customer_id=customers[4], points=8_000, reason="理财节奖励漏发，工单 2026-1107"
        )
        ask_adjustment(
            scope=scope, customer_id=customers[5], points=-6_000, reason="重复入账更正，工单 2026-1112"
        )
    with demo.act("zj.rewards", days_ago=0.45) as scope:
        decide_adjustment(scope=scope, adjustment_id=first.pk, is_agreed=True)
    # More than one person extends alone in a day.
    with demo.act("rewards", days_ago=0.3) as scope:
        ask_extension(
            scope=scope,
            customer_id=customers[4],
            until=demo.days_ago(-1_200),
            reason="客户长期住院，延长有效期",
        )


def _close(demo: DemoBank) -> None:
    """Yesterday is closed at head office, for coupons and for points."""
    today = demo.at.astimezone(ZoneInfo("Asia/Shanghai")).date()
    with demo.act("rewards") as scope:
        for days in (2, 1):
            day = today - timedelta(days=days)
            close_day(scope=scope, branch_id=scope.branch_id, day=day)
            close_ledger(scope=scope, branch_id=scope.branch_id, period="day", day=day)

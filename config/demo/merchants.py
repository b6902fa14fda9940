"""Two merchants of the demo bank, a batch that one third is theirs to pay, and a cashier who has redeemed one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaigns.customers.scopes import customer_scope
from campaigns.rewards.codes import code_of
from campaigns.rewards.services.batches import BatchTerms, add_batch, submit_batch
from campaigns.rewards.services.coupons import claim_coupon, redeem_coupon
from campaigns.rewards.services.merchants import add_cashier, add_merchant
from campaigns.rewards.services.stock import allot_stock
from campaigns.tenants.models import Assignment

if TYPE_CHECKING:
    from config.demo.story import DemoBank

# code -> name, contact, account; all of it invented.
MERCHANTS = {
    "M0001": ("春风咖啡", "0571-0000-0001", "6200 0000 0000 0001"),
    "M0002": ("湖畔书店", "0571-0000-0002", "6200 0000 0000 0002"),
}
CASHIER = "xihu.cashier"


def contract_merchants(demo: DemoBank) -> None:
    """Zhejiang has contracts with both; its customers claim the coupon, and the café's cashier redeems."""
    with demo.act("zj.rewards", days_ago=9) as scope:
        shops = [
            add_merchant(scope=scope, code=code, name=name, phone=phone, account=account)
            for code, (name, phone, account) in MERCHANTS.items()
        ]
        _login, assignment_id = demo.logins[CASHIER]
        person_id = Assignment.objects.get(pk=assignment_id).person_id
        add_cashier(scope=scope, merchant_id=shops[0].pk, person_id=person_id)
        batch = add_batch(
            scope=scope,
            terms=BatchTerms(
                title="咖啡书香立减券",
                off_fen=15_00,
                threshold_fen=30_00,
                claim_from=demo.days_ago(7),
                claim_until=demo.days_ago(-30),
                usable_days=30,
                quota=200,
                per_customer_limit=2,
                handed_down=True,
                head_office_percent=40,
                branch_percent=30,
                merchant_percent=30,
                redeem_merchants=[shop.pk for shop in shops],
            ),
        )
        for code in ("ZJ0101", "ZJ0102", "ZJ0103"):
            allot_stock(scope=scope, batch_id=batch.pk, branch_id=demo.branches[code].pk, quantity=40)
        revision = submit_batch(scope=scope, batch_id=batch.pk)
    demo.approve("zj.reviewer", revision, days_ago=8)
    for number, customer_id in enumerate(demo.customers["ZJ0101"][:3]):
        with customer_scope(
            customer_id=customer_id, at=demo.days_ago(2.2 - number * 0.3), cause="load_demo"
        ) as scope:
            coupon = claim_coupon(scope=scope, batch_id=batch.pk)
        if number < 2:
            with demo.act(CASHIER, days_ago=1.2 - number * 0.1) as scope:
                redeem_coupon(scope=scope, code=code_of(coupon.pk), order_fen=46_00)

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RewardsApp(AppConfig):
    name = "campaigns.rewards"
    label = "rewards"
    verbose_name = _("Coupons")

    def ready(self) -> None:
        # Models exist only now.
        from campaigns.customers.activities import register_activity
        from campaigns.rewards.handing_over import (
            batches_issued,
            hand_over_batches,
            hand_over_stock,
            stock_unclaimed,
        )
        from campaigns.rewards.publishing import register_kind
        from campaigns.rewards.sql import CLAIMED, REDEEMED
        from campaigns.tenants.remainders import register_remainder
        from campaigns.tenants.steps import register_step

        register_kind()
        register_activity("rewards: redemptions", sql=REDEEMED)
        register_activity("rewards: claims", sql=CLAIMED)
        register_step("hand_over", name="rewards: batches", act=hand_over_batches)
        register_step("hand_over", name="rewards: stock", act=hand_over_stock)
        register_remainder("batches", rows=batches_issued)
        register_remainder("stock", rows=stock_unclaimed)

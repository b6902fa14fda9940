from datetime import timedelta

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RewardsApp(AppConfig):
    name = "campaigns.rewards"
    label = "rewards"
    verbose_name = _("Coupons")

    def ready(self) -> None:
        # Models exist only now.
        from campaigns.customers.activities import register_activity
        from campaigns.customers.steps import register_step as register_customer_step
        from campaigns.jobs.long_kinds import register_many
        from campaigns.notices.sentences import register_notice
        from campaigns.rewards.calendar_layer import register_layer
        from campaigns.rewards.granting import register_grants
        from campaigns.rewards.handing_over import (
            batches_issued,
            hand_over_batches,
            hand_over_merchants,
            hand_over_stock,
            rehang_shares,
            stock_unclaimed,
        )
        from campaigns.rewards.happenings import register_kinds
        from campaigns.rewards.moving import move_coupons, return_coupons
        from campaigns.rewards.publishing import register_kind
        from campaigns.rewards.services import closing
        from campaigns.rewards.sql.coupons import CLAIMED, REDEEMED
        from campaigns.tenants.remainders import register_remainder
        from campaigns.tenants.steps import register_step

        register_kind()
        register_activity("rewards: redemptions", sql=REDEEMED)
        register_activity("rewards: claims", sql=CLAIMED)
        register_kinds()
        register_grants()
        register_layer()
        register_many(
            closing.RUN,
            each=closing.close_item,
            label=_("Close missed days"),
            title=_("Close %(total)s missed days"),
            verb=closing.RUN,
            went=_("days closed"),
            refused=_("days not closed"),
            lease=timedelta(minutes=10),
            idle=timedelta(minutes=5),
        )
        register_step("hand_over", name="rewards: batches", act=hand_over_batches)
        register_step("hand_over", name="rewards: stock", act=hand_over_stock)
        register_step("hand_over", name="rewards: merchants", act=hand_over_merchants)
        register_step("move", name="rewards: shares", act=rehang_shares)
        register_remainder("batches", rows=batches_issued)
        register_remainder("stock", rows=stock_unclaimed)
        register_customer_step("merge", name="rewards: coupons", act=move_coupons)
        register_customer_step("unmerge", name="rewards: coupons", act=return_coupons)
        register_notice(
            "rewards.share_low",
            _("“%(title)s” is nearly gone at %(branch)s: %(rest)s left."),
            icon="inventory_2",
            is_urgent=True,
        )
        self._register_rights()

    def _register_rights(self) -> None:
        """A customer's own rights, as far as coupons go."""
        from campaigns.customers import steps
        from campaigns.customers.keeping import register_kept, register_must_settle
        from campaigns.rewards import forgetting

        register_must_settle("rewards: redemptions", ask=forgetting.unsettled_redemptions)
        steps.register_step("erase", name="rewards: coupons", act=forgetting.give_up_coupons)
        steps.register_told(name="rewards: coupons", act=forgetting.tell_coupons)
        register_kept(
            "rewards: redemptions",
            zh="核销、冲正及其券以客户编号保留，依《会计法》第二十三条与《会计档案管理办法》",
            en="redemptions, reversals and their coupons under the customer's id: Accounting Law, article 23, and"
            " the Measures for Accounting Archives",
        )

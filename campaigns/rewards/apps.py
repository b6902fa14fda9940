from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RewardsApp(AppConfig):
    name = "campaigns.rewards"
    label = "rewards"
    verbose_name = _("Coupons")

    def ready(self) -> None:
        # Models exist only now.
        from campaigns.rewards.handing_over import hand_over_batches, hand_over_stock
        from campaigns.rewards.publishing import register_kind
        from campaigns.tenants.steps import register_step

        register_kind()
        register_step("hand_over", name="rewards: batches", act=hand_over_batches)
        register_step("hand_over", name="rewards: stock", act=hand_over_stock)

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RewardsApp(AppConfig):
    name = "campaigns.rewards"
    label = "rewards"
    verbose_name = _("Coupons")

    def ready(self) -> None:
        # Models exist only now.
        from campaigns.rewards.publishing import register_kind

        register_kind()

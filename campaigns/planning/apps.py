from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PlanningApp(AppConfig):
    name = "campaigns.planning"
    label = "planning"
    verbose_name = _("Campaigns")

    def ready(self) -> None:
        # Models exist only now.
        from campaigns.approvals.stopped import register_campaigns
        from campaigns.planning.calendar.campaigns import register_campaigns_layer
        from campaigns.planning.handing_over import campaigns_planned, hand_over_campaigns
        from campaigns.planning.selectors import campaigns_named
        from campaigns.tenants.remainders import register_remainder
        from campaigns.tenants.steps import register_step

        register_step("hand_over", name="planning: campaigns", act=hand_over_campaigns)
        register_campaigns(lambda scope: campaigns_named(scope=scope))
        register_remainder("campaigns", rows=campaigns_planned)
        register_campaigns_layer()

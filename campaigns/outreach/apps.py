from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OutreachApp(AppConfig):
    name = "campaigns.outreach"
    label = "outreach"
    verbose_name = _("Messages to customers")

    def ready(self) -> None:
        from campaigns.customers.panels import register_moments
        from campaigns.customers.steps import register_step, register_told
        from campaigns.jobs.adapters import register_addressee
        from campaigns.outreach import telling
        from campaigns.outreach.addressing import addresses_of_touches
        from campaigns.outreach.services import forgetting

        register_addressee("outreach.touch", addresses_of_touches)
        register_step("merge", name="outreach: messages", act=forgetting.move_touches)
        register_step("unmerge", name="outreach: messages", act=forgetting.return_touches)
        register_step("erase", name="outreach: messages", act=forgetting.forget_touches)
        register_told(name="outreach: messages", act=telling.tell_touches)
        register_moments("outreach.touches", moments=telling.touch_moments)

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ContentApp(AppConfig):
    name = "content"
    label = "content"
    verbose_name = _("Content")

    def ready(self) -> None:
        from dataclasses import replace

        from campaigns.approvals.checks import register_check
        from campaigns.approvals.compliance import DISCLOSURE
        from campaigns.approvals.kinds import register
        from campaigns.tenants.remainders import register_remainder
        from campaigns.tenants.steps import register_step
        from content import compliance, placement_publishing, publishing
        from content.handing_over import hand_over_content, hand_over_drafts, items_made
        from content.happenings import register_kinds

        register_kinds()
        register(publishing.ITEM)
        register(placement_publishing.PLACEMENT)
        register_check(replace(DISCLOSURE, kinds=("content.item",)))
        register_check(compliance.RIGHTS)
        register_check(compliance.COUPON)
        register_step("hand_over", name="content: items and placements", act=hand_over_content)
        register_step("leave", name="content: drafts", act=hand_over_drafts)
        register_remainder("content", rows=items_made)

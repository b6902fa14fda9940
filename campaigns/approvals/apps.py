from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ApprovalsApp(AppConfig):
    name = "campaigns.approvals"
    label = "approvals"
    verbose_name = _("Review")

    def ready(self) -> None:
        # Models exist only now.
        from campaigns.approvals.handing_over import hand_over_reviews, keep_reviews
        from campaigns.approvals.telling import register_sentences
        from campaigns.tenants.steps import register_step

        register_sentences()
        register_step("hand_over", name="approvals: reviews and what was approved", act=hand_over_reviews)
        register_step("leave", name="approvals: reviews of one's own", act=keep_reviews)

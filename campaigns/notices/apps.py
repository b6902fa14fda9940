from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NoticesApp(AppConfig):
    name = "campaigns.notices"
    label = "notices"
    verbose_name = _("Inbox")

    def ready(self) -> None:
        # Models exist only now.
        from campaigns.notices.handing_over import tell_successor
        from campaigns.tenants.steps import register_step

        register_step("leave", name="notices: the successor is told", act=tell_successor)

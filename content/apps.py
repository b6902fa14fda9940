from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ContentApp(AppConfig):
    name = "content"
    label = "content"
    verbose_name = _("Content")

    def ready(self) -> None:
        from campaigns.approvals.kinds import register
        from content import publishing

        register(publishing.ITEM)
        register(publishing.PLACEMENT)

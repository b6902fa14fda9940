from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CommunityApp(AppConfig):
    name = "community"
    label = "community"
    verbose_name = _("Community")

    def ready(self) -> None:
        from community.happenings import register_kinds

        register_kinds()

        from community.plans.setup import register_plans

        register_plans()

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CommunityApp(AppConfig):
    name = "community"
    label = "community"
    verbose_name = _("Community")

    def ready(self) -> None:
        from community.checkins.setup import register_checkins
        from community.groups.setup import register_groups
        from community.happenings import register_kinds
        from community.livestreams.setup import register_livestreams
        from community.plans.setup import register_plans

        register_kinds()
        register_livestreams()
        register_groups()
        register_plans()
        register_checkins()

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TenantsApp(AppConfig):
    name = "campaigns.tenants"
    label = "tenants"
    verbose_name = _("Branches and people")

    def ready(self) -> None:
        # Models exist only now.
        from campaigns.tenants.remainders import register_remainder
        from campaigns.tenants.selectors import people_at_home, roles_held
        from campaigns.tenants.services.closing import hand_over_people
        from campaigns.tenants.steps import register_step

        register_step("hand_over", name="tenants: people and their roles", act=hand_over_people)
        register_remainder("people", rows=people_at_home)
        register_remainder("roles", rows=roles_held)

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TenantsApp(AppConfig):
    name = "campaigns.tenants"
    label = "tenants"
    verbose_name = _("Branches and people")

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccessApp(AppConfig):
    name = "campaigns.access"
    label = "access"
    verbose_name = _("Logging in")

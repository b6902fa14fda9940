from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PlanningApp(AppConfig):
    name = "campaigns.planning"
    label = "planning"
    verbose_name = _("Campaigns")

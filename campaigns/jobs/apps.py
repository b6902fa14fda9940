from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class JobsApp(AppConfig):
    name = "campaigns.jobs"
    label = "jobs"
    verbose_name = _("Due work")

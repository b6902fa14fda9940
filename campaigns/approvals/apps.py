from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ApprovalsApp(AppConfig):
    name = "campaigns.approvals"
    label = "approvals"
    verbose_name = _("Review")

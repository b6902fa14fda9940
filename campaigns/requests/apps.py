from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RequestsApp(AppConfig):
    name = "campaigns.requests"
    label = "requests"
    verbose_name = _("Request keys")

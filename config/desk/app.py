"""The admin, with our own site in place of Django's."""

from django.contrib.admin.apps import AdminConfig


class AdminApp(AdminConfig):
    default_site = "config.desk.site.BankSite"

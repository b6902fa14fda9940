"""The admin, with our own site in place of Django's."""

import gc

from django.contrib.admin.apps import AdminConfig


class AdminApp(AdminConfig):
    default_site = "config.desk.site.BankSite"

    def ready(self) -> None:
        """All pages are loaded, and nearly all else: the collector, at rest since config/apps.py, takes up its work
        and leaves alone what is there by now.
        """
        super().ready()
        gc.freeze()
        gc.enable()

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccessApp(AppConfig):
    name = "campaigns.access"
    label = "access"
    verbose_name = _("Logging in")

    def ready(self) -> None:
        # Adds a button to the page that people have by now.
        from campaigns.access import person_sessions  # noqa: F401

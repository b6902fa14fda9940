from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class JobsApp(AppConfig):
    name = "campaigns.jobs"
    label = "jobs"
    verbose_name = _("Due work")

    def ready(self) -> None:
        # Models exist only now.
        from campaigns.jobs.adapters import register_adapter
        from campaigns.jobs.senders import senders
        from campaigns.lib.clock import now

        for adapter in senders(now):
            register_adapter(adapter)

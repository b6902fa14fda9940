from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class JobsApp(AppConfig):
    name = "campaigns.jobs"
    label = "jobs"
    verbose_name = _("Due work")

    def ready(self) -> None:
        # Models exist only now.
        from campaigns.jobs.adapters import register_adapter
        from campaigns.jobs.handing_over import hand_over_due
        from campaigns.jobs.senders import senders
        from campaigns.jobs.watch_gauges import register_gauges
        from campaigns.jobs.watch_selectors import TABLES
        from campaigns.lib.clock import now
        from campaigns.tenants.steps import register_step

        register_step("hand_over", name="jobs: what is still to happen", act=hand_over_due)
        for adapter in senders(now):
            register_adapter(adapter)
        tables = {model._meta.db_table for model in self.get_models()}
        for table, ask in TABLES.items():
            if table in tables:
                register_gauges(table, ask)

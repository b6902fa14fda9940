from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AuditApp(AppConfig):
    name = "campaigns.audit"
    label = "audit"
    verbose_name = _("Audit")

    def ready(self) -> None:
        # Models exist only now.
        from campaigns.audit.services import record, record_many
        from campaigns.tenants.deeds import register_recorder

        register_recorder(record, many=record_many)

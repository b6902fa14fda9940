"""The timetable's backup and drill: the very commands an operator types, in processes of their own."""

from django.conf import settings

from campaigns.tenants.scopes import Scope
from campaigns.tenants.tasks import scoped_task
from config.backup.nightly import run_command


@scoped_task(name="backup.make", system=True, opens_itself=True)
def make_backup(*, scope: Scope) -> bool:
    """Back up into BACKUP_FOLDER; False where there is none."""
    return settings.BACKUP_FOLDER is not None and run_command("backup")


@scoped_task(name="backup.drill", system=True, opens_itself=True)
def drill_backup(*, scope: Scope) -> bool:
    """Prove the newest backup; False where there is no BACKUP_FOLDER."""
    return settings.BACKUP_FOLDER is not None and run_command("drill")

"""`manage.py drill`: is the newest backup good? Restored elsewhere, checked, thrown away."""

import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from campaigns.lib.clock import now
from config.backup.asking import Sayer, folder_of, print_findings, refusals_in_words, stop_on_term
from config.backup.drilling import drill_backup
from config.backup.manifest import newest_in


class Command(BaseCommand):
    help = "Restore a backup into a PostgreSQL of its own, check the bank, and note the outcome."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "backup", type=Path, nargs="?", help="its folder; the newest of BACKUP_FOLDER when left out"
        )
        parser.add_argument("--in", type=Path, dest="elsewhere", help="folder with room for the whole bank")

    def handle(self, *args: Any, **options: Any) -> None:
        with refusals_in_words(), stop_on_term():
            backup = (options["backup"] or newest_in(folder_of(None))).absolute()
            drilled = drill_backup(
                backup=backup,
                passphrase=os.environ.get("BACKUP_PASSPHRASE", ""),
                at=now(),
                elsewhere=options["elsewhere"],
                say=Sayer(self.stderr.write),
            )
        if drilled.refused:
            raise CommandError(drilled.refused)
        print_findings(drilled.findings, self.stdout.write)
        if not drilled.is_good:
            raise CommandError(f"备份 {backup.name} 未通过演练 · {backup.name} did not pass the drill")
        self.stdout.write(
            f"备份 {backup.name} 通过演练，恢复用时 {drilled.seconds} 秒 · {backup.name} is good, restored in"
            f" {drilled.seconds} s"
        )

"""`manage.py upgrade`: to the schema of this code, while the counter is open."""

import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from campaigns.lib.clock import now
from config.backup.asking import Sayer, folder_of, refusals_in_words, stop_on_term
from config.backup.making import make_backup
from config.embedded import instance_name
from config.running import bank_state, reloading
from config.upgrade.applying import PATIENCE, apply_migrations, pending_migrations, unkind_pending


class Command(BaseCommand):
    help = "Back up, migrate without keeping anybody waiting, and let running programs take up the new code."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-backup", action="store_true", help="there is one of another kind")
        parser.add_argument("--without-keys", action="store_true", help="the keys are kept elsewhere")
        parser.add_argument("--patience", type=float, default=PATIENCE, help="seconds to try for a lock")

    def handle(self, *args: Any, **options: Any) -> None:
        say = Sayer(self.stderr.write)
        with refusals_in_words(), stop_on_term():
            pending = pending_migrations()
            say(f"待应用的迁移：{len(pending)} 个", f"migrations to apply: {len(pending)}")
            for name, why in unkind_pending().items():
                for line in why:
                    say(f"{name} 可能让人等待", f"{name} may keep somebody waiting: {line}")
            if pending and not options["no_backup"]:
                made = make_backup(
                    to=folder_of(None),
                    passphrase=os.environ.get("BACKUP_PASSPHRASE", ""),
                    with_keys=not options["without_keys"],
                    keep=settings.BACKUP_KEEP,
                    clock=now,
                    say=say,
                )
                say(f"已备份到 {made.folder}", f"backed up to {made.folder}")
            applied = apply_migrations(say=say, patience=options["patience"])
            bank_state.note_migrated()
        say(f"已应用 {len(applied)} 个迁移", f"{len(applied)} migrations applied")
        if reloading.ask(instance_name()):
            say("网站已逐个换上新程序", "the running site has taken up the new code")
        else:
            say(
                "本机没有 up 在运行：请让各网站进程重新加载（kill -HUP），并重启任务进程和定时器",
                "no `up` runs here: reload the web processes (kill -HUP), and restart workers and beat",
            )

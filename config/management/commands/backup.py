"""`manage.py backup`: the whole bank into one folder."""

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from campaigns.lib.clock import now
from config.backup.asking import Sayer, folder_of, refusals_in_words, stop_on_term
from config.backup.making import last_drills, make_backup
from config.backup.manifest import backups_in, read_manifest


class Command(BaseCommand):
    help = "Back up the database, its pictures and, under BACKUP_PASSPHRASE, the keys."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--to", type=Path, help="folder of the backups; BACKUP_FOLDER when left out")
        parser.add_argument(
            "--keep", type=int, default=None, help="how many to keep; BACKUP_KEEP when left out"
        )
        parser.add_argument("--without-keys", action="store_true", help="the keys are kept elsewhere")
        parser.add_argument("--list", action="store_true", help="only say which there are")

    def handle(self, *args: Any, **options: Any) -> None:
        with refusals_in_words(), stop_on_term():
            folder = folder_of(options["to"])
            if options["list"]:
                self._list(folder)
                return
            made = make_backup(
                to=folder,
                passphrase=os.environ.get("BACKUP_PASSPHRASE", ""),
                with_keys=not options["without_keys"],
                keep=settings.BACKUP_KEEP if options["keep"] is None else options["keep"],
                clock=now,
                say=Sayer(self.stderr.write),
            )
        manifest = made.manifest
        say = Sayer(self.stderr.write)
        for path in made.missing:
            say(f"图片缺失或损坏：{path}", f"picture missing or damaged: {path}")
        for name in made.removed:
            say(f"已删除旧备份 {name}", f"removed the old backup {name}")
        keys = ("含密钥", "with keys") if manifest.with_keys else ("不含密钥", "without keys")
        say(
            f"备份完成：{sum(manifest.counts.values()):,} 行，{manifest.media_files:,} 个图片文件，{keys[0]}，"
            f"用时 {manifest.seconds} 秒",
            f"done: {sum(manifest.counts.values()):,} rows, {manifest.media_files:,} files of pictures, {keys[1]},"
            f" {manifest.seconds} s",
        )
        self.stdout.write(str(made.folder))

    def _list(self, folder: Path) -> None:
        drills = last_drills(folder)
        good = drills.get("last_good", {}).get("backup")
        for each in backups_in(folder):
            manifest = read_manifest(each)
            mark = " · 演练通过 drilled" if each.name == good else ""
            keys = "含密钥 with keys" if manifest.with_keys else "不含密钥 without keys"
            self.stdout.write(f"{each.name}  {sum(manifest.counts.values()):>12,}  {keys}{mark}")

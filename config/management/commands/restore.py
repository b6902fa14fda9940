"""`manage.py restore`: a backup in the place of this installation's bank."""

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from campaigns.lib.clock import now
from config.backup.asking import Sayer, print_findings, refusals_in_words, stop_on_term
from config.backup.manifest import read_manifest
from config.backup.refusals import BackupRefused
from config.backup.restoring import restore_backup
from config.backup.sealing import open_keys


class Command(BaseCommand):
    help = "Restore a backup into this installation, and check that the bank is whole."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("backup", type=Path, help="the backup's folder")
        parser.add_argument(
            "--replace", action="store_true", help="also where there is a bank; it is set aside"
        )
        parser.add_argument("--yes", action="store_true", help="do not ask for the database's name")
        parser.add_argument(
            "--keys-to", type=Path, help="only write the keys into this new file, readable by you"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        passphrase = os.environ.get("BACKUP_PASSPHRASE", "")
        if options["keys_to"]:
            with refusals_in_words():
                self._write_keys(options["backup"], options["keys_to"], passphrase)
            return
        if options["replace"] and not options["yes"]:
            self._ask()
        said: dict[str, Any] = {"refused": "", "seconds": 0.0, "findings": []}
        try:
            with stop_on_term():
                restored = restore_backup(
                    backup=options["backup"],
                    passphrase=passphrase,
                    replace=options["replace"],
                    clock=now,
                    say=Sayer(self.stderr.write),
                )
        except BackupRefused as refused:
            if not options["json"]:
                raise CommandError(f"{refused.detail('zh')}\n{refused.detail('en')}") from None
            said["refused"] = f"{refused.detail('zh')} · {refused.detail('en')}"
            self.stdout.write(json.dumps(said, ensure_ascii=False))
            sys.exit(1)
        said |= {"seconds": restored.seconds, "findings": [asdict(each) for each in restored.findings.asked]}
        if options["json"]:
            self.stdout.write(json.dumps(said, ensure_ascii=False))
            sys.exit(1 if restored.findings.wrong else 0)
        print_findings(said["findings"], self.stdout.write)
        say = Sayer(self.stdout.write)
        if restored.migrated:
            say(f"已升级 {restored.migrated} 个迁移", f"{restored.migrated} migrations applied")
        if restored.aside:
            say(
                f"原有数据另存在模式 {restored.aside} 中，确认无误后由 fenhang_owner 删除",
                f"what was there is kept in the schema {restored.aside}; drop it, as fenhang_owner, when all is well",
            )
        say(
            f"恢复完成，用时 {restored.seconds} 秒。所有员工和客户需重新登录。",
            f"restored in {restored.seconds} s. Staff and customers log in anew.",
        )
        if wrong := len(restored.findings.wrong):
            raise CommandError(f"{wrong} 项核对未通过 · {wrong} checks failed")

    def _ask(self) -> None:
        name = str(settings.DATABASES["owner"]["NAME"])
        answer = input(f"将取代数据库 {name}。请输入它的名字 · type the name of the database to replace: ")
        if answer.strip() != name:
            raise CommandError("名字不符，没有恢复 · not the name: nothing was restored")

    def _write_keys(self, backup: Path, target: Path, passphrase: str) -> None:
        keys = open_keys(backup, name=read_manifest(backup).name, passphrase=passphrase)
        try:
            descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as failed:
            raise CommandError(f"{target}: {failed.strerror}") from None
        with os.fdopen(descriptor, "w") as file:
            file.writelines(f"{name}={value}\n" for name, value in keys.items())
        self.stdout.write(str(target))

"""`manage.py data_map`: what every column holds, as CSV, for the bank's own register of processing."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from campaigns.lib.csv_files import csv_bytes
from config.data_map import HEAD, table, unclassified


class Command(BaseCommand):
    help = "Print the data map as CSV: every column, what it holds, how, for how long and what for."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--language", choices=["zh", "en"], default="zh")
        parser.add_argument("--check", action="store_true", help="only fail when a column is not classified")

    def handle(self, *args: Any, **options: Any) -> None:
        if missing := unclassified():
            raise CommandError("未分类的列 · columns that nobody has classified: " + ", ".join(missing))
        if not options["check"]:
            self.stdout.write(csv_bytes(HEAD, table(options["language"])).decode("utf-8-sig"))

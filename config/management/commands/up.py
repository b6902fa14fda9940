"""`manage.py up`, for Django's help and options; manage.py itself takes the shorter way."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from config.running import up


class Command(BaseCommand):
    help = up.HELP
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        up.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        up.run(host=options["host"], port=options["port"], demo=options["demo"])

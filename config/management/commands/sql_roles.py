"""`manage.py sql_roles`: what the bank's database administrator runs."""

from typing import Any

from django.core.management.base import BaseCommand

from config.embedded import roles


class Command(BaseCommand):
    help = "Print the script that makes Fenhang's roles and database, for the bank's database administrator."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(roles.script())

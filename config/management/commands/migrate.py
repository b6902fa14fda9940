"""Django's `migrate`, through the role that owns the tables: the serving roles may not create anything."""

from typing import Any

from django.core.management import CommandParser
from django.core.management.commands.migrate import Command as Migrate


class Command(Migrate):
    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(database="owner")

    def handle(self, *args: Any, **options: Any) -> Any:
        # Given by name from code (`call_command("migrate", database="default")`), it would fail half-way.
        if options["database"] in {"default", "aside"}:
            options["database"] = "owner"
        return super().handle(*args, **options)

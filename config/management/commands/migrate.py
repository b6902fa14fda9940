"""Django's `migrate`, quicker, and through the role that owns the tables: the serving roles may not create any."""

from typing import Any

from django.conf import settings
from django.core.management import CommandParser
from django.core.management.commands.migrate import Command as Migrate
from django.db import connections

from campaigns.events.services.months import AHEAD as EVENT_MONTHS_AHEAD
from campaigns.tenants.sql import HISTORY_IS_KEPT
from config.upgrade.quick_states import states_drawn_once


class Command(Migrate):
    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(database="owner")

    def handle(self, *args: Any, **options: Any) -> Any:
        # Given by name from code (`call_command("migrate", database="default")`), it would fail half-way.
        if options["database"] in {"default", "aside"}:
            options["database"] = "owner"
        with states_drawn_once():
            done = super().handle(*args, **options)
        _make_months(options["database"])
        _keep_history(options["database"])
        return done


def _make_months(database: str) -> None:
    """Partitions of the audit and the events for the months ahead, which the serving roles could not make."""
    with connections[database].cursor() as cursor:
        for room, ahead in (("audit", settings.AUDIT_MONTHS_AHEAD), ("events", EVENT_MONTHS_AHEAD)):
            cursor.execute("SELECT to_regprocedure(%s) IS NOT NULL", [f"{room}_make_months(date, int)"])
            if cursor.fetchone()[0]:
                cursor.execute(
                    f"SELECT {room}_make_months((now() AT TIME ZONE 'UTC')::date, %s)",
                    [ahead + 1],
                )


def _keep_history(database: str) -> None:
    with connections[database].cursor() as cursor:
        cursor.execute("SELECT to_regprocedure('_pgtrigger_should_ignore(name)') IS NOT NULL")
        if cursor.fetchone()[0]:
            cursor.execute(HISTORY_IS_KEPT)

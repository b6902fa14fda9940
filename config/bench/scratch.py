"""A database of its own for a bench: made by the owner, migrated, used as the serving role, dropped at the end."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connections
from django.db.utils import ProgrammingError

from config.embedded.roles import grants


@contextmanager
def scratch_database(name: str, *, rooms: tuple[str, ...], like: str = "") -> Iterator[None]:
    """Every alias speaks to the new database `name` for the block; it has the tables of `rooms` (app labels).

    `like` names another scratch database, to which nobody is connected: the new one starts as its copy.

    Raises CommandError when it cannot be made.
    """
    owner = connections["owner"]
    home = owner.settings_dict["NAME"]
    with owner.cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
        try:
            cursor.execute(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{like}"' if like else ""))
        except ProgrammingError as error:
            raise CommandError(
                f"a bench works in a database of its own, and fenhang_owner may not make one: {error}"
            ) from None
    speak_to(name)
    try:
        with owner.cursor() as cursor:
            cursor.execute(grants())
        for room in () if like else rooms:
            call_command("migrate", room, database="owner", verbosity=0, interactive=False)
        yield
    finally:
        speak_to(home)
        with owner.cursor() as cursor:
            # Without FORCE, which the owner may not use against an autovacuum worker; a plain DROP asks it to leave.
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
        owner.close()


def speak_to(name: str) -> None:
    """Lead every alias to the database `name`."""
    for alias in connections:
        connections[alias].close()
        connections[alias].settings_dict["NAME"] = name
        settings.DATABASES[alias]["NAME"] = name

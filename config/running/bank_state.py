"""The bank's database as `manage.py up` finds it and leaves it: migrated or not, empty, or holding the demo bank.

Asked without Django, whose loading is the longest part of a start: a database that is up to date says so by a
remark of ours, which a dump and a restore carry along.
"""

import hashlib
import importlib.metadata
from dataclasses import dataclass

import psycopg

from config.embedded.places import BASE_DIR
from config.embedded.words import StartRefused, word

_REMARK = "fenhang: migrated "
_ROOMS = ("campaigns", "content", "community", "config")


@dataclass(frozen=True)
class Bank:
    """What the database holds."""

    is_empty: bool
    is_demo: bool


def pending(owner_url: str) -> bool:
    """May there be migrations to apply? Asks Django only when the code or its packages have changed."""
    with psycopg.connect(owner_url, autocommit=True) as connection:
        row = connection.execute("SELECT obj_description('public'::regnamespace)").fetchone()
    return row is None or row[0] != _REMARK + _shape()


def migrate(owner_url: str) -> int:
    """Apply what is pending as fenhang_owner, and leave the remark. Returns how many migrations there were.

    Raises StartRefused when the database refuses one.
    """
    _load_django()
    from django.core.management import call_command
    from django.db import Error, connections
    from django.db.migrations.executor import MigrationExecutor

    try:
        executor = MigrationExecutor(connections["owner"])
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if plan:
            print(word("migrating", count=len(plan)), flush=True)
            call_command("migrate", database="owner", interactive=False, verbosity=0)
    except Error as failed:
        raise StartRefused("migrate_failed", reason=_line(failed)) from failed
    finally:
        connections.close_all()
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute(_remark())
    return len(plan)


def note_migrated() -> None:
    """Leave the remark after somebody else has migrated."""
    from django.db import connections

    with connections["owner"].cursor() as cursor:
        cursor.execute(_remark().decode())


def _remark() -> bytes:
    # A comment takes no parameters; the digest is hexadecimal.
    return f"COMMENT ON SCHEMA public IS '{_REMARK}{_shape()}'".encode()


def look(owner_url: str) -> Bank:
    """Is there a bank, and is it the demo? Its log-ins say so."""
    with psycopg.connect(owner_url, autocommit=True) as connection:
        row = connection.execute(
            "SELECT EXISTS (SELECT FROM tenants_branch), EXISTS (SELECT FROM tenants_login WHERE is_demo)"
        ).fetchone()
    assert row is not None
    return Bank(is_empty=not row[0], is_demo=row[1])


def load_demo() -> None:
    """The demo bank, into an empty database: all of it or nothing. Raises StartRefused."""
    _load_django()
    from django.core.management import CommandError, call_command
    from django.db import Error, connections

    try:
        call_command("load_demo")
    except (CommandError, Error) as failed:
        raise StartRefused("demo_failed", reason=_line(failed)) from failed
    finally:
        connections.close_all()


def _load_django() -> None:
    import django
    from django.apps import apps

    if not apps.ready:
        django.setup()


def _shape() -> str:
    """A digest of what decides which migrations there are: ours by name, the packages, and the settings."""
    migrations = sorted(
        str(path.relative_to(BASE_DIR))
        for room in _ROOMS
        for path in (BASE_DIR / room).rglob("migrations/*.py")
    )
    packages = sorted(f"{found.name}=={found.version}" for found in importlib.metadata.distributions())
    settings = (BASE_DIR / "config" / "settings.py").read_bytes()
    return hashlib.sha256(repr((migrations, packages)).encode() + settings).hexdigest()[:32]


def _line(failed: BaseException) -> str:
    lines = [line.strip() for line in str(failed).splitlines() if line.strip()]
    return (lines or [type(failed).__name__])[0]

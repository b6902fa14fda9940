"""A migrated database kept beside the test databases, copied in a moment instead of migrated in many seconds.

Its name is the digest of everything that shapes it: the migrations and whatever of our code they and the models
import, the installed apps, and the versions of the packages. Change any of these and another one is made.
"""

import ast
import hashlib
import importlib.metadata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import OperationalError, ProgrammingError, connections

from config.embedded import roles
from tests.support.cast import AT

_PREFIX = "template_fenhang_"
_ROOTS = ("campaigns", "content", "community", "config")
# Any number; all test runs on one server agree on it.
_LOCK = 7_316_842


def make_database(name: str) -> None:
    """Make the empty, migrated database `name`, as fenhang_owner; every connection is left closed, at its home."""
    owner = connections["owner"]
    template = template_name()
    with _alone():
        with owner.cursor() as cursor:
            cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [_PREFIX])
            found = {row[0] for row in cursor.fetchall()}
        if template not in found:
            for old in found:
                _drop(old)
            _migrate_into(template + "_new")
            with owner.cursor() as cursor:
                # Last, so that a half-migrated one is never taken for a template.
                cursor.execute(f'ALTER DATABASE "{template}_new" RENAME TO "{template}"')
        _drop(name)
        with owner.cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    with at_database(name), owner.cursor() as cursor:
        # A copy has its template's tables and their grants, but not the database's own grants.
        cursor.execute(roles.grants())
        cursor.execute(_MONTHS, {"first": f"{AT - timedelta(days=31):%Y-%m-%d}"})


# Months by the tests' clock and no others. Those that `migrate` made are of the server's clock, which is some years
# ahead of the cast's day sooner or later: whatever a test finds in a month of its own would then lie in none.
_MONTHS = """
DO $$
DECLARE part text; is_used boolean;
BEGIN
    FOR part IN SELECT inhrelid::regclass::text FROM pg_inherits
                 WHERE inhparent IN ('audit_entry'::regclass, 'events_event'::regclass)
                   AND inhrelid::regclass::text ~ '_[0-9]{4}_[0-9]{2}$' LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %%I)', part) INTO is_used;
        IF NOT is_used THEN EXECUTE format('DROP TABLE %%I', part); END IF;
    END LOOP;
    PERFORM audit_make_months(%(first)s::date, 5), events_make_months(%(first)s::date, 5);
END $$;
"""


def template_name() -> str:
    """The migrated, empty database that fits the code as it is."""
    return _PREFIX + _digest()


def drop_database(name: str) -> None:
    """Drop `name`; while somebody is still connected it stays, and the next run drops it before making its own."""
    with suppress(OperationalError):
        _drop(name, tries=1)
    connections["owner"].close()


@contextmanager
def at_database(name: str) -> Iterator[None]:
    """Every alias leads to the database `name`."""
    home = connections["owner"].settings_dict["NAME"]
    lead_to(name)
    try:
        yield
    finally:
        lead_to(home)


def lead_to(name: str) -> None:
    """Every alias leads to the database `name` from now on."""
    for alias in connections:
        connections[alias].close()
        connections[alias].settings_dict["NAME"] = name
        settings.DATABASES[alias]["NAME"] = name


def _migrate_into(name: str) -> None:
    _drop(name)
    with connections["owner"].cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}"')
    with at_database(name):
        with connections["owner"].cursor() as cursor:
            cursor.execute(roles.grants())
        call_command("migrate", database="owner", verbosity=0, interactive=False)


def _drop(name: str, tries: int = 3) -> None:
    """Without FORCE, which the owner may not use against sessions of other roles or an autovacuum worker; a plain
    DROP asks the latter to leave and waits five seconds for everybody.
    """
    with connections["owner"].cursor() as cursor:
        try:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
        except OperationalError:
            if tries == 1:
                raise
            _drop(name, tries - 1)
        except ProgrammingError as refused:
            # Another role's, from before: not ours to remove, and not in our way under this name.
            if not name.startswith(_PREFIX):
                raise refused


@contextmanager
def _alone() -> Iterator[None]:
    """One test run at a time on this server; a template can be copied only while nobody is connected to it."""
    holder: Any = connections["owner"].copy()
    try:
        with holder.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        yield
    finally:
        holder.close()


def _digest() -> str:
    found = hashlib.sha256()
    packages = sorted(f"{d.name}=={d.version}" for d in importlib.metadata.distributions())
    found.update(repr((packages, settings.INSTALLED_APPS, settings.LANGUAGE_CODE)).encode())
    for path in sorted(_sources()):
        found.update(str(path).encode() + path.read_bytes())
    return found.hexdigest()[:16]


def _sources() -> set[Path]:
    """Our migrations and models, and what of ours they import, directly or not."""
    base = Path(settings.BASE_DIR)
    waiting: list[Path] = []
    for config in apps.get_app_configs():
        folder = Path(config.path)
        if folder.is_relative_to(base) and folder.relative_to(base).parts[0] in _ROOTS:
            waiting += [*folder.glob("migrations/*.py"), *folder.glob("apps.py")]
            waiting += [*folder.glob("models.py"), *folder.glob("models/*.py")]
    seen: set[Path] = set()
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen.add(path)
            waiting += _imported(path, base)
    return seen


def _imported(path: Path, base: Path) -> Iterator[Path]:
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            if name.partition(".")[0] in _ROOTS:
                place = base.joinpath(*name.split("."))
                yield from (
                    found for found in (place.with_suffix(".py"), place / "__init__.py") if found.exists()
                )

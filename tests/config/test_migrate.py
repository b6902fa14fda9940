"""What `manage.py migrate` makes is what Django alone makes."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any
from unittest.mock import patch

import pytest
from django.apps.registry import Apps
from django.core.management import call_command
from django.db import connections
from django.db.models import Field
from pytest_django.plugin import DjangoDbBlocker

from campaigns.lib.memory import settled_memory
from config.embedded import roles
from tests.support.template import at_database, drop_database

# Everything that a migration makes, one line each; the months of the audit are as many as the settings say.
SHAPE = """
WITH ours AS (SELECT c.oid, c.relname::text AS name, c.relkind, c.relrowsecurity, c.relforcerowsecurity, c.relacl
                FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND NOT c.relispartition)
SELECT concat_ws(' ', 'relation', name, relkind, relrowsecurity, relforcerowsecurity, relacl) FROM ours
UNION ALL SELECT concat_ws(' ', 'column', name, attname, attnum, format_type(atttypid, atttypmod), attnotnull,
                           attidentity, attgenerated, attacl, pg_get_expr(d.adbin, d.adrelid))
  FROM ours JOIN pg_attribute a ON a.attrelid = ours.oid
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 WHERE attnum > 0 AND relkind IN ('r', 'p', 'v')
UNION ALL SELECT concat_ws(' ', 'constraint', name, conname, pg_get_constraintdef(k.oid))
  FROM ours JOIN pg_constraint k ON k.conrelid = ours.oid
UNION ALL SELECT concat_ws(' ', 'index', name, pg_get_indexdef(i.indexrelid))
  FROM ours JOIN pg_index i ON i.indrelid = ours.oid
UNION ALL SELECT concat_ws(' ', 'trigger', name, pg_get_triggerdef(t.oid), t.tgenabled)
  FROM ours JOIN pg_trigger t ON t.tgrelid = ours.oid AND NOT t.tgisinternal
UNION ALL SELECT concat_ws(' ', 'policy', name, polname, polcmd, polpermissive, polroles::regrole[],
                           pg_get_expr(polqual, polrelid), '/', pg_get_expr(polwithcheck, polrelid))
  FROM ours JOIN pg_policy p ON p.polrelid = ours.oid
UNION ALL SELECT concat_ws(' ', 'function', pg_get_functiondef(p.oid), p.proowner::regrole, p.proacl)
  FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prokind IN ('f', 'p')
UNION ALL SELECT concat_ws(' ', 'view', name, pg_get_viewdef(oid)) FROM ours WHERE relkind = 'v'
ORDER BY 1
"""


@contextmanager
def without_detours() -> Iterator[None]:
    """Django draws all that it always draws, some hundred thousand classes, without what costs it most besides: a field
    of no class yet is copied, instead of taken apart and made anew; which setting swaps a model is asked once a model,
    and not for each relation of each class; and the collector of rubbish walks less often.
    """
    ask = Apps.get_swappable_settings_name.__wrapped__  # type: ignore[attr-defined]
    settings_of: dict[Any, str | None] = {}

    def remembered(registry: Apps, to: Any) -> str | None:
        if to not in settings_of:
            settings_of[to] = ask(registry, to)
        return settings_of[to]

    remembered.cache_clear = lambda: None  # type: ignore[attr-defined]
    with (
        patch.object(Apps, "get_swappable_settings_name", remembered),
        patch.object(Field, "clone", copy.deepcopy),
        settled_memory(),
    ):
        yield


def test_a_database_made_with_states_drawn_once_is_as_with_all_drawn(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker's own database was made by our command; one beside it is made by Django's."""
    owner, name = connections["owner"], "migrated_by_django"

    def shape() -> list[str]:
        with owner.cursor() as cursor:
            cursor.execute(SHAPE)
            return [line for (line,) in cursor.fetchall()]

    monkeypatch.setattr("config.management.commands.migrate.states_drawn_once", nullcontext)
    with django_db_blocker.unblock():
        ours = shape()
        with owner.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {name}")
            cursor.execute(f"CREATE DATABASE {name}")
        with at_database(name):
            with owner.cursor() as cursor:
                cursor.execute(roles.grants())
            with without_detours():
                call_command("migrate", database="owner", verbosity=0, interactive=False)
            djangos = shape()
        drop_database(name)
    assert len(ours) > 2000
    assert sorted(set(ours) ^ set(djangos)) == []

"""What `manage.py migrate` makes is what Django alone makes."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any
from unittest.mock import patch

import pytest
from django.apps.registry import Apps
from django.core.management import call_command
from django.db import connections, models
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ModelState, ProjectState
from pytest_django.plugin import DjangoDbBlocker

from campaigns.lib.memory import settled_memory
from config.embedded import roles
from config.upgrade.quick_states import states_drawn_once
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
    take_apart = models.Field.clone

    def copied(field: Any) -> Any:
        return take_apart(field) if hasattr(field, "model") else field.__deepcopy__({})

    with (
        patch.object(Apps, "get_swappable_settings_name", remembered),
        patch.object(models.Field, "clone", copied),
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


def drawn_state() -> ProjectState:
    """A bank's vault, and the coins that lie in it."""
    state = ProjectState()
    state.add_model(ModelState("bank", "Vault", [("id", models.BigAutoField(primary_key=True))]))
    coin = [
        ("id", models.BigAutoField(primary_key=True)),
        ("vault", models.ForeignKey("bank.Vault", models.PROTECT)),
    ]
    state.add_model(ModelState("bank", "Coin", coin))
    assert state.apps.get_models()
    return state


def test_a_new_field_joins_the_class_that_is_drawn_and_whoever_refers_to_it_finds_it_there() -> None:
    state = drawn_state()
    vault, coin = state.apps.get_model("bank", "vault"), state.apps.get_model("bank", "coin")
    with states_drawn_once():
        state.add_field("bank", "vault", "opened_at", models.DateTimeField(default=0), False)
        state.add_field("bank", "vault", "beside", models.ForeignKey("bank.Vault", models.PROTECT), True)
        state.add_model(ModelState("bank", "Key", [("id", models.BigAutoField(primary_key=True))]))
        state.add_field("bank", "key", "vault", models.ForeignKey("bank.Vault", models.PROTECT), True)
    assert state.apps.get_model("bank", "vault") is vault
    assert [field.name for field in vault._meta.fields] == ["id", "opened_at", "beside"]
    assert not vault._meta.get_field("opened_at").has_default()
    assert coin._meta.get_field("vault").remote_field.model is vault
    assert {(one.related_model.__name__, one.field.name) for one in vault._meta.related_objects} == {
        ("Coin", "vault"),
        ("Vault", "beside"),
        ("Key", "vault"),
    }
    state.clear_delayed_apps_cache()  # as RunPython does
    anew = state.apps.get_model("bank", "vault")
    assert anew is not vault
    assert [field.name for field in anew._meta.fields] == ["id", "opened_at", "beside"]


def test_what_undoes_migrations_keeps_the_classes_of_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Django does: the state before a migration must not find fields that came later. The control: going forward."""

    def fields_of_before(*_any: Any) -> list[str]:
        state = drawn_state()
        before = state.clone()
        state.add_field("bank", "vault", "opened_at", models.DateTimeField(default=0), True)
        return [field.name for field in before.apps.get_model("bank", "vault")._meta.fields]

    monkeypatch.setattr(MigrationExecutor, "_migrate_all_backwards", fields_of_before)
    with states_drawn_once():
        assert fields_of_before() == ["id", "opened_at"]
        executor: Any = MigrationExecutor
        assert executor._migrate_all_backwards() == ["id"]

"""Emptying the tables of ours after a test that committed, by their owner.

A TRUNCATE of two hundred tables makes a thousand new files, whatever is in them: as long as most tests take. They leave
a few dozen rows, which are deleted in one statement; a test that left thousands has them truncated.
"""

from functools import cache

from django.apps import apps
from django.conf import settings
from django.db import connections, transaction

# Rows of one table above which it is not worth while to look at each of them.
_MANY = 1_000

_OURS = {path.rpartition(".")[2] for path in settings.ROOMS} | {"sessions", "django_celery_beat"}

# What TRUNCATE ... CASCADE would empty: these, and whatever refers to them.
_REACHED = """
WITH RECURSIVE reached AS (
    SELECT unnest(%s::text[])::regclass::oid AS id
    UNION SELECT k.conrelid FROM reached JOIN pg_constraint k ON k.contype = 'f' AND k.confrelid = reached.id)
SELECT id::regclass::text FROM reached JOIN pg_class c ON c.oid = id AND NOT c.relispartition ORDER BY 1
"""
# Their sequences; those of Django's own tables, which keep their rows, go on.
_SEQUENCES = """
SELECT DISTINCT d.objid::regclass::text FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
 WHERE d.refclassid = 'pg_class'::regclass AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
   AND d.refobjid = ANY (%s::text[]::regclass[])
"""
_BEGIN_AGAIN = """
SELECT setval(name::regclass, 1, false) FROM unnest(%s::text[]) name
 WHERE pg_sequence_last_value(name::regclass) IS NOT NULL
"""


def empty_tables() -> None:
    """Empty every table of ours, and let their numbers begin at 1 again; all connections are closed."""
    for alias in connections:
        connections[alias].close()
    tables, sequences = _reached()
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join(
                f"SELECT '{name}', count(*) FROM (SELECT FROM {name} LIMIT {_MANY + 1}) rows"
                for name in tables
            )
        )
        used = {name: rows for name, rows in cursor.fetchall() if rows}
        if any(rows > _MANY for rows in used.values()):
            cursor.execute(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY CASCADE")
        else:
            _delete(list(used))
        cursor.execute(_BEGIN_AGAIN, [sequences])
    connections["owner"].close()


def _delete(used: list[str]) -> None:
    """All rows of these tables, in one statement: at its end no row refers to one that is gone. Triggers of ours would
    refuse it, or keep it as history.
    """
    if not used:
        return
    *first, last = [f"DELETE FROM {name}" for name in used]
    parts = ", ".join(f"gone{number} AS ({one})" for number, one in enumerate(first))
    with connections["owner"].cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("; ".join(f"ALTER TABLE {name} DISABLE TRIGGER USER" for name in used))
        cursor.execute(f"WITH {parts} {last}" if parts else last)
        cursor.execute("; ".join(f"ALTER TABLE {name} ENABLE TRIGGER USER" for name in used))


@cache
def _reached() -> tuple[list[str], list[str]]:
    """Tables and sequences."""
    named = [model._meta.db_table for model in apps.get_models() if model._meta.app_label in _OURS]
    with connections["owner"].cursor() as cursor:
        cursor.execute(_REACHED, [named])
        tables = [name for (name,) in cursor.fetchall()]
        cursor.execute(_SEQUENCES, [tables])
        return tables, [name for (name,) in cursor.fetchall()]

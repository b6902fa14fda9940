"""Emptying the tables of ours after a test that committed, by their owner; and putting the cast's rows back there.

A TRUNCATE of two hundred tables makes a thousand new files, whatever is in them: as long as most tests take. They leave
a few dozen rows, which are deleted in one statement; a test that left thousands has them truncated. The connection is
one of its own and stays: to learn two hundred tables anew takes longer than to empty them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, LiteralString, cast

import psycopg
from django.apps import apps
from django.conf import settings
from django.db import connections
from psycopg.pq import TransactionStatus

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
_REACHED_NUMBERS = """
SELECT name, pg_sequence_last_value(name::regclass) FROM unnest(%s::text[]) name
 WHERE pg_sequence_last_value(name::regclass) IS NOT NULL
"""
_COLUMNS = """
SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
 WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
"""


class _Owner:
    """The owner's connection to one database, and what it learned there."""

    def __init__(self) -> None:
        params = connections["owner"].get_connection_params()
        self.line = psycopg.connect(**{**params, "cursor_factory": psycopg.Cursor, "autocommit": True})
        named = [model._meta.db_table for model in apps.get_models() if model._meta.app_label in _OURS]
        self.tables = [name for (name,) in self.line.execute(_REACHED, [named])]
        self.sequences = [name for (name,) in self.line.execute(_SEQUENCES, [self.tables])]
        self.look = " UNION ALL ".join(
            f"SELECT '{name}', count(*) FROM (SELECT FROM {name} LIMIT {_MANY + 1}) rows"
            for name in self.tables
        )
        may = "SELECT has_parameter_privilege(current_user, 'session_replication_role', 'SET')"
        (self.may_silence,) = self.ask(may)[0]
        # Name -> tables whose rows are kept, and the statement that puts them back.
        self.kept: dict[str, tuple[list[str], str]] = {}

    def ask(self, sql: str, params: Any = None, *, again: bool = False) -> list[tuple[Any, ...]]:
        """Its rows; `again` for what will be asked again, and is planned once."""
        return self.line.execute(cast(LiteralString, sql), params, prepare=again).fetchall()

    def run(self, sql: str, *, again: bool = False) -> None:
        self.line.execute(cast(LiteralString, sql), prepare=again)

    @contextmanager
    def without_triggers(self, tables: list[str]) -> Iterator[None]:
        """Triggers of ours would refuse a deletion, or keep it as history; and whoever empties everything, or puts
        back what agreed, need not ask of each row who refers to it.
        """
        with self.line.transaction():
            if self.may_silence:
                self.run("SET LOCAL session_replication_role = replica")
                yield
            else:
                self.run("; ".join(f"ALTER TABLE {name} DISABLE TRIGGER USER" for name in tables))
                yield
                self.run("SET CONSTRAINTS ALL IMMEDIATE")
                self.run("; ".join(f"ALTER TABLE {name} ENABLE TRIGGER USER" for name in tables))

    def used(self) -> dict[str, int]:
        """Tables with rows, and how many, or that there are many."""
        return {name: rows for name, rows in self.ask(self.look, again=True) if rows}

    def empty(self) -> None:
        used = self.used()
        if any(rows > _MANY for rows in used.values()):
            self.run(f"TRUNCATE {', '.join(self.tables)} RESTART IDENTITY CASCADE")
        elif used:
            with self.without_triggers(list(used)):
                # One statement: at its end no row refers to one that is gone.
                *first, last = [f"DELETE FROM {name}" for name in used]
                parts = ", ".join(f"gone{number} AS ({one})" for number, one in enumerate(first))
                self.run(f"WITH {parts} {last}" if parts else last)
        for name, _number in self.ask(_REACHED_NUMBERS, [self.sequences], again=True):
            self.ask("SELECT setval(%s::regclass, 1, false)", [name], again=True)

    def keep(self, name: str) -> None:
        parts, tables = [], list(self.used())
        for number, table in enumerate(tables):
            [(columns,)] = self.ask(_COLUMNS, [table])
            self.run(f"CREATE TEMP TABLE kept_{name}_{number} AS SELECT {columns} FROM {table}")
            parts.append(
                f"put{number} AS (INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE"
                f" SELECT {columns} FROM kept_{name}_{number})"
            )
        numbers = self.ask(_REACHED_NUMBERS, [self.sequences])
        ends = ", ".join(f"setval('{sequence}', {number})" for sequence, number in numbers)
        self.kept[name] = tables, f"WITH {', '.join(parts)} SELECT {ends or 1}"

    def put_back(self, name: str) -> bool:
        if name not in self.kept:
            return False
        tables, statement = self.kept[name]
        with self.without_triggers(tables):
            self.ask(statement, again=True)
        return True


# By the database's name.
_owners: dict[str, _Owner] = {}


def _owner() -> _Owner:
    """Of the database that every alias leads to."""
    name = connections["owner"].settings_dict["NAME"]
    if name not in _owners:
        _owners[name] = _Owner()
    return _owners[name]


def empty_tables() -> None:
    """Empty every table of ours, and let their numbers begin at 1 again.

    A connection that stands in no transaction stays, with what it knows of the tables and their plans: as one stays
    from request to request. All others are closed.
    """
    for alias in connections:
        line = connections[alias].connection
        if line is None or line.closed or line.info.transaction_status != TransactionStatus.IDLE:
            connections[alias].close()
    _owner().empty()


def keep_rows(name: str) -> None:
    """Remember all rows that are there under this name, for `put_back_rows`."""
    _owner().keep(name)


def put_back_rows(name: str) -> bool:
    """Put the remembered rows into the emptied tables; False when none are remembered."""
    return _owner().put_back(name)


def leave() -> None:
    """Close what stayed open, or a database could not be dropped."""
    for owner in _owners.values():
        owner.line.close()
    _owners.clear()

"""Which operations of a migration would keep a live table locked for long, or break the release that still serves."""

import re
from collections.abc import Iterator
from typing import Any

from django.contrib.postgres.operations import (
    AddConstraintNotValid,
    AddIndexConcurrently,
    RemoveIndexConcurrently,
    ValidateConstraint,
)
from django.db import connections, models
from django.db.migrations import Migration
from django.db.migrations import operations as ops
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from campaigns.tenants.offers import OfferRights

# What a function or a block does, it does later or to a few rows; names, not statements, are in comments.
_BODIES = re.compile(r"(\$\w*\$).*?\1|'(?:[^']|'')*'|--[^\n]*", re.DOTALL)


def _pattern(text: str) -> re.Pattern[str]:
    """`ALTER` is short for the head of an ALTER TABLE, `<name>` for a name, the first of which is the table's."""
    head = r"\bALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?(?:ONLY\s+)?<name>[^;]*"
    text = text.replace("ALTER~", head).replace("<name>", r'"?(\w+)"?', 1).replace("<name>", r'"?\w+"?')
    return re.compile(text, re.IGNORECASE)


_NEW_TABLE = _pattern(r"\bCREATE\s+(?:TEMP\w*\s+)?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?<name>")
_SQL = [
    (
        _pattern(r"\bCREATE\s+(?:UNIQUE\s+)?INDEX\s+(?!CONCURRENTLY)[^;]*?\bON\s+(?:ONLY\s+)?<name>"),
        "builds an index under a lock that stops writers: CONCURRENTLY, in a migration that is not atomic",
    ),
    (
        _pattern(r"ALTER~\bADD\s+CONSTRAINT\b(?![^;]*(NOT\s+VALID|USING\s+INDEX))"),
        "reads the whole table under its lock: NOT VALID first, VALIDATE in a later migration",
    ),
    (
        _pattern(r"ALTER~\bALTER\s+(?:COLUMN\s+)?<name>\s+(?:SET\s+DATA\s+)?TYPE\b"),
        "rewrites the table under its lock: a new column, filled in batches",
    ),
    (
        _pattern(r"ALTER~\bSET\s+NOT\s+NULL\b"),
        "reads the whole table under its lock: a CHECK, NOT VALID, then VALIDATE",
    ),
    (
        _pattern(r"ALTER~\bADD\s+(?:COLUMN\s+)?<name>\s[^;,]*\bNOT\s+NULL\b(?![^;,]*\bDEFAULT\b)"),
        "inserts of the release that still serves would fail: give the column a DEFAULT",
    ),
    (
        _pattern(r"ALTER~\b(?:DROP\s+COLUMN|RENAME)\b"),
        "the release that still serves knows it under its name: remove it one release later",
    ),
    (
        _pattern(r"\b(?:UPDATE|DELETE\s+FROM)\s+(?:ONLY\s+)?<name>\s+(?:SET|WHERE|USING|;|$)"),
        "changes rows in the migration's own transaction: in batches, in a migration that is not atomic",
    ),
    (
        # Not the rights and triggers of those names.
        _pattern(r"\b(?:LOCK|VACUUM\s+FULL|CLUSTER|TRUNCATE)\s+(?:TABLE\s+)?(?!ON\b|FROM\b)<name>"),
        "locks the whole table",
    ),
]
_WITHOUT_TRANSACTION = (AddIndexConcurrently, RemoveIndexConcurrently, ValidateConstraint, ops.RunPython)


def unkind_operations(migration: Migration, state: ProjectState, born: set[str] | None = None) -> list[str]:
    """What is wrong with this migration for a bank that is open, a line each; `state` is what it starts from.

    Tables that came into being in it, or (`born`, which is added to) in those of the same release before it, are
    nobody's yet, and anything may be done to them.
    """
    state = state.clone()
    born = set() if born is None else born
    found = []
    for operation in migration.operations:
        found += [f"{operation.describe()}: {why}" for why in _why(operation, migration, state, born)]
        if not migration.atomic and not _stands_alone(operation):
            found.append(f"{operation.describe()}: without a transaction, a failure leaves it half done")
        born |= _born(operation, migration.app_label)
        operation.state_forwards(migration.app_label, state)
    return found


def _stands_alone(operation: Operation) -> bool:
    """May it be done without a transaction: can it be done again after a failure?"""
    if isinstance(operation, ops.RunSQL):
        statements = [each for each in _text_of(operation.sql).split(";") if each.strip()]
        return all(re.search(r"\bCONCURRENTLY\b|\bVALIDATE\b", each, re.IGNORECASE) for each in statements)
    return isinstance(operation, _WITHOUT_TRANSACTION)


def _born(operation: Operation, app: str) -> set[str]:
    """Tables that come into being here."""
    if isinstance(operation, ops.SeparateDatabaseAndState):
        return {table for inner in operation.database_operations for table in _born(inner, app)}
    if isinstance(operation, ops.CreateModel):
        return {str(operation.options.get("db_table") or f"{app}_{operation.name.lower()}")}
    if isinstance(operation, ops.RunSQL):
        return set(_NEW_TABLE.findall(_text_of(operation.sql)))
    return set()


def _why(operation: Operation, migration: Migration, state: ProjectState, born: set[str]) -> Iterator[str]:
    app = migration.app_label
    if isinstance(operation, ops.SeparateDatabaseAndState):
        for inner in operation.database_operations:
            yield from _why(inner, migration, state, born)
    elif isinstance(operation, OfferRights):
        return
    elif isinstance(operation, ops.RunSQL):
        text = _text_of(operation.sql)
        fresh = born | set(_NEW_TABLE.findall(text))
        for pattern, why in _SQL:
            for match in pattern.finditer(text):
                if match.group(1) not in fresh:
                    yield f"{match.group(1)}: {why}"
    elif isinstance(operation, ops.RunPython):
        if migration.atomic:
            yield "rows are changed in the migration's own transaction: in batches, in one that is not atomic"
    elif isinstance(operation, (ops.DeleteModel, ops.RenameModel, ops.AlterModelTable)):
        yield "the release that still serves knows the table under its name: one release later"
    elif (name := getattr(operation, "model_name", "")) and _table(state, app, name) not in born:
        yield from _why_of_field(operation, app, state)


def _why_of_field(operation: Operation, app: str, state: ProjectState) -> Iterator[str]:
    """Operations on a table that people are using."""
    if isinstance(operation, ops.AddIndex) and not isinstance(operation, AddIndexConcurrently):
        yield "builds an index under a lock that stops writers: AddIndexConcurrently, in one that is not atomic"
    elif isinstance(operation, ops.AddConstraint) and not isinstance(operation, AddConstraintNotValid):
        yield "reads the whole table under its lock: AddConstraintNotValid, and ValidateConstraint later"
    elif isinstance(operation, (ops.RemoveField, ops.RenameField)):
        yield "the release that still serves knows the column under its name: one release later"
    elif isinstance(operation, ops.AddField):
        yield from _why_not_add(operation.field)
    elif isinstance(operation, ops.AlterField):
        model = state.models[app, operation.model_name.lower()]
        yield from _why_not_alter(model.fields[operation.name], operation.field)


def _why_not_add(field: Any) -> Iterator[str]:
    if field.many_to_many:
        return
    if not field.null and not field.has_db_default() and not getattr(field, "generated", False):
        yield "inserts of the release that still serves would fail: null=True or a db_default"
    if field.unique or field.db_index:
        yield "builds an index under a lock that stops writers: without one, then concurrently"
    if isinstance(field, models.ForeignKey) and getattr(field, "db_constraint", True):
        yield "locks both tables: db_constraint=False, and a constraint that is validated later"


def _why_not_alter(old: Any, new: Any) -> Iterator[str]:
    types = [each.db_parameters(connections["owner"])["type"] for each in (old, new) if not _relates(each)]
    if len(types) == 2 and types[0] != types[1] and not _widens(*types):
        yield "rewrites the table under its lock: a new column, filled in batches"
    if old.null and not new.null:
        yield "reads the whole table under its lock: a CHECK, NOT VALID, then validated"
    if (new.unique and not old.unique) or (new.db_index and not old.db_index):
        yield "builds an index under a lock that stops writers: concurrently"


def _relates(field: Any) -> bool:
    """A reference's type is its target's, which a field of a state, without its model, cannot say."""
    return isinstance(field, models.ForeignKey)


def _widens(old: str, new: str) -> bool:
    """A longer varchar, or text instead of one, is a change of the catalogue alone."""
    lengths = [re.fullmatch(r"varchar\((\d+)\)", each or "") for each in (old, new)]
    if lengths[0] and new in {"text", "varchar"}:
        return True
    return bool(lengths[0] and lengths[1] and int(lengths[1][1]) >= int(lengths[0][1]))


def _table(state: ProjectState, app: str, model: str) -> str:
    found = state.models.get((app, model.lower()))
    return str(found.options.get("db_table") or f"{app}_{model.lower()}") if found else ""


def _text_of(sql: Any) -> str:
    """Statements without what stands in quotes."""
    pieces = [sql] if isinstance(sql, str) else [p if isinstance(p, str) else p[0] for p in sql or ()]
    return _BODIES.sub("''", ";\n".join(pieces))

"""Taking one lot back: new customers go where nothing hangs on them, old values return where nobody changed them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
from django.db import IntegrityError, transaction
from psycopg import sql

from campaigns.customers.imports.caring import give_back
from campaigns.customers.order_of_locks import hold_customers
from campaigns.tenants.scopes import Scope

# What an import makes of a customer. Whatever else names one is a reason to let them stay.
OWN = (
    "customers_tagging",
    "customers_profile",
    "customers_identity",
    "customers_customerkey",
    "customers_care",
)

# Tables of any room with a row for a customer, without their history (which keeps what was) and without parts of
# partitioned tables. Found in the catalogue: a room that comes later needs no line here.
_HANGING = """
SELECT c.relname, a.attname
  FROM pg_class c
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.atttypid = 'uuid'::regtype AND NOT a.attisdropped
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
   AND a.attname IN ('customer_id', 'kept_id', 'absorbed_id') AND c.relname <> ALL (%s)
   AND NOT EXISTS (SELECT FROM pg_attribute h WHERE h.attrelid = c.oid AND h.attname = 'pgh_id')
   AND has_table_privilege(current_user, c.oid, 'SELECT')
 ORDER BY 1, 2
"""

# As they were made: the same attributes, and known by nothing that somebody else brought.
_UNTOUCHED = """
SELECT c.id
  FROM unnest(%s::uuid[], %s::bigint[]) AS made (id, print)
  JOIN customers_customer c ON c.id = made.id AND hashtextextended(c.attributes::text, 0) = made.print
 WHERE NOT EXISTS (SELECT FROM customers_identity i WHERE i.customer_id = c.id AND i.source <> %s)
   AND NOT EXISTS (SELECT FROM customers_tagging t WHERE t.customer_id = c.id AND t.source <> %s)
   AND NOT EXISTS (SELECT FROM customers_care k
                    WHERE k.customer_id = c.id AND (k.source <> %s OR k.until IS NOT NULL))
"""
# Spells of new customers that go, which nobody else may delete.
_CARE_GOES = "SELECT take_back_care(%s, %s)"


@dataclass(slots=True)
class Undone:
    """How many new customers went and how many had to stay; how many values and tags returned or had to stay."""

    removed: int = 0
    stayed: int = 0
    restored: int = 0
    changed_since: int = 0
    untag: dict[int, list[UUID]] = field(default_factory=dict)


def take_back(
    cursor: Any,
    *,
    scope: Scope,
    source: str,
    made_by: str,
    lot_id: UUID,
    made: Sequence[UUID],
    prints: Sequence[int],
    before: dict[str, dict[str, Any]],
) -> Undone:
    """Take a lot back within the present transaction. Tags of known customers, in `untag`, are still to be ended."""
    undone = Undone()
    # Before anything of theirs is touched, or looked at: a merge has their identities only after their rows.
    hold_customers(cursor, ids=[*made, *map(UUID, before)])
    if made:
        cursor.execute(_UNTOUCHED, [list(made), list(prints), source, made_by, made_by])
        free = {row[0] for row in cursor.fetchall()} - _hung_upon(cursor, made)
        undone.removed = _remove(cursor, sorted(free), lot_id)
        undone.stayed = len(made) - undone.removed
    if before:
        _restore(cursor, before, undone)
        returned, stays = give_back(cursor, scope=scope, source=made_by, before=before)
        undone.restored += returned
        undone.changed_since += stays
    return undone


def _hung_upon(cursor: Any, made: Sequence[UUID]) -> set[UUID]:
    """Those that another room has something of."""
    cursor.execute(_HANGING, [list(OWN)])
    found: set[UUID] = set()
    for table, column in cursor.fetchall():
        asked = sql.SQL("SELECT DISTINCT {column} FROM {table} WHERE {column} = ANY (%s)")
        names = {"column": sql.Identifier(column), "table": sql.Identifier(table)}
        cursor.execute(asked.format(**names), [list(made)])
        found.update(row[0] for row in cursor.fetchall())
    return found


def _remove(cursor: Any, free: list[UUID], lot_id: UUID) -> int:
    """Delete them all; or, where a key of the database says that something hangs on one, one by one."""
    if not free:
        return 0
    try:
        with transaction.atomic():
            _delete(cursor, free, lot_id)
        return len(free)
    except IntegrityError:
        removed = 0
        for each in free:
            try:
                with transaction.atomic():
                    _delete(cursor, [each], lot_id)
                removed += 1
            except IntegrityError:
                continue
        return removed


def _delete(cursor: Any, ids: list[UUID], lot_id: UUID) -> None:
    cursor.execute(_CARE_GOES, [lot_id, ids])
    for table in OWN:
        if table == "customers_care":
            continue
        delete = sql.SQL("DELETE FROM {table} WHERE customer_id = ANY (%s)")
        cursor.execute(delete.format(table=sql.Identifier(table)), [ids])
    cursor.execute("DELETE FROM customers_customer WHERE id = ANY (%s)", [ids])


def _restore(cursor: Any, before: dict[str, dict[str, Any]], undone: Undone) -> None:
    ids = [UUID(each) for each in before]
    cursor.execute(
        "SELECT id, attributes::text FROM customers_customer WHERE id = ANY (%s) AND status <> 'erased' ORDER BY id",
        [ids],
    )
    changed, values, names = [], [], []
    for customer_id, text in cursor.fetchall():
        attributes, change = orjson.loads(text), before[str(customer_id)]
        is_touched = False
        for code, value in change["new"].items():
            if attributes.get(code) != value:
                undone.changed_since += 1
                continue
            is_touched = True
            undone.restored += 1
            if code in change["old"]:
                attributes[code] = change["old"][code]
            else:
                del attributes[code]
        if is_touched:
            changed.append(customer_id)
            values.append(orjson.dumps(attributes).decode())
        names += [UUID(each) for each in change.get("names", ())]
        for tag in change.get("tags", ()):
            undone.untag.setdefault(tag, []).append(customer_id)
    if changed:
        cursor.execute(
            "UPDATE customers_customer c SET attributes = was.attributes"
            "  FROM unnest(%s::uuid[], %s::jsonb[]) AS was (id, attributes) WHERE c.id = was.id",
            [changed, values],
        )
    if names:
        cursor.execute("DELETE FROM customers_identity WHERE id = ANY (%s)", [names])
        undone.restored += cursor.rowcount

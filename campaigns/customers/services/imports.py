"""Customers from a file, many at once: COPY into a temporary table, then one set-based step for each answer.

All of it is one transaction: a file that turns out to be broken in its last line has changed nothing. Memory does
not grow with the file: rows are streamed into the database, and sealed in chunks.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any

import orjson
from django.db import IntegrityError, connection

from campaigns.audit.services import record
from campaigns.customers.bank_marketing import (
    Rejected,
    branch_for,
    demand_source,
    number_of,
    rows_of,
    unionid_of,
)
from campaigns.customers.bank_marketing_attributes import definitions
from campaigns.customers.models import Customer, Identity
from campaigns.customers.refusals import NoHomeBranches, NumberClash
from campaigns.customers.rules import tail_of
from campaigns.customers.selectors import home_branches, lookup_of
from campaigns.customers.services.attributes import add_missing_attributes
from campaigns.customers.services.customers import ONE_OWNER, seal_identity
from campaigns.lib import crypto
from campaigns.lib.ids import new_id
from campaigns.lib.refs import ref
from campaigns.tenants.scopes import Scope

CHUNK = 5_000  # rows sealed and written by one statement

# Which file is asked twice at once is decided here, and not by the unique key in the last second.
_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended('import_customers', 0))"

# Both sides of these two steps are read whole. The planner must not be asked: a vacuum that passes while a first
# import is not yet committed counts no row in a table of many pages, and then a loop over all pairs looks cheap.
_WHOLE, _BY_ROW = "SET LOCAL enable_nestloop = off", "SET LOCAL enable_nestloop = on"

_STAGED = """
CREATE TEMPORARY TABLE import_staged (
    line int NOT NULL, branch_id int NOT NULL, branch_pos int NOT NULL, lookup bytea NOT NULL,
    attributes jsonb NOT NULL, customer_id uuid, status text, is_changed boolean
) ON COMMIT DROP
"""
_MADE = """
CREATE TEMPORARY TABLE import_made (
    customer_id uuid NOT NULL, branch_id int NOT NULL, branch_pos int NOT NULL, tail text NOT NULL,
    attributes jsonb NOT NULL, wrapped bytea NOT NULL,
    number_id uuid NOT NULL, number_lookup bytea NOT NULL, number_value bytea NOT NULL,
    union_id uuid NOT NULL, union_lookup bytea NOT NULL, union_value bytea NOT NULL
) ON COMMIT DROP
"""
_KNOWN = """
UPDATE import_staged s
   SET customer_id = c.id, status = c.status, is_changed = c.attributes IS DISTINCT FROM s.attributes
  FROM customers_identity i JOIN customers_customer c ON c.id = i.customer_id
 WHERE i.kind = 'customer_number' AND i.lookup = s.lookup
"""
_CHANGE = """
UPDATE customers_customer c SET attributes = s.attributes
  FROM import_staged s WHERE c.id = s.customer_id AND s.is_changed AND s.status <> 'erased'
"""
_INSERTS = (
    """
    INSERT INTO customers_customer
        (id, branch_id, branch_pos, number_tail, attributes, source, joined_at, is_personalised, status)
    SELECT customer_id, branch_id, branch_pos, tail, attributes, %(source)s, %(at)s, true, 'active' FROM import_made
    """,
    """
    INSERT INTO customers_customerkey (customer_id, branch_id, branch_pos, wrapped)
    SELECT customer_id, branch_id, branch_pos, wrapped FROM import_made
    """,
    """
    INSERT INTO customers_identity
        (id, customer_id, branch_id, branch_pos, kind, app, lookup, value, source, verified_at)
    SELECT number_id, customer_id, branch_id, branch_pos, 'customer_number', '', number_lookup, number_value,
           %(source)s, %(at)s::timestamptz FROM import_made
    UNION ALL
    SELECT union_id, customer_id, branch_id, branch_pos, 'unionid', '', union_lookup, union_value,
           %(source)s, %(at)s::timestamptz FROM import_made
    """,
)


@dataclass(frozen=True, slots=True)
class Imported:
    """How many rows of the file were what."""

    new: int
    changed: int
    unchanged: int
    refused: int


def import_customers(
    *,
    scope: Scope,
    file: IO[bytes],
    source: str,
    refuse: Callable[[Rejected], None],
    progress: Callable[[str, int], None] = lambda step, done: None,
) -> Imported:
    """Bring the customers of an open file in; a second run of the same file changes nothing.

    `refuse` is told each row that cannot be taken; `progress` the step ("read", "written") and how many rows are
    done. A known customer keeps the home branch and gets the file's attributes; an erased one is refused.
    Raises FileRefused (see `rows_of`), NoHomeBranches, NumberClash; then nothing was changed.
    """
    scope.demand("customers.customer.import")
    demand_source(source)
    homes = {branch.pk: branch.pos for branch in home_branches(scope=scope)}
    if not homes:
        raise NoHomeBranches
    add_missing_attributes(scope=scope, definitions=definitions())
    # The temporary tables end with the transaction, which may be a longer one than ours.
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS import_staged, import_made")
        cursor.execute(_ALONE)
        cursor.execute(_STAGED)
        cursor.execute(_MADE)
        refused = _stage(cursor, file=file, source=source, homes=homes, refuse=refuse, progress=progress)
        cursor.execute("ANALYZE import_staged")
        cursor.execute(_WHOLE)
        cursor.execute(_KNOWN)
        refused += _refuse_erased(cursor, refuse)
        cursor.execute(_CHANGE)
        changed = cursor.rowcount
        cursor.execute(_BY_ROW)
        cursor.execute("SELECT count(*) FROM import_staged WHERE NOT is_changed AND status <> 'erased'")
        unchanged: int = cursor.fetchone()[0]
        new = _add_new(cursor, scope=scope, source=source, progress=progress)
        cursor.execute("DROP TABLE import_staged, import_made")
    done = Imported(new=new, changed=changed, unchanged=unchanged, refused=refused)
    record(
        scope=scope,
        verb="customers.customer.import",
        subject=ref("customers.source", source),
        subject_name=source,
        new=new,
        changed=changed,
        unchanged=unchanged,
        refused=refused,
    )
    return done


def _stage(
    cursor: Any,
    *,
    file: IO[bytes],
    source: str,
    homes: dict[int, int],
    refuse: Callable[[Rejected], None],
    progress: Callable[[str, int], None],
) -> int:
    """Stream the file into import_staged; returns how many rows were refused."""
    branches = list(homes)
    refused = taken = 0
    with cursor.copy(
        "COPY import_staged (line, branch_id, branch_pos, lookup, attributes) FROM STDIN"
    ) as copy:
        for found in rows_of(file):
            if isinstance(found, Rejected):
                refused += 1
                refuse(found)
                continue
            home = branch_for(source=source, row=found.row, branches=branches)
            number = number_of(source=source, row=found.row)
            lookup = lookup_of(kind=Identity.Kind.CUSTOMER_NUMBER, value=number)
            copy.write_row((found.line, home, homes[home], lookup, orjson.dumps(found.attributes).decode()))
            taken += 1
            if taken % CHUNK == 0:
                progress("read", taken)
    progress("read", taken)
    return refused


def _refuse_erased(cursor: Any, refuse: Callable[[Rejected], None]) -> int:
    cursor.execute("SELECT line FROM import_staged WHERE status = %s ORDER BY line", [Customer.Status.ERASED])
    lines = [line for (line,) in cursor.fetchall()]
    for line in lines:
        refuse(Rejected(line, "", "", "erased"))
    return len(lines)


def _add_new(cursor: Any, *, scope: Scope, source: str, progress: Callable[[str, int], None]) -> int:
    """Seal and write the customers that nobody knows yet, chunk by chunk; returns how many."""
    last = done = 0
    while True:
        cursor.execute(
            "SELECT line, branch_id, branch_pos, lookup, attributes::text FROM import_staged"
            " WHERE customer_id IS NULL AND line > %s ORDER BY line LIMIT %s",
            [last, CHUNK],
        )
        rows = cursor.fetchall()
        if not rows:
            return done
        with cursor.copy("COPY import_made FROM STDIN") as copy:
            for line, branch_id, branch_pos, lookup, attributes in rows:
                copy.write_row((*_made(source, line - 1, branch_id, branch_pos, attributes, bytes(lookup)),))
        try:
            for statement in _INSERTS:
                cursor.execute(statement, {"source": source, "at": scope.at})
        except IntegrityError as error:
            if ONE_OWNER in str(error):
                raise NumberClash from error
            raise
        # Not TRUNCATE: it would take a lock and a new file for each chunk.
        cursor.execute("DELETE FROM import_made")
        last = rows[-1][0]
        done += len(rows)
        progress("written", done)


def _made(
    source: str, row: int, branch_id: int, branch_pos: int, attributes: str, lookup: bytes
) -> tuple[Any, ...]:
    """One new customer as import_made holds it: everything that only the installation's key can make."""
    customer_id, key = new_id(), crypto.new_key()
    number, unionid = number_of(source=source, row=row), unionid_of(source=source, row=row)
    by_number = seal_identity(
        customer_id=customer_id, key=key, kind=Identity.Kind.CUSTOMER_NUMBER, value=number
    )
    by_union = seal_identity(customer_id=customer_id, key=key, kind=Identity.Kind.UNIONID, value=unionid)
    assert by_number.lookup == lookup, "a row is sealed under the number it was looked up by"
    return (
        customer_id,
        branch_id,
        branch_pos,
        tail_of(number),
        attributes,
        crypto.wrap_key(key, person=customer_id),
        by_number.id,
        by_number.lookup,
        by_number.value,
        by_union.id,
        by_union.lookup,
        by_union.value,
    )

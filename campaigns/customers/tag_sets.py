"""Sets of spells, given and ended in one statement each; `services/tags` and `services/tag_runs` stand on it.

What a customer has now follows by trigger (tag_sql.py).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from campaigns.lib.clock import FOREVER
from campaigns.tenants.scopes import Scope

# Whole sets of spells are written by one at a time, so that two sets cannot wait for each other's customers crosswise.
ALONE = "SELECT pg_advisory_xact_lock(hashtextextended('customers_tagging', 0))"

# The rows of a set, given. A spell that is open already is prolonged when the tag holds for some days, and else left.
_GIVE = """
WITH wanted AS (
    SELECT DISTINCT i.customer_id, i.branch_id, i.branch_pos, i.tag_id,
           coalesce(%(until)s::timestamptz, %(at)s::timestamptz + make_interval(days => t.valid_days)) AS expires_at
      FROM {rows} i JOIN customers_tag t ON t.id = i.tag_id
), given AS (
    INSERT INTO customers_tagging AS open (customer_id, branch_id, branch_pos, tag_id, since, until, expires_at,
                                           source, by_person, ended_by)
    SELECT w.customer_id, w.branch_id, w.branch_pos, w.tag_id, %(at)s, %(forever)s, w.expires_at, %(source)s,
           %(person)s::uuid, ''
      FROM wanted w
     WHERE NOT EXISTS (SELECT FROM customers_tagging o
                        WHERE o.customer_id = w.customer_id AND o.tag_id = w.tag_id AND o.until = %(forever)s
                          AND (o.expires_at IS NULL OR o.expires_at >= w.expires_at))
     ORDER BY w.customer_id, w.tag_id
        ON CONFLICT (customer_id, tag_id, until) DO UPDATE SET expires_at = excluded.expires_at
     WHERE open.expires_at < excluded.expires_at OR (open.expires_at IS NOT NULL AND excluded.expires_at IS NULL)
    RETURNING (xmax = 0) AS is_new
)
SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM given
"""
# A spell that lasted no time is no spell.
_FORGET = """
DELETE FROM customers_tagging t USING {rows} i
 WHERE t.customer_id = i.customer_id AND t.tag_id = i.tag_id AND t.until = %(forever)s AND t.since >= %(at)s
"""
_END = """
UPDATE customers_tagging t SET until = %(at)s, ended_by = %(source)s FROM {rows} i
 WHERE t.customer_id = i.customer_id AND t.tag_id = i.tag_id AND t.until = %(forever)s
"""


def give_rows(
    cursor: Any,
    *,
    scope: Scope,
    rows: str,
    source: str,
    until: datetime | None = None,
    params: Mapping[str, Any] | None = None,
) -> tuple[int, int]:
    """Give every row of the relation `rows` (customer_id, branch_id, branch_pos, tag_id); how many new, how many
    prolonged. `rows` is SQL of ours with `params`, never a text from outside. Rights are the caller's to ask.
    """
    values = {
        "at": scope.at,
        "forever": FOREVER,
        "until": until,
        "source": source,
        "person": scope.person_id,
    }
    cursor.execute(_GIVE.format(rows=rows), values | dict(params or {}))
    new, prolonged = cursor.fetchone()
    return new, prolonged


def end_rows(
    cursor: Any, *, scope: Scope, rows: str, source: str, params: Mapping[str, Any] | None = None
) -> int:
    """End every open spell of the relation `rows` (customer_id, tag_id); how many. As `give_rows`."""
    values = {"at": scope.at, "forever": FOREVER, "source": source} | dict(params or {})
    cursor.execute(_FORGET.format(rows=rows), values)
    forgotten = cursor.rowcount
    cursor.execute(_END.format(rows=rows), values)
    return int(forgotten + cursor.rowcount)


def tag_staged(cursor: Any, *, scope: Scope, source: str) -> int:
    """Give what stands in the temporary table import_tags (customer_id uuid, branch_id int, branch_pos int,
    tag_id int); how many spells are new. For sets of any size, in the importer's transaction.

    Which tags may be imported is the caller's to check. Raises an IntegrityError for a tag that is none.
    """
    cursor.execute(ALONE)
    new, _prolonged = give_rows(cursor, scope=scope, rows="import_tags", source=source)
    return new

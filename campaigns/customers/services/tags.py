"""Giving and taking tags: the only writers of `Tagging`. What a customer has now follows by trigger (tag_sql.py)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from campaigns.audit.services import record
from campaigns.customers.models import Customer, Tag
from campaigns.customers.tag_rules import TagNotByHand, TagRetired, UntilPast
from campaigns.customers.tag_selectors import tag_in_scope
from campaigns.lib.clock import FOREVER
from campaigns.lib.refs import read_ref, ref
from campaigns.lib.refusals import NotFound
from campaigns.tenants.scopes import Scope

GIVE, TAKE = "customers.tag.give", "customers.tag.take"
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
_EXPIRE = """
WITH over AS MATERIALIZED (
    SELECT customer_id, tag_id FROM customers_tagging
     WHERE until = %(forever)s AND expires_at <= %(at)s ORDER BY expires_at LIMIT %(lot)s FOR UPDATE SKIP LOCKED
)
UPDATE customers_tagging t SET until = t.expires_at, ended_by = 'time' FROM over
 WHERE t.customer_id = over.customer_id AND t.tag_id = over.tag_id AND t.until = %(forever)s
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


def tag_customers(
    *,
    scope: Scope,
    tag_id: int,
    customer_ids: Sequence[UUID],
    source: str = "manual",
    until: datetime | None = None,
) -> int:
    """Give a tag to customers of the scope; how many did not have it. `until` instead of the tag's own validity.

    Raises NotAllowed; NotFound for a tag or a customer outside the scope; TagRetired; UntilPast; TagNotByHand for one
    that a rule or an import keeps, when given by hand.
    """
    scope.demand(GIVE)
    tag = _by_hand(scope, tag_id, source)
    if not tag.is_active:
        raise TagRetired(tag=tag)
    if until is not None and until <= scope.at:
        raise UntilPast
    customers = _customers(scope, tag, customer_ids)
    with connection.cursor() as cursor:
        new, _prolonged = give_rows(
            cursor, scope=scope, rows=_LISTED, source=source, until=until, params=_listed(customers, tag)
        )
    _note(scope, tag, customers, "give", source, until=until.isoformat() if until else "")
    return new


def untag_customers(
    *, scope: Scope, tag_id: int, customer_ids: Sequence[UUID], source: str = "manual"
) -> int:
    """Take a tag from customers of the scope; how many had it. Raises as `tag_customers`, but for TagRetired."""
    scope.demand(TAKE)
    tag = _by_hand(scope, tag_id, source)
    customers = _customers(scope, tag, customer_ids)
    with connection.cursor() as cursor:
        ended = end_rows(cursor, scope=scope, rows=_LISTED, source=source, params=_listed(customers, tag))
    _note(scope, tag, customers, "take", source)
    return ended


def give_item(*, scope: Scope, item: Any, args: dict[str, Any]) -> None:
    """One customer of a long job that gives a tag. Raises as `tag_customers`."""
    tag_customers(scope=scope, tag_id=args["tag"], customer_ids=[UUID(read_ref(item.subject).id)])


def take_item(*, scope: Scope, item: Any, args: dict[str, Any]) -> None:
    """One customer of a long job that takes a tag away. Raises as `untag_customers`."""
    untag_customers(scope=scope, tag_id=args["tag"], customer_ids=[UUID(read_ref(item.subject).id)])


def end_expired(*, scope: Scope, lot: int = 20_000) -> int:
    """End the spells whose days are over, a lot at most; how many. Any number may run side by side."""
    scope.demand("customers.tag.expire")
    params = {"at": scope.at, "forever": FOREVER, "lot": lot}
    with connection.cursor() as cursor:
        cursor.execute(_EXPIRE, params)
        ended: int = cursor.rowcount
    if ended:
        record(
            scope=scope,
            verb="customers.tag.expire",
            subject=ref("customers.tag", "expired"),
            subject_name="",
            count=ended,
        )
    return ended


def _by_hand(scope: Scope, tag_id: int, source: str) -> Tag:
    tag = tag_in_scope(scope=scope, tag_id=tag_id)
    if source == "manual" and tag.kind != Tag.Kind.MANUAL:
        raise TagNotByHand(tag=tag)
    return tag


def _customers(scope: Scope, tag: Tag, customer_ids: Sequence[UUID]) -> list[Customer]:
    """Customers of the scope at and below the tag's owner. Raises NotFound when one is not."""
    wanted, owner = set(customer_ids), tag.category.owner
    open_ones = [Customer.Status.ACTIVE, Customer.Status.BLOCKED]
    rows = Customer.objects.within(scope).filter(branch_pos__range=(owner.pos, owner.pos_end))
    found = list(rows.filter(pk__in=wanted, status__in=open_ones))
    if len(found) != len(wanted):
        raise NotFound
    return found


# A list of customers as a relation.
_LISTED = (
    "(SELECT * FROM unnest(%(ids)s::uuid[], %(branches)s::int[], %(places)s::int[], %(tags)s::int[])"
    " AS u (customer_id, branch_id, branch_pos, tag_id))"
)


def _listed(customers: Sequence[Customer], tag: Tag) -> dict[str, Any]:
    return {
        "ids": [customer.pk for customer in customers],
        "branches": [customer.branch_id for customer in customers],
        "places": [customer.branch_pos for customer in customers],
        "tags": [tag.pk] * len(customers),
    }


def _note(
    scope: Scope, tag: Tag, customers: Sequence[Customer], did: str, source: str, **detail: Any
) -> None:
    for customer in customers:
        record(
            scope=scope,
            verb=f"customers.tag.{did}",
            subject=ref("customers.customer", customer.pk),
            subject_name=str(customer),
            branch_id=customer.branch_id,
            branch_pos=customer.branch_pos,
            tag=tag.code,
            source=source,
            **{key: value for key, value in detail.items() if value},
        )

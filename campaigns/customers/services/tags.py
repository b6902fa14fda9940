"""Giving and taking tags, with tag_sets.py the only writers of `Tagging`; `Profile.tag_ids` follows by trigger."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from campaigns.audit.services import record
from campaigns.customers.models import Customer, Tag
from campaigns.customers.tag_rules import TagNotByHand, TagRetired, UntilPast
from campaigns.customers.tag_selectors import tag_in_scope
from campaigns.customers.tag_sets import end_rows, give_rows, tag_staged
from campaigns.lib.clock import FOREVER
from campaigns.lib.refs import read_ref, ref
from campaigns.lib.refusals import NotFound
from campaigns.tenants.scopes import Scope

__all__ = ["end_expired", "end_rows", "give_rows", "tag_customers", "tag_staged", "untag_customers"]

GIVE, TAKE = "customers.tag.give", "customers.tag.take"
_EXPIRE = """
WITH over AS MATERIALIZED (
    SELECT customer_id, tag_id FROM customers_tagging
     WHERE until = %(forever)s AND expires_at <= %(at)s ORDER BY expires_at LIMIT %(lot)s FOR UPDATE SKIP LOCKED
)
UPDATE customers_tagging t SET until = t.expires_at, ended_by = 'time' FROM over
 WHERE t.customer_id = over.customer_id AND t.tag_id = over.tag_id AND t.until = %(forever)s
"""


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
    params: dict[str, datetime | int] = {"at": scope.at, "forever": FOREVER, "lot": lot}
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

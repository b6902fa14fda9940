"""Points when their customer is to be forgotten, and what is told of them to who asks."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from campaigns.customers.models import Customer
from campaigns.lib.refs import ref
from campaigns.points.models import Entry, Lot
from campaigns.tenants.scopes import Scope


def give_up_points(*, scope: Scope, customer: Customer) -> Sequence[str]:
    """What the customer still has lapses, what is owed is written off; the entries stay, under the customer's id."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT forfeit_points(%s, %s)", [customer.pk, "客户注销 · customer erased"])
        made = cursor.fetchone()[0]
    return [ref("points.movement", made)] if made else []


def tell_points(*, scope: Scope, customer_id: UUID) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Lots with what is left of them, and every entry."""
    for lot in Lot.objects.within(scope).filter(customer_id=customer_id).order_by("id"):
        yield (
            "points_lots",
            {
                "points": lot.points,
                "pending": lot.pending,
                "usable": lot.rest,
                "held": lot.held,
                "earned_at": lot.earned_at,
                "expires_at": lot.expires_at,
            },
        )
    for entry in Entry.objects.within(scope).filter(customer_id=customer_id).order_by("id"):
        yield (
            "points_entries",
            {"at": entry.at, "kind": entry.kind, "title": entry.title, "points": entry.points},
        )

"""What a customer has, and since when; who owes it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F, Q, Sum

from campaigns.lib.refusals import NotFound
from campaigns.points.models import Entry, Hold, Lot, Movement, Wallet
from campaigns.tenants.scopes import Scope


@dataclass(frozen=True, slots=True)
class Balance:
    """Points as they are at a moment, whatever the sweep has written down by then.

    `usable` is what can be spent, less what is owed; below zero where more is owed than there is. `next_end`: when the
    next of them lapse, and `next_points` how many (None and 0: none does).
    """

    usable: int
    pending: int
    held: int
    owed: int
    next_end: datetime | None
    next_points: int


_BALANCE = """
SELECT coalesce(sum(l.rest) FILTER (WHERE l.expires_at > %(at)s), 0)
       + coalesce(sum(l.pending) FILTER (WHERE l.active_at <= %(at)s
             AND points_expires_at(l.active_at, l.months, l.ends, b.zone) > %(at)s), 0),
       coalesce(sum(l.pending) FILTER (WHERE l.active_at > %(at)s), 0), coalesce(sum(l.held), 0)
  FROM points_lot l CROSS JOIN LATERAL (SELECT b.zone FROM tenants_branch b WHERE b.id = l.branch_id LIMIT 1) b
 WHERE l.customer_id = %(customer)s AND (l.rest > 0 OR l.pending > 0 OR l.held > 0)
"""


def balance_of(*, scope: Scope, customer_id: UUID) -> Balance:
    """What the customer has at the scope's moment; nothing for who never had any, or is not to be seen from here."""
    with connection.cursor() as cursor:
        cursor.execute(_BALANCE, {"at": scope.at, "customer": customer_id})
        usable, pending, held = map(int, cursor.fetchone())
    owed = Wallet.objects.filter(customer_id=customer_id).values_list("owed", flat=True).first() or 0
    end = ends_of(scope=scope, customer_id=customer_id, limit=1)
    return Balance(
        usable=usable - owed,
        pending=pending,
        held=held,
        owed=owed,
        next_end=end[0][0] if end else None,
        next_points=end[0][1] if end else 0,
    )


def ends_of(*, scope: Scope, customer_id: UUID, limit: int) -> list[tuple[datetime, int]]:
    """When usable points lapse next, and how many, nearest first; points that never lapse left out."""
    rows = (
        Lot.objects.filter(
            customer_id=customer_id, rest__gt=0, expires_at__gt=scope.at, expires_at__year__lt=9999
        )
        .values("expires_at")
        .annotate(points=Sum("rest"))
        .order_by("expires_at")
    )
    return [(row["expires_at"], row["points"]) for row in rows[:limit]]


def lots_of(*, scope: Scope, customer_id: UUID, limit: int = 200) -> Sequence[Lot]:
    """Lots of which something is left, what ends first before the others."""
    rows = Lot.objects.filter(customer_id=customer_id).filter(
        Q(rest__gt=0, expires_at__gt=scope.at) | Q(pending__gt=0) | Q(held__gt=0)
    )
    return list(rows.select_related("issuer").order_by(F("expires_at").asc(nulls_last=True), "id")[:limit])


def holds_of(*, scope: Scope, customer_id: UUID) -> Sequence[Hold]:
    """What is set aside now."""
    rows = Hold.objects.filter(customer_id=customer_id, state=Hold.State.OPEN, until__gt=scope.at)
    return list(rows.order_by("until", "id"))


def movement_in_scope(*, scope: Scope, movement_id: UUID | str) -> Movement:
    """A movement of the scope's branches. Raises NotFound."""
    found: Movement | None = Movement.objects.within(scope).filter(pk=movement_id).first()
    if found is None:
        raise NotFound
    return found


def entries_of(*, scope: Scope, customer_id: UUID) -> Any:
    """The customer's entries, newest first, as a query."""
    return Entry.objects.filter(customer_id=customer_id).order_by("-id")


_LIABILITY = """
SELECT e.issuer_id, b.name, date_trunc('month', e.at AT TIME ZONE b.zone)::date AS month, sum(e.points)::bigint
  FROM points_entry e JOIN tenants_branch b ON b.id = e.issuer_id
 WHERE e.account IN ('pending', 'wallet', 'held') AND e.at < %(until)s
   AND b.pos BETWEEN %(lo)s AND %(hi)s
 GROUP BY 1, 2, 3 ORDER BY 3, 1
"""


def liability_of(*, scope: Scope, until: datetime) -> list[Mapping[str, Any]]:
    """By issuing branch of the scope and month of its clock: how the liability moved, and what it was at the month's
    end, in points. Entries before `until` (UTC).
    """
    with connection.cursor() as cursor:
        cursor.execute(_LIABILITY, {"until": until, "lo": scope.lo, "hi": scope.hi})
        rows = cursor.fetchall()
    sums: dict[int, int] = {}
    told = []
    for issuer, name, month, moved in rows:
        sums[issuer] = sums.get(issuer, 0) + moved
        told.append(
            {"issuer_id": issuer, "name": name, "month": month, "moved": moved, "closing": sums[issuer]}
        )
    return told

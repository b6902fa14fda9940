"""What a customer has, and since when; who owes it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import BigIntegerField, Exists, F, OuterRef, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce

from campaigns.lib.refusals import NotFound
from campaigns.points.models import Entry, Hold, Lot, Movement
from campaigns.tenants.models import Branch
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


# As if what is due had been written down: what came into force pays what is owed first, also where it has lapsed since.
_BALANCE = """
WITH lot AS (
    SELECT l.*, w.owed, CASE WHEN l.pending > 0 AND l.active_at <= %(at)s
                             THEN points_expires_at(l.active_at, l.months, l.ends, b.zone) END AS due_until
      FROM points_lot l JOIN points_wallet w ON w.customer_id = l.customer_id
     CROSS JOIN LATERAL (SELECT b.zone FROM tenants_branch b WHERE b.id = l.branch_id LIMIT 1) b
     WHERE l.customer_id = %(customer)s AND (l.rest > 0 OR l.pending > 0 OR l.held > 0)
), told AS (
    SELECT l.*, CASE WHEN l.due_until IS NOT NULL THEN
                least(l.pending, greatest(l.owed - coalesce(sum(l.pending) FILTER (WHERE l.due_until IS NOT NULL) OVER (
                    ORDER BY l.active_at, l.id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0), 0))
                ELSE 0 END AS paid
      FROM lot l
)
SELECT coalesce(sum(t.rest) FILTER (WHERE t.expires_at > %(at)s), 0)
       + coalesce(sum(t.pending - t.paid) FILTER (WHERE t.due_until > %(at)s), 0),
       coalesce(sum(t.pending) FILTER (WHERE t.due_until IS NULL), 0), coalesce(sum(t.held), 0),
       coalesce((SELECT w.owed FROM points_wallet w WHERE w.customer_id = %(customer)s), 0) - coalesce(sum(t.paid), 0)
  FROM told t
"""


def balance_of(*, scope: Scope, customer_id: UUID) -> Balance:
    """What the customer has at the scope's moment; nothing for who never had any, or is not to be seen from here."""
    with connection.cursor() as cursor:
        cursor.execute(_BALANCE, {"at": scope.at, "customer": customer_id})
        usable, pending, held, owed = map(int, cursor.fetchone())
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
    return [(row["expires_at"], row["points"]) for row in rows[:limit] if row["expires_at"]]


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


def zone_of(*, scope: Scope) -> ZoneInfo:
    """In which time zone does the scope's branch live?"""
    return ZoneInfo(Branch.objects.values_list("zone", flat=True).get(pk=scope.branch_id))


@dataclass(frozen=True, slots=True)
class Change:
    """What one movement did to one customer's points; a debt counts against what is usable."""

    usable: int
    pending: int
    held: int


_CHANGED = {"usable": ("wallet", "owed"), "waiting": ("pending",), "aside": ("held",)}


def first_entries_of(*, scope: Scope, customer_id: UUID) -> QuerySet[Entry]:
    """The first entry of each movement of the customer's points, as a query: all of them have its time and title."""
    earlier = Entry.objects.filter(
        movement_id=OuterRef("movement_id"), customer_id=customer_id, pk__lt=OuterRef("pk")
    )
    rows: QuerySet[Entry] = Entry.objects.filter(~Exists(earlier), customer_id=customer_id)
    return rows


def changes_by(*, scope: Scope, customer_id: UUID, movement_ids: Collection[UUID]) -> Mapping[UUID, Change]:
    """What these movements did to the customer's points."""
    rows = (
        Entry.objects.filter(movement_id__in=movement_ids, customer_id=customer_id)
        .values_list("movement_id")
        .annotate(
            **{
                name: Coalesce(
                    Sum("points", filter=Q(account__in=accounts)), Value(0), output_field=BigIntegerField()
                )
                for name, accounts in _CHANGED.items()
            }
        )
    )
    return {movement: Change(*sums) for movement, *sums in rows}


_LIABILITY = """
SELECT e.issuer_id, b.name, date_trunc('month', e.at AT TIME ZONE b.zone)::date AS month, sum(e.points)::bigint
  FROM points_entry e JOIN tenants_branch b ON b.id = e.issuer_id
 WHERE e.account IN ('pending', 'wallet', 'held') AND e.at < %(until)s
   AND b.pos BETWEEN %(lo)s AND %(hi)s
 GROUP BY 1, 2, 3 ORDER BY 3, 1
"""


def liability_of(*, scope: Scope, until: datetime) -> Sequence[Mapping[str, Any]]:
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

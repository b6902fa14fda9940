"""Questions of the ledger's desk: wallets and what moved them, adjustments, closed days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Case, OuterRef, Q, QuerySet, Subquery, Sum, When, Window

from campaigns.customers.models import Customer
from campaigns.lib.refusals import NotFound
from campaigns.points.models import Account, Adjustment, Entry, LedgerClose, Movement, MovementKind, Wallet
from campaigns.points.sql.close import DUE
from campaigns.tenants.models import Person
from campaigns.tenants.scopes import Scope

# What `reverse_points` undoes.
REVERSIBLE = (MovementKind.ACCRUE, MovementKind.ADJUST, MovementKind.BURN, MovementKind.COMMIT)
# However long nobody closed anything, days before that are closed by hand.
MOST_MISSED = 31


def wallets_within(*, scope: Scope) -> QuerySet[Wallet]:
    """Which wallets are of customers of the scope?"""
    return Wallet.objects.within(scope).select_related("customer", "branch")


def last_moment(*, end: datetime | None) -> datetime | None:
    """When are points good for the last time that lapse at this moment? For the day that people are told of."""
    return end and end - timedelta(seconds=1)


def has_wallet(*, scope: Scope, customer_id: UUID) -> bool:
    """Did the customer ever have points?"""
    return Wallet.objects.within(scope).filter(pk=customer_id).exists()


def wallet_to_open(*, scope: Scope, customer_id: UUID | str) -> Wallet | None:
    """The wallet that the first points of an active customer of the scope would open, empty and not kept; None for
    nobody's.
    """
    rows = Customer.objects.within(scope).filter(status=Customer.Status.ACTIVE).select_related("branch")
    try:
        who = rows.get(pk=customer_id)
    except (Customer.DoesNotExist, ValidationError, ValueError):
        return None
    return Wallet(
        customer=who, branch=who.branch, branch_pos=who.branch_pos, usable=0, pending=0, held=0, owed=0
    )


def told_entries(*, scope: Scope, customer_id: UUID) -> QuerySet[Entry]:
    """The customer's entries, newest first, each with `left`: what was usable after it."""
    usable = Case(When(account=Account.WALLET, then="points"), default=0)
    return (
        Entry.objects.filter(customer_id=customer_id)
        .annotate(left=Window(Sum(usable), order_by="id"))
        .select_related("issuer")
        .order_by("-id")
    )


def movements_seen(*, scope: Scope, movement_ids: Sequence[UUID]) -> dict[UUID, Movement]:
    """Those of these movements that have a page here: a sweep's or a bulk award's is its branch's."""
    return Movement.objects.within(scope).in_bulk(list(movement_ids))


@dataclass(frozen=True, slots=True)
class Told:
    """A movement with both sides. `elsewhere`: what is booked at branches that the scope does not see (0: nothing);
    `before`: what it follows; `after`: what follows it; `person`: who did it ("": nobody).
    """

    entries: list[Entry]
    elsewhere: int
    more: int
    before: Movement | None
    after: list[Movement]
    person: str


def movement_told(*, scope: Scope, movement: Movement, limit: int = 200) -> Told:
    """What are the sides of this movement, and what hangs together with it?"""
    rows = Entry.objects.within(scope).filter(movement=movement)
    seen: dict[str, Any] = rows.aggregate(points=Sum("points"))
    entries = list(
        rows.select_related("branch", "issuer", "customer", "merchant").order_by("points", "id")[:limit]
    )
    near = Movement.objects.within(scope)
    return Told(
        entries=entries,
        elsewhere=-(seen["points"] or 0),
        more=max(rows.count() - limit, 0) if len(entries) == limit else 0,
        before=near.filter(pk=movement.follows_id).first() if movement.follows_id else None,
        after=list(near.filter(follows=movement).order_by("id")[:50]),
        person=names_of(person_ids=[movement.person_id]).get(movement.person_id, ""),
    )


def reversible_for(*, scope: Scope, movement: Movement) -> UUID | None:
    """Whose part of this movement can be taken back by hand from its page? None: nobody's, or of many."""
    if movement.kind not in REVERSIBLE or movement.customer_id is None:
        return None
    is_over = Movement.objects.filter(
        Q(customer_id=movement.customer_id), follows=movement, kind=MovementKind.REVERSE
    ).exists()
    return None if is_over else movement.customer_id


def names_of(*, person_ids: Sequence[UUID | None]) -> dict[UUID | None, str]:
    """What are these people called, as far as the scope knows them?"""
    return dict(Person.objects.filter(pk__in=[each for each in person_ids if each]).values_list("pk", "name"))


def adjustments_within(*, scope: Scope) -> QuerySet[Adjustment]:
    """Which adjustments were asked for customers of the scope? Newest first."""
    return Adjustment.objects.within(scope).select_related("branch", "customer").order_by("-id")


def adjustment_in_scope(*, scope: Scope, adjustment_id: UUID) -> Adjustment:
    """The adjustment; raises NotFound for a foreign and an absent one alike."""
    found = adjustments_within(scope=scope).filter(pk=adjustment_id).first()
    if found is None:
        raise NotFound
    return found


def may_adjust_alone(*, scope: Scope, branch_id: int) -> int:
    """How many points may one person adjust alone in a day, of a customer of this branch?"""
    with connection.cursor() as cursor:
        cursor.execute("SELECT points_alone(%s)", [branch_id])
        return int(cursor.fetchone()[0])


def closes_within(*, scope: Scope) -> QuerySet[LedgerClose]:
    """Which runs are of the scope's branches?"""
    return LedgerClose.objects.within(scope).select_related("branch")


def last_closes(*, scope: Scope) -> QuerySet[LedgerClose]:
    """The last run of each period and branch of the scope."""
    last = LedgerClose.objects.filter(
        branch_id=OuterRef("branch_id"), period=OuterRef("period"), day=OuterRef("day")
    ).order_by("-nth")
    return closes_within(scope=scope).filter(pk=Subquery(last.values("pk")[:1]))


def close_in_scope(*, scope: Scope, close_id: UUID) -> LedgerClose:
    """The run; raises NotFound for a foreign and an absent one alike."""
    found = closes_within(scope=scope).filter(pk=close_id).first()
    if found is None:
        raise NotFound
    return found


def periods_due(*, scope: Scope, limit: int) -> list[tuple[int, str, date]]:
    """Which days and months are over and not closed: (branch, period, its first local day), the oldest first?"""
    with connection.cursor() as cursor:
        cursor.execute(DUE, {"at": scope.at, "limit": limit, "most": MOST_MISSED})
        rows: list[Any] = cursor.fetchall()
    return [(branch_id, period, day) for branch_id, period, day in rows]

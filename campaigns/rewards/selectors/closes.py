"""Questions about closed days and about what parties owe each other."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import OuterRef, QuerySet, Subquery

from campaigns.lib.refusals import NotFound
from campaigns.rewards.close.rules import Change, Owed, Taken, changes, owed, taken_by
from campaigns.rewards.models import Close
from campaigns.rewards.sql import periods
from campaigns.tenants.scopes import Scope


def closes_within(*, scope: Scope) -> QuerySet[Close]:
    """Which runs are of the scope's branches? The latest day first, and of each the last run first."""
    return Close.objects.within(scope).select_related("branch")


def last_closes(*, scope: Scope) -> QuerySet[Close]:
    """The last run of each day and branch of the scope."""
    last = Close.objects.filter(branch_id=OuterRef("branch_id"), day=OuterRef("day")).order_by("-nth")
    return closes_within(scope=scope).filter(pk=Subquery(last.values("pk")[:1]))


def close_in_scope(*, scope: Scope, close_id: UUID) -> Close:
    """The run; raises NotFound for a foreign and an absent one alike."""
    found = closes_within(scope=scope).filter(pk=close_id).first()
    if found is None:
        raise NotFound
    return found


def changed_since(*, scope: Scope, close: Close) -> list[Change]:
    """What did this run find otherwise than the one before it of the same day? Nothing for the first."""
    before = (
        closes_within(scope=scope).filter(branch=close.branch_id, day=close.day, nth=close.nth - 1).first()
    )
    if before is None:
        return []
    return changes(before=(before.figures, before.differences), after=(close.figures, close.differences))


def owed_of(*, close: Close) -> list[Owed]:
    """Who owes whom how much, in fen, for the closed day?"""
    return owed(close.figures["settlement"], head_office=close.figures["head_office"])


def taken_of(*, close: Close) -> list[Taken]:
    """What did each merchant take on the closed day, and who pays it?"""
    return taken_by(close.figures["settlement"])


@dataclass(frozen=True, slots=True)
class Settled:
    """One line: what a payer bears of an issuer's coupons redeemed at a place, at its own counter or a merchant's till.
    `fen` is less what was reversed.
    """

    issuer: int
    place: int
    payer: str
    redeemed: int
    reversed: int
    fen: int
    merchant: UUID | None


def settlement(*, scope: Scope, since: datetime, until: datetime) -> list[Settled]:
    """What is to be settled of the scope's tree, as issuer or as place, between two moments (UTC, end exclusive)?"""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM rewards_settled(%s, %s, %s, %s)", [scope.lo, scope.hi, since, until])
        return [Settled(*row) for row in cursor.fetchall()]


# However long nobody closed anything, days before that are closed by hand.
MOST_MISSED = 31


def days_due(*, scope: Scope, limit: int) -> list[tuple[int, date]]:
    """Which days are over and not closed since the timetable last closed one: (branch, local day), the oldest first?"""
    with connection.cursor() as cursor:
        cursor.execute(periods.DUE, {"at": scope.at, "limit": limit, "most": MOST_MISSED})
        rows: list[Any] = cursor.fetchall()
    return [(branch_id, day) for branch_id, day in rows]

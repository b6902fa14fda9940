"""Questions about recalls: what was taken back, and who had seen it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Max, Min, Q, QuerySet

from campaigns.customers.models import Customer
from campaigns.customers.rules import masked_number
from campaigns.events.models import Event
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotFound
from campaigns.tenants.scopes import Scope
from content.models import Recall

# A customer has seen what half of it was on the screen for a second, and what was tapped or opened.
_SEEN = ("content.exposed", "content.clicked", "content.viewed")


@dataclass(frozen=True, slots=True)
class Seen:
    """One customer who met it: masked, since when, and whether it was opened. `customer_id` is None for one who is of
    other branches now.
    """

    customer_id: UUID | None
    number: str
    branch: str
    first_at: datetime
    last_at: datetime
    times: int
    has_read: bool


def recalls_within(*, scope: Scope) -> QuerySet[Recall]:
    """What was recalled in the scope's branches? Newest first."""
    return Recall.objects.within(scope)


def recall_in_scope(*, scope: Scope, recall_id: UUID) -> Recall:
    """Raises NotFound for a foreign and an absent one alike."""
    found = recalls_within(scope=scope).filter(pk=recall_id).first()
    if found is None:
        raise NotFound
    return found


def how_many_saw(*, scope: Scope, recall: Recall) -> int:
    """How many customers of the scope's branches met it while it was live?"""
    return int(_told(scope, recall).aggregate(n=Count("customer_id", distinct=True))["n"])


def who_saw(*, scope: Scope, recall: Recall, limit: int) -> list[Seen]:
    """Which customers of the scope's branches met it while it was live, the first ones first?

    Two queries. Phones tell what they saw for a while after it, so a list taken later is longer.
    """
    rows = list(
        _told(scope, recall)
        .values("customer_id")
        .annotate(
            first=Min("at"),
            last=Max("at"),
            times=Count("id"),
            read=Count("id", filter=Q(kind="content.viewed")),
        )
        .order_by("first", "customer_id")[:limit]
    )
    known = _customers(scope, [row["customer_id"] for row in rows])
    return [
        Seen(
            customer_id=row["customer_id"] if row["customer_id"] in known else None,
            number=masked_number(known[row["customer_id"]].number_tail)
            if row["customer_id"] in known
            else masked_number(""),
            branch=known[row["customer_id"]].branch.name if row["customer_id"] in known else "",
            first_at=row["first"],
            last_at=row["last"],
            times=row["times"],
            has_read=row["read"] > 0,
        )
        for row in rows
    ]


def _customers(scope: Scope, ids: Sequence[UUID]) -> dict[UUID, Customer]:
    rows = Customer.objects.within(scope).filter(pk__in=ids).select_related("branch")
    return {row.pk: row for row in rows}


def _told(scope: Scope, recall: Recall) -> QuerySet[Event]:
    # A local version is known to phones by what it stands in for; those who met it are of its own branches.
    place = recall.branch
    return Event.objects.within(scope).filter(
        subject=ref("content.item", recall.item.original_id or recall.item_id),
        branch_pos__range=(place.pos, place.pos_end),
        kind__in=_SEEN,
        at__gte=recall.live_from,
        at__lt=recall.live_until,
    )

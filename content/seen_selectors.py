"""Questions about recalls: what was taken back, and who had seen it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery

from campaigns.customers.models import Customer
from campaigns.customers.rules import masked_number
from campaigns.lib.refusals import NotFound
from campaigns.tenants.scopes import Scope
from content.models import Recall, Sighting


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
    """How many customers of the scope's branches met it while it was live, as was gathered last?"""
    return _told(scope, recall).count()


def who_saw(*, scope: Scope, recall: Recall, limit: int) -> list[Seen]:
    """Which customers of the scope's branches met it while it was live, the first ones first?

    One query. Phones tell what they saw for a while after it, so a list gathered later is longer
    (services/sightings.py); before `recall.gathered_at` there is none.
    """
    # Found row by row by their keys: a list of a hundred thousand ids takes the database ten seconds to read.
    of = Customer.objects.within(scope).filter(pk=OuterRef("customer_id"))
    rows = (
        _told(scope, recall)
        .annotate(tail=Subquery(of.values("number_tail")), branch_name=Subquery(of.values("branch__name")))
        .order_by("first_at", "customer_id")[:limit]
    )
    return [
        Seen(
            customer_id=row.customer_id if row.tail is not None else None,
            number=masked_number(row.tail or ""),
            branch=row.branch_name or "",
            first_at=row.first_at,
            last_at=row.last_at,
            times=row.times,
            has_read=row.reads > 0,
        )
        for row in rows
    ]


def _told(scope: Scope, recall: Recall) -> QuerySet[Sighting]:
    return Sighting.objects.within(scope).filter(recall_id=recall.pk)

"""Questions about recalls: what was taken back, and who had seen it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

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

    Two queries. Phones tell what they saw for a while after it, so a list gathered later is longer
    (services/sightings.py); before `recall.gathered_at` there is none.
    """
    rows = list(_told(scope, recall).order_by("first_at", "customer_id")[:limit])
    known = _customers(scope, [row.customer_id for row in rows])
    return [
        Seen(
            customer_id=row.customer_id if found else None,
            number=masked_number(found.number_tail if found else ""),
            branch=found.branch.name if found else "",
            first_at=row.first_at,
            last_at=row.last_at,
            times=row.times,
            has_read=row.reads > 0,
        )
        for row in rows
        for found in [known.get(row.customer_id)]
    ]


def _customers(scope: Scope, ids: Sequence[UUID]) -> dict[UUID, Customer]:
    rows = Customer.objects.within(scope).filter(pk__in=ids).select_related("branch")
    return {row.pk: row for row in rows}


def _told(scope: Scope, recall: Recall) -> QuerySet[Sighting]:
    return Sighting.objects.within(scope).filter(recall_id=recall.pk)

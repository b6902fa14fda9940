"""Who had seen what was recalled, gathered from the events; phones tell later, so it is asked again for a week."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.db import connections

from campaigns.customers.models import Customer
from campaigns.jobs.due_models import Due
from campaigns.jobs.services.due import lay
from campaigns.lib.refs import read_ref, ref
from campaigns.tenants.scopes import Scope
from content.models import Recall

KIND = "content.recall.gather"
# After the recall. A phone tells when its mini-program is opened the next time; what comes after a week comes rarely.
AGAIN = (
    timedelta(0),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(days=1),
    timedelta(days=3),
    timedelta(days=7),
)


def lay_gatherings(*, scope: Scope, recall: Recall) -> None:
    """Have it gathered at once by a worker, and some times more."""
    for after in AGAIN:
        lay(
            scope=scope,
            kind=KIND,
            subject=ref("content.recall", recall.pk),
            version=str(int(after.total_seconds())),
            at=recall.at + after,
            branch_id=recall.branch_id,
            branch_pos=recall.branch_pos,
        )


def gather_due(*, scope: Scope, due: Due) -> int:
    """Write down anew who had seen it; how many. Seconds, for what a whole bank has read."""
    with connections[scope.using].cursor() as cursor:
        cursor.execute("SELECT gather_sightings(%s)", [UUID(read_ref(due.subject).id)])
        return int(cursor.fetchone()[0] or 0)


def forget_sightings(*, scope: Scope, customer: Customer) -> Sequence[str]:
    """A step of erasing: what the customer saw stays counted, under an id that is nobody's."""
    with connections[scope.using].cursor() as cursor:
        cursor.execute("SELECT forget_sightings(%s)", [customer.pk])
        cut = cursor.fetchone()[0]
    return [ref("customers.customer", customer.pk)] if cut else []

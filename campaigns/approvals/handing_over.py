"""Reviews when a branch closes or their maker leaves."""

from django.db.models import Q, QuerySet

from campaigns.approvals.models import Revision, Stop
from campaigns.approvals.stop_rules import BranchIsStopped
from campaigns.tenants.models import Branch, Person
from campaigns.tenants.scopes import Scope


def hand_over_reviews(*, scope: Scope, closed: Branch, successor: Branch) -> int:
    """Revisions go with the things they freeze; the decisions on them stay where they were taken."""
    return (
        Revision.objects.within(scope)
        .filter(branch=closed)
        .update(branch=successor, branch_pos=successor.pos)
    )


def keep_reviews(*, scope: Scope, person: Person, successor: Person) -> int:
    """Open reviews, and what came back, of somebody who leaves: the successor answers for them, and decides none."""
    open_ = Q(state__in=[Revision.State.SUBMITTED, Revision.State.SENT_BACK])
    mine = Q(author_id=person.pk, keeper_id__isnull=True) | Q(keeper_id=person.pk)
    return Revision.objects.within(scope).filter(open_, mine).update(keeper_id=successor.pk)


def refuse_while_stopped(*, scope: Scope, closed: Branch, successor: Branch) -> int:
    """Customers and content go to the successor, where a stop of the closed branch holds nothing. Raises
    BranchIsStopped: what was stopped would be served again without two persons having said so.
    """
    if stops_open(scope=scope).filter(branch=closed).exists():
        raise BranchIsStopped(branch=closed.name)
    return 0


def stops_open(*, scope: Scope) -> "QuerySet[Stop]":
    """What a file that closes the branch would silently lift."""
    return Stop.objects.within(scope).filter(lifted_at__isnull=True)

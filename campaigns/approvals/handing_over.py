"""Reviews when a branch closes or their maker leaves."""

from django.db.models import Q

from campaigns.approvals.models import Policy, Revision
from campaigns.approvals.policy_words import POLICY_KIND
from campaigns.tenants.models import Branch, Person
from campaigns.tenants.scopes import Scope


def hand_over_reviews(*, scope: Scope, closed: Branch, successor: Branch) -> int:
    """Revisions go with the things they freeze; the decisions on them stay where they were taken.

    So do review policies and their revisions: at the successor one could be asked before its own, and loosen them.
    """
    return (
        Revision.objects.within(scope)
        .filter(branch=closed)
        .exclude(kind=POLICY_KIND)
        .update(branch=successor, branch_pos=successor.pos)
    )


def keep_reviews(*, scope: Scope, person: Person, successor: Person) -> int:
    """Open reviews, and what came back, of somebody who leaves: the successor answers for them, and decides none."""
    open_ = Q(state__in=[Revision.State.SUBMITTED, Revision.State.SENT_BACK])
    mine = Q(author_id=person.pk, keeper_id__isnull=True) | Q(keeper_id=person.pk)
    return Revision.objects.within(scope).filter(open_, mine).update(keeper_id=successor.pk)


def hand_over_policy_drafts(*, scope: Scope, person: Person, successor: Person) -> int:
    """Drafts of policies that somebody who leaves worked on last; history keeps who wrote what."""
    return (
        Policy.objects.within(scope)
        .filter(author_id=person.pk)
        .update(author_id=successor.pk, author_name=successor.name)
    )

"""Reviews when a branch closes or their maker leaves."""

from django.db.models import Q

from campaigns.approvals.models import LiveWordList, Revision, WordList
from campaigns.tenants.models import Branch, Person
from campaigns.tenants.scopes import Scope


def hand_over_reviews(*, scope: Scope, closed: Branch, successor: Branch) -> int:
    """Revisions go with the things they freeze; the decisions on them stay where they were taken."""
    return (
        Revision.objects.within(scope)
        .filter(branch=closed)
        .update(branch=successor, branch_pos=successor.pos)
    )


def hand_over_word_lists(*, scope: Scope, closed: Branch, successor: Branch) -> int:
    """Word lists hold on, for the successor and all below it: rules are not lost because a branch closes."""
    return sum(
        model._default_manager.filter(branch=closed).update(branch=successor, branch_pos=successor.pos)
        for model in (WordList, LiveWordList)
    )


def keep_reviews(*, scope: Scope, person: Person, successor: Person) -> int:
    """Open reviews, and what came back, of somebody who leaves: the successor answers for them, and decides none."""
    open_ = Q(state__in=[Revision.State.SUBMITTED, Revision.State.SENT_BACK])
    mine = Q(author_id=person.pk, keeper_id__isnull=True) | Q(keeper_id=person.pk)
    return Revision.objects.within(scope).filter(open_, mine).update(keeper_id=successor.pk)

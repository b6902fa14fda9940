"""Reviews when a branch closes or their maker leaves."""

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Greatest

from campaigns.approvals.flow import replace_seat
from campaigns.approvals.models import (
    Delegation,
    LiveWordList,
    Policy,
    Revision,
    Seat,
    Step,
    Stop,
    WordList,
)
from campaigns.approvals.policy_words import POLICY_KIND
from campaigns.approvals.routes import SeatPlan
from campaigns.approvals.stop_rules import BranchIsStopped
from campaigns.tenants.models import Branch, Person
from campaigns.tenants.scopes import Scope


def hand_over_reviews(*, scope: Scope, closed: Branch, successor: Branch) -> int:
    """Revisions go with the things they freeze, with their steps; what was decided and said stays where it was.

    A seat of the closed branch is the successor's. Review policies and their revisions stay: at the successor one
    could be asked before its own, and loosen them.
    """
    place = {"branch": successor, "branch_pos": successor.pos}
    moved = Revision.objects.within(scope).filter(branch=closed).exclude(kind=POLICY_KIND).update(**place)
    for model in (Step, Seat):
        model.objects.within(scope).filter(branch=closed, revision__branch=successor).update(**place)
    Delegation.objects.within(scope).filter(branch=closed).update(**place)
    Seat.objects.within(scope).filter(at_branch_id=closed.pk).update(at_branch_id=successor.pk)
    return moved


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


def hand_over_seats(*, scope: Scope, person: Person, successor: Person) -> int:
    """Where somebody who leaves was to sign by name, the successor is asked, unless he made the thing himself."""
    ended = Delegation.objects.within(scope).filter(
        Q(person_id=person.pk) | Q(deputy_id=person.pk), held_until__gt=scope.at
    )
    ended.update(held_until=Greatest(scope.at, F("held_from")))
    named = (
        Seat.objects.within(scope)
        .filter(person_id=person.pk, void_at__isnull=True, revision__state=Revision.State.SUBMITTED)
        .exclude(step__state=Step.State.PASSED)
        .select_related("step", "revision")
    )
    plan = SeatPlan(person_id=successor.pk, person_name=successor.name)
    seats = [seat for seat in named if not seat.revision.is_by(successor.pk)]
    for seat in seats:
        replace_seat(scope, seat.revision, seat.step, seat, plan)
    return len(seats)


def hand_over_policy_drafts(*, scope: Scope, person: Person, successor: Person) -> int:
    """Drafts of policies that somebody who leaves worked on last; history keeps who wrote what."""
    return (
        Policy.objects.within(scope)
        .filter(author_id=person.pk)
        .update(author_id=successor.pk, author_name=successor.name)
    )


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

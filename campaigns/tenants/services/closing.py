"""Branches that end: closed with a hand-over, or merged into another.

A closed branch stays in the tree, below the one that took it over: its history, its ledgers and its coupons stay its
own, and the successor sees them.
"""

from django.db.models import Q

from campaigns.lib.refusals import Refusal
from campaigns.tenants.deeds import note_branch
from campaigns.tenants.models import Assignment, Branch, Person
from campaigns.tenants.scopes import Scope
from campaigns.tenants.selectors import branch_in_scope
from campaigns.tenants.services.places import lock_tree, settle_now
from campaigns.tenants.services.tree import TopStays, move_below
from campaigns.tenants.steps import run_steps


class AlreadyClosed(Refusal):
    code = "tenants.branch.closed"
    status = 409
    zh = "“{name}”已撤销。"
    en = "“{name}” is closed already."


class HasOpenChildren(Refusal):
    code = "tenants.branch.has_open_children"
    status = 409
    zh = "“{name}”还有营业中的下级机构（{children}）。请先移走或撤销它们，或改用“合并”。"
    en = "“{name}” still has open branches below it ({children}). Move or close them first, or merge it."


class WrongSuccessor(Refusal):
    code = "tenants.branch.wrong_successor"
    status = 409
    zh = "“{successor}”不能接管“{name}”：接管方须在营业，且不是它自己或它的下级。"
    en = "“{successor}” cannot take over “{name}”: it must be open, and neither that branch nor below it."


class NumbersClash(Refusal):
    """Two people would have one staff number at the successor."""

    code = "tenants.person.numbers_clash"
    status = 409
    zh = "“{successor}”已有相同工号：{numbers}。请先更正其中一方的工号。"
    en = "“{successor}” has the same staff numbers already: {numbers}. Correct one side first."


def close_branch(*, scope: Scope, branch_id: int, successor_id: int) -> dict[str, int]:
    """Close a branch without open branches below it; what it owned and ran goes to the successor.

    Answers what each room handed over. Raises NotFound outside the scope, AlreadyClosed, HasOpenChildren,
    WrongSuccessor, NumbersClash, TreeBusy.
    """
    scope.demand("tenants.branch.close")
    lock_tree()
    branch, successor = _parties(scope, branch_id, successor_id)
    children = list(Branch.objects.filter(parent=branch, is_open=True).values_list("name", flat=True)[:6])
    if children:
        raise HasOpenChildren(name=branch.name, children="、".join(children))
    done = _end(scope=scope, branch=branch, successor=successor)
    note_branch(
        scope=scope, verb="tenants.branch.close", branch=branch, successor=successor.name, handed_over=done
    )
    return done


def merge_branches(*, scope: Scope, branch_id: int, into_id: int) -> dict[str, int]:
    """Let one branch become part of another: its open children go along, then it closes.

    Raises as `close_branch`, and LevelDoesNotFit for a child that does not fit below the other.
    """
    scope.demand("tenants.branch.merge")
    lock_tree()
    branch, into = _parties(scope, branch_id, into_id)
    children = Branch.objects.filter(parent=branch, is_open=True).exclude(pk=into.pk)
    move_below(scope=scope, branches=list(children), parent=into)
    branch.refresh_from_db()
    into.refresh_from_db()
    done = _end(scope=scope, branch=branch, successor=into)
    note_branch(scope=scope, verb="tenants.branch.merge", branch=branch, into=into.name, handed_over=done)
    return done


def _parties(scope: Scope, branch_id: int, successor_id: int) -> tuple[Branch, Branch]:
    branch = branch_in_scope(scope=scope, branch_id=branch_id)
    successor = branch_in_scope(scope=scope, branch_id=successor_id)
    if not branch.is_open:
        raise AlreadyClosed(name=branch.name)
    if branch.pos == scope.lo or branch.parent_id is None:
        raise TopStays(name=branch.name, parent=successor.name)
    if not successor.is_open or branch.pos <= successor.pos <= branch.pos_end:
        raise WrongSuccessor(name=branch.name, successor=successor.name)
    return branch, successor


def _end(*, scope: Scope, branch: Branch, successor: Branch) -> dict[str, int]:
    branch.is_open, branch.closed_at, branch.successor = False, scope.at, successor
    branch.save(update_fields=["is_open", "closed_at", "successor"])
    done = run_steps("hand_over", scope=scope, closed=branch, successor=successor)
    if branch.parent_id != successor.pk:
        move_below(scope=scope, branches=[branch], parent=successor)
    settle_now()
    branch.refresh_from_db()
    return done


def hand_over_people(*, scope: Scope, closed: Branch, successor: Branch) -> int:
    """The step of this room: people work at the successor from now on, in the roles they held."""
    mine = set(Person.objects.filter(branch=closed).values_list("staff_number", flat=True))
    taken = Person.objects.filter(branch=successor, staff_number__in=mine).values_list(
        "staff_number", flat=True
    )
    if clash := sorted(taken)[:20]:
        raise NumbersClash(successor=successor.name, numbers="、".join(clash))
    people = Person.objects.filter(branch=closed).update(branch=successor, branch_pos=successor.pos)
    held = list(Assignment.objects.filter(branch=closed, held_until__gt=scope.at))
    Assignment.objects.filter(pk__in=[a.pk for a in held], held_from__lt=scope.at).update(held_until=scope.at)
    # Those that were to begin later never do here: a window of no length is none.
    Assignment.objects.filter(Q(pk__in=[a.pk for a in held]) & Q(held_from__gte=scope.at)).delete()
    Assignment.objects.bulk_create(
        [
            Assignment(
                branch=successor,
                branch_pos=successor.pos,
                person_id=a.person_id,
                role_id=a.role_id,
                held_from=max(a.held_from, scope.at),
                held_until=a.held_until,
            )
            for a in held
        ]
    )
    return people + len(held)

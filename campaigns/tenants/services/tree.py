"""The tree re-organised: branches moved, positions dealt out again."""

from collections.abc import Sequence

from campaigns.lib.refusals import Refusal
from campaigns.tenants.deeds import note_branch
from campaigns.tenants.models import Branch
from campaigns.tenants.rules import is_above, settle
from campaigns.tenants.scopes import Scope
from campaigns.tenants.selectors import branch_in_scope
from campaigns.tenants.services.places import lock_tree, place_branches, settle_now, tree_within


class MoveRefused(Refusal):
    """The base of every reason why a branch does not go where it was sent."""

    code = "tenants.branch.move_refused"
    status = 409
    zh = "“{name}”不能移到“{parent}”之下。"
    en = "“{name}” cannot move under “{parent}”."


class TopStays(MoveRefused):
    code = "tenants.branch.move_refused.top"
    zh = "“{name}”是您所在范围的最上一级，不能移动、合并或撤销；请由上级机构操作。"
    en = "“{name}” is the top of your own branches: only those above it can move, merge or close it."


class BelowItself(MoveRefused):
    code = "tenants.branch.move_refused.below_itself"
    zh = "“{parent}”是“{name}”自己或它的下级，请另选上级。"
    en = "“{parent}” is “{name}” itself or lies below it: choose another parent."


class ThereAlready(MoveRefused):
    code = "tenants.branch.move_refused.there_already"
    zh = "“{name}”已经在“{parent}”之下。"
    en = "“{name}” is under “{parent}” already."


class ParentIsClosed(MoveRefused):
    code = "tenants.branch.move_refused.parent_closed"
    zh = "“{parent}”已撤销，“{name}”不能移到它之下。"
    en = "“{parent}” is closed: “{name}” cannot move under it."


class LevelDoesNotFit(MoveRefused):
    code = "tenants.branch.move_refused.level"
    zh = "上级的层级必须高于下级：“{name}”不能移到“{parent}”之下。"
    en = "A parent must be of a higher level: “{name}” cannot move under “{parent}”."


def move_branch(*, scope: Scope, branch_id: int, to_parent_id: int) -> Branch:
    """Put a branch, with everything below it and all their rows, under another parent.

    Raises NotFound outside the scope, MoveRefused, NoRoomInTree, TreeBusy.
    """
    scope.demand("tenants.branch.move")
    lock_tree()
    branch, parent = (
        branch_in_scope(scope=scope, branch_id=branch_id),
        branch_in_scope(scope=scope, branch_id=to_parent_id),
    )
    before = branch.parent
    _demand_movable(branch, parent, scope)
    done = move_below(scope=scope, branches=[branch], parent=parent)
    branch.refresh_from_db()
    note_branch(
        scope=scope,
        verb="tenants.branch.move",
        branch=branch,
        old_parent=before.name if before else "",
        new_parent=parent.name,
        **done,
    )
    return branch


def move_below(*, scope: Scope, branches: Sequence[Branch], parent: Branch) -> dict[str, int]:
    """Put branches under `parent`; a part of other verbs, which hold the tree and have judged the branches.

    Raises LevelDoesNotFit for an open one.
    """
    for branch in branches:
        if branch.is_open and not is_above(parent.level, branch.level):
            raise LevelDoesNotFit(name=branch.name, parent=parent.name)
    tree = tree_within(scope=scope)
    parents = {key: node.parent for key, node in tree.items()} | {b.pk: parent.pk for b in branches}
    done = place_branches(scope=scope, tree=tree, parents=parents, settled=settle(tree=tree, parents=parents))
    settle_now()
    return done


def _demand_movable(branch: Branch, parent: Branch, scope: Scope) -> None:
    names = {"name": branch.name, "parent": parent.name}
    if branch.parent_id is None or branch.pos == scope.lo:
        raise TopStays(**names)
    if branch.pos <= parent.pos <= branch.pos_end:
        raise BelowItself(**names)
    if branch.parent_id == parent.pk:
        raise ThereAlready(**names)
    if not parent.is_open:
        raise ParentIsClosed(**names)
    if not is_above(parent.level, branch.level):
        raise LevelDoesNotFit(**names)


def renumber_tree(*, scope: Scope) -> int:
    """Deal the places of all branches of the scope out again, evenly; returns how many branches have new ones.

    For a tree that refuses new branches for want of room. Scopes wait while it runs: seconds in a large bank.
    Raises TreeBusy.
    """
    scope.demand("tenants.branch.renumber")
    lock_tree()
    tree = tree_within(scope=scope)
    parents = {key: node.parent for key, node in tree.items()}
    settled = settle(tree=tree, parents=parents, again=True)
    place_branches(scope=scope, tree=tree, parents=parents, settled=settled)
    settle_now()
    root = branch_in_scope(scope=scope, branch_id=scope.branch_id)
    note_branch(scope=scope, verb="tenants.branch.renumber", branch=root, branches=len(settled.places))
    return len(settled.places)

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
    """Into itself, out of head office's place, or to where it is already."""

    code = "tenants.branch.move_refused"
    status = 409
    zh = "“{name}”不能移到“{parent}”之下：{zh_reason}。"
    en = "“{name}” cannot move under “{parent}”: {en_reason}."


_TOO_LOW = ("上级的层级必须更高", "a parent must be of a higher level")


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

    Raises MoveRefused when the level of an open one does not fit.
    """
    for branch in branches:
        if branch.is_open and not is_above(parent.level, branch.level):
            raise MoveRefused(
                name=branch.name, parent=parent.name, zh_reason=_TOO_LOW[0], en_reason=_TOO_LOW[1]
            )
    tree = tree_within(scope=scope)
    parents = {key: node.parent for key, node in tree.items()} | {b.pk: parent.pk for b in branches}
    done = place_branches(scope=scope, tree=tree, parents=parents, settled=settle(tree=tree, parents=parents))
    settle_now()
    return done


def _demand_movable(branch: Branch, parent: Branch, scope: Scope) -> None:
    reason: tuple[str, str] | None = None
    if branch.parent_id is None or branch.pos == scope.lo:
        reason = ("它是您所在范围的最上一级", "it is the top of your own branches")
    elif branch.pos <= parent.pos <= branch.pos_end:
        reason = ("那是它自己或它的下级", "that is itself or lies below it")
    elif branch.parent_id == parent.pk:
        reason = ("它已经在那里", "it is there already")
    elif not parent.is_open:
        reason = ("那个机构已撤销", "that branch is closed")
    elif not is_above(parent.level, branch.level):
        reason = _TOO_LOW
    if reason:
        raise MoveRefused(name=branch.name, parent=parent.name, zh_reason=reason[0], en_reason=reason[1])


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

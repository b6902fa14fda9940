"""The tree re-organised: branches moved, positions dealt out again."""

from collections.abc import Mapping

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
    done = _move(scope=scope, under={branch.pk: parent.pk})
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


def _move(*, scope: Scope, under: Mapping[int, int]) -> dict[str, int]:
    """Move branches under new parents; the tree is locked already."""
    tree = tree_within(scope=scope)
    parents = {key: node.parent for key, node in tree.items()} | dict(under)
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
        reason = ("上级的层级必须更高", "a parent must be of a higher level")
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

"""The tree: its first branch, one more, many at once."""

from collections.abc import Mapping, Sequence

from campaigns.lib.refusals import Refusal
from campaigns.tenants.deeds import note_branch
from campaigns.tenants.keys import taken
from campaigns.tenants.models import Branch
from campaigns.tenants.rules import FIRST_POS, LAST_POS, Node, is_above, pinyin_of, place_tree, settle
from campaigns.tenants.scopes import Scope
from campaigns.tenants.selectors import branch_in_scope
from campaigns.tenants.services.places import lock_tree, place_branches, tree_within

_NEW = 0  # stands for a branch that has no id yet


class AddRefused(Refusal):
    code = "tenants.branch.add_refused"
    status = 409
    zh = "“{parent}”之下不能新增“{name}”：上级必须在营业，且层级更高。"
    en = "“{name}” cannot be added under “{parent}”: the parent must be open and of a higher level."


def add_head_office(*, scope: Scope, code: str, name: str, zone: str = "Asia/Shanghai") -> Branch:
    """The root of the tree; the scope must be the system's. A second root is refused by the database."""
    scope.demand("tenants.branch.add")
    return Branch.objects.create(
        code=code,
        name=name,
        pinyin=pinyin_of(name),
        level=Branch.Level.HEAD_OFFICE,
        pos=FIRST_POS,
        pos_end=LAST_POS,
        filled_until=FIRST_POS,
        zone=zone,
    )


def add_branch(*, scope: Scope, parent_id: int, code: str, name: str, level: str) -> Branch:
    """One more branch under `parent_id`; where its parent has no place left, places are dealt out again.

    Raises NotFound outside the scope, AddRefused, NoRoomInTree, TreeBusy, AlreadyTaken for a known code.
    """
    scope.demand("tenants.branch.add")
    lock_tree()
    parent = branch_in_scope(scope=scope, branch_id=parent_id)
    if not parent.is_open or not is_above(parent.level, level):
        raise AddRefused(name=name, parent=parent.name)
    place = _place_for_one(scope=scope, parent=parent)
    with taken("tenants_branch_code_key", code):
        branch = Branch.objects.create(
            code=code,
            name=name,
            pinyin=pinyin_of(name),
            level=level,
            parent=parent,
            pos=place[0],
            pos_end=place[1],
            filled_until=place[0],
            zone=parent.zone,
        )
    note_branch(scope=scope, verb="tenants.branch.add", branch=branch, under=parent.name)
    return branch


def _place_for_one(*, scope: Scope, parent: Branch) -> tuple[int, int]:
    """A place for one more child; its parent remembers that it was given."""
    here = Node(None, parent.pos, parent.pos_end, parent.filled_until)
    has_room = here.pos_end > max(here.pos, here.filled_until)
    tree = {parent.pk: here} if has_room else tree_within(scope=scope)
    parents = {key: node.parent for key, node in tree.items()} | {_NEW: parent.pk}
    settled = settle(tree=tree, parents=parents)
    place_branches(scope=scope, tree=tree, parents=parents, settled=settled)
    return settled.places[_NEW]


def rename_branch(*, scope: Scope, branch_id: int, name: str) -> Branch:
    """Another name; what was written under the old one keeps it. Raises NotFound outside the scope."""
    scope.demand("tenants.branch.change")
    branch = branch_in_scope(scope=scope, branch_id=branch_id)
    before, name = branch.name, name.strip()
    if before == name:
        return branch
    branch.name, branch.pinyin = name, pinyin_of(name)
    branch.save(update_fields=["name", "pinyin"])
    note_branch(scope=scope, verb="tenants.branch.rename", branch=branch, old_name=before, new_name=name)
    return branch


def add_tree(*, scope: Scope, rows: Sequence[Mapping[str, str]]) -> dict[str, Branch]:
    """Many branches at once, parents first: rows of code, name, level and parent (a code, "" for the root).

    For an empty bank or below branches without children; returns all by code.
    """
    scope.demand("tenants.branch.add")
    order = [row["code"] for row in rows]
    places = place_tree(parents={row["code"]: row["parent"] or None for row in rows}, order=order)
    filled = {code: place[0] for code, place in places.items()}
    for row in rows:
        if row["parent"]:
            filled[row["parent"]] = max(filled[row["parent"]], places[row["code"]][1])
    made: dict[str, Branch] = {}
    by_depth: dict[int, list[Mapping[str, str]]] = {}
    depth: dict[str, int] = {}
    for row in rows:
        depth[row["code"]] = depth[row["parent"]] + 1 if row["parent"] else 0
        by_depth.setdefault(depth[row["code"]], []).append(row)
    for _level, some in sorted(by_depth.items()):
        batch = [
            Branch(
                code=row["code"],
                name=row["name"],
                pinyin=pinyin_of(row["name"]),
                level=row["level"],
                parent=made[row["parent"]] if row["parent"] else None,
                pos=places[row["code"]][0],
                pos_end=places[row["code"]][1],
                filled_until=filled[row["code"]],
            )
            for row in some
        ]
        for branch in Branch.objects.bulk_create(batch, batch_size=1000):
            made[branch.code] = branch
    return made

"""The tree: its first branch, one more, many at once."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Max

from campaigns.lib.refs import ref
from campaigns.tenants.deeds import note
from campaigns.tenants.models import Branch
from campaigns.tenants.rules import FIRST_POS, LAST_POS, NoRoomInTree, pinyin_of, place_child, place_tree
from campaigns.tenants.scopes import Scope
from campaigns.tenants.selectors import branch_in_scope
from campaigns.tenants.services.keys import taken


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
        zone=zone,
    )


def add_branch(*, scope: Scope, parent_id: int, code: str, name: str, level: str) -> Branch:
    """One more branch under `parent_id`.

    Raises NotFound outside the scope, NoRoomInTree without positions, AlreadyTaken for a known code.
    """
    scope.demand("tenants.branch.add")
    # The parent is locked: two children placed at once would take the same positions.
    parent = branch_in_scope(scope=scope, branch_id=parent_id)
    parent = Branch.objects.select_for_update(of=("self",)).get(pk=parent.pk)
    last = Branch.objects.filter(parent=parent).aggregate(Max("pos_end"))["pos_end__max"]
    place = place_child(parent=(parent.pos, parent.pos_end), taken_until=last or parent.pos)
    if place is None:
        raise NoRoomInTree(name=parent.name)
    with taken("tenants_branch_code_key", code):
        branch = Branch.objects.create(
            code=code,
            name=name,
            pinyin=pinyin_of(name),
            level=level,
            parent=parent,
            pos=place[0],
            pos_end=place[1],
            zone=parent.zone,
        )
    note_branch(scope=scope, verb="tenants.branch.add", branch=branch, under=parent.name)
    return branch


def note_branch(*, scope: Scope, verb: str, branch: Branch, **detail: Any) -> None:
    """A deed on a branch, in that branch's own audit."""
    note(
        scope=scope,
        verb=verb,
        subject=ref("tenants.branch", branch.pk),
        subject_name=branch.name,
        branch_id=branch.pk,
        branch_pos=branch.pos,
        **detail,
    )


def add_tree(*, scope: Scope, rows: Sequence[Mapping[str, str]]) -> dict[str, Branch]:
    """Many branches at once, parents first: rows of code, name, level and parent (a code, "" for the root).

    For an empty bank or below branches without children; returns all by code.
    """
    scope.demand("tenants.branch.add")
    order = [row["code"] for row in rows]
    places = place_tree(parents={row["code"]: row["parent"] or None for row in rows}, order=order)
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
            )
            for row in some
        ]
        for branch in Branch.objects.bulk_create(batch, batch_size=1000):
            made[branch.code] = branch
    return made

"""Places in the tree: who may change them at a time, and how they are written."""

import time
from collections.abc import Iterable, Mapping

from django.db import OperationalError, connection, transaction

from campaigns.lib.refusals import Refusal
from campaigns.tenants.models import Branch
from campaigns.tenants.rules import Node, Settled
from campaigns.tenants.scopes import Scope
from campaigns.tenants.sql_tree import SCOPE_LOCK, TREE_LOCK
from campaigns.tenants.steps import run_steps

_PATIENCE = 5.0  # seconds that a change of the tree waits for another, or for requests under way
_PAUSE = 0.02


class TreeBusy(Refusal):
    code = "tenants.branch.tree_busy"
    status = 409
    zh = "机构树正在被其他操作修改，或有较长的任务正在进行。本次未作任何改动，请稍后重试。"
    en = "The tree is being changed by somebody else, or a long job is running. Nothing was changed: try again soon."


def lock_tree() -> None:
    """One change of the tree at a time, until the end of the transaction. Raises TreeBusy.

    Asked again and again rather than waited for: whoever changes the tree may be waiting for our scope to end.
    """
    until = time.monotonic() + _PATIENCE
    with connection.cursor() as cursor:
        while True:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [TREE_LOCK])
            if cursor.fetchone()[0]:
                return
            if time.monotonic() > until:
                raise TreeBusy
            time.sleep(_PAUSE)


def stop_scopes() -> None:
    """Wait until no other scope is open, and keep new ones waiting until the end of the transaction.

    Each try queues for half a second at most, so that nobody waits longer for us than that. Raises TreeBusy.
    """
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '500ms'")
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SCOPE_LOCK])
                cursor.execute("SET LOCAL lock_timeout = 0")
            return
        except OperationalError as error:
            if time.monotonic() > until:
                raise TreeBusy from error
            time.sleep(5 * _PAUSE)


def tree_within(*, scope: Scope) -> dict[int, Node]:
    """Today's places of the scope's branches, in tree order; the scope's own branch counts as the root."""
    rows = (
        Branch.objects.filter(pos__range=(scope.lo, scope.hi))
        .order_by("pos")
        .values_list("id", "parent_id", "pos", "pos_end", "filled_until")
    )
    found = {key: Node(parent, pos, end, filled) for key, parent, pos, end, filled in rows}
    return {key: node if node.parent in found else node._replace(parent=None) for key, node in found.items()}


def place_branches(
    *, scope: Scope, tree: Mapping[int, Node], parents: Mapping[int, int | None], settled: Settled
) -> dict[str, int]:
    """Write new places of branches that exist, with their parents, and let every room do its part.

    `tree` is as `tree_within` read it under `lock_tree`; new branches are made before, at the places that `settled`
    gives them. Rows of all rooms follow by their keys. Answers what the rooms' steps touched.
    """
    if settled.dealt_again:
        stop_scopes()
    ends: dict[int, int] = {}
    for key, parent in parents.items():
        if parent is not None:
            end = settled.places[key][1] if key in settled.places else tree[key].pos_end
            ends[parent] = max(end, ends.get(parent, 0))
    fresh = set(settled.places) | settled.dealt_again
    changed = []
    for key in parents:
        if key not in tree:
            continue
        pos, pos_end = settled.places.get(key, (tree[key].pos, tree[key].pos_end))
        filled = max(pos, ends.get(key, 0), 0 if key in fresh else tree[key].filled_until)
        parent = parents[key] if parents[key] is not None else tree[key].parent
        if Node(parent, pos, pos_end, filled) != tree[key]:
            changed.append((key, parent, pos, pos_end, filled, parent == tree[key].parent))
    _write(changed)
    return run_steps("move", scope=scope, places={k: p for k, p in settled.places.items() if k in tree})


def _write(changed: Iterable[tuple[int, int | None, int, int, int, bool]]) -> None:
    """One statement for all: unique positions and nesting are looked at when the transaction ends."""
    rows = list(changed)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE tenants_branch b
               SET pos = v.pos, pos_end = v.pos_end, filled_until = v.filled,
                   parent_id = CASE WHEN v.stays THEN b.parent_id ELSE v.parent END
              FROM unnest(%s::int[], %s::int[], %s::int[], %s::int[], %s::int[], %s::boolean[])
                   AS v (id, parent, pos, pos_end, filled, stays)
             WHERE b.id = v.id
            """,
            [list(column) for column in zip(*rows, strict=True)] if rows else [[]] * 6,
        )
        if cursor.rowcount != len(rows):
            raise TreeBusy


def settle_now() -> None:
    """Let the database look at the tree now, inside the caller's savepoint, instead of at commit."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")

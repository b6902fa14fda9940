"""An applied file taken back within a day: what it changed as it was, what it added gone or closed."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connection

from campaigns.lib.refs import ref
from campaigns.lib.refusals import Refusal
from campaigns.tenants.deeds import Deed, note_many
from campaigns.tenants.models import Branch, OrganisationFile
from campaigns.tenants.organisation.packing import unpack
from campaigns.tenants.organisation.progress import Progress, quiet
from campaigns.tenants.rules import Node, settle
from campaigns.tenants.scopes import Scope
from campaigns.tenants.services.organisation_files import MAY, note_file
from campaigns.tenants.services.organisation_trees import (
    UNDO_FOR,
    Facts,
    deed_of,
    demand_state,
    facts_of,
    finish,
    write_facts,
)
from campaigns.tenants.services.places import lock_tree, place_branches, settle_now, tree_within

_NAMED = 5  # branches named in a refusal


class UndoTooLate(Refusal):
    code = "tenants.organisation_file.undo_too_late"
    status = 409
    zh = "导入已超过一天，不能整体撤回。请在机构页面逐个调整，或导入一份新的文件。"
    en = "More than a day has passed: adjust the branches one by one, or load another file."


class TouchedSince(Refusal):
    """`zh_and` and `en_and` say how many more there are, or nothing."""

    code = "tenants.organisation_file.touched_since"
    status = 409
    zh = "这些机构在导入之后又有变动，不能撤回：{names}{zh_and}。请先处理它们，或逐个调整。"
    en = "These branches have changed since, so the file cannot be taken back: {names}{en_and}. Adjust them one by one."


def undo_file(
    *, scope: Scope, file_id: UUID | str, attempt: UUID | None = None, progress: Progress = quiet
) -> OrganisationFile:
    """Give the tree back as it was before the file. New branches on which something hangs stay, closed.

    Raises NotFound, FileSettled, UndoTooLate, TouchedSince with which branches, TreeBusy.
    """
    scope.demand(MAY)
    file = demand_state(scope=scope, file_id=file_id, state=OrganisationFile.State.APPLIED, attempt=attempt)
    if file.applied_at is None or file.applied_at + UNDO_FOR <= scope.at:
        raise UndoTooLate
    lock_tree()
    assert file.before is not None
    was = unpack(file.before)
    made: set[int] = set(was["made"])
    old = {row[0]: (_facts(row[:-1]), row[-1]) for row in was["rows"]}
    tree = tree_within(scope=scope)
    names = dict(Branch.objects.filter(pk__in=[*made, *old]).values_list("id", "name"))
    _demand_untouched(file, tree, made, old, names)
    parents = {key: node.parent for key, node in tree.items()}
    # The top of the scope has no parent in its own tree.
    parents |= {key: up for key, (_f, up) in old.items() if parents[key] is not None}
    _demand_sound(parents, made, old)
    progress("looking", 0, len(made))
    kept = _kept(made, parents)
    gone = made - kept
    parents = {key: up for key, up in parents.items() if key not in gone}
    now = facts_of(keys=[*old, *kept])
    place_branches(scope=scope, tree=tree, parents=parents, settled=settle(tree=tree, parents=parents))
    progress("giving back", len(old), len(old) + len(gone))
    restored = [facts for facts, _up in old.values() if facts != now[facts.id][0]]
    closed = [now[k][0]._replace(is_open=False, closed_at=scope.at) for k in kept if now[k][0].is_open]
    write_facts(rows=[*restored, *closed])
    _remove(gone)
    settle_now()
    _note(scope, file, old, names, kept, gone)
    finish(
        file=file,
        attempt=attempt,
        state=OrganisationFile.State.UNDONE,
        undone_at=scope.at,
        why_not={},
        counts={**file.counts, "restored": len(old), "removed": len(gone), "kept": len(kept)},
    )
    note_file(
        scope=scope,
        verb="tenants.organisationfile.undo",
        file=file,
        restored=len(old),
        removed=len(gone),
        kept=len(kept),
    )
    return file


def _facts(row: list[Any]) -> Facts:
    facts = Facts(*row)
    return facts._replace(closed_at=datetime.fromisoformat(facts.closed_at)) if facts.closed_at else facts


def _touched(names: Iterable[str]) -> TouchedSince:
    found = sorted(names)
    more = len(found) - _NAMED
    return TouchedSince(
        names="、".join(found[:_NAMED]),
        zh_and=f" 等 {len(found)} 个" if more > 0 else "",
        en_and=f" and {more} more" if more > 0 else "",
    )


def _demand_untouched(
    file: OrganisationFile,
    tree: Mapping[int, Node],
    made: Collection[int],
    old: Mapping[int, tuple[Facts, int | None]],
    names: Mapping[int, str],
) -> None:
    """No history of these branches since, and none has left the scope."""
    keys = [*made, *old]
    events = Branch.pgh_event_model.objects.filter(pgh_id__gt=file.last_event, pgh_obj_id__in=keys)  # type: ignore[attr-defined]
    since = set(events.values_list("pgh_obj_id", flat=True)) | {key for key in keys if key not in tree}
    if since:
        raise _touched(names.get(key) or (old[key][0].name if key in old else f"#{key}") for key in since)


def _demand_sound(
    parents: Mapping[int, int | None], made: Collection[int], old: Mapping[int, tuple[Facts, int | None]]
) -> None:
    """The tree to be given back must stand in what the others have become since."""
    wrong = {key for key, up in parents.items() if up in made and key not in made}
    ups = {up for _f, up in old.values() if up is not None and up not in old}
    shut = set(Branch.objects.filter(pk__in=ups, is_open=False).values_list("id", flat=True))
    wrong |= {key for key, (facts, up) in old.items() if facts.is_open and up in shut}
    shutting = {key for key, (facts, _up) in old.items() if not facts.is_open}
    opened = Branch.objects.filter(parent_id__in=shutting, is_open=True).exclude(pk__in=[*old, *made])
    wrong |= set(opened.values_list("id", flat=True))
    for key in old:
        seen: set[int] = set()
        at: int | None = key
        while at is not None and at not in seen:
            seen.add(at)
            at = parents.get(at)
        if at is not None:
            wrong.add(key)
    if wrong:
        raise _touched(Branch.objects.filter(pk__in=wrong).values_list("name", flat=True))


def _kept(made: Collection[int], parents: Mapping[int, int | None]) -> set[int]:
    """New branches that something hangs on, in any table of any room, and those above them."""
    if not made:
        return set()
    ids = list(made)
    heirs = Branch.objects.filter(successor_id__in=ids).exclude(pk__in=ids)
    kept = set(heirs.values_list("successor_id", flat=True))
    with connection.cursor() as cursor:
        for table, column in _columns_to_branches():
            cursor.execute(f"SELECT DISTINCT {column} FROM {table} WHERE {column} = ANY (%s)", [ids])  # noqa: S608 - names of our own models
            kept |= {key for (key,) in cursor.fetchall()}
    for key in list(kept):
        at = parents[key]
        while at is not None and at in made and at not in kept:
            kept.add(at)
            at = parents[at]
    return kept


def _columns_to_branches() -> list[tuple[str, str]]:
    """Every (table, column) that names a branch. The branches' own history outlives what it tells of."""
    tree = {Branch, Branch.pgh_event_model}  # type: ignore[attr-defined]
    return [
        (model._meta.db_table, str(field.column))
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if field.related_model is Branch and model not in tree and model._meta.managed
    ]


def _remove(gone: Collection[int]) -> None:
    """In one statement: Django would ask for the children of each, one room after the other."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM tenants_branch WHERE id = ANY (%s)", [list(gone)])


def _note(
    scope: Scope,
    file: OrganisationFile,
    old: Mapping[int, tuple[Facts, int | None]],
    names: Mapping[int, str],
    kept: Collection[int],
    gone: Collection[int],
) -> None:
    detail = {"undo": str(file.pk)}
    stand = Branch.objects.in_bulk([*old, *kept])
    deeds = [deed_of(branch=stand[key], verb="tenants.branch.change", **detail) for key in old]
    deeds += [deed_of(branch=stand[key], verb="tenants.branch.close", **detail) for key in kept]
    deeds += [
        Deed(
            "tenants.branch.delete",
            ref("tenants.branch", key),
            names[key],
            file.branch_id,
            file.branch_pos,
            detail,
        )
        for key in gone
    ]
    note_many(scope=scope, deeds=deeds)

"""Local versions: made of an original, following it, objecting to it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from campaigns.approvals.moves import lock, person_of, words_of
from campaigns.approvals.services.reviews import void_review
from campaigns.audit.services import record
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotFound
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import Scope
from content.blocks.writing import place_of, thaw_blocks
from content.editing_rules import demand_not_held
from content.handing_selectors import current_of, drift_of, objection_in_scope, original_in_view
from content.item_refusals import (
    IsLocalised,
    IsNoLocalVersion,
    ObjectionIsAnswered,
    ObjectionIsThere,
    OriginalHasNotChanged,
)
from content.localising import HEAD
from content.models import Item, Objection, Original
from content.selectors import item_in_scope
from content.services.items import change_item
from content.services.local_filling import keep_own
from content.services.local_news import lay_objection, tell_answer
from content.showing import window_values

Answer = Objection.Answer


def localise_item(*, scope: Scope, item_id: UUID, branch: Branch | None = None) -> Item:
    """A draft of a local version of what a branch above hands down (`item_id`), at the scope's branch, or at one below
    it. It follows the original in all parts until one is changed.

    Raises NotFound when nothing of it is open to that branch, IsLocalised when there is one already.
    """
    scope.demand("content.item.add")
    home = branch or Branch.objects.get(pk=scope.branch_id)
    current = current_of(scope=scope, item_id=item_id)
    if current is None or not current.branch.pos < home.pos <= current.branch.pos_end:
        raise NotFound
    if not scope.lo <= home.pos <= scope.hi:
        raise NotFound
    lock(scope, f"content.local:{home.pk}:{item_id}")
    if Item.objects.within(scope).filter(branch_id=home.pk, original_id=item_id).exists():
        raise IsLocalised
    window = window_values(current.payload)
    item = Item(
        branch_id=home.pk,
        branch_pos=home.pos,
        kind=current.payload["kind"],
        title=current.title,
        basis=current,
        original_id=current.item_id,
        author_id=scope.person_id,
        author_name=scope.facts.actor_name,
        changed_at=scope.at,
        **{**window, "shown_from": min(max(window["shown_from"], scope.at), window["shown_until"] - _BLINK)},
    )
    item.save(force_insert=True)
    _note(scope, item, "content.item.localise", number=current.number)
    return item


def follow_part(*, scope: Scope, item_id: UUID, part: str) -> Item:
    """Give up what the branch has of its own in one part: it is as in the original again. Raises as `change_item`."""
    item = _local(scope, item_id)
    assert item.basis is not None
    return change_item(scope=scope, item_id=item_id, **_as_original(item.basis, part))


def accept_original(*, scope: Scope, item_id: UUID) -> Item:
    """Let the draft follow the changed original; what is the branch's own stays, where it is still open.

    What is live stays as it was approved until this is approved. Raises NotFound, IsNoLocalVersion,
    OriginalHasNotChanged, IsBeingEdited.
    """
    scope.demand("content.item.change")
    item = _local(scope, item_id)
    drift = drift_of(scope=scope, item=item)
    if drift.current is None or not drift.is_behind:
        raise OriginalHasNotChanged
    void_review(scope=scope, subject=ref("content.item", item.pk))
    item = Item.objects.within(scope).select_for_update(of=("self",), no_key=True).get(pk=item.pk)
    demand_not_held(scope=scope, item_id=item.pk)
    before = list(item.own_parts)
    item.basis = drift.current
    still = {block["id"]: block for block in drift.current.payload.get("blocks", ())}
    item.blocks = [block for block in item.blocks if still.get(block["id"], {}).get("kind") == block["kind"]]
    places = {place_of(block, part) for block in item.blocks for part in block}
    item.own_parts = [part for part in item.own_parts if part in HEAD or part in places]
    keep_own(scope=scope, item=item, given={}, wrongs=None)
    item.blocks = [
        {
            key: value
            for key, value in block.items()
            if key in ("id", "kind") or place_of(block, key) in item.own_parts
        }
        for block in item.blocks
    ]
    item.author_id, item.author_name, item.changed_at = scope.person_id, scope.facts.actor_name, scope.at
    item.save(force_update=True)
    dropped = [part for part in before if part not in item.own_parts]
    _note(scope, item, "content.item.accept_original", number=drift.current.number, dropped=dropped)
    return item


def object_to_original(*, scope: Scope, item_id: UUID, words: str) -> Objection:
    """Say why a local version does not follow the changed original; whoever handed it down answers.

    Raises NotFound, IsNoLocalVersion, OriginalHasNotChanged, ObjectionIsThere, WordsAreMissing.
    """
    scope.demand("content.item.change")
    words = words_of(words)
    item = _local(scope, item_id)
    lock(scope, ref("content.item", item.pk))
    drift = drift_of(scope=scope, item=item)
    if drift.current is None or not drift.is_behind:
        raise OriginalHasNotChanged
    if drift.objection is not None:
        raise ObjectionIsThere
    objection: Objection = Objection.objects.create(
        branch_id=item.branch_id,
        branch_pos=item.branch_pos,
        item=item,
        original=drift.current,
        words=words.strip()[:500],
        person_id=person_of(scope),
        person_name=scope.facts.actor_name,
        at=scope.at,
    )
    lay_objection(scope=scope, objection=objection)
    _note(scope, item, "content.item.object", words=objection.words, number=drift.current.number)
    return objection


def answer_objection(*, scope: Scope, objection_id: UUID, agrees: bool, words: str) -> Objection:
    """Let a branch stay with what it has, or not, in words. For the branch that handed the original down.

    Raises NotFound, ObjectionIsAnswered, WordsAreMissing.
    """
    scope.demand("content.item.hand_down")
    words = words_of(words)
    objection = objection_in_scope(scope=scope, objection_id=objection_id)
    original = objection.original
    # Only who could have handed it down: a branch does not agree with itself.
    if not scope.lo <= original.branch_pos <= scope.hi:
        raise NotFound
    answered = (
        Objection.objects.within(scope)
        .filter(pk=objection.pk, answer="")
        .update(
            answer=Answer.AGREED if agrees else Answer.DECLINED,
            answer_words=words.strip()[:500],
            answered_by=scope.facts.actor_name,
            answered_at=scope.at,
        )
    )
    if not answered:
        raise ObjectionIsAnswered
    objection.refresh_from_db()
    tell_answer(scope=scope, objection=objection)
    _note(
        scope,
        objection.item,
        "content.item.answer_objection",
        answer=objection.answer,
        words=objection.answer_words,
    )
    return objection


def restore_local(*, scope: Scope, item_id: UUID, payload: Mapping[str, Any]) -> None:
    """Bring a local version's draft back to what was frozen of its own. Its original stays the one of today, as far as
    the branch accepted it. Raises as `change_item`, and NotFound when the draft is no local version.
    """
    item = _local(scope, item_id)
    assert item.basis is not None
    handed = payload["handed"]
    own = [part for part in handed["own"] if part in item.basis.open_parts]
    given: dict[str, Any] = {}
    for part in HEAD:
        if part in item.basis.open_parts:
            given |= _given(payload, part) if part in own else _as_original(item.basis, part)
    frozen = {block["id"]: block for block in thaw_blocks(payload.get("blocks", ()))}
    blocks = []
    for block in thaw_blocks(item.basis.payload.get("blocks", ())):
        mine = {"id": block["id"], "kind": block["kind"]}
        for part in block:
            if place_of(block, part) in item.basis.open_parts:
                is_own = place_of(block, part) in own
                mine[part] = (
                    frozen.get(block["id"], block)[part] if is_own else _following(item.basis, block, part)
                )
        blocks.append(mine)
    change_item(scope=scope, item_id=item_id, **given, blocks=blocks, **window_values(payload))


_BLINK = timedelta(seconds=1)


def _following(basis: Original, block: Mapping[str, Any], part: str) -> Any:
    """What says of a block's part that it is as in the original: what is there, but for things of the library."""
    frozen = next(each for each in basis.payload["blocks"] if each["id"] == block["id"])
    return "" if isinstance(frozen.get(part), Mapping) else block[part]


def _as_original(basis: Original, part: str) -> dict[str, Any]:
    """What `change_item` is given so that a part follows the original."""
    if part == "picture":
        return {"asset_id": None}
    if part == "batch_id":
        return {"batch_id": None}
    if part in HEAD:
        return {part: basis.payload[part]}
    for block in thaw_blocks(basis.payload.get("blocks", ())):
        for name in block:
            if place_of(block, name) == part:
                return {
                    "blocks": [
                        {"id": block["id"], "kind": block["kind"], name: _following(basis, block, name)}
                    ]
                }
    return {}


def _given(payload: Mapping[str, Any], part: str) -> dict[str, Any]:
    value = payload.get(part)
    if part == "picture":
        return {"asset_id": UUID(value["asset"]) if value else None}
    if part == "batch_id":
        return {"batch_id": UUID(value) if value else None}
    return {part: value or ""}


def _local(scope: Scope, item_id: UUID) -> Item:
    item = item_in_scope(scope=scope, item_id=item_id)
    if item.basis_id is None:
        raise IsNoLocalVersion
    original_in_view(scope=scope, original_id=item.basis_id)
    return item


def _note(scope: Scope, item: Item, verb: str, **detail: Any) -> None:
    record(
        scope=scope,
        verb=verb,
        subject=ref("content.item", item.pk),
        subject_name=item.title,
        branch_id=item.branch_id,
        branch_pos=item.branch_pos,
        **detail,
    )

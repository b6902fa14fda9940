"""Local versions of many branches at once, as long jobs: each branch by itself, one refusal stops no other."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any
from uuid import UUID

from campaigns.jobs.long_models import Job, JobItem
from campaigns.jobs.services.long import Asked, ask_many
from campaigns.lib.refs import read_ref, ref
from campaigns.lib.refusals import NotFound
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import Scope
from campaigns.tenants.selectors import branches_within
from content.blocks.parts import Link, RichText, Words
from content.blocks.writing import place_of
from content.handing_selectors import current_of, drift_of, local_versions
from content.item_refusals import OriginalHasNotChanged
from content.localising import HEAD, block_parts, parts_of
from content.models import Item, Original
from content.selectors import item_in_scope
from content.services.items import change_item, submit_item
from content.services.localising import accept_original, localise_item

LOCALISE, FOLLOW = "content.localise", "content.follow"
VERB = "content.item.hand_down"
# What stands in a text for what differs from branch to branch.
NAME, CODE = "{机构名称}", "{机构代码}"


def text_parts(*, original: Original) -> list[tuple[str, str]]:
    """The open parts that are words, with their names: what can be filled in for many branches at once."""
    names = dict(parts_of(original.payload["kind"], original.payload.get("blocks", ())))
    words: list[str] = [part for part in ("title", "summary", "link", "body") if part in names]
    for _number, block, kind in block_parts(original.payload.get("blocks", ())):
        words += [
            place_of(block, part.code) for part in kind.parts if isinstance(part, Words | Link | RichText)
        ]
    return [(part, names[part]) for part in words if part in original.open_parts]


def filled_in(*, branch: Branch, texts: Mapping[str, str]) -> dict[str, str]:
    """These texts for one branch."""
    return {
        part: text.replace(NAME, branch.name).replace(CODE, branch.code)
        for part, text in texts.items()
        if text
    }


def ask_local_versions(
    *,
    scope: Scope,
    item_id: UUID,
    branches: Sequence[Branch],
    texts: Mapping[str, str],
    own_texts: Mapping[str, Mapping[str, str]],
    submits: bool,
) -> Job:
    """Have local versions made for these branches of what was handed down: `texts` for all of them (part -> text, NAME
    and CODE filled in), `own_texts` by the branch's code before those. With `submits` each is put in review.

    Raises NotFound, NotAllowed, NothingChosen, TooManyChosen.
    """
    scope.demand(VERB)
    original = current_of(scope=scope, item_id=item_id)
    if original is None:
        raise NotFound
    return ask_many(
        scope=scope,
        kind=LOCALISE,
        items=[
            Asked(
                ref("tenants.branch", branch.pk),
                branch.name,
                {"texts": {**filled_in(branch=branch, texts=texts), **own_texts.get(branch.code, {})}},
            )
            for branch in branches
        ],
        args={"item": str(item_id), "submits": submits},
        title=original.title,
    )


def localise_one(*, scope: Scope, item: JobItem, args: Mapping[str, Any]) -> None:
    """One branch's: made where there is none yet, filled in, and put in review. Raises as those services do."""
    original_id, branch_id = UUID(args["item"]), int(read_ref(item.subject).id)
    branch = branches_within(scope=scope).filter(pk=branch_id).first()
    if branch is None:
        raise NotFound
    mine: Item | None = local_versions(scope=scope, item_id=original_id).filter(branch=branch).first()
    if mine is None:
        mine = localise_item(scope=scope, item_id=original_id, branch=branch)
    _change(scope, mine, item.args["texts"])
    if args["submits"]:
        submit_item(scope=scope, item_id=mine.pk)


def _change(scope: Scope, mine: Item, texts: Mapping[str, str]) -> None:
    assert mine.basis is not None
    changes: dict[str, Any] = {
        part: _html(text) if part == "body" else text for part, text in texts.items() if part in HEAD
    }
    blocks: dict[str, dict[str, Any]] = {}
    for _number, block, kind in block_parts(mine.basis.payload.get("blocks", ())):
        for part in kind.parts:
            text = texts.get(place_of(block, part.code))
            if text is not None:
                sent = blocks.setdefault(block["id"], {"id": block["id"], "kind": kind.code})
                sent[part.code] = _html(text) if isinstance(part, RichText) else text
    if blocks:
        changes["blocks"] = list(blocks.values())
    change_item(scope=scope, item_id=mine.pk, **changes)


def _html(text: str) -> str:
    return "".join(f"<p>{escape(line)}</p>" for line in text.splitlines() if line.strip())


def ask_to_follow(*, scope: Scope, item_id: UUID) -> Job:
    """Have every local version that is behind its changed original, and to which nobody objected, follow it and put in
    review; what is the branches' own stays. Raises NotFound, NotAllowed, OriginalHasNotChanged when there is none.
    """
    scope.demand(VERB)
    current = current_of(scope=scope, item_id=item_id)
    if current is None:
        raise NotFound
    behind = (
        local_versions(scope=scope, item_id=item_id)
        .exclude(basis=current)
        .exclude(objections__original=current)
    )
    items = [Asked(ref("content.item", row.pk), row.branch.name) for row in behind]
    if not items:
        raise OriginalHasNotChanged
    return ask_many(scope=scope, kind=FOLLOW, items=items, title=current.title)


def follow_one(*, scope: Scope, item: JobItem, args: Mapping[str, Any]) -> None:
    """One of them. Raises as `accept_original` and `submit_item`."""
    mine = item_in_scope(scope=scope, item_id=UUID(read_ref(item.subject).id))
    if drift_of(scope=scope, item=mine).is_behind:
        accept_original(scope=scope, item_id=mine.pk)
    submit_item(scope=scope, item_id=mine.pk)

"""What can be approved. Upper rooms register their kinds in `apps.py`; this room never names them.

register(Kind(code="content.item", label=_("Content item"), freeze=..., go_live=..., take_down=..., describe=...))
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from campaigns.lib.refs import read_ref
from campaigns.lib.refusals import NotFound
from campaigns.tenants.scopes import Scope

if TYPE_CHECKING:
    from campaigns.approvals.models import Revision
    from campaigns.tenants.models import TenantModel


@dataclass(frozen=True, slots=True)
class Frozen:
    """A draft at the moment of submission.

    `payload` is the whole closure as JSON (orjson's types: UUIDs and moments become text), with the SHA-256 of
    every file it shows. `branch_id` and `branch_pos` are the thing's. `missing` says in the reader's language
    what must still be filled in; nothing can be submitted while it says something.
    """

    title: str
    payload: Mapping[str, Any]
    branch_id: int
    branch_pos: int
    missing: list[str] = field(default_factory=list)
    refers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a policy asks of a payload. `product_class`: a code, empty for none; `reward_fen`: what it may give away
    in all, in fen; `audience`: how many customers can see or receive it.
    """

    product_class: str = ""
    reward_fen: int = 0
    audience: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """One fact of a payload as the reviewer reads it. `key` is stable, so that two revisions can be compared.

    `picture` is an address to show instead of `value`; then `value` is what tells two pictures apart.
    """

    key: str
    label: str
    value: str
    picture: str = ""


@dataclass(frozen=True, slots=True)
class Description:
    """A payload as people see it: the phone (a template and what it is given) and the facts line by line.

    `styles` are static files that the template needs beside the phone's own.
    """

    template: str
    context: Mapping[str, Any]
    lines: list[Line]
    styles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Copies:
    """Where the published copies lie: `model` has a `published(...)` table (campaigns/approvals/walls.py) with
    revision_id, sha256, shown_until and handed_down, one row for each thing; `column` is the thing's id
    ("item_id"), `campaign` the column with its campaign's id, empty where there is none.
    """

    model: "type[TenantModel]"
    column: str
    campaign: str = ""

    def differing(self, scope: Scope, revision: "Revision", promised: Mapping[str, Any]) -> list[str]:
        """Columns of the thing's published copy that are not as promised; ["copy"] when there is none."""
        rows = self.model.objects.within(scope)
        live = rows.filter(**{self.column: UUID(read_ref(revision.subject).id)}).first()
        if live is None:
            return ["copy"]
        wanted = {**promised, "revision_id": revision.pk, "sha256": revision.sha256}
        return [name for name, value in wanted.items() if getattr(live, name) != value]


@dataclass(frozen=True, slots=True)
class Picture:
    """A small picture of a payload for its evidence sheet. `key` is that of its `Line`; `sha256` as it is frozen.

    `body` is empty when the file is gone.
    """

    key: str
    sha256: str
    content_type: str
    body: bytes


@dataclass(frozen=True)
class Kind:
    """One kind of approvable thing. `code` is that of its references, "room.noun".

    The verbs `<code>.submit` and `<code>.take_down` are the rights to do so.
    * `freeze(scope, subject_id)` -> Frozen; raises NotFound for a foreign and an absent draft alike.
    * `go_live(scope, revision)` writes the published copy from `revision.payload`, with `revision.pk`
      and `revision.sha256`; the revision is approved already, in the same transaction.
    * `take_down(scope, subject_id)` removes the published copy.
    * `describe(scope, payload)` -> Description, of a submitted or a live payload.
    * `facts(scope, frozen)` -> Facts, for the policies; nothing special when it is left out.
    * `restore(scope, subject_id, payload)` writes an older payload back into the draft, through the thing's own
      service and its rights. Without it there is no way back but by hand.
    * `window(payload)` -> (from, until): when it is shown, UTC, the end exclusive; None for what has no window.
    * `differences(scope, revision)` -> what of the published copy is not as in `revision.payload`, by name of
      column or file; empty when all agrees.
    * `copies`: the table of the published copies. Without it there is nothing to verify nor to stop.
    * `campaign(payload)` -> the id of the campaign it belongs to, None for none.
    * `pictures(scope, payload)` -> small pictures for the evidence sheet, whole and not cropped.
    """

    code: str
    label: Any
    freeze: Callable[[Scope, UUID], Frozen]
    go_live: Callable[[Scope, "Revision"], None]
    take_down: Callable[[Scope, UUID], None]
    describe: Callable[[Scope, Mapping[str, Any]], Description]
    facts: Callable[[Scope, Frozen], Facts] = lambda scope, frozen: Facts()
    restore: Callable[[Scope, UUID, Mapping[str, Any]], None] | None = None
    window: Callable[[Mapping[str, Any]], tuple[datetime, datetime]] | None = None
    differences: Callable[[Scope, "Revision"], list[str]] | None = None
    copies: Copies | None = None
    campaign: Callable[[Mapping[str, Any]], UUID | None] = lambda payload: None
    pictures: Callable[[Scope, Mapping[str, Any]], list[Picture]] | None = None


_KINDS: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Make `kind` approvable. Called once per kind from the `ready()` of the room that owns it."""
    if kind.code in _KINDS and _KINDS[kind.code] is not kind:
        raise ValueError(f"{kind.code} is registered already")
    _KINDS[kind.code] = kind


def kind_of(code: str) -> Kind:
    """The kind of this code; raises NotFound for one that nobody registered."""
    try:
        return _KINDS[code]
    except KeyError:
        raise NotFound from None


def kinds() -> list[Kind]:
    """All of them, by code."""
    return [_KINDS[code] for code in sorted(_KINDS)]

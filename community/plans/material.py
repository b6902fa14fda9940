"""What a post carries beside its text: content, files of the library, a coupon batch; and whether it may go out now.

Content and batches have reviews of their own, so what is live of them when a post goes out is what it carries. A file
of the library has none: it goes out as it was when the plan was approved, or not at all.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Q

from campaigns.approvals.selectors import hash_in_view
from campaigns.lib.refs import ref
from campaigns.rewards.models import LiveBatch
from campaigns.tenants.scopes import Scope
from community.plans.cards import Card
from content.addresses import staff_addresses
from content.asset_payloads import asset_payload
from content.models import Asset, LiveItem

# Where the mini-program shows them.
PAGES = {"item": "/pages/content?id={id}", "batch": "/pages/batch?id={id}"}


def frozen_material(*, scope: Scope, cards: Sequence[Card]) -> dict[UUID, list[dict[str, Any]]]:
    """By card: its material as it is frozen. A piece that is out of sight has no title, and is told of by `lacking`."""
    items, assets, batches = _named(cards)
    live_items = {
        row.item_id: row for row in LiveItem.objects.visible(scope).filter(item_id__in=items).defer("blocks")
    }
    files = {row.pk: row for row in Asset.objects.within(scope).filter(pk__in=assets).select_related("cover")}
    live_batches = {
        row.batch_id: row for row in LiveBatch.objects.visible(scope).filter(batch_id__in=batches)
    }
    packed = {key: _frozen_asset(scope, asset) for key, asset in files.items()}
    found: dict[UUID, list[dict[str, Any]]] = {}
    for card in cards:
        pieces: list[dict[str, Any]] = []
        for key in card.items:
            item = live_items.get(key)
            pieces.append(
                {
                    "kind": "item",
                    "id": str(key),
                    "title": item.title if item else "",
                    "sha256": item.sha256 if item else "",
                    "picture": item.picture if item else None,
                    "form": item.kind if item else "",
                }
            )
        pieces += [packed.get(key) or _no_file(key) for key in card.assets]
        if card.batch_id:
            batch = live_batches.get(card.batch_id)
            pieces.append(
                {
                    "kind": "batch",
                    "id": str(card.batch_id),
                    "title": batch.title if batch else "",
                    "sha256": batch.sha256 if batch else "",
                }
            )
        found[card.id] = pieces
    return found


def refers_to(*, scope: Scope, cards: Sequence[Card]) -> dict[str, str]:
    """What the cards show that is approved by itself, by reference, with the hash that a reader would see now."""
    items, _assets, batches = _named(cards)
    seen: dict[str, str] = {}
    for noun, model, key, wanted in (
        ("content.item", LiveItem, "item_id", items),
        ("rewards.batch", LiveBatch, "batch_id", batches),
    ):
        handed = dict(
            model.objects.visible(scope).filter(**{f"{key}__in": wanted}).values_list(key, "sha256")
        )
        for each in sorted(wanted, key=str):
            subject = ref(noun, each)
            seen[subject] = hash_in_view(scope=scope, subject=subject) or handed.get(each, "")
    return seen


def _named(cards: Iterable[Card]) -> tuple[set[UUID], set[UUID], set[UUID]]:
    items = {key for card in cards for key in card.items}
    assets = {key for card in cards for key in card.assets}
    return items, assets, {card.batch_id for card in cards if card.batch_id}


def _frozen_asset(scope: Scope, asset: Asset) -> dict[str, Any]:
    packed = asset_payload(scope=scope, asset=asset)
    return {**packed, "kind": "asset", "form": asset.kind, "title": asset.name}


def _no_file(key: UUID) -> dict[str, Any]:
    return {"kind": "asset", "id": str(key), "asset": str(key), "title": "", "sha256": "", "form": ""}


@dataclass(frozen=True, slots=True)
class Standing:
    """What of all material that some posts name may go out at a moment, and to which branches."""

    # id -> (branch of the copy, whether it is handed down)
    items: Mapping[UUID, Sequence[tuple[int, bool]]] = field(default_factory=dict)
    batches: Mapping[UUID, Sequence[tuple[int, bool]]] = field(default_factory=dict)
    # id -> sha256 of what lies in the library now
    assets: Mapping[UUID, str] = field(default_factory=dict)

    def lacks(self, pieces: Sequence[Mapping[str, Any]], *, line: Sequence[int]) -> bool:
        """Is there a piece that must not go out to the branch whose `line` (nearest first) this is?"""
        for piece in pieces:
            key = UUID(piece["id"])
            if piece["kind"] == "asset":
                if not piece["sha256"] or self.assets.get(key) != piece["sha256"]:
                    return True
                continue
            copies = (self.items if piece["kind"] == "item" else self.batches).get(key, ())
            if not any(branch == line[0] or (down and branch in line) for branch, down in copies):
                return True
        return False


def standing_of_material(*, scope: Scope, pieces: Iterable[Mapping[str, Any]]) -> Standing:
    """How does this material stand at the scope's moment? Three queries at most; asked in the system's scope."""
    wanted: dict[str, set[UUID]] = {"item": set(), "asset": set(), "batch": set()}
    for piece in pieces:
        wanted[piece["kind"]].add(UUID(piece["id"]))
    shown = Q(shown_from__lte=scope.at, shown_until__gt=scope.at)
    return Standing(
        items=_places(LiveItem.objects.visible(scope).filter(shown, item_id__in=wanted["item"]), "item_id"),
        batches=_places(
            LiveBatch.objects.visible(scope).filter(batch_id__in=wanted["batch"], claim_until__gt=scope.at),
            "batch_id",
        ),
        assets=dict(
            Asset.objects.within(scope)
            .filter(pk__in=wanted["asset"], retired_at=None)
            .exclude(rights_until__lte=scope.at)
            .exclude(rights_from__gt=scope.at)
            .values_list("pk", "sha256")
        ),
    )


def _places(rows: Any, key: str) -> dict[UUID, list[tuple[int, bool]]]:
    found: dict[UUID, list[tuple[int, bool]]] = {}
    for thing, branch, down in rows.values_list(key, "branch_id", "handed_down"):
        found.setdefault(thing, []).append((branch, down))
    return found


def as_sent(pieces: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Material as a post keeps it: what it is, its name, and where the mini-program shows it."""
    return [
        {
            "kind": piece["kind"],
            "id": piece["id"],
            "title": piece["title"],
            "form": piece.get("form", ""),
            "page": PAGES[piece["kind"]].format(id=piece["id"]) if piece["kind"] in PAGES else "",
            "renditions": piece.get("renditions") or (piece.get("picture") or {}).get("renditions") or [],
        }
        for piece in pieces
    ]


def files_for_staff(piece: Mapping[str, Any], scope: Scope) -> dict[str, str]:
    """Name of a rendition -> address, for who is logged in; of a piece as a post keeps it."""
    item_id = UUID(piece["id"]) if piece["kind"] == "item" else None
    return staff_addresses(scope=scope, picture=piece, item_id=item_id)

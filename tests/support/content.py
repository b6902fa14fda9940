"""Builders of content, through the services."""

import io
from datetime import datetime, timedelta
from typing import Any

from PIL import Image

from campaigns.approvals.models import Decision, Revision, Seat
from campaigns.approvals.services.reviews import approve_revision
from campaigns.lib.clock import FOREVER
from campaigns.tenants.scopes import Scope
from content.models import Asset, Item, Placement, Slot
from content.services.assets import add_asset
from content.services.items import add_item, submit_item
from content.services.placements import add_placement, submit_placement
from tests.support.cast import AT, Player

FROM = AT - timedelta(days=1)


def png(colour: tuple[int, int, int] = (200, 40, 40), size: tuple[int, int] = (90, 60)) -> bytes:
    """A plain picture of one colour."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return out.getvalue()


def make_asset(scope: Scope, name: str = "朝霞", colour: tuple[int, int, int] = (200, 40, 40)) -> Asset:
    """A picture with a description; the first of its name and colour in the branch, or that one again."""
    there = Asset.objects.filter(branch_id=scope.branch_id, name=name).first()
    return there or add_asset(scope=scope, raw=png(colour), name=name, alt="山上的朝霞")


def make_item(scope: Scope, title: str = "春节存款", **more: Any) -> Item:
    """A draft poster that lacks nothing."""
    asset_id = more.pop("asset_id", None) or make_asset(scope).pk
    values: dict[str, Any] = {
        "summary": "三年期利率上浮",
        "body": "<p>到<strong>网点</strong>办理。</p>",
        "asset_id": asset_id,
        "shown_from": FROM,
    }
    return add_item(scope=scope, title=title, **(values | more))


def submitted_item(maker: Player, title: str = "春节存款", at: datetime = AT, **more: Any) -> Revision:
    """A poster in review, made by `maker`."""
    with maker.scope(at=at) as scope:
        return submit_item(scope=scope, item_id=make_item(scope, title, **more).pk)


def signature(revision: Revision, person_id: Any, **more: Any) -> Decision:
    """An approval of the open step that nobody checked, not saved."""
    seat = Seat.objects.filter(revision_id=revision.pk, is_open=True).first()
    return Decision(
        **{
            "branch_id": revision.branch_id,
            "branch_pos": revision.branch_pos,
            "revision_id": revision.pk,
            "step_id": seat.step_id if seat else None,
            "seat_id": seat.pk if seat else None,
            "round": revision.round,
            "person_id": person_id,
            "person_name": "x",
            "verdict": "approve",
            "sha256": revision.sha256,
            "at": AT,
        }
        | more
    )


def approve(checker: Player, revision: Revision, at: datetime = AT) -> Revision:
    """Approve what was submitted, as `checker`."""
    with checker.scope(at=at) as scope:
        return approve_revision(scope=scope, revision_id=revision.pk, sha256=revision.sha256)


def live_poster(
    maker: Player,
    checker: Player,
    title: str = "春节存款",
    *,
    slot: str = Slot.HOME_FEED,
    priority: int = 0,
    handed_down: bool = False,
    shown_until: datetime = FOREVER,
    **more: Any,
) -> tuple[Item, Placement]:
    """A poster that customers see on their home page: item and placement, both approved by `checker`."""
    with maker.scope() as scope:
        item = make_item(scope, title, handed_down=handed_down, **more)
        placement = add_placement(
            scope=scope,
            slot=slot,
            item_id=item.pk,
            shown_from=FROM,
            shown_until=shown_until,
            priority=priority,
            handed_down=handed_down,
        )
        revisions = [
            submit_item(scope=scope, item_id=item.pk),
            submit_placement(scope=scope, placement_id=placement.pk),
        ]
    for revision in revisions:
        approve(checker, revision)
    return item, placement

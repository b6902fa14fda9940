"""What head office hands down in the demo bank, a branch's version of it, and a week of what customers met."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from campaigns.events.rules import Told, first_id_at
from campaigns.events.services.events import write_rows
from campaigns.lib.ids import new_id
from campaigns.lib.refs import ref
from campaigns.tenants.scopes import system_scope
from config.demo import pictures
from content.item_kinds import ItemKind
from content.models import LiveItem, Slot
from content.services.assets import add_asset
from content.services.items import add_item, change_item, submit_item
from content.services.localising import localise_item
from content.services.placements import add_placement, submit_placement

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from config.demo.story import DemoBank

OPEN = ["title", "summary", "picture"]


def hand_down(demo: DemoBank) -> None:
    """A poster whose title, summary and picture branches may change; the branch at the lake has done so."""
    with demo.act("editor", days_ago=5) as scope:
        picture = add_asset(
            scope=scope, raw=pictures.lake((1200, 560)), name="理财课堂", alt="平静的湖面", tags=["课堂"]
        )
        item = add_item(
            scope=scope,
            kind=ItemKind.POSTER,
            title="理财课堂走进社区",
            summary="每周六上午，听客户经理讲家庭理财。",
            body="<p>内容：存款、国债与风险提示。</p><p>时间地点以各支行公布为准。</p>",
            asset_id=picture.pk,
            shown_from=demo.days_ago(4.9),
            handed_down=True,
            open_parts=OPEN,
        )
        place = add_placement(
            scope=scope,
            slot=Slot.HOME_FEED,
            item_id=item.pk,
            shown_from=demo.days_ago(4.9),
            handed_down=True,
        )
        revisions = [
            submit_item(scope=scope, item_id=item.pk),
            submit_placement(scope=scope, placement_id=place.pk),
        ]
    for revision in revisions:
        demo.approve("reviewer", revision, days_ago=4.8)
    with demo.act("xihu.editor", days_ago=4) as scope:
        own = localise_item(scope=scope, item_id=item.pk)
        change_item(
            scope=scope,
            item_id=own.pk,
            title="理财课堂 · 西湖支行专场",
            summary="周六上午十点，二楼客户活动室，限二十席。",
        )
        revision = submit_item(scope=scope, item_id=own.pk)
    demo.approve("xihu.manager", revision, days_ago=3.8)


def meet_content(demo: DemoBank) -> None:
    """Every customer opened the mini-program on some days of the week, saw what was there and tapped some of it."""
    with system_scope(at=demo.at, cause="load_demo") as scope:
        items = list(LiveItem.objects.within(scope).filter(shown_from__lt=demo.at).order_by("item_id"))
        people = [(code, customer) for code, some in demo.customers.items() for customer in some]
        rows = [
            (str(customer_id), told)
            for number, (code, customer_id) in enumerate(people)
            for place, item in enumerate(items)
            if item.handed_down or item.branch_id == demo.branches[code].pk
            for told in _met(demo, number, place, item.item_id, item.shown_from)
        ]
        for first in range(0, len(rows), 500):
            write_rows(rows=rows[first : first + 500], source="phone", at=demo.at)


def _met(demo: DemoBank, number: int, place: int, item_id: UUID, since: datetime) -> list[Told]:
    """The same each time: who comes when follows from numbers, and not from chance."""
    told = []
    for day in range(7):
        at = demo.days_ago(6.5 - day) + timedelta(minutes=7 * number % 400)
        if (number + day) % 3 or at < since or at >= demo.at:
            continue
        told.append(_told("content.exposed", at, item_id, {"place": "home", "seconds": 3}))
        if (number * 5 + day * 3 + place * 7) % (4 + place) == 0:
            told.append(
                _told(
                    "content.clicked", at + timedelta(seconds=4), item_id, {"place": "home", "target": "item"}
                )
            )
    return told


def _told(kind: str, at: datetime, item_id: UUID, properties: dict[str, object]) -> Told:
    low = first_id_at(at).int
    key = type(item_id)(int=low | new_id().int & ((1 << 80) - 1))
    return Told(
        id=str(key),
        kind=kind,
        at=at,
        told_at=None,
        subject=ref("content.item", item_id),
        properties=properties,
    )

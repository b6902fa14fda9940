"""Content of the demo bank beside its posters: categories, a landing page of blocks, a product card."""

from __future__ import annotations

from typing import TYPE_CHECKING

from config.demo import pictures
from content.item_kinds import ItemKind
from content.models import Slot
from content.services.assets import add_asset, move_asset
from content.services.categories import add_category
from content.services.folders import add_folder
from content.services.items import add_item, submit_item
from content.services.placements import add_placement, submit_placement

if TYPE_CHECKING:
    from typing import Any
    from uuid import UUID

    from config.demo.story import DemoBank

_CATEGORIES = [
    ("saving", "储蓄存款", "Savings", ""),
    ("time", "定期存款", "Time deposits", "saving"),
    ("wealth", "理财产品", "Wealth products", ""),
    ("benefits", "权益活动", "Benefits", ""),
    ("safety", "金融安全", "Safety", ""),
]


def publish_contents(demo: DemoBank, batch_id: UUID) -> None:
    """A page and a product card that customers see, sorted into categories, with a folder of pictures."""
    with demo.act("admin", days_ago=7.4) as scope:
        for place, (code, name, name_en, parent) in enumerate(_CATEGORIES, start=1):
            add_category(
                scope=scope, code=code, name=name, name_en=name_en, parent_code=parent, place=place * 10
            )
    with demo.act("editor", days_ago=7) as scope:
        folder = add_folder(scope=scope, name="岁末存款季")
        picture = add_asset(
            scope=scope, raw=pictures.spring((1200, 540)), name="存款季主视觉", alt="晨光里的山丘，天色由暗转明",
            folder_id=folder.pk, tags=["存款", "主视觉"],
        )  # fmt: skip
        card = add_asset(
            scope=scope, raw=pictures.coins((900, 900)), name="稳健理财", alt="由低到高的一排硬币",
            folder_id=folder.pk, tags=["理财"],
        )  # fmt: skip
        move_asset(scope=scope, asset_id=picture.pk, folder_id=folder.pk, tags=["岁末"])
    page = _page(demo, batch_id, picture.pk)
    _live(demo, kind=ItemKind.PAGE, slot=Slot.HOME_BANNER, **page)
    _live(
        demo,
        kind=ItemKind.PRODUCT,
        slot=Slot.HOME_FEED,
        title="安稳盈 90 天",
        summary="九十天持有，到期可续。",
        asset_id=card.pk,
        body="<p>适合有一笔三个月内不用的资金、希望波动较小的客户。</p><p>购买前请完成风险承受能力评估。</p>",
        product_class="wealth",
        product_code="FH2026A90",
        risk_level="R2",
        disclosure="理财非存款，产品有风险，投资须谨慎。过往业绩不代表未来表现。风险等级 R2（中低风险）。",
        category_code="wealth",
    )


def _page(demo: DemoBank, batch_id: UUID, picture_id: UUID) -> dict[str, Any]:
    until = demo.days_ago(-40).isoformat()
    return {
        "title": "岁末存款季",
        "summary": "三件事，把一年的积蓄安排好。",
        "asset_id": picture_id,
        "product_class": "deposit",
        "category_code": "saving",
        "blocks": [
            {
                "id": "pic1",
                "kind": "picture",
                "picture": str(picture_id),
                "caption": "即日起至年末",
                "link": "",
            },
            {
                "id": "txt1",
                "kind": "text",
                "text": "<h2>怎么参加</h2><ol><li>到任一网点或在手机银行办理三年期存款</li>"
                "<li>在本页领取购物满减券</li><li>到店出示券码</li></ol>",
            },
            {"id": "cpn1", "kind": "coupon", "batch": str(batch_id), "words": "办理存款，先领一张券"},
            {
                "id": "cnt1",
                "kind": "countdown",
                "words": "距活动结束",
                "until": until,
                "after": "活动已经结束",
            },
            {"id": "txt2", "kind": "text", "text": "<p>存款利率以办理当日公布为准。</p>"},
        ],
    }


def _live(demo: DemoBank, *, slot: str, title: str, **more: Any) -> None:
    """Made by the editor with its place, approved by the reviewer."""
    with demo.act("editor", days_ago=6.8) as scope:
        item = add_item(scope=scope, title=title, shown_from=demo.days_ago(6.5), handed_down=True, **more)
        placement = add_placement(
            scope=scope, slot=slot, item_id=item.pk, shown_from=demo.days_ago(6.5), handed_down=True
        )
        revisions = [
            submit_item(scope=scope, item_id=item.pk),
            submit_placement(scope=scope, placement_id=placement.pk),
        ]
    for revision in revisions:
        demo.approve("reviewer", revision, days_ago=6.5)

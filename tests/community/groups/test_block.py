"""An entry code in a block of a page: chosen, frozen, shown while it is in use."""

import pytest
from django.test import Client

from campaigns.lib.ids import new_id
from community.groups.services.entries import add_code, add_line, close_code
from content.blocks.refusals import BlockIsWrong
from content.models import Slot
from content.services.items import add_item, submit_item
from content.services.placements import add_placement, submit_placement
from tests.support.cast import Cast, hired
from tests.support.content import FROM, approve, make_asset
from tests.support.plans import group_of

pytestmark = pytest.mark.django_db


def test_a_group_in_a_block_is_shown_while_its_code_is_in_use(cast: Cast, client: Client) -> None:
    group = group_of(cast)
    keeper = hired(cast, "community_operator", "NB", "keeper")
    with keeper.scope() as scope:
        code = add_code(scope=scope, title="宝妈理财群", says="每晚八点理财小课", kind_code="", picks="order")
        add_line(scope=scope, code_id=code.pk, group_id=group.pk, link="https://work.weixin.qq.com/gm/abc")
    block = {"id": "aaaa1", "kind": "group", "entry": str(code.pk), "words": "一起攒教育金"}
    page = {"kind": "page", "title": "攒钱计划", "shown_from": FROM}
    with cast.nb_editor.scope() as scope:
        with pytest.raises(BlockIsWrong):
            add_item(scope=scope, blocks=[block | {"entry": str(new_id())}], **page)
        item = add_item(scope=scope, blocks=[block], asset_id=make_asset(scope).pk, **page)
        place = add_placement(scope=scope, slot=Slot.HOME_FEED, item_id=item.pk, shown_from=FROM)
        revisions = [submit_item(scope=scope, item_id=item.pk)]
        revisions.append(submit_placement(scope=scope, placement_id=place.pk))
    for revision in revisions:
        approve(cast.north_reviewer, revision)
    address, mine = f"/api/v1/contents/{item.pk}", cast.customers["nb"].headers()
    [shown] = client.get(address, headers=mine).json()["blocks"]
    assert shown["words"] == "一起攒教育金"
    assert shown["entry"] == {
        "title": "宝妈理财群", "says": "每晚八点理财小课", "is_full": False, "slug": code.slug
    }  # fmt: skip
    with keeper.scope() as scope:
        close_code(scope=scope, code_id=code.pk)
    [gone] = client.get(address, headers=mine).json()["blocks"]
    assert gone["entry"] is None

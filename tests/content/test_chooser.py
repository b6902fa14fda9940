"""Choosing of the library: the wall that every form opens, and what may be chosen on it."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from campaigns.lib.clock import FOREVER
from content.admin.chooser import thumb_of
from content.asset_rules import AssetIsGone, CoverIsNoPicture
from content.models import Item, Rendition
from content.services.asset_removals import remove_asset
from content.services.asset_versions import set_focal_point
from content.services.assets import add_asset, add_card, change_asset
from content.services.folders import add_folder
from content.services.items import change_item
from tests.support.cast import PASSWORD, Cast
from tests.support.content import make_item, png
from tests.support.media_files import film


def names(answer: Any) -> list[str]:
    return re.findall(r'data-name="([^"]*)"', answer.content.decode())


def test_the_wall_shows_what_is_asked_for_of_ones_own_branches(cast: Cast, client: Client) -> None:
    wall = reverse("admin:content_asset_choose")
    with cast.north_editor.scope() as scope:
        folder = add_folder(scope=scope, name="新春")
        sunrise = add_asset(scope=scope, raw=png((1, 1, 1)), name="朝霞", alt="山", folder_id=folder.pk)
        add_asset(scope=scope, raw=png((2, 2, 2)), name="湖光", tags=["风景"])
        add_asset(scope=scope, raw=film(), name="短片")
        remove_asset(scope=scope, asset_id=add_asset(scope=scope, raw=png((3, 3, 3)), name="移除了的").pk)
        set_focal_point(scope=scope, asset_id=sunrise.pk, x=900, y=100)
        cut = Rendition.objects.filter(asset=sunrise, name="thumb").latest("take")
        sunrise.refresh_from_db()
        assert str(cut.pk) in thumb_of(sunrise, scope), "the thumbnail is cut around the point of now"
    with cast.south_editor.scope() as scope:
        add_asset(scope=scope, raw=png((4, 4, 4)), name="南方的")
    assert client.get(wall).status_code == 302
    assert client.login(username="north_editor", password=PASSWORD)
    whole = client.get(wall)
    page = whole.content.decode()
    assert names(whole) == ["湖光", "朝霞"] and 'type="file"' in page and "新春" in page
    assert 'data-x="900" data-y="100"' in page and "还没有图片说明" in page
    for asked, found in (
        ({"kind": "video"}, ["短片"]),
        ({"folder": str(folder.pk)}, ["朝霞"]),
        ({"tag": "风景"}, ["湖光"]),
        ({"q": "朝霞"}, ["朝霞"]),
        ({"q": "风景"}, ["湖光"]),
        ({"q": "没有"}, []),
        ({"branch": str(cast.branch["S"].pk)}, []),
        ({"kind": "nonsense", "folder": "x", "branch": "y"}, ["湖光", "朝霞"]),
    ):
        answer = client.get(wall, {**asked, "page": 1})
        assert names(answer) == found, asked
        assert "<form" not in answer.content.decode(), "the tiles alone"
    assert client.post(wall).status_code == 405
    client.logout()
    assert client.login(username="nb_clerk", password=PASSWORD)
    assert client.get(wall).status_code == 403


def test_every_field_that_holds_an_asset_opens_the_wall(cast: Cast, client: Client) -> None:
    with cast.north_editor.scope() as scope:
        cover = add_asset(scope=scope, raw=png((1, 1, 1)), name="封面图", alt="x")
        card = add_card(scope=scope, name="小程序", app_id="wx1234567890abcdef", path="pages/index/index")
        item = make_item(scope, "海报", asset_id=cover.pk)
    assert client.login(username="north_editor", password=PASSWORD)
    form = client.get(reverse("admin:content_item_change", args=[item.pk])).content.decode()
    assert f'value="{cover.pk}"' in form and "封面图" in form and "content/chooser.js" in form
    assert 'for="id_asset_choose"' in form, "the label leads to the button"
    asset_form = client.get(reverse("admin:content_asset_change", args=[card.pk])).content.decode()
    assert f"branch={cast.branch['N'].pk}" in asset_form and "content/chooser.js" in asset_form
    values = {
        "name": "小程序",
        "alt": "",
        "tags": "",
        "folder": "",
        "cover": str(cover.pk),
        "rights_note": "",
    }
    values |= {f"rights_{end}_{part}": "" for end in ("from", "until") for part in (0, 1)}
    assert client.post(reverse("admin:content_asset_change", args=[card.pk]), values).status_code == 302
    with cast.north_editor.scope():
        card.refresh_from_db()
        assert card.cover_id == cover.pk
    # Words for file fields are on every page.
    assert 'data-one="选择文件"' in asset_form and "shell/files.js" in asset_form


def test_what_was_removed_is_refused_in_words(cast: Cast) -> None:
    with cast.north_editor.scope() as scope:
        gone = add_asset(scope=scope, raw=png((1, 1, 1)), name="旧图", alt="x")
        item = make_item(scope, "海报")
        card = add_card(scope=scope, name="小程序", app_id="wx1234567890abcdef", path="pages/index/index")
        before = item.asset_id
        remove_asset(scope=scope, asset_id=gone.pk)
        with pytest.raises(AssetIsGone, match="已从素材库移除"):
            change_item(scope=scope, item_id=item.pk, asset_id=gone.pk)
        with pytest.raises(CoverIsNoPicture, match="封面必须是素材库中的图片"):
            change_asset(
                scope=scope, asset_id=card.pk, name="x", alt="", rights_until=FOREVER, cover_id=gone.pk
            )
        assert Item.objects.get(pk=item.pk).asset_id == before

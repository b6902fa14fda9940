"""Kinds of content and their blocks: written, frozen, served as they were approved, and brought back."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from campaigns.approvals.kinds import kind_of
from campaigns.approvals.rules import NotCompliant, NotReady, RefersToNothing
from campaigns.approvals.selectors import revision_in_scope
from campaigns.approvals.services.restoring import restore_revision
from campaigns.lib.ids import new_id
from campaigns.tenants.scopes import Scope
from content import item_refusals
from content.asset_rules import AssetIsInUse
from content.asset_selectors import uses_of
from content.blocks.parts import Words
from content.blocks.refusals import BlockIsUnknown, BlockIsWrong, TooManyBlocks
from content.blocks.registry import BlockKind, block_kinds, register_block
from content.blocks.writing import MOST
from content.item_kinds import ItemKind
from content.models import Item, LiveItem
from content.readiness import missing_in
from content.selectors import rendition_shown
from content.services.asset_removals import remove_asset
from content.services.assets import change_asset
from content.services.categories import add_category, change_category
from content.services.items import add_item, change_item, submit_item
from tests.support.cast import AT, Cast
from tests.support.content import FROM, approve, make_asset
from tests.support.rewards import live_batch


def picture(asset_id: UUID, key: str = "pic1", **more: Any) -> dict[str, Any]:
    return {"id": key, "kind": "picture", "picture": str(asset_id), "caption": "山上", "link": "", **more}


def text(html: str, key: str = "txt1") -> dict[str, Any]:
    return {"id": key, "kind": "text", "text": html}


def make_page(scope: Scope, blocks: list[dict[str, Any]], title: str = "春节专题", **more: Any) -> Item:
    return add_item(scope=scope, kind=ItemKind.PAGE, title=title, shown_from=FROM, blocks=blocks, **more)


WHOLE: dict[str, dict[str, Any]] = {
    ItemKind.ARTICLE: {"body": "<p>如何存款</p>", "blocks": "blocks"},
    ItemKind.POSTER: {"asset_id": "asset"},
    ItemKind.BANNER: {"asset_id": "asset", "link": "/pages/list?category=deposit"},
    ItemKind.PRODUCT: {
        "product_class": "wealth",
        "product_code": "FH2026A",
        "risk_level": "R2",
        "disclosure": "理财非存款，产品有风险，投资须谨慎。风险等级 R2。",
    },
    ItemKind.NOTICE: {"body": "<p>周日系统维护</p>"},
    ItemKind.PAGE: {"blocks": "blocks"},
}


def test_every_kind_is_served_as_it_was_approved_and_comes_back_as_it_was(cast: Cast, client: Client) -> None:
    """Draft, revision, published copy, API and the way back, with everything a kind can hold."""
    batch = live_batch(cast, shares={"NB": 5})
    with cast.ho_administrator.scope() as scope:
        add_category(scope=scope, code="deposit", name="存款")
        add_category(scope=scope, code="fixed", name="定期", parent_code="deposit")
    revisions, ids = {}, {}
    with cast.nb_editor.scope() as scope:
        asset = make_asset(scope)
        second = make_asset(scope, "晚霞", (3, 90, 160))
        blocks = [
            picture(asset.pk),
            text("<p>到<strong>网点</strong>办理<script>x</script></p>"),
            {"id": "cpn1", "kind": "coupon", "batch": str(batch.pk), "words": "先领券"},
            {
                "id": "cnt1",
                "kind": "countdown",
                "words": "还剩",
                "until": "2099-02-17T20:00",
                "after": "已结束",
            },
            picture(second.pk, "pic2", link="https://bank.example/a"),
        ]
        given = {"asset": asset.pk, "blocks": blocks}
        for kind, values in WHOLE.items():
            filled = {name: given.get(v, v) if isinstance(v, str) else v for name, v in values.items()}
            item = add_item(
                scope=scope, kind=kind, title=f"甲{kind}", shown_from=FROM, category_code="fixed", **filled
            )
            assert missing_in(scope=scope, item=item) == []
            ids[kind], revisions[kind] = item.pk, submit_item(scope=scope, item_id=item.pk)
    for revision in revisions.values():
        approve(cast.north_reviewer, revision)

    with cast.nb_editor.scope() as scope:
        for kind, revision in revisions.items():
            now = revision_in_scope(scope=scope, revision_id=revision.pk)
            copy = LiveItem.objects.get(item_id=ids[kind])
            assert copy.sha256 == revision.sha256, kind
            assert kind_of("content.item").differences(scope, now) == [], kind  # type: ignore[misc]
        # One byte of a picture that only a block shows is enough.
        page = revision_in_scope(scope=scope, revision_id=revisions[ItemKind.PAGE].pk)
        made = page.payload["blocks"][4]["picture"]["renditions"][0]
        from content.files import path_of

        path_of(UUID(made["id"]), made["format"]).write_bytes(b"x")
        assert kind_of("content.item").differences(scope, page) == [f"{made['name']}.{made['format']}"]  # type: ignore[misc]

    headers = cast.customers["nb"].headers()
    shown = client.get(f"/api/v1/contents/{ids[ItemKind.PAGE]}", headers=headers).json()
    assert [block["kind"] for block in shown["blocks"]] == [
        "picture",
        "text",
        "coupon",
        "countdown",
        "picture",
    ]
    first, words, coupon, clock, last = shown["blocks"]
    assert first["picture"]["alt"] == "山上的朝霞" and set(first["picture"]["urls"]) >= {"thumb", "desk"}
    assert "renditions" not in first["picture"] and "sha256" not in first["picture"]
    assert words["text"] == [
        {
            "name": "p",
            "attrs": {},
            "children": [
                {"type": "text", "text": "到"},
                {"name": "strong", "attrs": {}, "children": [{"type": "text", "text": "网点"}]},
                {"type": "text", "text": "办理"},
            ],
        }
    ]
    assert coupon["words"] == "先领券" and coupon["batch"]["left"] == 5
    assert clock["until"] == "2099-02-17T12:00:00+00:00"  # typed in the branch's zone
    assert last["link"] == "https://bank.example/a"
    assert [each["batch_id"] for each in shown["coupons"]] == [str(batch.pk)]
    card = client.get(f"/api/v1/contents/{ids[ItemKind.PRODUCT]}", headers=headers).json()
    assert card["picture"] is None and card["product"]["risk_level"] == "R2" and card["category"] == "fixed"
    # A picture of a block alone is fetched like any other, by the customers who are shown it.
    sent = client.get(last["picture"]["urls"]["desk"])
    assert sent.status_code == 200 and b"".join(sent.streaming_content)  # type: ignore[arg-type]
    with cast.customers["nb"].scope() as scope:
        assert (
            rendition_shown(scope=scope, item_id=ids[ItemKind.PAGE], rendition_id=UUID(made["id"]))
            == made["format"]
        )

    # Lists: by a category and what is under it, by words of titles, texts and blocks, page by page.
    def titles(query: str) -> list[str]:
        answer = client.get(f"/api/v1/contents{query}", headers=headers)
        assert answer.status_code == 200, answer.content
        return sorted(row["title"] for row in answer.json()["items"])

    listed = sorted(f"甲{kind}" for kind in WHOLE if kind != ItemKind.BANNER)
    assert titles("") == titles("?category=deposit") == titles("?category=fixed") == listed
    assert titles("?category=loan") == []
    assert titles("?q=系统维护") == ["甲notice"]
    assert titles("?q=网点 还剩") == ["甲article", "甲page"]
    assert titles("?q=投资须谨慎") == ["甲product"] and titles("?q=strong") == []
    seen, query = [], "?limit=2"
    while query:
        answer = client.get(f"/api/v1/contents{query}", headers=headers).json()
        seen += [row["title"] for row in answer["items"]]
        query = f"?limit=2&cursor={answer['next']}" if answer["next"] else ""
    assert sorted(seen) == listed
    south = cast.customers["sb"].headers()
    assert client.get("/api/v1/contents?q=系统维护", headers=south).json()["items"] == []
    named = client.get("/api/v1/categories", headers=south).json()["items"]
    assert [(row["code"], row["parent_code"]) for row in named] == [("deposit", None), ("fixed", "deposit")]

    # Back again: what was frozen becomes the draft, and submitting that is no change.
    with cast.nb_editor.scope(at=AT + timedelta(hours=1)) as scope:
        before = Item.objects.get(pk=ids[ItemKind.PAGE]).blocks
        change_item(scope=scope, item_id=ids[ItemKind.PAGE], title="改了", blocks=[text("<p>别的</p>")])
        restore_revision(scope=scope, revision_id=revisions[ItemKind.PAGE].pk)
        restored = Item.objects.get(pk=ids[ItemKind.PAGE])
        assert (restored.blocks, restored.category_id) == (before, "fixed")
        frozen = kind_of("content.item").freeze(scope, restored.pk)
        assert frozen.payload == {
            key: value for key, value in revisions[ItemKind.PAGE].payload.items() if key != "refers"
        }


def test_what_a_draft_may_not_even_hold_is_refused_with_its_place(cast: Cast) -> None:
    with cast.south_editor.scope() as scope:
        foreign = make_asset(scope)
    with cast.north_editor.scope() as scope:
        item = make_page(scope, [])
        asset = make_asset(scope)

        def refused(blocks: Any, refusal: type[Exception]) -> Any:
            with pytest.raises(refusal) as said:
                change_item(scope=scope, item_id=item.pk, blocks=blocks)
            assert Item.objects.get().blocks == []
            return said.value

        for raw in ("x", [1], [{"id": "abcd", "kind": "script"}], [text("x", "../../")],
                    [text("a"), text("b")], [{"kind": "text", "text": "a"}]):  # fmt: skip
            refused(raw, BlockIsUnknown)
        refused([text("a", f"id{number:04}") for number in range(MOST + 1)], TooManyBlocks)
        for block in (
            picture(foreign.pk),
            picture(new_id()),
            {**picture(asset.pk), "picture": "nonsense"},
            picture(asset.pk, caption="长" * 61),
            picture(asset.pk, caption=["x"]),
            picture(asset.pk, link="javascript:alert(1)"),
            {"id": "vid1", "kind": "video", "video": str(asset.pk)},
            {"id": "cpn1", "kind": "coupon", "batch": str(new_id())},
            {"id": "cnt1", "kind": "countdown", "until": "tomorrow"},
            text("x" * 100_001),
        ):
            wrong = refused([text("好", "good"), block], BlockIsWrong)
            assert (wrong.values["number"], wrong.values["block"]) == (2, block["id"])
            assert wrong.detail("zh").startswith("第2个区块的“")
        # What no kind knows is not kept.
        change_item(scope=scope, item_id=item.pk, blocks=[{**text("<p>好</p>"), "onclick": "x", "html": "y"}])
        assert Item.objects.get().blocks == [text("<p>好</p>")]
        with pytest.raises(item_refusals.KindIsUnknown):
            add_item(scope=scope, kind="quiz", title="x", shown_from=FROM)
        with pytest.raises(item_refusals.RiskLevelIsUnknown):
            change_item(scope=scope, item_id=item.pk, risk_level="R6")
        with pytest.raises(item_refusals.LinkLeadsNowhere):
            change_item(scope=scope, item_id=item.pk, link="//elsewhere")


def test_what_is_missing_is_named_with_its_place_and_stops_the_submission(cast: Cast) -> None:
    def places(scope: Scope, **values: Any) -> list[str]:
        item = add_item(scope=scope, title="缺", shown_from=FROM, **values)
        found = missing_in(scope=scope, item=item)
        with pytest.raises((NotReady, NotCompliant)):
            submit_item(scope=scope, item_id=item.pk)
        return [each.place for each in found]

    with cast.north_editor.scope() as scope:
        bare = make_asset(scope)
        change_asset(scope=scope, asset_id=bare.pk, name="朝霞", alt="", rights_until=AT)
        assert places(scope, kind="article") == ["body"]
        assert places(scope, kind="article", body="<p> </p>") == ["body"]
        assert places(scope, kind="banner") == ["picture", "link"]
        assert places(scope, kind="product") == ["product_class", "product_code", "risk_level"]
        assert places(scope, kind="page") == ["blocks"]
        assert places(scope, kind="poster", asset_id=bare.pk) == ["alt", "picture"]
        assert places(
            scope,
            kind="page",
            blocks=[
                {"id": "pic1", "kind": "picture"},
                picture(bare.pk, "pic2"),
                text("<p></p>"),
                {"id": "cpn1", "kind": "coupon"},
                {"id": "vid1", "kind": "video"},
                {"id": "cnt1", "kind": "countdown", "until": "2020-01-01T00:00", "words": "剩"},
            ],
        ) == [
            "blocks.pic1.picture", "blocks.pic2.picture", "blocks.txt1.text", "blocks.cpn1.batch",
            "blocks.vid1.video", "blocks.cnt1.until",
        ]  # fmt: skip
        # A product card without a word of its risk, or with less than its level.
        values: dict[str, Any] = dict(WHOLE[ItemKind.PRODUCT])
        for disclosure in ("", "理财非存款，产品有风险，投资须谨慎。"):
            item = add_item(
                scope=scope,
                kind="product",
                title="卡",
                shown_from=FROM,
                **(values | {"disclosure": disclosure}),
            )
            with pytest.raises(NotCompliant) as refused:
                submit_item(scope=scope, item_id=item.pk)
            assert ("content.product", "disclosure") in [
                (found["check"], found["line"]) for found in refused.value.values["findings"]
            ]


def test_findings_name_the_block_and_the_part_in_which_they_stand(cast: Cast) -> None:
    batch = live_batch(cast, shares={"NB": 5})
    with cast.nb_editor.scope() as scope:
        asset = make_asset(scope)
        change_asset(
            scope=scope, asset_id=asset.pk, name="朝霞", alt="山", rights_until=AT + timedelta(days=9)
        )
        gone = new_id()
        item = make_page(
            scope,
            [
                picture(asset.pk, link=f"/pages/content?id={gone}"),
                text(
                    f'<p>满100减50，<a href="/pages/batch?id={gone}">领</a><a href="https://t.cn/x">看</a></p>'
                ),
                {"id": "cpn1", "kind": "coupon", "batch": str(batch.pk), "words": "满100减20"},
            ],
        )
        with pytest.raises(NotCompliant) as refused:
            submit_item(scope=scope, item_id=item.pk)
        found = {(each["check"], each["line"]) for each in refused.value.values["findings"]}
        assert found == {
            ("content.references", "blocks.pic1.link"),
            ("content.references", "blocks.txt1.text"),
            ("approvals.links", "blocks.txt1.text"),
        }
        change_item(
            scope=scope,
            item_id=item.pk,
            blocks=[picture(asset.pk), text("<p>满100减50</p>"), item.blocks[2]],
        )
        revision = submit_item(scope=scope, item_id=item.pk)
        warned = {(each.rule, each.line, each.excerpt) for each in revision.findings.all()}
        assert warned == {
            ("content.rights", "blocks.pic1.picture", "朝霞"),
            ("content.coupon", "blocks.txt1.text", "满100减50"),
        }


def test_going_back_to_what_is_no_longer_there_is_refused_whole(cast: Cast) -> None:
    with cast.north_editor.scope() as scope:
        item = make_page(scope, [picture(make_asset(scope).pk)])
        revision = submit_item(scope=scope, item_id=item.pk)
        change_item(scope=scope, item_id=item.pk, blocks=[text("<p>别的</p>")])
        payload = dict(revision.payload)
        payload["blocks"] = [{**payload["blocks"][0], "picture": {"asset": str(new_id())}}]
        with pytest.raises(RefersToNothing):
            kind_of("content.item").restore(scope, item.pk, payload)  # type: ignore[misc]
        assert Item.objects.get().blocks == [text("<p>别的</p>")]


def test_a_room_above_adds_a_kind_of_block(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    from content.blocks import registry

    monkeypatch.setattr(registry, "_KINDS", dict(registry._KINDS))
    vote = BlockKind("vote", "投票", "groups", (Words("words", "一句话", needed=True),), "x.html")
    register_block(vote)
    register_block(vote)
    with pytest.raises(ValueError, match="registered already"):
        register_block(BlockKind("vote", "另一个", "x", (), "x.html"))
    assert list(block_kinds()) == [
        "picture",
        "text",
        "video",
        "coupon",
        "countdown",
        "livestream",
        "group",
        "vote",
    ]
    with cast.north_editor.scope() as scope:
        item = make_page(scope, [{"id": "grp1", "kind": "vote", "words": "选一选"}])
        assert kind_of("content.item").freeze(scope, item.pk).payload["blocks"] == item.blocks


def test_categories_are_kept_at_head_office_in_two_levels(cast: Cast) -> None:
    with cast.ho_administrator.scope() as scope:
        for code, parent in (("deposit", ""), ("fixed", "deposit"), ("loan", "")):
            add_category(scope=scope, code=code, name=code, parent_code=parent)
        for values in (
            {"code": "deposit", "name": "又一个"},
            {"code": "deep", "name": "三级", "parent_code": "fixed"},
            {"code": "bare", "name": " "},
        ):
            with pytest.raises(item_refusals.CategoryIsWrong):
                add_category(scope=scope, **values)
        # What has something under it goes under nothing.
        with pytest.raises(item_refusals.CategoryIsWrong):
            change_category(
                scope=scope,
                code="deposit",
                name="存款",
                name_en="",
                parent_code="loan",
                place=1,
                is_active=True,
            )
        change_category(
            scope=scope, code="loan", name="贷款", name_en="Loans", parent_code="", place=1, is_active=False
        )
    with cast.north_editor.scope() as scope:
        from campaigns.lib.refusals import NotAllowed

        with pytest.raises(NotAllowed):
            add_category(scope=scope, code="north", name="北方")
    with cast.customers["nb"].scope():
        from content.category_selectors import categories_in_use

        assert [each.code for each in categories_in_use()] == ["deposit", "fixed"]


def test_what_stands_in_a_block_of_a_draft_is_not_removed_from_the_library(cast: Cast) -> None:
    with cast.north_editor.scope() as scope:
        asset = make_asset(scope)
        page = make_page(scope, [picture(asset.pk)])
        assert [use.title for use in uses_of(scope=scope, asset=asset)] == ["春节专题"]
        with pytest.raises(AssetIsInUse, match="春节专题"):
            remove_asset(scope=scope, asset_id=asset.pk)
        change_item(scope=scope, item_id=page.pk, blocks=[text("<p>没有图片了</p>")])
        remove_asset(scope=scope, asset_id=asset.pk)
        with pytest.raises(BlockIsWrong):
            change_item(scope=scope, item_id=page.pk, blocks=[picture(asset.pk)])

"""The library: folders, versions, crops, uses, rights; and what the database keeps whoever asks."""

import io
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from PIL import Image

from campaigns.audit.models import Entry
from campaigns.jobs.models import Due
from campaigns.lib.clock import FOREVER
from campaigns.lib.refusals import NotAllowed, NotFound, Refusal
from campaigns.notices.models import Notice
from campaigns.tenants.scopes import system_scope
from config.demo.pictures import lake
from content import asset_rules as rules
from content.asset_payloads import asset_payload
from content.asset_selectors import (
    expired,
    expiring,
    library,
    look_alikes,
    shelves,
    tags_within,
    unused,
    uses_of,
)
from content.files import path_of, read_file
from content.models import Asset, Item, LiveItem, RenderWork, Rendition, Use
from content.pictures import LATER, RENDITIONS
from content.renditions import current
from content.rules import AssetIsThere
from content.scopes import public_scope
from content.selectors import item_in_scope
from content.services.asset_removals import purge_assets, remove_asset, restore_asset
from content.services.asset_versions import change_values, replace_file, set_focal_point
from content.services.assets import add_asset, add_card, add_link, add_text, change_asset, move_asset
from content.services.folders import add_folder, remove_folder, rename_folder
from content.services.items import submit_item, take_down_item
from content.services.renderings import make_renditions
from tests.support.cast import AT, Cast
from tests.support.content import approve, live_poster, make_asset, make_item, png
from tests.support.due import run_at
from tests.support.home import home_feed
from tests.support.hostile import encoded, photo
from tests.support.media_files import film, tune
from tests.support.races import together


def said(asset: Asset, **more: Any) -> dict[str, Any]:
    return {"name": asset.name, "alt": asset.alt, "rights_until": asset.rights_until, **more}


def test_seven_kinds_are_taken_in_found_and_frozen(cast: Cast, media_root: Path) -> None:
    with cast.north_editor.scope() as scope:
        picture = add_asset(scope=scope, raw=png(), name="朝霞", alt="山")
        video = add_asset(scope=scope, raw=film(), name="开户演示")
        sound = add_asset(scope=scope, raw=tune(), name="提示音", tags=["语音"])
        text = add_text(
            scope=scope, name="年金话术", text="  存三年，\n利率上浮。 ", tags=["年金", "年金 ", "老客户"]
        )
        link = add_link(scope=scope, name="官网", url="https://bank.example/a?b=1#c")
        card = add_card(scope=scope, name="预约", app_id="wx0123456789abcdef", path="pages/book/index?id=1")
        kinds = [each.kind for each in (picture, video, sound, text, link, card)]
        assert kinds == ["picture", "video", "audio", "text", "link", "card"]
        assert text.tags == ["年金", "老客户"] and text.text == "存三年，\n利率上浮。"
        found = Asset.objects.filter(pk__in=_found(scope, "利率上浮")).values_list("name", flat=True)
        assert list(found) == ["年金话术"]
        assert _found(scope, "老客户") == [text.pk] and _found(scope, "bank.example") == [link.pk]
        assert set(tags_within(scope=scope)) == {"年金", "老客户", "语音"}
        change_asset(scope=scope, asset_id=video.pk, cover_id=picture.pk, **said(video))
        video.refresh_from_db()
        frozen = asset_payload(scope=scope, asset=video)
        assert (frozen["kind"], frozen["seconds"]) == ("video", 2)
        assert frozen["id"] == frozen["asset"] == str(video.pk)
        [whole] = frozen["renditions"]
        assert (whole["format"], whole["sha256"]) == ("mp4", video.sha256)
        assert frozen["cover"]["sha256"] == picture.sha256
        assert b"+30.2672" not in read_file(Rendition.objects.get(asset=video).pk, "mp4")
        assert asset_payload(scope=scope, asset=text)["text"] == "存三年，\n利率上浮。"
        assert asset_payload(scope=scope, asset=card)["app_id"] == "wx0123456789abcdef"
        # Twins of each kind are pointed out.
        for twin in (
            lambda: add_asset(scope=scope, raw=film(), name="又"),
            lambda: add_text(scope=scope, name="又", text="存三年，\n利率上浮。"),
            lambda: add_link(scope=scope, name="又", url="https://bank.example/a?b=1#c"),
        ):
            with pytest.raises(AssetIsThere) as refused:
                twin()
            assert refused.value.values["asset"]
        # A card and a sound may have a cover, a picture has none, and a cover is a picture.
        for wrong, cover in ((picture, picture), (card, text)):
            with pytest.raises(rules.CoverIsNoPicture):
                change_asset(scope=scope, asset_id=wrong.pk, cover_id=cover.pk, **said(wrong))
        assert Entry.objects.filter(verb="content.asset.add").count() == 6
    for name in ("north_reviewer", "ho_auditor"):
        with cast.play(name).scope() as scope, pytest.raises(NotAllowed):
            add_text(scope=scope, name="x", text="x")


def _found(scope: Any, words: str) -> list[Any]:
    from campaigns.tenants.search import keys_proposed

    return keys_proposed(scope=scope, model=Asset, words=words, at_most=10)


@pytest.mark.parametrize(
    "url",
    ["http://bank.example", "javascript:alert(1)", "https://", "https://a@b/", "https://a b", "https:/\\x", "//x",
     "https://x\\y", "data:text/html,x", "https://a/ x"],
)  # fmt: skip
def test_a_link_is_one_that_a_phone_may_open(url: str) -> None:
    with pytest.raises(rules.AddressIsUnsafe):
        rules.clean_link(url=url)


def test_words_and_cards_have_bounds() -> None:
    for app_id, path in (
        ("wx1", "a"),
        ("wx0123456789abcdef", ""),
        ("wx0123456789abcdef", "../../x"),
        ("ax0123456789abcdef", "a"),
    ):
        with pytest.raises(rules.CardIsIncomplete):
            rules.clean_card(app_id=app_id, path=path)
    for text in (" \n ", "长" * 4001):
        with pytest.raises(rules.TextIsMissing):
            rules.clean_text(text=text)
    with pytest.raises(rules.TooManyTags):
        rules.clean_tags(tags=[str(n) for n in range(13)])
    assert rules.differing_bits(-1, 0) == 64 and rules.differing_bits(5, 4) == 1


def test_folders_hold_what_is_of_their_branch(cast: Cast, media_root: Path) -> None:
    with cast.south_editor.scope() as scope:
        foreign = add_folder(scope=scope, name="南方")
    with cast.north_editor.scope() as scope:
        spring = add_folder(scope=scope, name="春节")
        inner = add_folder(scope=scope, name="海报", parent_id=spring.pk)
        for name, parent in (("春节", None), ("海报", spring.pk)):
            with pytest.raises(rules.FolderIsThere):
                add_folder(scope=scope, name=name, parent_id=parent)
        for call in (
            lambda: add_folder(scope=scope, name="x", parent_id=foreign.pk),
            lambda: rename_folder(scope=scope, folder_id=foreign.pk, name="x"),
            lambda: remove_folder(scope=scope, folder_id=foreign.pk),
        ):
            with pytest.raises(NotFound):
                call()
        deep = add_folder(
            scope=scope, name="四", parent_id=add_folder(scope=scope, name="三", parent_id=inner.pk).pk
        )
        with pytest.raises(rules.FolderIsTooDeep):
            add_folder(scope=scope, name="五", parent_id=deep.pk)
        asset = add_asset(scope=scope, raw=png(), name="朝霞", folder_id=inner.pk)
        with pytest.raises(NotFound):
            move_asset(scope=scope, asset_id=asset.pk, folder_id=foreign.pk)
        assert [(s.folder.name, s.depth, s.count) for s in shelves(scope=scope)] == [
            ("春节", 0, 0), ("海报", 1, 1), ("三", 2, 0), ("四", 3, 0),
        ]  # fmt: skip
        rename_folder(scope=scope, folder_id=spring.pk, name="新春")
        with pytest.raises(rules.FolderIsNotEmpty):
            remove_folder(scope=scope, folder_id=inner.pk)
        move_asset(scope=scope, asset_id=asset.pk, folder_id=None, tags=["新春"])
        remove_folder(scope=scope, folder_id=deep.pk)
        asset.refresh_from_db()
        assert (asset.folder_id, asset.tags) == (None, ["新春"])
        # The database says so too, past the service.
        with pytest.raises(IntegrityError), transaction.atomic():
            Asset.objects.filter(pk=asset.pk).update(folder_id=foreign.pk)
    with cast.nb_editor.scope() as scope:
        own = add_asset(scope=scope, raw=png((1, 2, 3)), name="网点")
    with cast.north_editor.scope() as scope, pytest.raises(rules.FolderIsElsewhere):
        move_asset(
            scope=scope, asset_id=own.pk, folder_id=spring.pk
        )  # seen from above, and still of its branch


def test_what_customers_see_keeps_its_files_until_the_item_is_reviewed_again(
    cast: Cast, media_root: Path
) -> None:
    item, _placement = live_poster(cast.north_editor, cast.north_reviewer)
    with cast.north_editor.scope() as scope:
        asset = Asset.objects.get(pk=item.asset_id)
        before = LiveItem.objects.get(item=item)
        old = {made["name"]: made for made in before.picture["renditions"]}
        assert [(use.is_live, use.is_older) for use in uses_of(scope=scope, asset=asset)] == [
            (True, False),
            (False, False),
        ]
        with pytest.raises(rules.SameAsNow):
            replace_file(scope=scope, asset_id=asset.pk, raw=png())
        with pytest.raises(rules.OtherKind):
            replace_file(scope=scope, asset_id=asset.pk, raw=film())
        newer = replace_file(scope=scope, asset_id=asset.pk, raw=png((0, 90, 0)))
        assert (newer.version, newer.take) == (2, 0)
        live = LiveItem.objects.get(item=item)
        assert (live.picture, live.sha256) == (before.picture, before.sha256)
        for made in old.values():
            assert path_of(made["id"], made["format"]).exists()
        assert uses_of(scope=scope, asset=newer)[0].is_older
        cropped = set_focal_point(scope=scope, asset_id=asset.pk, x=0, y=1000)
        now = {made.name: made for made in current(asset=cropped)}
        assert now["banner"].take == 1 and now["poster"].take == 0 and now["poster"].version == 2
        assert not {str(made.pk) for made in now.values()} & {made["id"] for made in old.values()}
        revision = submit_item(scope=scope, item_id=item.pk)
        assert revision.payload["picture"]["sha256"] == newer.sha256
    # While it is in review the third version comes: what was submitted is what goes live.
    with cast.north_editor.scope() as scope:
        replace_file(scope=scope, asset_id=asset.pk, raw=png((0, 0, 90)))
    approve(cast.north_reviewer, revision)
    with cast.north_editor.scope() as scope:
        live = LiveItem.objects.get(item=item)
        assert live.picture["sha256"] == newer.sha256
        third = Asset.objects.get(pk=asset.pk)
        assert third.version == 3 and uses_of(scope=scope, asset=third)[0].is_older
        for x, y in ((-1, 0), (0, 1001)):
            with pytest.raises(rules.FocalPointIsOutside):
                set_focal_point(scope=scope, asset_id=asset.pk, x=x, y=y)
        text = add_text(scope=scope, name="话术", text="一")
        with pytest.raises(rules.NoFocalPoint):
            set_focal_point(scope=scope, asset_id=text.pk, x=1, y=1)
        assert change_values(scope=scope, asset_id=text.pk, text="二").version == 2
        with pytest.raises(rules.OtherKind):
            change_values(scope=scope, asset_id=asset.pk, text="x")
    with cast.south_editor.scope() as scope:
        for call in (
            lambda: replace_file(scope=scope, asset_id=asset.pk, raw=png()),
            lambda: set_focal_point(scope=scope, asset_id=asset.pk, x=1, y=1),
            lambda: change_values(scope=scope, asset_id=text.pk, text="x"),
            lambda: remove_asset(scope=scope, asset_id=asset.pk),
        ):
            with pytest.raises(NotFound):
                call()


def test_what_is_in_use_cannot_be_removed_by_anybody(cast: Cast, media_root: Path) -> None:
    item, _placement = live_poster(cast.north_editor, cast.north_reviewer)
    with cast.north_editor.scope() as scope:
        with pytest.raises(rules.AssetIsInUse, match="春节存款"):
            remove_asset(scope=scope, asset_id=item.asset_id)
        for statement in (
            "UPDATE content_asset SET retired_at = now() WHERE id = %s",
            "DELETE FROM content_asset WHERE id = %s",
            "DELETE FROM content_use WHERE asset_id = %s",
            "DELETE FROM content_rendition WHERE asset_id = %s",
        ):
            kept = pytest.raises(DatabaseError, match=r"in live use|permission denied")
            with kept, transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement, [item.asset_id])
        free = add_asset(scope=scope, raw=png((9, 9, 9)), name="没人用", alt="灰")
        assert [a.name for a in unused(rows=library(scope=scope))] == ["没人用"]
        assert remove_asset(scope=scope, asset_id=free.pk).retired_at == AT
        assert free.pk not in library(scope=scope).values_list("pk", flat=True)
        # Removed is used by nobody new; uploaded again it is back.
        with pytest.raises(IntegrityError, match="removed from the library"), transaction.atomic():
            Item.objects.filter(pk=item.pk).update(asset_id=free.pk)
        assert add_asset(scope=scope, raw=png((9, 9, 9)), name="又来").pk == free.pk
        assert Asset.objects.get(pk=free.pk).retired_at is None
        text = add_text(scope=scope, name="话", text="话")
        with pytest.raises(IntegrityError, match="is a picture"), transaction.atomic():
            Item.objects.filter(pk=item.pk).update(asset_id=text.pk)
        # A draft alone keeps it too, and an open review when the draft has moved on.
        draft = make_item(scope, "等待", asset_id=free.pk)
        with pytest.raises(rules.AssetIsInUse, match="等待"):
            remove_asset(scope=scope, asset_id=free.pk)
        submit_item(scope=scope, item_id=draft.pk)
        Item.objects.filter(pk=draft.pk).update(asset_id=item.asset_id)
        with pytest.raises(rules.AssetIsInUse):
            remove_asset(scope=scope, asset_id=free.pk)
    with cast.north_reviewer.scope() as scope:
        take_down_item(scope=scope, item_id=item.pk, reason="停")
        assert not Use.objects.filter(is_live=True).exists()


def test_what_was_removed_goes_after_thirty_days_unless_a_review_showed_it(
    cast: Cast, media_root: Path
) -> None:
    with cast.north_editor.scope() as scope:
        shown = add_asset(scope=scope, raw=png(), name="送审过", alt="x")
        plain = add_asset(scope=scope, raw=png((1, 1, 1)), name="没用过")
        draft = make_item(scope, "旧", asset_id=shown.pk)
        revision = submit_item(scope=scope, item_id=draft.pk)
    approve(cast.north_reviewer, revision)
    with cast.north_reviewer.scope() as scope:
        take_down_item(scope=scope, item_id=draft.pk, reason="停")
    with cast.north_editor.scope() as scope:
        Item.objects.filter(pk=draft.pk).update(asset_id=None)
        remove_asset(scope=scope, asset_id=shown.pk)
        remove_asset(scope=scope, asset_id=plain.pk)
        files = [path_of(made.pk, made.format) for made in Rendition.objects.filter(asset=plain)]
        assert files and all(file.exists() for file in files)
    with system_scope(at=AT + timedelta(days=29), cause="test") as scope:
        assert purge_assets(scope=scope) == 0
    with system_scope(at=AT + timedelta(days=31), cause="test") as scope:
        assert purge_assets(scope=scope) == len(files)
        assert set(Asset.objects.filter(pk__in=[shown.pk, plain.pk]).values_list("pk", flat=True)) == {
            shown.pk
        }
        assert not Rendition.objects.filter(asset_id=plain.pk).exists()
        restore_asset(scope=scope, asset_id=shown.pk)
    with cast.north_editor.scope() as scope, pytest.raises(NotAllowed):
        purge_assets(scope=scope)


def test_rights_that_end_take_content_off_the_phone_at_that_moment(cast: Cast, media_root: Path) -> None:
    item, _placement = live_poster(cast.north_editor, cast.north_reviewer, handed_down=True)
    ends = AT + timedelta(days=10)
    with cast.north_editor.scope() as scope:
        asset = Asset.objects.get(pk=item.asset_id)
        change_asset(scope=scope, asset_id=asset.pk, **said(asset) | {"rights_until": ends})
        with pytest.raises(rules.RightsAreBackward):
            change_asset(
                scope=scope, asset_id=asset.pk, rights_from=ends, **said(asset) | {"rights_until": ends}
            )
        assert [a.pk for a in expiring(rows=library(scope=scope), at=AT)] == [asset.pk]
        assert Use.objects.filter(rights_until=ends).count() == 2
        laid = Due.objects.filter(kind="content.asset.warn", state="waiting").order_by("run_at")
        assert [due.run_at for due in laid] == [ends - timedelta(days=7), ends]
    customer = cast.customers["nb"]
    for at, is_shown in ((AT, True), (ends - timedelta(seconds=1), True), (ends, False)):
        with customer.scope(at=at) as scope:
            assert LiveItem.objects.filter(item_id=item.pk).exists() == is_shown, at
            assert bool(home_feed(scope=scope).feed) == is_shown
        # And for whom nobody asked who it is: a picture's own address.
        with public_scope(branch_id=cast.branch["NB"].pk, at=at):
            assert LiveItem.objects.filter(item_id=item.pk).exists() == is_shown
    with cast.north_editor.scope(at=ends) as scope:
        assert [a.pk for a in expired(rows=library(scope=scope), at=ends)] == [asset.pk]
        # Longer rights, and it is there again without another review.
        change_asset(scope=scope, asset_id=asset.pk, **said(asset) | {"rights_until": FOREVER})
    with customer.scope(at=ends):
        assert LiveItem.objects.filter(item_id=item.pk).exists()


def test_who_answers_for_an_asset_is_told_before_its_rights_end(cast: Cast, media_root: Path) -> None:
    with cast.north_editor.scope() as scope:
        asset = make_asset(scope)
        change_asset(
            scope=scope, asset_id=asset.pk, **said(asset) | {"rights_until": AT + timedelta(days=40)}
        )
        # Moved: the warnings of the former end do nothing.
        change_asset(
            scope=scope, asset_id=asset.pk, **said(asset) | {"rights_until": AT + timedelta(days=50)}
        )
    person = cast.north_editor.person.pk
    seen = []
    for days in (11, 21, 44, 51):
        at = AT + timedelta(days=days)
        run_at(at)
        with cast.north_editor.scope(at=at):
            seen.append(Notice.objects.filter(person_id=person, code__startswith="content.asset.").count())
    assert seen == [0, 1, 2, 3]


def test_pictures_that_look_alike_are_pointed_out(cast: Cast, media_root: Path) -> None:
    scene = Image.open(io.BytesIO(lake((720, 480))))
    with cast.north_editor.scope() as scope:
        first = add_asset(scope=scope, raw=encoded(scene, "PNG"), name="原图")
        smaller = add_asset(
            scope=scope, raw=encoded(scene.resize((360, 240)), "JPEG", quality=60), name="压缩过"
        )
        other = add_asset(scope=scope, raw=encoded(scene.rotate(180), "PNG"), name="倒过来")
        plain = add_asset(scope=scope, raw=png(), name="纯色")
        assert [a.name for a in look_alikes(scope=scope, asset=smaller)] == ["原图"]
        assert look_alikes(scope=scope, asset=other) == []
        assert plain.look is None and look_alikes(scope=scope, asset=plain) == []
    with cast.south_editor.scope() as scope:
        twin = add_asset(scope=scope, raw=encoded(scene, "PNG"), name="别家的")
        assert look_alikes(scope=scope, asset=twin) == []  # another branch's library is no oracle
    assert first.look is not None


def test_renditions_are_made_later_one_by_one_and_a_killed_worker_loses_none(
    cast: Cast, media_root: Path
) -> None:
    from content.services import renderings

    with cast.north_editor.scope() as scope:
        asset = add_asset(scope=scope, raw=encoded(photo(900, 700), "JPEG"), name="照片")
        assert {made.name for made in current(asset=asset)} == {
            "original",
            *(size.name for size in RENDITIONS),
        }
        assert RenderWork.objects.count() == 1
    opens = lambda: system_scope(at=AT, cause="test")  # noqa: E731
    real, made = renderings.store_files, []

    def dies_at_the_third(asset: Asset, files: list[Any]) -> None:
        made.append(files[0].name)
        if len(made) == 3:
            raise KeyboardInterrupt
        real(asset, files)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(renderings, "store_files", dies_at_the_third)
        with pytest.raises(KeyboardInterrupt):
            make_renditions(open_scope=opens, clock=lambda: AT)
    assert (
        make_renditions(open_scope=opens, clock=lambda: AT) == 0
    )  # claimed: nobody else takes it for three minutes
    assert make_renditions(open_scope=opens, clock=lambda: AT + timedelta(minutes=4)) == len(LATER) - 2
    with cast.north_editor.scope() as scope:
        fresh = Asset.objects.get(pk=asset.pk)
        now = {each.name: each for each in current(asset=fresh)}
        assert {size.name for size in LATER} <= set(now) and RenderWork.objects.count() == 0
        avif = read_file(now["poster.avif"].pk, "avif")
        assert avif[4:12] == b"ftypavif" and now["poster.avif"].width == 750
        # A file that is gone is tried again, and then left with its error.
        newer = replace_file(scope=scope, asset_id=asset.pk, raw=encoded(photo(300, 200), "JPEG"))
        path_of(next(m.pk for m in current(asset=newer) if m.name == "original"), "jpeg").unlink()
    for n in range(7):
        make_renditions(open_scope=opens, clock=lambda n=n: AT + timedelta(days=n))
    with cast.north_editor.scope():
        [work] = RenderWork.objects.all()
        assert (work.tries, work.ready_at) == (5, FOREVER) and work.why


@pytest.mark.commits
def test_of_a_removal_and_a_use_at_once_one_waits_for_the_other(
    committed_cast: Cast, media_root: Path
) -> None:
    """Without the lock on the asset's row both would pass: the use sees no removal, and the removal no use."""
    with committed_cast.north_editor.scope() as scope:
        assets = [add_asset(scope=scope, raw=png((n, 1, 1)), name=f"图{n}") for n in range(6)]
        draft = make_item(scope, "草稿", asset_id=assets[0].pk)
    outcomes: list[tuple[bool, bool]] = []
    results: list[Any] = []
    for asset in assets[1:]:

        def use(key: Any = asset.pk) -> None:
            with committed_cast.north_editor.scope():
                Item.objects.filter(pk=draft.pk).update(asset_id=key)

        def remove(key: Any = asset.pk) -> None:
            with committed_cast.north_editor.scope() as scope:
                remove_asset(scope=scope, asset_id=key)

        results += together([use, remove])
        with committed_cast.north_editor.scope() as scope:
            used = item_in_scope(scope=scope, item_id=draft.pk).asset_id == asset.pk
            gone = Asset.objects.get(pk=asset.pk).retired_at is not None
            outcomes.append((used, gone))
    assert (True, True) not in outcomes and (False, False) not in outcomes, results


def test_nothing_foreign_is_named_by_a_payload_or_a_use(cast: Cast, media_root: Path) -> None:
    with cast.south_editor.scope() as scope:
        foreign = make_asset(scope)
    with cast.north_editor.scope() as scope:
        asset = make_asset(scope)
        for key in (foreign.pk, uuid4()):
            with pytest.raises(Refusal):
                change_asset(scope=scope, asset_id=key, name="x", alt="", rights_until=FOREVER)
        assert asset_payload(scope=scope, asset=asset)["cover"] is None

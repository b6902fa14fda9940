"""An asset is removed while somebody begins to show it: one of them waits for the other and is refused.

Each race has its control: the same two with the lock on the asset's row taken out of the database's own functions, and
then both come through. Who waits for whom is decided here, and not by chance.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from django.db import connections, transaction

from campaigns.lib.clock import FOREVER
from campaigns.lib.refusals import NotFound
from campaigns.tenants.scopes import system_scope
from content.asset_rules import AssetIsGone, AssetIsInUse
from content.models import Asset, Item, Use
from content.services.asset_removals import purge_assets, remove_asset, restore_asset
from content.services.assets import add_asset, add_card, change_asset
from content.services.items import submit_item
from tests.support.cast import AT, Cast
from tests.support.content import approve, make_item, png
from tests.support.races import together, until_one_sleeps, until_one_waits

pytestmark = pytest.mark.commits

LOCK = "FOR SHARE"
NOTES, COVERS, GUARD = "content_note_uses", "content_cover_is_there", "content_guard_retired"


@contextmanager
def rewritten(*changes: tuple[str, str, str]) -> Iterator[None]:
    """Inside, the database's functions have other words: (function, words, other words)."""
    before = {name: _source(name) for name, _old, _new in changes}
    now = dict(before)
    for name, old, new in changes:
        assert old in now[name], f"{name} does not say {old}"
        now[name] = now[name].replace(old, new, 1)
    try:
        _define(now)
        yield
    finally:
        _define(before)


def _source(name: str) -> str:
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT pg_get_functiondef(%s::regproc)", [name])
        return str(cursor.fetchone()[0])


def _define(bodies: dict[str, str]) -> None:
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute("GRANT CREATE ON SCHEMA public TO fenhang_verbs; SET LOCAL ROLE fenhang_verbs")
        for body in bodies.values():
            cursor.execute(body)
        cursor.execute("RESET ROLE; REVOKE CREATE ON SCHEMA public FROM fenhang_verbs")


def in_turn(
    cast: Cast, first: Callable[[Any], Any], second: Callable[[Any], Any], *, waits: bool
) -> list[Any]:
    """`first` acts and holds its transaction open until `second` waits for it, or (without `waits`) is done."""
    acted, done = Event(), Event()

    def holding() -> Any:
        with cast.north_editor.scope() as scope:
            try:
                result = first(scope)
            finally:
                acted.set()
            if waits:
                until_one_waits()
            else:
                assert done.wait(30)
            return result

    def following() -> Any:
        assert acted.wait(30)
        try:
            with cast.north_editor.scope() as scope:
                return second(scope)
        finally:
            done.set()

    return together([holding, following])


def is_removed(cast: Cast, asset: Asset) -> bool:
    with cast.north_editor.scope():
        return Asset.objects.get(pk=asset.pk).retired_at is not None


def test_of_a_removal_and_a_draft_that_begins_to_show_it_the_later_one_is_refused(
    committed_cast: Cast, media_root: Path
) -> None:
    cast = committed_cast
    with cast.north_editor.scope() as scope:
        kept, gone, both = (add_asset(scope=scope, raw=png((n, 1, 1)), name=f"图{n}") for n in range(3))
        draft = make_item(scope, "草稿")

    def use(asset: Asset) -> Callable[[Any], Any]:
        return lambda _scope: Item.objects.filter(pk=draft.pk).update(asset_id=asset.pk)

    def remove(asset: Asset) -> Callable[[Any], Any]:
        return lambda scope: remove_asset(scope=scope, asset_id=asset.pk)

    used, refused = in_turn(cast, use(kept), remove(kept), waits=True)
    assert used == 1 and isinstance(refused, AssetIsInUse) and not is_removed(cast, kept)
    removed, refused = in_turn(cast, remove(gone), use(gone), waits=True)
    assert isinstance(removed, Asset) and "removed from the library" in str(refused)
    with cast.north_editor.scope():
        assert Item.objects.get(pk=draft.pk).asset_id == kept.pk
    with rewritten((NOTES, LOCK, "")):
        used, removed = in_turn(cast, use(both), remove(both), waits=False)
    assert used == 1 and isinstance(removed, Asset), "the control must show the race"


def test_what_is_published_while_it_is_removed_stays_or_is_not_published(
    committed_cast: Cast, media_root: Path
) -> None:
    """Approved for later, and the draft has moved on: only the review names the picture when its time comes."""
    cast = committed_cast

    def waiting(n: int) -> tuple[Asset, Any]:
        with cast.north_editor.scope() as scope:
            asset = add_asset(scope=scope, raw=png((9, n, 1)), name=f"图{n}", alt="x")
            item = make_item(scope, f"等待{n}", asset_id=asset.pk)
            revision = submit_item(scope=scope, item_id=item.pk)
            Item.objects.filter(pk=item.pk).update(asset_id=None)
        return asset, revision

    # The removal has asked whether it is live, and sleeps before it asks whether it is in review.
    pause = (GUARD, "ELSIF EXISTS (SELECT FROM approvals_revision", "ELSIF pg_sleep(1.5)::text = '?' THEN\n"
             "    ELSIF EXISTS (SELECT FROM approvals_revision")  # fmt: skip

    def both(asset: Asset, revision: Any) -> list[Any]:
        def remove() -> Any:
            with cast.north_editor.scope() as scope:
                return remove_asset(scope=scope, asset_id=asset.pk)

        def publish() -> Any:
            with transaction.atomic():
                until_one_sleeps()
            return approve(cast.north_reviewer, revision)

        return together([remove, publish])

    with rewritten(pause):
        asset, revision = waiting(1)
        refused, approved = both(asset, revision)
        assert isinstance(refused, AssetIsInUse) and approved.state == "approved", (refused, approved)
        assert not is_removed(cast, asset)
    with rewritten(pause, (NOTES, LOCK, "")):
        asset, revision = waiting(2)
        removed, approved = both(asset, revision)
        assert isinstance(removed, Asset) and approved.state == "approved", (removed, approved)
        with cast.north_editor.scope():
            assert Use.objects.filter(asset=removed, is_live=True).exists(), "the control must show the race"
            # What no service could have left behind: the books of other tests would stumble over it.
        with connections["owner"].cursor() as cursor:
            cursor.execute("UPDATE content_asset SET retired_at = NULL WHERE id = %s", [asset.pk])


def test_a_cover_that_is_removed_while_it_is_chosen_stays_or_is_not_chosen(
    committed_cast: Cast, media_root: Path
) -> None:
    cast = committed_cast
    with cast.north_editor.scope() as scope:
        kept, gone, both = (add_asset(scope=scope, raw=png((n, 7, 1)), name=f"封面{n}") for n in range(3))
        card = add_card(scope=scope, name="小程序", app_id="wx1234567890abcdef", path="pages/index/index")

    def choose(cover: Asset) -> Callable[[Any], Any]:
        return lambda scope: change_asset(
            scope=scope, asset_id=card.pk, name="小程序", alt="", rights_until=FOREVER, cover_id=cover.pk
        )

    def remove(asset: Asset) -> Callable[[Any], Any]:
        return lambda scope: remove_asset(scope=scope, asset_id=asset.pk)

    chosen, refused = in_turn(cast, choose(kept), remove(kept), waits=True)
    assert isinstance(chosen, Asset) and isinstance(refused, AssetIsInUse)
    removed, refused = in_turn(cast, remove(gone), choose(gone), waits=True)
    assert isinstance(removed, Asset) and isinstance(refused, AssetIsGone), refused
    with rewritten((COVERS, LOCK, "")):
        chosen, removed = in_turn(cast, choose(both), remove(both), waits=False)
    assert isinstance(chosen, Asset) and isinstance(removed, Asset), "the control must show the race"
    # Removed with its cover, it comes back with it.
    with cast.north_editor.scope() as scope:
        restore_asset(scope=scope, asset_id=both.pk)
        for each in (card, both):
            remove_asset(scope=scope, asset_id=each.pk)
        restore_asset(scope=scope, asset_id=card.pk)
        assert Asset.objects.get(pk=both.pk).retired_at is None


def test_what_is_put_back_while_it_is_deleted_for_good_is_not_said_to_be_back(
    committed_cast: Cast, media_root: Path
) -> None:
    cast = committed_cast
    with cast.north_editor.scope() as scope:
        old = add_asset(scope=scope, raw=png((3, 3, 3)), name="旧")
        remove_asset(scope=scope, asset_id=old.pk)
    deleted = Event()

    def purge() -> int:
        with system_scope(at=AT + timedelta(days=31), cause="test") as scope:
            many = purge_assets(scope=scope)
            deleted.set()
            until_one_waits()
            return many

    def put_back() -> Any:
        assert deleted.wait(30)
        with cast.north_editor.scope() as scope:
            return restore_asset(scope=scope, asset_id=old.pk)

    many, refused = together([purge, put_back])
    assert many > 0 and isinstance(refused, NotFound), (many, refused)

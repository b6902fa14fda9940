"""Drafts of content and placements."""

from datetime import timedelta

import pytest

from campaigns.lib.clock import FOREVER
from campaigns.lib.ids import new_id
from campaigns.lib.refusals import NotAllowed, NotFound
from campaigns.tenants.scopes import Scope
from content import rules
from content.models import Item, Placement, Slot
from content.selectors import going_live, my_drafts, sent_back
from content.services.items import add_item, change_item, submit_item
from content.services.placements import add_placement
from tests.support.cast import AT, Cast
from tests.support.content import FROM, approve, live_poster, make_asset, make_item, submitted_item


def saved(scope: Scope, item: Item, **more: object) -> Item:
    names = ("title", "summary", "body", "asset_id", "campaign_id", "batch_id", "shown_from", "shown_until")
    values = {name: getattr(item, name) for name in names} | {"handed_down": item.handed_down}
    return change_item(scope=scope, item_id=item.pk, **(values | more))  # type: ignore[arg-type]


def test_a_body_keeps_only_what_is_safe(cast: Cast) -> None:
    with cast.north_editor.scope() as scope:
        item = make_item(scope, body='<p onclick="x()">好<script>alert(1)</script><img src=x onerror=y></p>')
        assert item.body == "<p>好</p>"
        item = saved(scope, item, body='<a href="javascript:x">a</a>')
        assert "javascript" not in item.body


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        ({"title": "  "}, rules.TitleIsMissing),
        ({"shown_until": FROM}, rules.WindowIsBackward),
        ({"asset_id": new_id()}, NotFound),
        ({"campaign_id": new_id()}, NotFound),
        ({"batch_id": new_id()}, rules.BatchIsNotOffered),
    ],
)
def test_a_wrong_draft_is_refused_and_nothing_is_kept(
    cast: Cast, wrong: dict[str, object], refusal: type[Exception]
) -> None:
    with cast.north_editor.scope() as scope:
        with pytest.raises(refusal):
            add_item(scope=scope, **({"title": "海报", "shown_from": FROM} | wrong))  # type: ignore[arg-type]
        assert not Item.objects.exists()


def test_a_picture_of_another_branch_is_not_found(cast: Cast) -> None:
    with cast.south_editor.scope() as scope:
        south = make_asset(scope)
    with cast.north_editor.scope() as scope, pytest.raises(NotFound):
        add_item(scope=scope, title="借图", shown_from=FROM, asset_id=south.pk)


def test_two_editors_do_not_overwrite_each_other(cast: Cast) -> None:
    with cast.north_editor.scope() as scope:
        item = make_item(scope)
    opened_at = item.changed_at
    with cast.ho_editor.scope(at=AT + timedelta(minutes=1)) as scope:
        saved(scope, item, title="总行改的", seen_at=opened_at)
    with cast.north_editor.scope(at=AT + timedelta(minutes=2)) as scope:
        with pytest.raises(rules.EditedMeanwhile, match="ho_editor"):
            saved(scope, item, title="北方改的", seen_at=opened_at)
        assert Item.objects.get().title == "总行改的"


def test_only_those_with_the_right_make_content(cast: Cast) -> None:
    for name in ("north_reviewer", "nb_clerk", "ho_auditor", "nb_manager"):
        with cast.play(name).scope() as scope, pytest.raises(NotAllowed):
            add_item(scope=scope, title="x", shown_from=FROM)


def test_a_foreign_item_is_neither_changed_nor_placed(cast: Cast) -> None:
    with cast.north_editor.scope() as scope:
        item = make_item(scope)
    with cast.south_editor.scope() as scope:
        with pytest.raises(NotFound):
            saved(scope, item, title="x", asset_id=None)
        with pytest.raises(NotFound):
            submit_item(scope=scope, item_id=item.pk)
        with pytest.raises(NotFound):
            add_placement(scope=scope, slot=Slot.HOME_FEED, item_id=item.pk, shown_from=FROM)
        assert not Placement.objects.exists()


def test_my_drafts_are_what_i_have_not_submitted_since_i_changed_it(cast: Cast) -> None:
    with cast.north_editor.scope() as scope:
        draft = make_item(scope, "草稿")
    revision = submitted_item(cast.north_editor, "在审")
    approve(cast.north_reviewer, submitted_item(cast.north_editor, "已上线"))
    with cast.north_editor.scope() as scope:
        assert my_drafts(scope=scope) == [draft]
    with cast.ho_editor.scope() as scope:
        assert my_drafts(scope=scope) == []
    with cast.north_editor.scope(at=AT + timedelta(minutes=5)) as scope:
        item = Item.objects.get(title="在审")
        saved(scope, item, title="又改了")
        assert {d.title for d in my_drafts(scope=scope)} == {"草稿", "又改了"}
        assert sent_back(scope=scope) == []
        assert revision.pk


def test_going_live_counts_local_days_of_the_branch(cast: Cast) -> None:
    """10:00 in Shanghai on 22 November is 02:00 UTC; the day ends at 16:00 UTC."""
    for title, hours in [("今天", 3), ("今晚最后", 13.99), ("明天", 14)]:
        live_poster(cast.north_editor, cast.north_reviewer, title, shown_from=AT + timedelta(hours=hours))
    with cast.ho_reviewer.scope() as scope:
        found = [g.title for g in going_live(scope=scope, day=AT.date()) if g.kind == "content.item"]
        assert found == ["今天", "今晚最后"]
    with cast.south_reviewer.scope() as scope:
        assert going_live(scope=scope, day=AT.date()) == []


def test_an_expired_right_to_a_picture_stops_the_submission(cast: Cast) -> None:
    from campaigns.approvals.rules import NotReady
    from content.services.assets import change_asset

    with cast.north_editor.scope() as scope:
        item = make_item(scope)
        assert item.asset is not None and item.asset.rights_until == FOREVER
        change_asset(scope=scope, asset_id=item.asset.pk, name="朝霞", alt="", rights_until=AT)
        with pytest.raises(NotReady) as refused:
            submit_item(scope=scope, item_id=item.pk)
        assert refused.value.detail("zh") == (
            "还不能提交，请先补全：图片说明（供看不到图片的人使用）、版权仍在有效期内的图片。"
        )

"""What head office hands down is localised by branches: open parts alone, both approved hashes kept, drift answered."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test import Client

from campaigns.approvals.kinds import kind_of
from campaigns.approvals.models import Revision
from campaigns.approvals.rules import NotReady, ReferenceHasChanged
from campaigns.approvals.services.live import take_down
from campaigns.approvals.services.restoring import restore_revision
from campaigns.jobs.due_models import Due
from campaigns.jobs.long_models import Job
from campaigns.jobs.services.due import run_due
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotAllowed, NotFound
from campaigns.notices.models import Notice
from campaigns.tenants.scopes import system, system_scope
from content.blocks.refusals import BlockIsWrong
from content.handing_selectors import drift_of, local_versions, offered_to, versions_of
from content.item_refusals import (
    IsLocalised,
    NoLocalVersionsOfLocalVersions,
    ObjectionIsAnswered,
    ObjectionIsThere,
    OriginalHasNotChanged,
    PartCannotBeOpened,
    PartIsLocked,
    PlacesTheOriginal,
)
from content.models import Item, LiveItem, Objection, Original, Slot
from content.seen_selectors import who_saw
from content.services.items import change_item, submit_item
from content.services.localising import (
    accept_original,
    answer_objection,
    follow_part,
    localise_item,
    object_to_original,
)
from content.services.localising_many import CODE, NAME, ask_local_versions, ask_to_follow, text_parts
from content.services.placements import add_placement, submit_placement
from content.services.recalls import recall_item
from content.services.sightings import KIND as GATHER
from content.services.sightings import gather_due
from tests.content.test_blocks import make_page, picture, text
from tests.support.cast import AT, Cast, Player
from tests.support.content import FROM, approve, live_poster, make_asset, make_item
from tests.support.events import tell, viewed
from tests.support.jobs import now_is, outcomes, run

LATER = AT + timedelta(hours=1)
OPEN = ["title", "summary", "picture"]


def handed(cast: Cast, title: str = "春节存款", opened: list[str] | None = None, **more: Any) -> Item:
    """A live poster of head office with its place on home pages, parts of which branches may change."""
    item, _place = live_poster(
        cast.ho_editor,
        cast.ho_reviewer,
        title,
        handed_down=True,
        open_parts=OPEN if opened is None else opened,
        **more,
    )
    return item


def again(maker: Player, checker: Player, item: Item, **changes: Any) -> Revision:
    """Changed, submitted and approved once more."""
    with maker.scope() as scope:
        change_item(scope=scope, item_id=item.pk, **changes)
        revision = submit_item(scope=scope, item_id=item.pk)
    return approve(checker, revision)


def local_of(cast: Cast, maker: Player, item: Item, checker: Player | None = None, **changes: Any) -> Item:
    """A live local version."""
    with maker.scope() as scope:
        mine = localise_item(scope=scope, item_id=item.pk)
    again(maker, checker or cast.north_reviewer, mine, **changes)
    return mine


def titles(cast: Cast, who: str) -> tuple[list[str], list[str]]:
    """On the home page, and in the list of contents."""
    with time_machine.travel(AT, tick=False):
        headers = cast.customers[who].headers()
        home = Client().get("/api/v1/home", headers=headers).json()["feed"]
        listed = Client().get("/api/v1/contents", headers=headers).json()["items"]
    return [one["title"] for one in home], [one["title"] for one in listed]


def opened(cast: Cast, who: str, item_id: UUID) -> dict[str, Any]:
    with time_machine.travel(AT, tick=False):
        answer = Client().get(f"/api/v1/contents/{item_id}", headers=cast.customers[who].headers())
    return answer.json() if answer.status_code == 200 else {"status": answer.status_code}


def told(player: Player) -> list[tuple[str, str]]:
    """What lies in somebody's inbox of local versions, after what is due was done."""
    run_due(scope=system(at=AT, cause="test"), clock=lambda: AT)
    with player.scope() as scope:
        found = Notice.objects.filter(person_id=scope.person_id, code__startswith="content.o").order_by("id")
        return [(each.code, each.args["title"]) for each in found]


def test_a_branch_changes_what_is_open_and_its_customers_meet_it_wherever_the_original_stands(
    cast: Cast,
) -> None:
    item = handed(cast)
    assert titles(cast, "nb") == titles(cast, "sb") == (["春节存款"], ["春节存款"])
    with cast.nb_editor.scope() as scope:
        assert [each.item_id for each in offered_to(scope=scope)] == [item.pk]
        mine = localise_item(scope=scope, item_id=item.pk)
        assert (mine.branch_id, mine.original_id, mine.own_parts) == (cast.branch["NB"].pk, item.pk, [])
        with pytest.raises(IsLocalised):
            localise_item(scope=scope, item_id=item.pk)
        with pytest.raises(NotReady, match="自己的内容"):
            submit_item(scope=scope, item_id=mine.pk)
        with pytest.raises(PartIsLocked, match="总行"):
            change_item(scope=scope, item_id=mine.pk, body="<p>利率 9%</p>")
        own = make_asset(scope, "本行门面", (10, 200, 40))
        mine = change_item(
            scope=scope, item_id=mine.pk, title="春节存款 · 中山路", summary="三年期利率上浮", asset_id=own.pk
        )
        assert mine.own_parts == ["picture", "title"]
        revision = submit_item(scope=scope, item_id=mine.pk)
    approve(cast.north_reviewer, revision)
    assert titles(cast, "nb") == (["春节存款 · 中山路"], ["春节存款 · 中山路"])
    assert titles(cast, "sb") == (["春节存款"], ["春节存款"])
    # One id across branches; each opens its own.
    page = opened(cast, "nb", item.pk)
    assert (page["id"], page["title"]) == (str(item.pk), "春节存款 · 中山路")
    assert opened(cast, "nb", mine.pk)["title"] == "春节存款 · 中山路"
    assert opened(cast, "sb", mine.pk) == {"status": 404}
    assert opened(cast, "sb", item.pk)["title"] == "春节存款"
    assert "到" in str(page["body"])
    # Both pictures are served: the branch's own, and what it took over.
    for who, expected in (("nb", "title"), ("sb", "title")):
        urls = opened(cast, who, item.pk)["picture"]["urls"]
        with time_machine.travel(AT, tick=False):
            served: Any = Client().get(urls["poster"], headers=cast.customers[who].headers())
            assert served.status_code == 200 and b"".join(served.streaming_content), expected
    # Both hashes.
    with cast.nb_editor.scope() as scope:
        live = LiveItem.objects.get(item_id=mine.pk)
        original = Original.objects.visible(scope).get(item_id=item.pk)
        assert (live.sha256, live.original_sha256) == (revision.sha256, original.sha256)
        assert kind_of("content.item").differences(scope, Revision.objects.get(pk=revision.pk)) == []
    with cast.ho_reviewer.scope():
        assert LiveItem.objects.get(item_id=item.pk).sha256 == original.sha256


def test_the_nearest_version_is_shown_and_without_one_the_original(cast: Cast) -> None:
    item = handed(cast)
    province = local_of(cast, cast.north_editor, item, title="北方版", handed_down=True)
    assert titles(cast, "nb") == (["北方版"], ["北方版"])
    mine = local_of(cast, cast.nb_editor, item, title="中山路版")
    assert titles(cast, "nb") == (["中山路版"], ["中山路版"])
    for gone, left in ((mine, "北方版"), (province, "春节存款")):
        with cast.north_reviewer.scope() as scope:
            take_down(scope=scope, subject=ref("content.item", gone.pk), reason="到期")
        assert titles(cast, "nb") == ([left], [left])
    # What a province keeps for its own customers is not for those below.
    again(cast.north_editor, cast.north_reviewer, province, handed_down=False)
    assert titles(cast, "nb") == (["春节存款"], ["春节存款"])


def test_a_local_version_goes_with_its_original_and_what_was_recalled_never_comes_back(cast: Cast) -> None:
    item = handed(cast)
    mine = local_of(cast, cast.nb_editor, item, title="中山路版")
    with cast.ho_reviewer.scope() as scope:
        take_down(scope=scope, subject=ref("content.item", item.pk), reason="利率已变")
    assert titles(cast, "nb") == ([], []) and opened(cast, "nb", item.pk) == {"status": 404}
    again(cast.ho_editor, cast.ho_reviewer, item, summary="新利率")
    assert titles(cast, "nb") == (["中山路版"], ["中山路版"])
    with cast.ho_reviewer.scope() as scope:
        take_down(scope=scope, subject=ref("content.item", item.pk), reason="再下架")
    again(cast.ho_editor, cast.ho_reviewer, item, summary="三年期利率上浮")
    with cast.nb_editor.scope() as scope:
        mine = accept_original(scope=scope, item_id=mine.pk)
        revision = submit_item(scope=scope, item_id=mine.pk)
    approve(cast.north_reviewer, revision)
    with cast.ho_reviewer.scope() as scope:
        recall_item(scope=scope, item_id=item.pk, reason="宣传有误")
    assert titles(cast, "nb") == ([], [])
    # The original comes back corrected; what was made of the recalled one does not.
    with cast.ho_editor.scope() as scope:
        place = add_placement(
            scope=scope, slot=Slot.HOME_FEED, item_id=item.pk, shown_from=FROM, handed_down=True
        )
    again(cast.ho_editor, cast.ho_reviewer, item, summary="更正后的利率")
    with cast.ho_editor.scope() as scope:
        placed = submit_placement(scope=scope, placement_id=place.pk)
    approve(cast.ho_reviewer, placed)
    assert titles(cast, "nb") == (["春节存款"], ["春节存款"])
    with cast.nb_editor.scope() as scope:
        accept_original(scope=scope, item_id=mine.pk)
        revision = submit_item(scope=scope, item_id=mine.pk)
    approve(cast.north_reviewer, revision)
    assert titles(cast, "nb") == (["中山路版"], ["中山路版"])
    assert opened(cast, "nb", item.pk)["summary"] == "更正后的利率"


def test_who_saw_a_local_version_are_the_branchs_own_customers(cast: Cast) -> None:
    item = handed(cast)
    mine = local_of(cast, cast.nb_editor, item, title="中山路版")
    for who in ("nb", "sb"):
        told = viewed(AT + timedelta(minutes=1), subject=ref("content.item", item.pk))
        assert tell(cast.customers[who], told).status_code == 200
    with cast.north_reviewer.scope(at=LATER) as scope:
        recall = recall_item(scope=scope, item_id=mine.pk, reason="门牌有误")
    with system_scope(at=LATER, cause="test") as scope:
        due = Due.objects.get(kind=GATHER, subject=ref("content.recall", recall.pk), version="0")
        assert gather_due(scope=scope, due=due) == 1
    with cast.north_reviewer.scope(at=LATER) as scope:
        assert [row.branch for row in who_saw(scope=scope, recall=recall, limit=9)] == [
            cast.branch["NB"].name
        ]
    # The original is everybody's again.
    assert titles(cast, "nb") == (["春节存款"], ["春节存款"])


def test_when_the_original_changes_a_branch_accepts_or_objects_and_is_answered(cast: Cast) -> None:
    item = handed(cast)
    mine = local_of(cast, cast.nb_editor, item, title="中山路版")
    with cast.nb_editor.scope() as scope:
        with pytest.raises(OriginalHasNotChanged):
            accept_original(scope=scope, item_id=mine.pk)
        with pytest.raises(OriginalHasNotChanged):
            object_to_original(scope=scope, item_id=mine.pk, words="不变")
    again(cast.ho_editor, cast.ho_reviewer, item, summary="二年期利率上浮", title="元宵存款")
    assert told(cast.nb_editor) == [("content.original.changed", "元宵存款")]
    # Approved is approved: customers see it until the branch decides.
    assert titles(cast, "nb") == (["中山路版"], ["中山路版"])
    with cast.nb_editor.scope() as scope:
        drift = drift_of(scope=scope, item=Item.objects.get(pk=mine.pk))
        assert drift.is_behind and not drift.may_stay and drift.current is not None
        change_item(scope=scope, item_id=mine.pk, title="中山路新版")
        with pytest.raises(NotReady, match="原版"):
            submit_item(scope=scope, item_id=mine.pk)
        objection = object_to_original(scope=scope, item_id=mine.pk, words="本网点仍办理三年期")
        with pytest.raises(ObjectionIsThere):
            object_to_original(scope=scope, item_id=mine.pk, words="再说一次")
        with pytest.raises(NotFound):
            # Nobody agrees with himself.
            answer_objection(scope=scope, objection_id=objection.pk, agrees=True, words="同意")
    with cast.ho_editor.scope() as scope:
        [version] = versions_of(
            scope=scope, item_id=item.pk, rows=list(local_versions(scope=scope, item_id=item.pk))
        )
        assert version.drift.is_behind and version.drift.objection == objection
        answered = answer_objection(scope=scope, objection_id=objection.pk, agrees=True, words="可沿用到月底")
        assert answered.answer == Objection.Answer.AGREED
        with pytest.raises(ObjectionIsAnswered):
            answer_objection(scope=scope, objection_id=objection.pk, agrees=False, words="改主意")
    assert told(cast.ho_editor) == [("content.objection.raised", "元宵存款")]
    assert ("content.objection.answered", "中山路新版") in told(cast.nb_editor)
    with cast.nb_editor.scope() as scope:
        revision = submit_item(scope=scope, item_id=mine.pk)
    # The original changes while it is in review: who approves would not know.
    again(cast.ho_editor, cast.ho_reviewer, item, summary="一年期利率上浮")
    with pytest.raises(ReferenceHasChanged):
        approve(cast.north_reviewer, revision)
    with cast.nb_editor.scope() as scope:
        mine = accept_original(scope=scope, item_id=mine.pk)
        assert mine.own_parts == ["title"]
        revision = submit_item(scope=scope, item_id=mine.pk)
    approve(cast.north_reviewer, revision)
    page = opened(cast, "nb", item.pk)
    assert (page["title"], page["summary"]) == ("中山路新版", "一年期利率上浮")


def test_what_is_opened_no_more_follows_the_original_at_the_next_acceptance(cast: Cast) -> None:
    item = handed(cast)
    mine = local_of(cast, cast.nb_editor, item, title="中山路版", summary="到中山路来")
    again(cast.ho_editor, cast.ho_reviewer, item, open_parts=["summary"])
    with cast.nb_editor.scope() as scope:
        mine = accept_original(scope=scope, item_id=mine.pk)
        assert (mine.own_parts, mine.title) == (["summary"], "春节存款")
        assert follow_part(scope=scope, item_id=mine.pk, part="summary").own_parts == []
    again(cast.ho_editor, cast.ho_reviewer, item, open_parts=[])
    with cast.nb_editor.scope() as scope:
        assert drift_of(scope=scope, item=mine).current is None
        assert not offered_to(scope=scope).exists()


def test_blocks_are_localised_part_by_part(cast: Cast) -> None:
    with cast.ho_editor.scope() as scope:
        asset = make_asset(scope)
        page = make_page(
            scope,
            [text("<p>全行通用</p>", "aaaa1"), picture(asset.pk, "bbbb2", caption="总行大楼")],
            handed_down=True,
        )
        with pytest.raises(PartCannotBeOpened):
            change_item(scope=scope, item_id=page.pk, open_parts=["risk_level"])
        change_item(
            scope=scope,
            item_id=page.pk,
            open_parts=["blocks.bbbb2.picture", "blocks.bbbb2.caption", "blocks.zzzz9.text"],
        )
        revision = submit_item(scope=scope, item_id=page.pk)
    approve(cast.ho_reviewer, revision)
    with cast.nb_editor.scope() as scope:
        mine = localise_item(scope=scope, item_id=page.pk)
        sent = [
            {"id": "aaaa1", "kind": "text", "text": "<p>改不了</p>"},
            {"id": "bbbb2", "kind": "picture", "picture": "", "caption": "中山路支行"},
        ]
        mine = change_item(scope=scope, item_id=mine.pk, blocks=sent)
        assert (mine.own_parts, mine.blocks) == (
            ["blocks.bbbb2.caption"],
            [{"id": "bbbb2", "kind": "picture", "caption": "中山路支行"}],
        )
        with pytest.raises(BlockIsWrong):
            change_item(
                scope=scope,
                item_id=mine.pk,
                blocks=[{"id": "bbbb2", "kind": "picture", "picture": str(asset.pk)}],
            )
        with pytest.raises(NoLocalVersionsOfLocalVersions):
            change_item(scope=scope, item_id=mine.pk, open_parts=["title"])
        with pytest.raises(PlacesTheOriginal):
            add_placement(scope=scope, slot=Slot.HOME_FEED, item_id=mine.pk, shown_from=FROM)
        first = submit_item(scope=scope, item_id=mine.pk)
        said = {line.key: line.value for line in kind_of("content.item").describe(scope, first.payload).lines}
        assert said["blocks.bbbb2.caption"] == "中山路支行" and said["handed"].startswith("第1版")
        assert "·" in said["own"]
    approve(cast.north_reviewer, first)
    blocks = opened(cast, "nb", page.pk)["blocks"]
    assert blocks[1]["caption"] == "中山路支行" and "全行通用" in str(blocks[0])
    assert blocks[1]["picture"]["urls"]
    # The picture is of head office, out of the branch's sight; what is served is what was approved all the same.
    with cast.north_reviewer.scope() as scope:
        assert kind_of("content.item").differences(scope, Revision.objects.get(pk=first.pk)) == []
    # Brought back from history as it was frozen.
    again(
        cast.nb_editor,
        cast.north_reviewer,
        mine,
        blocks=[{"id": "bbbb2", "kind": "picture", "caption": "别的"}],
    )
    with cast.nb_editor.scope() as scope:
        restore_revision(scope=scope, revision_id=first.pk)
        assert Item.objects.get(pk=mine.pk).blocks[0]["caption"] == "中山路支行"


def test_who_may_not_and_where_it_is_not_handed_down(cast: Cast) -> None:
    closed = handed(cast, "没有开放", opened=[])
    south, _place = live_poster(
        cast.south_editor, cast.south_reviewer, "南方", handed_down=True, open_parts=["title"]
    )
    with cast.nb_editor.scope() as scope:
        for item in (closed, south):
            with pytest.raises(NotFound):
                localise_item(scope=scope, item_id=item.pk)
    item = handed(cast, "开放的")
    with cast.north_reviewer.scope() as scope, pytest.raises(NotAllowed):
        localise_item(scope=scope, item_id=item.pk)
    with cast.ho_editor.scope() as scope, pytest.raises(NotFound):
        # Of one's own one makes another version, not a local one.
        localise_item(scope=scope, item_id=item.pk)
    with cast.north_reviewer.scope() as scope, pytest.raises(NotAllowed):
        answer_objection(scope=scope, objection_id=item.pk, agrees=True, words="好")


def test_the_database_keeps_what_is_locked_and_who_writes_originals(cast: Cast) -> None:
    item = handed(cast)
    with cast.nb_editor.scope() as scope:
        mine = localise_item(scope=scope, item_id=item.pk)
        change_item(scope=scope, item_id=mine.pk, title="中山路版")
        revision = submit_item(scope=scope, item_id=mine.pk)
        # Past the services: a frozen payload with another text.
        for change in ("'body', '<p>利率 9</p>'", "'risk_level', 'R1'", "'campaign_id', gen_random_uuid()"):
            with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(
                    f"SELECT content_locked(payload || jsonb_build_object({change}), '{{title}}') ="
                    " content_locked(payload, '{title}') FROM approvals_revision WHERE id = %s",
                    [revision.pk],
                )
                assert cursor.fetchone() == (False,)
                raise IntegrityError
        with pytest.raises(Exception, match="permission denied"), transaction.atomic():
            Original.objects.create(
                branch_id=scope.branch_id, branch_pos=scope.branch_pos, item=mine, revision_id=revision.pk, number=1,
                sha256="", title="x", payload={}, open_parts=["body"], at=AT,
            )  # fmt: skip
    with cast.ho_editor.scope() as scope:
        with pytest.raises(Exception, match="permission denied"), transaction.atomic():
            Original.objects.within(scope).update(open_parts=["body"])
        with pytest.raises(IntegrityError, match="made of an original"), transaction.atomic():
            Item.objects.filter(pk=make_item(scope).pk).update(
                basis=Original.objects.get(item=item), original_id=item.pk
            )


def test_a_thousand_branches_would_be_localised_and_followed_as_long_jobs(cast: Cast) -> None:
    """Here three; the job goes item by item."""
    item = handed(cast)
    branches = [cast.branch[code] for code in ("NC", "NB", "SB")]
    with cast.ho_editor.scope() as scope:
        original = Original.objects.get(item=item)
        assert [part for part, _name in text_parts(original=original)] == ["title", "summary"]
        job = ask_local_versions(
            scope=scope, item_id=item.pk, branches=branches, texts={"summary": f"请到{NAME}（{CODE}）"},
            own_texts={"SB": {"summary": "解放路 1 号"}}, submits=True,
        )  # fmt: skip
    run()
    assert now_is(job).state == Job.State.DONE and [word for word, _code in outcomes(job)] == ["done"] * 3
    with cast.ho_reviewer.scope() as scope:
        waiting = list(Revision.objects.filter(state="submitted").order_by("branch_pos"))
    for revision, checker in zip(
        waiting, (cast.north_reviewer, cast.north_reviewer, cast.south_reviewer), strict=True
    ):
        approve(checker, revision)
    assert opened(cast, "nb", item.pk)["summary"] == "请到北城中山路支行（NB）"
    assert opened(cast, "sb", item.pk)["summary"] == "解放路 1 号"
    with cast.ho_editor.scope() as scope, pytest.raises(OriginalHasNotChanged):
        ask_to_follow(scope=scope, item_id=item.pk)
    again(cast.ho_editor, cast.ho_reviewer, item, body="<p>新条款</p>")
    with cast.nb_editor.scope() as scope:
        mine = Item.objects.get(branch=cast.branch["NB"], original_id=item.pk)
        object_to_original(scope=scope, item_id=mine.pk, words="等一等")
    with cast.ho_editor.scope() as scope:
        job = ask_to_follow(scope=scope, item_id=item.pk)
    run()
    # Who objected is asked for an answer and not run over.
    assert [word for word, _code in outcomes(job)] == ["done"] * 2
    # Asked again: what is in review is refused, item by item.
    with cast.ho_editor.scope() as scope:
        job = ask_local_versions(
            scope=scope,
            item_id=item.pk,
            branches=branches[:1],
            texts={"summary": "又一次"},
            own_texts={},
            submits=False,
        )
    run(at=AT + timedelta(minutes=1))
    assert [word for word, _code in outcomes(job)] == ["done"]

"""A draft is one person's while it is edited, saved as one types, copied, ended and recalled."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from campaigns.approvals.models import Revision
from campaigns.approvals.rules import NothingIsLive, WordsAreMissing
from campaigns.audit.models import Entry
from campaigns.customers.services.rights import erase_customer
from campaigns.jobs.due_models import Due
from campaigns.lib.clock import FOREVER
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotAllowed
from campaigns.tenants.scopes import system_scope
from content import recalling
from content.blocks.refusals import BlockIsWrong
from content.item_refusals import IsBeingEdited, IsOverAlready, NothingIsHeld
from content.models import Editing, Item, LiveItem, LivePlacement, Recall, Sighting
from content.rules import EditedMeanwhile
from content.seen_selectors import how_many_saw, who_saw
from content.services import sightings
from content.services.copying import copy_item, end_item
from content.services.editing import hold_item, let_go_item, save_as_typed, take_over_item
from content.services.items import add_item, change_item
from content.services.recalls import recall_item
from tests.content.test_blocks import make_page, picture, text
from tests.support.cast import AT, PASSWORD, Cast, Player
from tests.support.content import FROM, live_poster, make_asset, make_item
from tests.support.events import stored, tell, viewed
from tests.support.races import together
from tests.support.rewards import live_batch

MINUTE = timedelta(minutes=1)


def entries(cast: Cast, verb: str) -> int:
    with cast.ho_auditor.scope():
        return Entry.objects.filter(verb=verb).count()


@contextmanager
def refused_by_the_database(words: str) -> Iterator[Any]:
    """A statement past every service, and what the database says of it."""
    with pytest.raises(DatabaseError, match=words), transaction.atomic(), connection.cursor() as cursor:
        yield cursor


def test_one_person_holds_a_draft_until_the_time_is_over_or_another_takes_it_with_a_word(cast: Cast) -> None:
    with cast.north_editor.scope() as scope:
        item = make_item(scope)
        first = hold_item(scope=scope, item_id=item.pk)
    with cast.north_editor.scope(at=AT + MINUTE) as scope:
        again = hold_item(scope=scope, item_id=item.pk)
        assert (again.since, again.until) == (first.since, first.until + MINUTE)
    with cast.ho_editor.scope(at=AT + MINUTE) as scope:
        with pytest.raises(IsBeingEdited, match="north_editor从 10:00 起正在编辑"):
            hold_item(scope=scope, item_id=item.pk)
        for write in (
            lambda: change_item(scope=scope, item_id=item.pk, title="总行改的"),
            lambda: save_as_typed(scope=scope, item_id=item.pk, seen_at=None, changes={"title": "总行改的"}),
        ):
            with pytest.raises(IsBeingEdited):
                write()
        # The database says so too, whoever writes past the service.
        with refused_by_the_database("somebody else holds this draft") as cursor:
            cursor.execute("UPDATE content_editing SET person_id = %s", [cast.ho_editor.person.pk])
    with cast.ho_editor.scope(at=AT + MINUTE) as scope:
        with pytest.raises(WordsAreMissing):
            take_over_item(scope=scope, item_id=item.pk, words=" ")
        taken = take_over_item(scope=scope, item_id=item.pk, words="他休假了")
        assert taken.person_name == "ho_editor"
        with pytest.raises(NothingIsHeld):
            take_over_item(scope=scope, item_id=item.pk, words="再来")
        change_item(scope=scope, item_id=item.pk, title="总行改的")
        assert not let_go_item(scope=scope, item_id=make_item(scope, "另一份").pk)
    with cast.north_editor.scope(at=AT + 2 * MINUTE) as scope:
        assert not let_go_item(scope=scope, item_id=item.pk)
        with pytest.raises(IsBeingEdited):
            hold_item(scope=scope, item_id=item.pk)
    # Nobody tidies up: the time in the row is all.
    with cast.north_editor.scope(at=AT + 4 * MINUTE) as scope:
        assert hold_item(scope=scope, item_id=item.pk).since == AT + 4 * MINUTE
        assert let_go_item(scope=scope, item_id=item.pk)
    with cast.north_reviewer.scope() as scope, pytest.raises(NotAllowed):
        hold_item(scope=scope, item_id=item.pk)
    assert entries(cast, "content.item.take_over") == 1


def test_what_is_typed_is_saved_whole_but_for_what_is_wrong_and_one_sitting_is_one_line(cast: Cast) -> None:
    with cast.north_editor.scope() as scope:
        item = make_page(scope, [text("<p>一</p>")])
        seen = item.changed_at
    for minute in range(1, 4):
        with cast.north_editor.scope(at=AT + minute * MINUTE / 2) as scope:
            saved, wrongs = save_as_typed(
                scope=scope,
                item_id=item.pk,
                seen_at=seen,
                changes={
                    "title": f"第{minute}稿",
                    "blocks": [
                        text(f"<p>{minute}</p>"),
                        {"id": "pic1", "kind": "picture", "link": "ftp://x"},
                    ],
                },
            )
            seen = saved.changed_at
            assert [(each.values["block"], each.values["part"]) for each in wrongs] == [("pic1", "link")]
            assert (saved.title, saved.blocks[0]["text"]) == (f"第{minute}稿", f"<p>{minute}</p>")
            assert saved.blocks[1] == {
                "id": "pic1",
                "kind": "picture",
                "picture": "",
                "caption": "",
                "link": "",
            }
    assert entries(cast, "content.item.change") == 1
    with cast.north_editor.scope(at=AT + 2 * MINUTE) as scope:
        # The same again is no change, and ends no review.
        same, _wrongs = save_as_typed(scope=scope, item_id=item.pk, seen_at=seen, changes={"title": "第3稿"})
        assert same.changed_at == seen
        with pytest.raises(BlockIsWrong):
            change_item(
                scope=scope, item_id=item.pk, blocks=[{"id": "pic1", "kind": "picture", "link": "ftp:"}]
            )
        # The same person in another tab has saved meanwhile: named, and nothing is overwritten.
        with pytest.raises(EditedMeanwhile):
            save_as_typed(scope=scope, item_id=item.pk, seen_at=AT, changes={"title": "旧页"})
        assert Item.objects.get().title == "第3稿"
        assert Item.objects.get().events.filter(pgh_label="update").count() == 3  # type: ignore[attr-defined]


def both_open(cast: Cast, item: Item, opening: Callable[[Player], Any]) -> int:
    """How many of those who open it at the same moment believe that it is theirs."""
    players = [cast.north_editor, cast.ho_editor] * 4
    found = together([lambda player=player: opening(player) for player in players])
    return len({each for each in found if not isinstance(each, Exception)})


def test_of_those_who_open_it_together_one_holds_it(committed_cast: Cast) -> None:
    cast = committed_cast
    with cast.north_editor.scope() as scope:
        item = make_item(scope)

    def guarded(player: Player) -> Any:
        with player.scope() as scope:
            return hold_item(scope=scope, item_id=item.pk).person_id

    def read_then_write(player: Player) -> Any:
        with player.scope() as scope:
            if (
                not Editing.objects.within(scope)
                .filter(item=item)
                .exclude(person_id=player.person.pk)
                .exists()
            ):
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_sleep(0.3)")
                return player.person.pk
        raise IsBeingEdited(who="", since="")

    assert both_open(cast, item, read_then_write) == 2  # without the guard both do
    assert both_open(cast, item, guarded) == 1
    with cast.north_editor.scope():
        assert Editing.objects.count() == 1


def test_a_copy_is_a_draft_of_its_own_and_what_is_over_ends(cast: Cast) -> None:
    batch = live_batch(cast, shares={"NB": 5})
    with cast.nb_editor.scope() as scope:
        asset = make_asset(scope)
        blocks = [picture(asset.pk), {"id": "cpn1", "kind": "coupon", "batch": str(batch.pk), "words": ""}]
        item = make_page(scope, blocks, title="长" * 60, batch_id=batch.pk, shown_until=AT + MINUTE)
    with cast.nb_editor.scope(at=AT + 2 * MINUTE) as scope:
        copy = copy_item(scope=scope, item_id=item.pk)
        assert copy.pk != item.pk and copy.title == "长" * 56 + "（副本）"
        assert (copy.kind, copy.blocks, copy.batch_id) == (item.kind, item.blocks, item.batch_id)
        assert (copy.shown_from, copy.shown_until) == (AT + 2 * MINUTE, FOREVER)
        with pytest.raises(IsOverAlready):
            end_item(scope=scope, item_id=item.pk, reason="到期")
        ended = end_item(scope=scope, item_id=copy.pk, reason="到期")
        assert ended.shown_until == AT + 2 * MINUTE
    live, _placement = live_poster(cast.nb_editor, cast.north_reviewer)
    with cast.nb_editor.scope() as scope, pytest.raises(NotAllowed):
        end_item(scope=scope, item_id=live.pk, reason="到期")
    with cast.nb_editor.scope():
        assert LiveItem.objects.get().item_id == live.pk


def test_a_recall_takes_it_back_everywhere_and_names_who_had_seen_it(
    cast: Cast, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, int]] = []

    def later_room(*, scope: Any, item: Item, revision: Revision, reason: str) -> int:
        asked.append((item.title, revision.number))
        assert not LiveItem.objects.filter(item=item).exists()
        return 2

    monkeypatch.setattr(recalling, "_STEPS", dict(recalling.recall_steps()))
    recalling.register_recall_step("test: scheduled posts", later_room, label="未发送的群发")
    assert list(recalling.recall_steps()) == [
        "content: placements", "community: tasks", "test: scheduled posts"
    ]  # fmt: skip
    with pytest.raises(ValueError, match="exists already"):
        recalling.register_recall_step("content: placements", later_room, label="x")

    item, _placement = live_poster(cast.nb_editor, cast.north_reviewer, shown_from=AT - MINUTE)
    subject = ref("content.item", item.pk)
    for who, moments in (("nb", (0, 2)), ("nb2", (1,)), ("nb", (9,))):
        for minute in moments:
            tell(cast.customers[who], viewed(AT + minute * MINUTE, subject=subject))
    assert len(stored()) == 4
    with cast.nb_editor.scope() as scope, pytest.raises(NotAllowed):
        recall_item(scope=scope, item_id=item.pk, reason="利率已变")
    with cast.north_reviewer.scope(at=AT + 5 * MINUTE) as scope:
        with pytest.raises(WordsAreMissing):
            recall_item(scope=scope, item_id=item.pk, reason=" ")
        recall = recall_item(scope=scope, item_id=item.pk, reason="利率已变")
        assert (recall.live_from, recall.live_until) == (AT, AT + 5 * MINUTE)
        assert recall.did == {"content: placements": 1, "community: tasks": 0, "test: scheduled posts": 2}
        assert asked == [("春节存款", 1)]
        assert not LiveItem.objects.exists() and not LivePlacement.objects.exists()
        with pytest.raises(NothingIsLive):
            recall_item(scope=scope, item_id=item.pk, reason="再来")
        assert recall.gathered_at is None and who_saw(scope=scope, recall=recall, limit=10) == []
    with system_scope(at=AT + 6 * MINUTE, cause="test") as scope:
        rows_due = list(Due.objects.filter(kind=sightings.KIND).order_by("run_at"))
        assert [row.run_at - recall.at for row in rows_due] == list(sightings.AGAIN)
        # Twice is once. What phones told of later moments is of nothing that was live.
        assert [sightings.gather_due(scope=scope, due=rows_due[0]) for _ in range(2)] == [2, 2]
    with cast.north_reviewer.scope(at=AT + 7 * MINUTE) as scope:
        recall.refresh_from_db()
        assert recall.gathered_at == AT + 6 * MINUTE
        assert how_many_saw(scope=scope, recall=recall) == 2
        rows = who_saw(scope=scope, recall=recall, limit=10)
        assert [(row.number, row.times, row.has_read, row.branch) for row in rows] == [
            ("****0001", 2, True, "北城中山路支行"),
            ("****0002", 1, True, "北城中山路支行"),
        ]
    with cast.south_reviewer.scope() as scope:
        assert not Recall.objects.exists() and not Sighting.objects.exists()
    with cast.north_reviewer.scope(), refused_by_the_database("denied") as cursor:
        cursor.execute("UPDATE content_recall SET reason = ''")
    headers = cast.customers["nb"].headers()
    assert client.get(f"/api/v1/contents/{item.pk}", headers=headers).status_code == 404

    assert client.login(username="north_reviewer", password=PASSWORD)
    page = client.get(reverse("admin:content_recall_change", args=[recall.pk])).content.decode()
    assert (
        "《春节存款》第1版已召回" in page
        and "2 位客户看过" in page
        and "清空的资源位 1" in page
        and "N-nb-" not in page
    )
    file = client.post(reverse("admin:content_recall_file", args=[recall.pk]))
    lines = file.content.decode("utf-8-sig").splitlines()
    assert len(lines) == 3 and lines[1].startswith(
        "****0001,北城中山路支行,2026-11-22 10:00,2026-11-22 10:02,2,是"
    )
    assert entries(cast, "content.recall.download") == 1
    # Whoever is erased stays counted, and is named by nothing.
    with system_scope(at=AT + 8 * MINUTE, cause="test") as scope:
        erase_customer(scope=scope, customer_id=cast.customers["nb"].customer.pk, why="本人要求")
        assert not Sighting.objects.filter(customer_id=cast.customers["nb"].customer.pk).exists()
        assert Sighting.objects.filter(recall=recall).count() == 2
        assert sightings.gather_due(scope=scope, due=rows_due[0]) == 2
        assert not Sighting.objects.filter(customer_id=cast.customers["nb"].customer.pk).exists()
    assert entries(cast, "content.item.recall") == 1
    assert FROM and add_item

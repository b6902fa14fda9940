"""The calendar, by its pages: who finds what where, what may be moved, what is wrong with a day, and what it costs."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from campaigns.approvals.models import Revision
from campaigns.audit.models import Entry
from campaigns.planning.calendar import layers, windows
from campaigns.planning.services import add_campaign
from content.models import Item, LiveItem, Placement, Slot
from content.services.items import add_item, submit_item
from content.services.placements import add_placement
from tests.support.cast import AT, Cast, Player
from tests.support.content import approve, live_poster, make_asset, make_item
from tests.support.rewards import draft_batch

PAGE = "/admin/planning/campaign/calendar/"
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def today() -> Any:
    """The cast's own day: 2026-11-22, ten o'clock in Shanghai."""
    with time_machine.travel(AT, tick=False):
        yield


def comes_in(player: Player) -> Client:
    client = Client()
    client.force_login(player.login)
    return client


def boxes(
    client: Client, start: str = "2026-10-26", end: str = "2026-12-07", **more: Any
) -> list[dict[str, Any]]:
    answer = client.get(f"{PAGE}boxes/", {"start": start, "end": end, **more})
    assert answer.status_code == 200
    found: list[dict[str, Any]] = answer.json()
    return found


def of_layer(found: list[dict[str, Any]], layer: str) -> list[tuple[str, str, str, str]]:
    return [(b["part"], b["title"], b["at"][:16], b["fill"]) for b in found if b["layer"] == layer]


def move(client: Client, layer: str, key: UUID, **moments: str) -> tuple[int, str]:
    answer = client.post(f"{PAGE}{layer}/{key}/move/", moments)
    return answer.status_code, answer.json()["said"]


def test_each_thing_stands_in_its_layer_at_its_time_with_its_fill(cast: Cast) -> None:
    _item, placement = live_poster(
        cast.north_editor, cast.north_reviewer, shown_until=AT + 5 * DAY, slot=Slot.HOME_BANNER
    )
    with cast.north_editor.scope() as scope:
        make_item(scope, "双十二", shown_from=AT + 2 * DAY, shown_until=AT + 9 * DAY)
        waits = make_item(scope, "年终奖", shown_from=AT + 3 * DAY)
        submit_item(scope=scope, item_id=waits.pk)
    batch = draft_batch(cast)
    with cast.north_rewards.scope() as scope:
        add_campaign(scope=scope, title="开门红", starts_at=AT - DAY, ends_at=AT + DAY)
    with cast.south_editor.scope() as scope:
        make_item(scope, "南方的草稿", shown_from=AT + DAY)
    found = boxes(comes_in(cast.north_editor))
    assert of_layer(found, "content") == [
        ("from", "▸ 春节存款", "2026-11-21T10:00", "done"),
        ("from", "▸ 双十二", "2026-11-24T10:00", "draft"),
        ("from", "▸ 年终奖", "2026-11-25T10:00", "review"),
        ("until", "结束 · 双十二", "2026-12-01T10:00", "draft"),
    ]
    assert of_layer(found, "placements") == [("window", "春节存款", "2026-11-21T10:00", "set")]
    assert [b["thing"] for b in found if b["layer"] == "batches"] == [str(batch.pk)]
    assert of_layer(found, "campaigns") == [("window", "开门红", "2026-11-21T10:00", "set")]
    bar = next(b for b in found if b["layer"] == "placements")
    # 2026-11-27 10:00 is its end, exclusive: it still stands on the 27th.
    assert (bar["start"], bar["end"], bar["thing"]) == ("2026-11-21", "2026-11-28", str(placement.pk))
    # What began cannot begin again; its end may be another.
    assert (bar["startEditable"], bar["durationEditable"]) == (False, True)
    # Those below see their own alone, those beside nothing of it; the filters narrow.
    assert of_layer(boxes(comes_in(cast.nb_editor)), "content") == []
    south = boxes(comes_in(cast.south_editor))
    assert [title for _part, title, *_rest in of_layer(south, "content")] == ["▸ 南方的草稿"]
    client = comes_in(cast.north_editor)
    assert {b["layer"] for b in boxes(client, layer="content")} == {"content"}
    assert {b["layer"] for b in boxes(client, kind="placements:home.banner")} == {"placements", "marks"}
    assert boxes(client, kind="placements:home.feed", layer="placements") == []
    assert {b["owner"][1] for b in boxes(client, owner="me")} == {"north_editor"}
    assert boxes(client, owner="nobody") == []
    assert of_layer(boxes(client, "2026-11-25", "2026-11-26"), "content") == [
        ("from", "▸ 年终奖", "2026-11-25T10:00", "review")
    ]
    assert boxes(client, "no day", "1e9")  # this month, then
    clerk = comes_in(cast.nb_clerk)
    assert clerk.get(PAGE).status_code == 403 and clerk.get(f"{PAGE}boxes/").status_code == 403


def test_what_is_live_and_what_its_draft_plans_stand_apart(cast: Cast) -> None:
    with cast.north_editor.scope() as scope:
        item = make_item(scope, "春节存款", shown_from=AT + DAY)
        revision = submit_item(scope=scope, item_id=item.pk)
    approve(cast.north_reviewer, revision)
    client = comes_in(cast.north_editor)
    (box,) = [b for b in boxes(client) if b["layer"] == "content"]
    assert (box["fill"], box["startEditable"]) == ("set", True)
    code, said = move(client, "content", item.pk, **{"from": "2026-11-25T08:30"})
    assert (code, said) == (200, "草稿已改期。请重新送审，通过之前客户仍按原定时间看到它。")
    assert of_layer(boxes(client), "content") == [
        ("from", "▸ 春节存款", "2026-11-23T10:00", "set"),
        ("from", "▸ 春节存款", "2026-11-25T08:30", "draft"),
    ]
    assert [b["startEditable"] for b in boxes(client) if b["layer"] == "content"] == [False, True]
    with cast.north_editor.scope() as scope:
        assert LiveItem.objects.get().shown_from == AT + DAY
        # What ends is grey, and stays on its day when its copy is gone.
        submitted = submit_item(scope=scope, item_id=item.pk)
    assert of_layer(boxes(client), "content")[1][3] == "review"
    approve(cast.north_reviewer, submitted)
    # It waits for its time while the other one serves.
    with cast.north_editor.scope():
        assert sorted(Revision.objects.values_list("state", flat=True)) == ["approved", "scheduled"]
    assert [row[3] for row in of_layer(boxes(client), "content")] == ["set", "set"]


def test_moving_asks_the_rooms_own_service_and_says_why_not(cast: Cast) -> None:
    with cast.north_editor.scope() as scope:
        item = make_item(scope, "双十二", shown_from=AT + 2 * DAY, shown_until=AT + 9 * DAY)
        placement = add_placement(
            scope=scope, slot=Slot.HOME_FEED, item_id=item.pk, shown_from=AT + DAY, priority=7
        )
        past = make_item(scope, "旧的", shown_from=AT - 9 * DAY, shown_until=AT - DAY)
        waits = make_item(scope, "年终奖", shown_from=AT + 3 * DAY)
        review = submit_item(scope=scope, item_id=waits.pk)
    batch = draft_batch(cast)
    client = comes_in(cast.north_editor)
    assert move(client, "content", item.pk, **{"from": "2026-11-28T09:15"}) == (200, "已改期。")
    assert move(client, "placements", placement.pk, until="2026-12-01T00:00") == (200, "已改期。")
    assert move(client, "content", past.pk, until="2026-12-01T00:00") == (200, "已改期。")  # never submitted
    code, said = move(client, "content", waits.pk, **{"from": "2026-11-29T09:00"})
    assert (code, said) == (200, "已改期。时间变了，原来的审核已结束，请重新提交。")
    with cast.north_editor.scope():
        moved = Item.objects.get(pk=item.pk)
        assert (moved.shown_from.isoformat(), moved.shown_until) == (
            "2026-11-28T01:15:00+00:00",
            AT + 9 * DAY,
        )
        kept = Placement.objects.get()
        assert (kept.priority, kept.shown_from) == (7, AT + DAY)
        assert kept.shown_until.isoformat() == "2026-11-30T16:00:00+00:00"
        assert Revision.objects.get(pk=review.pk).state == "superseded"
        deeds = set(Entry.objects.values_list("verb", flat=True))
        assert {"content.item.change", "content.placement.change"} <= deeds
    refused = {
        "backward": ("content", item.pk, {"until": "2026-11-20T00:00"}, 422),
        "no day": ("content", item.pk, {"from": "2026-02-31T00:00"}, 422),
        "nothing": ("content", item.pk, {}, 422),
        "fixed": ("batches", batch.pk, {"from": "2026-11-28T09:15"}, 409),
        "no layer": ("nothing", item.pk, {"from": "2026-11-28T09:15"}, 404),
        "absent": ("content", placement.pk, {"from": "2026-11-28T09:15"}, 404),
    }
    with cast.north_editor.scope():
        before = list(Item.objects.order_by("pk").values()) + list(Placement.objects.values())
    for name, (layer, key, moments, status) in refused.items():
        code, said = move(client, layer, key, **moments)
        assert (name, code) == (name, status) and said
    for player, status in ((cast.south_editor, 404), (cast.north_reviewer, 403)):
        answer = move(comes_in(player), "content", item.pk, **{"from": "2026-11-28T10:00"})
        assert answer[0] == status
    with cast.north_editor.scope():
        assert list(Item.objects.order_by("pk").values()) + list(Placement.objects.values()) == before


def test_the_card_says_who_when_and_what_next_and_a_foreign_one_is_absent(cast: Cast) -> None:
    item, placement = live_poster(cast.north_editor, cast.north_reviewer, handed_down=True)
    client = comes_in(cast.north_editor)
    for layer, key in (("content", item.pk), ("placements", placement.pk)):
        card = client.get(f"{PAGE}{layer}/{key}/").content.decode()
        assert all(word in card for word in ("春节存款", "已上线", "北方省分行", "north_editor", "<img"))
        # It began already: only its end may be another.
        assert (
            'name="until" value="" data-was="" >' in card and 'data-was="2026-11-21T10:00" disabled' in card
        )
    assert "data-move" not in comes_in(cast.north_reviewer).get(f"{PAGE}content/{item.pk}/").content.decode()
    # Handed down, but worked on above; and a neighbour's.
    answers = {
        (answer.status_code, answer.content)
        for player in (cast.nb_editor, cast.south_editor)
        for key in (item.pk, placement.pk)
        for answer in [comes_in(player).get(f"{PAGE}content/{key}/")]
    }
    assert len(answers) == 1 and {code for code, _body in answers} == {404}


def test_gaps_and_clashes_are_of_the_branch_where_one_stands(cast: Cast) -> None:
    def marks(player: Player) -> list[tuple[str, str, str]]:
        found = boxes(comes_in(player), "2026-11-16", "2026-11-30", layer="marks")
        return [(b["title"], b["start"], b["end"]) for b in found]

    everything = "空档：首页：横幅、首页：宫格、首页：信息流没有已通过的内容"
    # From today on; days in a row are one bar.
    assert marks(cast.nb_editor) == [(everything, "2026-11-22", "2026-11-30")]
    live_poster(
        cast.ho_editor,
        cast.ho_reviewer,
        "总行",
        handed_down=True,
        slot=Slot.HOME_BANNER,
        shown_until=AT + DAY,
    )
    assert marks(cast.nb_editor) == [
        ("空档：首页：宫格、首页：信息流没有已通过的内容", "2026-11-22", "2026-11-24"),
        (everything, "2026-11-24", "2026-11-30"),
    ]
    with cast.nb_editor.scope() as scope:
        item = make_item(scope)
        # A pop-up has room for one; these two overlap on one day, and have the same rank.
        for first, last in ((1, 3), (2, 4)):
            add_placement(
                scope=scope,
                slot=Slot.HOME_POPUP,
                item_id=item.pk,
                shown_from=AT + first * DAY,
                shown_until=AT + last * DAY,
                priority=5,
            )
    clashes = [mark for mark in marks(cast.nb_editor) if not mark[0].startswith("空档")]
    assert clashes == [
        ("首页：弹窗：同时有 2 个，最多展示 1 个", "2026-11-24", "2026-11-26"),
        ("首页：弹窗：有多个优先级为 5 的内容", "2026-11-24", "2026-11-26"),
    ]
    assert not [mark for mark in marks(cast.north_editor) if not mark[0].startswith("空档")]


# What each query is for; the rest is the log-in with its scope and the page's savepoint.
WINDOWED = ["first of each day", "scheduled", "drafts", "copies", "states", "those not listed"]
BOXES = [
    "zone",
    "campaigns",
    *(f"batches: {each}" for each in WINDOWED[:-1]),
    *(f"content: {each}" for each in WINDOWED),
    *(f"placements: {each}" for each in WINDOWED),
    *("marks: live", "marks: items", "marks: drafts"),
]


def test_a_month_costs_the_same_queries_however_much_stands_there(cast: Cast) -> None:
    with cast.north_editor.scope() as scope:
        asset_id = make_asset(scope).pk

    def plant(many: int) -> None:
        with cast.north_editor.scope() as scope:
            for nth in range(many):
                item = add_item(
                    scope=scope,
                    title=f"第{nth}张",
                    asset_id=asset_id,
                    shown_from=AT + DAY,
                    shown_until=AT + 3 * DAY,
                )
                add_placement(
                    scope=scope,
                    slot=Slot.HOME_FEED,
                    item_id=item.pk,
                    shown_from=AT + DAY,
                    shown_until=AT + 3 * DAY,
                )

    client = comes_in(cast.north_editor)
    boxes(client)

    def asked() -> tuple[int, list[dict[str, Any]]]:
        with CaptureQueriesContext(connection) as queries:
            found = boxes(client)
        said = [q["sql"] for q in queries if "SAVEPOINT" not in q["sql"]]
        return len(said), found

    plant(1)
    with CaptureQueriesContext(connection) as queries:
        client.get(f"{PAGE}boxes/", {"layer": "-"})
    plain = len([q for q in queries if "SAVEPOINT" not in q["sql"]]) - 1  # of these: the zone
    few, _found = asked()
    plant(40)
    many, found = asked()
    listed = [b for b in found if b["layer"] == "content" and b["part"] == "from"]
    rest = {b["day"]: b["many"] for b in found if b["layer"] == "rest"}
    # 41 items and 41 placements begin on one day and 41 end on another; 12 of each are listed.
    assert len(listed) == 12 and rest == {"2026-11-23": 58, "2026-11-25": 29}
    assert many <= plain + len(BOXES) and few <= many, (few, many, plain)


def test_what_nobody_counted_to_its_end_says_so(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "_COUNTED", 15)
    with cast.north_editor.scope() as scope:
        asset_id = make_asset(scope).pk
        for nth in range(18):
            add_item(scope=scope, title=f"第{nth}张", asset_id=asset_id, shown_from=AT + DAY)
    client = comes_in(cast.north_editor)
    rest = [(b["day"], b["title"]) for b in boxes(client) if b["layer"] == "rest"]
    assert rest == [("2026-11-23", "另有 3+ 项未列出")]
    monkeypatch.setattr(windows, "_COUNTED", 100)
    assert [b["title"] for b in boxes(client) if b["layer"] == "rest"] == ["另有 6 项未列出"]
    # On a page of one day all of them are listed.
    assert len(of_layer(boxes(client, "2026-11-23", "2026-11-24"), "content")) == 18


def test_a_layer_is_registered_once() -> None:
    layer = layers.Layer(
        "content", "x", icon="x", needs="x", entries=lambda s, a: layers.Found([]), card=None
    )  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="content"):
        layers.register_calendar_layer(layer)

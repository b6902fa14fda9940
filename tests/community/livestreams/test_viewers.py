"""Who watches: credited by the bank's clock, whatever phones say; what they say, like and answer, over HTTP."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client

from campaigns.audit.models import Entry
from campaigns.customers.services.rights import erase_customer
from campaigns.events.models import Event
from campaigns.lib.clock import now
from campaigns.lib.refusals import NotFound
from campaigns.tenants.scopes import ScopeClosed, system_scope
from community.livestreams.figures import figures_of, line_of, shares_of
from community.livestreams.models import Comment, Livestream, Watch
from community.livestreams.refusals import NotOn
from community.livestreams.services import showings
from community.livestreams.services.viewers import judge_comment, merge_viewer, part_viewer
from community.livestreams.services.watching import Beat, watch_all, watch_livestream
from content.services.recalls import recall_item
from tests.support.calls import Caller
from tests.support.cast import AT, Cast
from tests.support.compliance import list_in_force
from tests.support.due import run_at
from tests.support.livestreams import QUESTION, drop_of, live_livestream, operator, product_card
from tests.support.races import together
from tests.support.rewards import live_batch

BEGINS = AT + timedelta(hours=2)
SECOND = timedelta(seconds=1)


class Phone(Caller):
    """Paths begin behind /api/v1/."""

    def get(self, path: str, **headers: str) -> Any:
        return super().get(f"/api/v1/{path}", **headers)

    def post(self, path: str, body: Any = None, **more: Any) -> Any:
        return super().post(f"/api/v1/{path}", body, **more)


def beat(cast: Cast, who: str, stream: Livestream, at: datetime, seconds: int = 15) -> int:
    return watch_livestream(beat=Beat(cast.customers[who].customer.pk, stream.pk, at, seconds, 0)).seconds


def on_air(cast: Cast, *, begins: datetime = BEGINS, **more: Any) -> Livestream:
    stream = live_livestream(
        cast, operator(cast), cast.north_reviewer, begins=begins, at=begins - timedelta(hours=1), **more
    )
    with operator(cast).scope(at=begins) as scope:
        showings.start_livestream(scope=scope, livestream_id=stream.pk)
    return stream


@pytest.mark.django_db
def test_beats_are_credited_by_the_clock_and_come_and_go_is_told_once(cast: Cast) -> None:
    stream = on_air(cast)
    with pytest.raises(NotFound):
        beat(cast, "sb", stream, BEGINS)  # of the south
    assert beat(cast, "nb", stream, BEGINS + 2 * SECOND) == 2  # no more than it has run
    assert beat(cast, "nb", stream, BEGINS + 17 * SECOND) == 17
    assert beat(cast, "nb", stream, BEGINS + 32 * SECOND, seconds=3600) == 32
    # Two phones: what passed since the last beat of either counts, so both together count once.
    assert beat(cast, "nb", stream, BEGINS + 39 * SECOND) == 39
    assert beat(cast, "nb", stream, BEGINS + 40 * SECOND) == 40
    # Gone for ten minutes: no more than a beat's patience is credited for coming back.
    assert beat(cast, "nb", stream, BEGINS + timedelta(minutes=10), seconds=600) == 40 + 45
    # A clock that steps back takes nothing away, and gives nothing.
    assert beat(cast, "nb", stream, BEGINS + timedelta(minutes=9)) == 85
    later = BEGINS + timedelta(minutes=10, seconds=5)
    many = [Beat(cast.customers[who].customer.pk, stream.pk, later, 5, 0) for who in ("nb2", "sb", "nb")]
    said = watch_all(beats=[*many, Beat(uuid4(), stream.pk, later, 5, 0)])
    assert [getattr(each, "seconds", type(each).__name__) for each in said] == [
        5,
        "NotFound",
        90,
        "ScopeClosed",
    ]
    with operator(cast).scope(at=BEGINS + timedelta(minutes=11)) as scope:
        assert line_of(scope=scope, livestream_id=stream.pk)[:11] == [1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2]
        showings.end_livestream(scope=scope, livestream_id=stream.pk)
        figures = figures_of(scope=scope, livestream_id=stream.pk)
        assert (figures.viewers, figures.seconds, figures.peak) == (2, 95, 2)
        assert [(share.name, share.viewers) for share in shares_of(scope=scope, livestream_id=stream.pk)] == [
            (cast.branch["NB"].name, 2)
        ]
    with pytest.raises(NotOn):
        beat(cast, "nb", stream, BEGINS + timedelta(minutes=12))
    for _turn in range(2):
        run_at(BEGINS + timedelta(minutes=12))
    with system_scope(at=AT, cause="test"):
        told = Event.objects.filter(kind__startswith="community.livestream.")
        first = cast.customers["nb"].customer.pk
        assert sorted((each.kind, each.customer_id == first, str(each.properties)) for each in told) == [
            ("community.livestream.joined", False, "{}"), ("community.livestream.joined", True, "{}"),
            ("community.livestream.left", False, "{'seconds': 5}"),
            ("community.livestream.left", True, "{'seconds': 90}"),
        ]  # fmt: skip
    # The replay is watched apart.
    with operator(cast).scope(at=BEGINS + timedelta(hours=1)) as scope:
        showings.replay_livestream(scope=scope, livestream_id=stream.pk)
    beat(cast, "nb", stream, BEGINS + timedelta(hours=2), seconds=15)
    with operator(cast).scope(at=BEGINS + timedelta(hours=2)):
        row = Watch.objects.get(customer=cast.customers["nb"].customer)
        assert (row.seconds, row.replay_seconds) == (90, 15)


@pytest.mark.commits
def test_two_phones_at_once_are_one_viewer(committed_cast: Cast) -> None:
    """The control adds up what each phone says of itself."""
    cast = committed_cast
    stream = on_air(cast)
    beat(cast, "nb", stream, BEGINS + 10 * SECOND, seconds=10)
    at = BEGINS + 25 * SECOND
    said = together([lambda: beat(cast, "nb", stream, at, 15)] * 6)
    assert sorted(said) == [25] * 6
    assert 10 + 6 * 15 == 100  # what the six say of themselves
    with system_scope(at=AT, cause="test"):
        assert Watch.objects.get().seconds == 25
    closed = cast.customers["nb"].customer
    with system_scope(at=AT, cause="test"):
        type(closed).objects.filter(pk=closed.pk).update(status="blocked")
    with pytest.raises(ScopeClosed):
        beat(cast, "nb", stream, at + SECOND)


@pytest.mark.django_db
def test_the_room_over_http(cast: Cast, client: Client) -> None:
    at = now()
    batch = live_batch(cast, by_release=True, needs_ticket=True, shares={"NB": 3})
    list_in_force(cast, "内幕 | 违规荐股 | 禁止 | 不得出现")
    drop = drop_of(batch.pk, minute=1)
    stream = on_air(
        cast, begins=at - timedelta(minutes=2), drops=[drop, drop_of(batch.pk, minute=None)], quiz=[QUESTION],
        products=[product_card(cast, cast.north_editor, cast.north_reviewer)],
    )  # fmt: skip
    nb, nb2, sb = (
        Phone(cast.customers[who].headers()["Authorization"].split()[1]) for who in ("nb", "nb2", "sb")
    )
    [told] = nb.get("livestreams").json()["items"]
    assert (told["id"], told["state"]) == (str(stream.pk), "live")
    picture = client.get(told["cover"]["addresses"]["fallback"])
    assert picture.status_code == 200 and b"".join(picture.streaming_content)
    assert sb.get("livestreams").json()["items"] == []
    path = f"livestreams/{stream.pk}"
    one = nb.get(path).json()
    assert one["play"] == {"kind": "hls", "url": "https://live.bank.com.cn/north/index.m3u8"}
    assert [(each["state"], each["left"], bool(each["ticket"])) for each in one["drops"]] == [
        ("open", 3, True), ("coming", 3, True),
    ]  # fmt: skip
    assert "right" not in one["quiz"][0] and one["products"][0]["risk_level"] == "R2"
    claim = nb.post(f"batches/{batch.pk}/claims", {"ticket": one["drops"][0]["ticket"]}, key=str(uuid4()))
    assert claim.status_code == 201, claim.json()
    # Unknown and foreign ids answer alike, for every address.
    for caller, key in ((nb, uuid4()), (sb, stream.pk)):
        there = f"livestreams/{key}"
        question = {"question": str(QUESTION.id), "option": 0}
        answers = [
            caller.get(there), caller.post(f"{there}/watch", {"seconds": 5}), caller.get(f"{there}/comments"),
            caller.post(f"{there}/comments", {"text": "好"}), caller.post(f"{there}/likes", {"count": 1}),
            caller.post(f"{there}/answers", question),
        ]  # fmt: skip
        assert [(each.status_code, each.json()["code"]) for each in answers] == [(404, "not_found")] * 6
    assert nb.post(f"{path}/likes", {"count": 3}).json()["code"] == "community.livestream.not_watching"
    assert nb.post(f"{path}/watch", {"seconds": 5}).json()["state"] == "live"
    assert nb.post(f"{path}/watch", {"seconds": -1}).status_code == 400
    for _turn in range(2):
        assert nb.post(f"{path}/likes", {"count": 3}).status_code == 200
    # Said once under its key; what lures away or is forbidden waits for staff, and its author sees it.
    said = [nb.post(f"{path}/comments", {"text": " 讲得  很好 "}, key="k-00000001") for _turn in range(2)]
    assert said[0].json() == said[1].json() and said[0].status_code == 201
    assert said[0].json()["text"] == "讲得 很好" and said[0].json()["who"].startswith("****")
    held = [
        nb.post(f"{path}/comments", {"text": text}).json() for text in ("我有内幕", "加我微信 13800138000")
    ]
    assert [each["state"] for each in held] == ["held", "held"]
    assert nb.post(f"{path}/comments", {"text": " "}).status_code in (400, 422)
    assert [each["text"] for each in nb2.get(f"{path}/comments").json()["items"]] == ["讲得 很好"]
    assert len(nb.get(f"{path}/comments").json()["items"]) == 3
    with operator(cast).scope() as scope:
        judge_comment(scope=scope, comment_id=held[0]["id"], is_fit=True)
        judge_comment(scope=scope, comment_id=said[0].json()["id"], is_fit=False)
        assert Entry.objects.filter(verb="community.livestream.hide_comment").count() == 1
    with operator(cast, "SB").scope() as scope, pytest.raises(NotFound):
        judge_comment(scope=scope, comment_id=held[0]["id"], is_fit=False)
    page = nb2.get(f"{path}/comments?limit=1").json()
    assert [each["text"] for each in page["items"]] == ["我有内幕"] and page["next"]
    # One's own is taken back, another's is not there.
    own, other = f"{path}/comments/{held[0]['id']}", f"/api/v1/{path}/comments/{held[1]['id']}"
    assert client.delete(other, headers=cast.customers["nb2"].headers()).status_code == 404
    assert client.delete(f"/api/v1/{own}", headers=cast.customers["nb"].headers()).status_code == 204
    right = {"question": str(QUESTION.id), "option": 0}
    assert nb.post(f"{path}/answers", right).json()["is_right"] is True
    assert nb.post(f"{path}/answers", right).json()["code"] == "community.quiz.answered_already"
    assert nb.post(f"{path}/answers", {**right, "option": 2}).status_code == 404
    assert nb.get(path).json()["quiz"][0]["answered"] == 0
    with operator(cast).scope(at=now() + timedelta(minutes=1)) as scope:
        figures = figures_of(scope=scope, livestream_id=stream.pk)
        assert (figures.viewers, figures.likes, figures.answers, figures.claims) == (1, 6, 1, 1)
        assert (figures.comments, figures.held) == (0, 1)
        assert figures.rate == 1.0
    # A product that is recalled is gone from the livestream at once.
    [card] = one["products"]
    with cast.north_reviewer.scope(at=now()) as scope:
        recall_item(scope=scope, item_id=UUID(card["id"]), reason="利率有误")
    assert nb.get(path).json()["products"] == []
    # Two customers are one, and two again: what both did stays each one's own.
    nb2.post(f"{path}/watch", {"seconds": 5})
    nb2.post(f"{path}/comments", {"text": "谢谢"})
    mine, other = (cast.customers[who].customer for who in ("nb", "nb2"))
    with system_scope(at=now(), cause="test") as scope:
        moved = merge_viewer(scope=scope, kept=mine, absorbed=other)
        assert len(moved) == 1 and not Comment.objects.filter(customer=other).exists()
        assert part_viewer(scope=scope, kept=mine, absorbed=other, moved=moved) == moved
        assert Comment.objects.get(customer=other).text == "谢谢"
    # Erased, what somebody said is gone.
    with system_scope(at=now(), cause="test") as scope:
        erase_customer(scope=scope, customer_id=cast.customers["nb"].customer.pk, why="本人申请")
        assert not Comment.objects.filter(customer=mine).exists()
        assert Watch.objects.count() == 2

"""Livestreams over HTTP: what is on, watching, what viewers say, like and answer."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.lib.http.limits import Limit
from campaigns.lib.http.views import ApiView
from campaigns.requests.keys import HEADER, idempotent
from campaigns.rewards.models import LiveBatch, Release
from campaigns.rewards.selectors.coupons import (
    claimed_by_customer,
    left_at_branch,
    live_batches,
    sentences_of,
    zone_of,
)
from campaigns.rewards.tickets import issue_ticket
from campaigns.tenants.scopes import Scope
from community.livestreams.models import Broadcast, Showing
from community.livestreams.rules import COMMENT_STATES, DROP_STATES, MINUTES, State
from community.livestreams.selectors import (
    answered_by,
    cards_shown,
    livestreams_for_customer,
    one_shown,
    releases_shown,
)
from community.livestreams.services.reminders import ask_reminder
from community.livestreams.services.viewers import (
    MOST_CHARACTERS,
    Said,
    answer_quiz,
    comments_on,
    like_livestream,
    say_on_livestream,
    take_back_comment,
)
from community.livestreams.services.watching import Beat, watch_livestream
from content.addresses import customer_addresses


class HostOut(serializers.Serializer[Any]):
    """主播或嘉宾 · A host or a guest."""

    name = serializers.CharField()
    title = serializers.CharField(allow_blank=True)
    is_guest = serializers.BooleanField()


class CoverOut(serializers.Serializer[Any]):
    """封面 · The cover."""

    alt = serializers.CharField()
    colour = serializers.CharField(allow_blank=True)
    width = serializers.IntegerField(allow_null=True)
    height = serializers.IntegerField(allow_null=True)
    addresses = serializers.DictField(help_text="各尺寸的地址 · address of each size")


class LivestreamOut(serializers.Serializer[Any]):
    """一场直播 · A livestream."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    theme = serializers.CharField(allow_blank=True)
    series = serializers.CharField(allow_blank=True)
    state = serializers.ChoiceField(choices=State.values)
    planned_from = serializers.DateTimeField()
    planned_until = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    hosts = HostOut(many=True)
    cover = CoverOut(allow_null=True)


class LivestreamProductOut(serializers.Serializer[Any]):
    """产品卡片及风险揭示 · A product and what has to be said about it."""

    id = serializers.UUIDField(help_text="用 GET contents/{id} 打开 · opened by GET contents/{id}")
    title = serializers.CharField()
    summary = serializers.CharField(allow_blank=True)
    risk_level = serializers.CharField(allow_blank=True)
    disclosure = serializers.CharField(allow_blank=True)


class LivestreamMaterialOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    title = serializers.CharField()
    summary = serializers.CharField(allow_blank=True)


class DropOut(serializers.Serializer[Any]):
    """放券 · A coupon drop. 领取用 POST batches/{batch_id}/claims。"""

    id = serializers.UUIDField()
    batch_id = serializers.UUIDField()
    title = serializers.CharField()
    sentence = serializers.CharField()
    sentence_en = serializers.CharField()
    words = serializers.CharField(allow_blank=True)
    state = serializers.ChoiceField(
        choices=DROP_STATES,
        help_text="coming 且 opens_at 为空：由主播放券 · coming without opens_at: the host opens it",
    )
    opens_at = serializers.DateTimeField(allow_null=True)
    closes_at = serializers.DateTimeField(allow_null=True)
    opens_in = serializers.IntegerField(allow_null=True, help_text="秒 · seconds")
    closes_in = serializers.IntegerField(allow_null=True, help_text="秒 · seconds")
    left = serializers.IntegerField(help_text="本支行剩余 · left at the customer's branch")
    claimed = serializers.IntegerField(help_text="本人已领 · claimed by this customer")
    claims = serializers.CharField(help_text="领取地址 · where it is claimed")
    claims_by = serializers.CharField(allow_null=True)
    ticket = serializers.CharField(allow_null=True, help_text="领取时带上 · goes with the claim")
    ticket_until = serializers.DateTimeField(allow_null=True)


class QuestionOut(serializers.Serializer[Any]):
    """答题 · A question of the quiz."""

    id = serializers.UUIDField()
    question = serializers.CharField()
    options = serializers.ListField(child=serializers.CharField())
    answered = serializers.IntegerField(allow_null=True, help_text="本人的答案 · one's own answer")
    is_right = serializers.BooleanField(allow_null=True)


class LivestreamDetailOut(LivestreamOut):
    """直播间 · A livestream whole."""

    as_of = serializers.DateTimeField(help_text="银行时钟，用于倒计时 · the bank's clock, for the countdown")
    starts_in = serializers.IntegerField(
        allow_null=True, help_text="秒，未开播时 · seconds, before it begins"
    )
    play = serializers.DictField(
        allow_null=True,
        help_text="直播中或回放时的播放信息，按 kind 区分 channels、miniprogram、hls · while it is on or replayed",
    )
    products = LivestreamProductOut(many=True)
    materials = LivestreamMaterialOut(many=True)
    drops = DropOut(many=True)
    quiz = QuestionOut(many=True)
    draw_id = serializers.UUIDField(allow_null=True, help_text="用 GET points/draws/{id} 打开 · opened there")


class LivestreamsOut(serializers.Serializer[Any]):
    items = LivestreamOut(many=True)
    next = serializers.CharField(allow_null=True)


class ReminderIn(serializers.Serializer[Any]):
    """预约提醒，可为空 · May be empty."""

    template_id = serializers.CharField(
        required=False,
        max_length=64,
        help_text="客户刚点“允许”的订阅消息模板，算一次授权 · the template whose “allow” was tapped: one permission",
    )


class ReminderOut(serializers.Serializer[Any]):
    remind_at = serializers.DateTimeField()
    has_credit = serializers.BooleanField(
        help_text="微信订阅消息；否则只进站内信 · by a subscribe message; else into the inbox alone"
    )


class BeatIn(serializers.Serializer[Any]):
    """观看心跳，约每 15 秒一次 · About every 15 seconds while somebody watches."""

    seconds = serializers.IntegerField(
        min_value=0, max_value=3600, help_text="距上次心跳的秒数 · since the last beat"
    )
    position = serializers.IntegerField(
        required=False, default=0, min_value=0, max_value=MINUTES * 60, help_text="播放位置（秒）· in seconds"
    )


class BeatOut(serializers.Serializer[Any]):
    state = serializers.ChoiceField(choices=State.values)
    seconds = serializers.IntegerField(help_text="已记入的观看秒数 · credited so far")


class CommentIn(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=MOST_CHARACTERS * 4)


class CommentOut(serializers.Serializer[Any]):
    """评论 · A comment; who said it is masked."""

    id = serializers.UUIDField()
    who = serializers.CharField()
    text = serializers.CharField()
    at = serializers.DateTimeField()
    is_own = serializers.BooleanField()
    state = serializers.ChoiceField(choices=COMMENT_STATES, help_text="held：审核中 · held for review")


class CommentsOut(serializers.Serializer[Any]):
    items = CommentOut(many=True)
    next = serializers.UUIDField(allow_null=True)


class CommentsQuery(serializers.Serializer[Any]):
    before = serializers.UUIDField(required=False, help_text="上一页的 next · `next` of the page before")
    limit = serializers.IntegerField(required=False, default=50, min_value=1, max_value=100)


class LikesIn(serializers.Serializer[Any]):
    """点赞，可合并上报 · Likes, told together."""

    count = serializers.IntegerField(min_value=1, max_value=100)


class LikesOut(serializers.Serializer[Any]):
    count = serializers.IntegerField()


class AnswerIn(serializers.Serializer[Any]):
    question = serializers.UUIDField()
    option = serializers.IntegerField(min_value=0, max_value=10)


class AnswerOut(serializers.Serializer[Any]):
    question = serializers.UUIDField()
    is_right = serializers.BooleanField()


class Livestreams(ApiView):
    who = "customer"

    @extend_schema(summary="直播列表 · Livestreams", responses=LivestreamsOut)
    def get(self, request: Request) -> Response:
        found = livestreams_for_customer(scope=self.scope)
        return self.answer(
            {"items": [_out(live, showing, self.scope) for live, showing in found], "next": None}
        )


class OneLivestream(ApiView):
    who = "customer"

    @extend_schema(summary="一场直播 · One livestream", responses=LivestreamDetailOut)
    def get(self, request: Request, livestream_id: UUID) -> Response:
        live, showing = one_shown(scope=self.scope, livestream_id=livestream_id)
        there = cards_shown(scope=self.scope, live=live)
        is_coming = showing.state in (State.PLANNED, State.ANNOUNCED)
        answered = answered_by(scope=self.scope, livestream_id=livestream_id) if live.quiz else {}
        return self.answer(
            _out(live, showing, self.scope)
            | {
                "as_of": self.scope.at,
                "starts_in": _seconds(live.planned_from, self.scope.at) if is_coming else None,
                "play": _play(live, showing),
                "products": [
                    {name: card[name] for name in ("id", "title", "summary", "risk_level", "disclosure")}
                    for card in live.products
                    if card["id"] in there
                ],
                "materials": [
                    {name: card[name] for name in ("id", "title", "summary")}
                    for card in live.materials
                    if card["id"] in there
                ],
                "drops": _drops(live, showing, self.scope),
                "quiz": [
                    {
                        "id": each["id"],
                        "question": each["question"],
                        "options": each["options"],
                        "answered": given.option if (given := answered.get(UUID(each["id"]))) else None,
                        "is_right": given.is_right if given else None,
                    }
                    for each in live.quiz
                ],
                "draw_id": live.draw_id,
            }
        )


class Reminders(ApiView):
    who = "customer"

    @extend_schema(
        summary="预约开播提醒 · Remind me", request=ReminderIn, responses={200: ReminderOut, 201: ReminderOut}
    )
    @idempotent()
    def post(self, request: Request, livestream_id: UUID) -> Response:
        given = self.body(ReminderIn)
        reminder = ask_reminder(
            scope=self.scope,
            livestream_id=livestream_id,
            is_allowed="template_id" in given,
            key=request.headers.get(HEADER, "")[:120],
        )
        told = {"remind_at": reminder.remind_at, "has_credit": reminder.has_credit}
        return self.answer(told, status=201 if reminder.is_new else 200)


class Watching(ApiView):
    """Marked own_scope in the list of addresses: beats that wait together share one statement."""

    who = "customer"

    @extend_schema(summary="观看心跳 · Somebody watches", request=BeatIn, responses=BeatOut)
    def post(self, request: Request, livestream_id: UUID) -> Response:
        given = self.body(BeatIn)
        watched = watch_livestream(
            beat=Beat(
                UUID(self.scope.carry["customer"]),
                livestream_id,
                self.scope.at,
                given["seconds"],
                given["position"],
            )
        )
        return self.answer({"state": watched.state, "seconds": watched.seconds})


class Comments(ApiView):
    who = "customer"
    query = CommentsQuery
    limits = (Limit("livestream-comments", 120, 60),)

    @extend_schema(summary="评论 · What was said", responses=CommentsOut)
    def get(self, request: Request, livestream_id: UUID) -> Response:
        one_shown(scope=self.scope, livestream_id=livestream_id)
        many = self.query_values["limit"]
        said = comments_on(
            scope=self.scope, livestream_id=livestream_id, before=self.query_values.get("before"), many=many
        )
        return self.answer(
            {"items": [_said(each) for each in said], "next": said[-1].id if len(said) == many else None}
        )

    @extend_schema(summary="发表评论 · Say something", request=CommentIn, responses={201: CommentOut})
    @idempotent()
    def post(self, request: Request, livestream_id: UUID) -> Response:
        said = say_on_livestream(scope=self.scope, livestream_id=livestream_id, **self.body(CommentIn))
        return self.answer(_said(said), status=201)


class OwnComment(ApiView):
    who = "customer"

    @extend_schema(summary="删除自己的评论 · Take back what one said", responses={204: None})
    def delete(self, request: Request, livestream_id: UUID, comment_id: UUID) -> Response:
        one_shown(scope=self.scope, livestream_id=livestream_id)
        take_back_comment(scope=self.scope, comment_id=comment_id)
        return Response(status=204)


class Likes(ApiView):
    who = "customer"

    @extend_schema(summary="点赞 · Likes", request=LikesIn, responses=LikesOut)
    def post(self, request: Request, livestream_id: UUID) -> Response:
        given = self.body(LikesIn)
        like_livestream(scope=self.scope, livestream_id=livestream_id, many=given["count"])
        return self.answer({"count": given["count"]})


class Answers(ApiView):
    who = "customer"

    @extend_schema(summary="答题 · Answer a question", request=AnswerIn, responses={201: AnswerOut})
    @idempotent()
    def post(self, request: Request, livestream_id: UUID) -> Response:
        given = self.body(AnswerIn)
        is_right = answer_quiz(
            scope=self.scope,
            livestream_id=livestream_id,
            question_id=given["question"],
            option=given["option"],
        )
        return self.answer({"question": given["question"], "is_right": is_right}, status=201)


def _out(live: Broadcast, showing: Showing, scope: Scope) -> dict[str, Any]:
    return {
        "id": live.livestream_id,
        "title": live.title,
        "theme": live.theme,
        "series": live.series_title,
        "state": showing.state,
        "planned_from": live.planned_from,
        "planned_until": live.planned_until,
        "started_at": showing.started_at,
        "ended_at": showing.ended_at,
        "hosts": [{name: host[name] for name in ("name", "title", "is_guest")} for host in live.hosts],
        "cover": _cover(live, scope) if live.cover else None,
    }


def _cover(live: Broadcast, scope: Scope) -> dict[str, Any]:
    assert live.cover is not None
    addresses = customer_addresses(
        branch_id=live.branch_id, at=scope.at, item_id=live.livestream_id, picture=live.cover
    )
    return {name: live.cover[name] for name in ("alt", "colour", "width", "height")} | {
        "addresses": addresses
    }


def _play(live: Broadcast, showing: Showing) -> Mapping[str, Any] | None:
    if showing.state == State.LIVE:
        return live.play  # type: ignore[no-any-return]
    if showing.state == State.REPLAY:
        return {"kind": "hls", "url": showing.replay_url} if showing.replay_url else live.play
    return None


def _drops(live: Broadcast, showing: Showing, scope: Scope) -> list[dict[str, Any]]:
    """Each drop with what is left of its batch; one whose batch is live no more is left out."""
    if not live.drops or showing.state in (State.ENDED, State.REPLAY, State.CANCELLED):
        return []
    keys = [UUID(drop["batch"]) for drop in live.drops]
    batches = {each.batch_id: each for each in live_batches(scope=scope).filter(batch_id__in=keys)}
    left = left_at_branch(scope=scope, batch_ids=keys)
    claimed = claimed_by_customer(scope=scope, batch_ids=keys)
    laid = releases_shown(livestream_id=live.livestream_id)
    return [
        _drop(drop, batch, live, laid.get(UUID(drop["id"])), scope)
        | {"left": left.get(batch.batch_id, 0), "claimed": claimed.get(batch.batch_id, 0)}
        for drop in live.drops
        if (batch := batches.get(UUID(drop["batch"]))) is not None
    ]


def _drop(
    drop: Mapping[str, Any], batch: LiveBatch, live: Broadcast, release: Release | None, scope: Scope
) -> dict[str, Any]:
    opens, closes = (release.released_from, release.released_until) if release else (None, None)
    if opens is None and drop["minute"] is not None:
        # Not begun yet: as it is planned.
        opens = live.planned_from + timedelta(minutes=drop["minute"])
        closes = opens + timedelta(minutes=drop["minutes"])
    is_open = release is not None and release.released_from <= scope.at < release.released_until
    is_over = release is not None and release.released_until <= scope.at
    zh, en = sentences_of(promise=batch, zone=zone_of(scope=scope))
    ticket: tuple[str | None, datetime | None] = (None, None)
    if batch.needs_ticket and scope.customer_id is not None:
        ticket = issue_ticket(batch_id=batch.batch_id, customer_id=scope.customer_id, at=scope.at)
    return {
        "id": drop["id"],
        "batch_id": batch.batch_id,
        "title": batch.title,
        "sentence": zh,
        "sentence_en": en,
        "words": drop["words"],
        "state": "open" if is_open else "over" if is_over else "coming",
        "opens_at": opens,
        "closes_at": closes,
        "opens_in": _seconds(opens, scope.at) if opens and not is_open and not is_over else None,
        "closes_in": _seconds(closes, scope.at) if closes and is_open else None,
        "claims": f"/api/v1/batches/{batch.batch_id}/claims",
        "claims_by": batch.claims_by or None,
        "ticket": ticket[0],
        "ticket_until": ticket[1],
    }


def _seconds(moment: datetime, at: datetime) -> int:
    return max(0, int((moment - at).total_seconds()))


def _said(said: Said) -> dict[str, Any]:
    return {
        "id": said.id,
        "who": said.who,
        "text": said.text,
        "at": said.at,
        "is_own": said.is_own,
        "state": said.state,
    }

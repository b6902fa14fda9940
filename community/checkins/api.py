"""Check-ins over HTTP: checking in, making up for a day, one's own days and the group's board."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.lib.geo import MICRO
from campaigns.lib.http.bodies import dumps
from campaigns.lib.http.limits import Limit, demand
from campaigns.lib.http.problems import problem_answer
from campaigns.lib.http.views import ApiView
from campaigns.lib.refusals import Refusal
from campaigns.requests.keys import HEADER, answer_of, idempotent, print_of, replay, response_of, route_of
from campaigns.requests.rules import read_key
from campaigns.requests.services import Answer
from campaigns.tenants.scopes import opened
from community.checkins.models import CheckIn, Proof
from community.checkins.pictures import jpeg_of
from community.checkins.selectors import board_of
from community.checkins.services.checkins import (
    Done,
    Shown,
    Wish,
    check_in_together,
    choose_board,
    forbidden_word,
)

# As ApiView gives them to what is not to be kept by anybody.
_HEADERS = {
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
    "Vary": "Accept-Language, Authorization",
}


class PlaceIn(serializers.Serializer[Any]):
    """位置（GCJ-02，与地图一致），只用于当次核对，不保存 · A position, compared once and kept nowhere."""

    lat = serializers.FloatField(min_value=-90, max_value=90)
    lon = serializers.FloatField(min_value=-180, max_value=180)


class CheckInIn(serializers.Serializer[Any]):
    """打卡请求，可为空 · A check-in; may be empty."""

    programme_id = serializers.UUIDField(
        required=False, help_text="同时有多个活动时填写 · which, when the group has several"
    )
    day = serializers.DateField(required=False, help_text="补签的日期，不填为今天 · the day to make up for")
    text = serializers.CharField(required=False, max_length=500, allow_blank=True)
    picture = serializers.CharField(
        required=False,
        max_length=2_000_100,
        help_text="图片文件的 Base64，不超过 1.5 MB · base64 of the file",
    )
    answer = serializers.IntegerField(
        required=False, min_value=0, max_value=5, help_text="选项序号，从 0 起 · place of the option, from 0"
    )
    code = serializers.CharField(
        required=False, max_length=8, help_text="群内公布的口令 · spoken in the group"
    )
    position = PlaceIn(required=False)


class GoalOut(serializers.Serializer[Any]):
    """社群目标 · The goal of the group."""

    needed = serializers.IntegerField()
    counted = serializers.IntegerField()


class CheckInOut(serializers.Serializer[Any]):
    """一次打卡 · A check-in."""

    id = serializers.UUIDField()
    programme_id = serializers.UUIDField()
    group_id = serializers.UUIDField()
    day = serializers.DateField()
    is_makeup = serializers.BooleanField()
    state = serializers.ChoiceField(choices=[CheckIn.State.COUNTED.value, CheckIn.State.HELD.value])
    points = serializers.IntegerField(help_text="本次获得的积分 · points given")
    cost = serializers.IntegerField(help_text="补签扣除的积分 · points paid for a make-up")
    streak = serializers.IntegerField(help_text="连续打卡天数 · days in a row")
    goal = GoalOut(allow_null=True)


class DotOut(serializers.Serializer[Any]):
    """某一天 · One day."""

    day = serializers.DateField()
    state = serializers.ChoiceField(choices=CheckIn.State.values)
    is_makeup = serializers.BooleanField()
    points = serializers.IntegerField()
    reason = serializers.CharField(help_text="未通过的原因 · why it was refused")


class CheckInQuestionOut(serializers.Serializer[Any]):
    """当天的题目 · The question of today."""

    text = serializers.CharField()
    options = serializers.ListField(child=serializers.CharField())


class PlaceOut(serializers.Serializer[Any]):
    """打卡地点 · Where to be."""

    name = serializers.CharField()
    lat = serializers.FloatField()
    lon = serializers.FloatField()
    metres = serializers.IntegerField()


class GroupGoalOut(GoalOut):
    """社群目标与奖励 · The goal, and what everybody gets."""

    points = serializers.IntegerField()
    reached_at = serializers.DateTimeField(allow_null=True)


class LeaderOut(serializers.Serializer[Any]):
    """榜上一人 · One of the board."""

    rank = serializers.IntegerField()
    who = serializers.CharField(help_text="脱敏后的客户 · masked")
    days = serializers.IntegerField()
    is_me = serializers.BooleanField()


class ProgrammeOut(serializers.Serializer[Any]):
    """社群的一个打卡活动 · A check-in programme of the group."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    text = serializers.CharField()
    first_day = serializers.DateField()
    last_day = serializers.DateField(help_text="含当天 · the last day of it")
    weekdays = serializers.ListField(child=serializers.IntegerField(), help_text="1 为周一 · 1 is Monday")
    today = serializers.DateField(help_text="社群所在地的今天 · today, where the group is")
    counts_today = serializers.BooleanField()
    is_done = serializers.BooleanField(help_text="今天已打卡 · checked in today")
    proof = serializers.ChoiceField(choices=Proof.values)
    question = CheckInQuestionOut(allow_null=True)
    place = PlaceOut(allow_null=True)
    points = serializers.IntegerField()
    streak_days = serializers.IntegerField()
    streak_points = serializers.IntegerField()
    makeups_left = serializers.IntegerField()
    makeup_days = serializers.IntegerField()
    makeup_cost = serializers.IntegerField()
    streak = serializers.IntegerField()
    days = serializers.IntegerField(help_text="累计打卡 · days in all")
    points_given = serializers.IntegerField()
    dots = DotOut(many=True, help_text="所选月份 · of the month asked for")
    goal = GroupGoalOut(allow_null=True)
    week = LeaderOut(many=True, help_text="本周榜 · of this week")
    whole = LeaderOut(many=True, help_text="总榜 · of the whole programme")


class BoardOut(serializers.Serializer[Any]):
    """我的打卡与社群榜单 · My days, and the group's board."""

    month = serializers.CharField()
    is_hidden = serializers.BooleanField(help_text="已选择不上榜 · chose not to be shown")
    programmes = ProgrammeOut(many=True)


class BoardQuery(serializers.Serializer[Any]):
    month = serializers.RegexField(
        r"^20\d\d-(0[1-9]|1[0-2])$", required=False, help_text="YYYY-MM，不填为本月 · this month without it"
    )


class BoardChoiceIn(serializers.Serializer[Any]):
    is_hidden = serializers.BooleanField(help_text="true：不在榜单上显示我 · do not show me")


class CheckIns(ApiView):
    """Marked own_scope in the list of addresses: check-ins that wait together share one transaction."""

    who = "customer"
    query = BoardQuery
    max_body = 2_100_000
    # A spoken code has four digits, a question up to six options: whoever guesses is done soon.
    tries = Limit("check-in-tries", 10, 600)
    pictures = Limit("check-in-pictures", 10, 600)

    @extend_schema(summary="我的打卡、社群目标与榜单 · My days, goal and board", responses=BoardOut)
    def get(self, request: Request, group_id: UUID) -> Response:
        month = self.query_values.get("month")
        first = serializers.DateField().to_internal_value(f"{month}-01") if month else None
        with opened(self.scope) as scope:
            return self.answer(board_of(scope=scope, group_id=group_id, month=first))

    @extend_schema(
        summary="打卡或补签 · Check in, or make up for a day", request=CheckInIn, responses={201: CheckInOut}
    )
    @idempotent()
    def post(self, request: Request, group_id: UUID) -> HttpResponse:
        raw, customer_id = request._request, UUID(self.scope.carry["customer"])
        key = read_key(raw.headers[HEADER]) if HEADER in raw.headers else ""
        fingerprint = print_of(raw) if key else b""
        given = dict(self.body(CheckInIn)) if raw.body else {}
        if given.keys() & {"code", "answer"}:
            demand(self.tries, str(customer_id))
        if "picture" in given:
            demand(self.pictures, str(customer_id))
            given["picture"] = jpeg_of(given["picture"])
        if position := given.pop("position", None):
            given |= {name: round(position[name] * MICRO) for name in ("lat", "lon")}

        def tell(outcome: Done | Refusal) -> Answer:
            if isinstance(outcome, Refusal):
                return answer_of(problem_answer(raw, outcome))
            return Answer(201, _HEADERS, dumps(check_in_out(outcome)))

        told = check_in_together(
            wish=Wish(
                customer_id=customer_id,
                group_id=group_id,
                at=self.scope.at,
                route=route_of(raw),
                shown=Shown(**given),
                tell=tell,
                request_id=self.scope.request_id,
                key=key,
                fingerprint=fingerprint,
                hint=forbidden_word(text=given["text"], group_id=group_id, at=self.scope.at)
                if given.get("text")
                else "",
            )
        )
        return replay(told.answer) if told.is_replay else response_of(told.answer)


class BoardChoices(ApiView):
    who = "customer"

    @extend_schema(
        summary="是否上榜 · Be shown on boards or not", request=BoardChoiceIn, responses=BoardChoiceIn
    )
    def put(self, request: Request) -> Response:
        is_hidden = self.body(BoardChoiceIn)["is_hidden"]
        choose_board(scope=self.scope, is_hidden=is_hidden)
        return self.answer({"is_hidden": is_hidden})


def check_in_out(done: Done) -> dict[str, Any]:
    """What the verb wrote, as the answer to who checked in."""
    return {
        "id": done.pk,
        "programme_id": done.programme,
        "group_id": done.group,
        "day": done.day,
        "is_makeup": done.is_makeup,
        "state": done.state,
        "points": done.points,
        "cost": done.cost,
        "streak": done.streak,
        "goal": {"needed": done.goal, "counted": done.counted} if done.goal else None,
    }
